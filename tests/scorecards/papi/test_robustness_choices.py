"""`score robustness` with the choices opened or closed: gaps filled in, weights given, and the picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command_line import cchc, output
from lxml import etree
from papi_scores import wide

from cchc_pipeline.reference.papi_instrument import PROVINCES, PapiTableError
from cchc_pipeline.scorecards.papi import scorecard as papi
from cchc_pipeline.scorecards.papi.robustness import (
    USUAL,
    audit,
    dimensions,
    pairs_apart,
    plan_for,
    read_groups,
    read_weights,
)
from cchc_pipeline.scorecards.robustness.draws import Plan
from cchc_pipeline.sources.papi.source import read_wide

GAPS = {("P05", "SC21"), ("P09", "SC41"), ("P09", "SC51"), ("P09", "SC61"), ("P09", "SC71"), ("P09", "SC81")}


def composed(path: Path) -> pd.DataFrame:
    year = int(path.stem)
    return papi.compose(read_wide(path, year), year)


def run(*arguments: object) -> str:
    return output("score", "robustness", *arguments, "--draws", "100")


def refused(*arguments: object) -> str:
    done = cchc("score", "robustness", *arguments, "--draws", "100")
    assert done.exit_code != 0
    return done.output


def test_a_gap_is_not_ranked_unless_it_is_filled_and_then_it_is_said(tmp_path: Path) -> None:
    table = composed(wide(tmp_path, 2020, GAPS))
    plain = audit(table, 2020, draws=100, samples=16).intervals.set_index("province")
    assert plain.loc[["P05", "P09"], "rank"].isna().all()
    assert plain.loc[["P05", "P09"], "reason"].notna().all()
    found = audit(table, 2020, replace(USUAL, imputations=("mean", "median")), draws=100, samples=16)
    filled = found.intervals.set_index("province")
    assert filled.loc["P05", "imputed"] == "D2"
    assert filled.loc["P05", ["rank", "rank_low", "rank_high"]].notna().all()
    # five of eight dimensions are missing: too little to be ranked at all
    assert np.isnan(filled.loc["P09", "rank"])
    assert filled.loc["P09", "reason"] == "Có 38% số liệu, dưới mức 67%"
    assert "imputation" in found.sensitivity[0].index
    assert "imputation_median" in found.shifts
    assert all(found.shifts[f"without_D{number}"]["largest"] > 0 for number in range(1, 9))
    assert filled["imputed"].notna().sum() == 1


def test_without_a_dimension_that_is_nearly_the_same_everywhere_nobody_moves(tmp_path: Path) -> None:
    table = composed(wide(tmp_path, 2020))
    third = (table["level"] == "dimension") & (table["code"] == "D3")
    table.loc[third, "score"] = 5 + table.loc[third, "score"] * 1e-9
    found = audit(table, 2020, draws=100, samples=16).shifts
    assert found["without_D3"]["largest"] == 0
    assert found["without_D4"]["largest"] > 0


def test_the_year_before_fills_only_what_can_be_compared(tmp_path: Path) -> None:
    before = dimensions(composed(wide(tmp_path, 2020)), 2020)
    table = dimensions(composed(wide(tmp_path, 2021)), 2021)
    plan = plan_for(table, replace(USUAL, imputations=("previous",)), previous=before, year=2021)
    known = dict(zip(table.columns, ~np.isnan(plan.previous).any(axis=0), strict=True))
    # 2021: a question of D3 counts a quarter of what it did, and D5 lost one
    assert not known["D3"]
    assert not known["D5"]
    assert known["D4"]
    assert plan.previous[:, 3].tolist() == before["D4"].tolist()


def test_one_choice_left_open_has_no_sensitivity_and_no_interval_but_from_it(tmp_path: Path) -> None:
    found = audit(composed(wide(tmp_path, 2020)), 2020, Plan(), draws=50)
    assert found.sensitivity is None
    assert (found.intervals["rank_low"] == found.intervals["rank"]).all()
    assert (found.intervals["rank_high"] == found.intervals["rank"]).all()


def test_pairs_are_apart_where_the_difference_is_beyond_its_error() -> None:
    totals, errors = pd.Series([40.0, 41.0, 43.0, 50.0]), pd.Series([0.5, 0.5, 0.5, np.nan])
    # 1 point is 1.41 standard errors of the difference, 2 and 3 points are 2.83 and 4.24; the last has no error
    assert pairs_apart(totals, errors) == pytest.approx(2 / 3)


def test_the_command_fills_weighs_and_draws(tmp_path: Path) -> None:
    table, out = wide(tmp_path, 2020, GAPS), tmp_path / "ranks.csv"
    groups = tmp_path / "groups.csv"
    pd.DataFrame({"Province": PROVINCES, "Group": ["north", "middle", "south"] * 21}).to_csv(groups, index=False)
    said = run(
        *("--table", table, "--year", 2020, "--imputation", "group_mean", "--imputation", "previous"),
        *("--groups", groups, "--previous", wide(tmp_path, 2019), "--out", out, "--chart", tmp_path / "dots.html"),
        *("--weights", ",".join(f"D{i}={i}" for i in range(1, 9))),
    )
    assert "P05 bù số thiếu / filled in: D2" in said
    assert "P09 không xếp hạng" in said
    assert "weights_given" in said
    assert "correlations" in said
    ranks = pd.read_csv(out).set_index("province")
    assert ranks.loc["P05", "imputed"] == "D2"
    # the nominal ranking is that of the first choice of every list: the weights given
    expected = dimensions(composed(table), 2020).drop(index=["P05", "P09"])
    weighted = (expected * np.arange(1, 9)).sum(axis=1)
    assert ranks.loc[expected.index, "rank"].rank().tolist() == weighted.rank(ascending=False).tolist()
    page = etree.HTML((tmp_path / "dots.html").read_text(encoding="utf-8"))
    assert len(page.xpath("//tbody/tr")) == 62
    assert page.xpath("//*[local-name()='svg']/@aria-label") == ["PAPI 2020: thứ hạng và khoảng 95 %"]
    assert not page.xpath("//@src | //link/@href")


def test_the_same_ranks_are_the_same_picture(tmp_path: Path) -> None:
    table = wide(tmp_path, 2016)
    for name in ("one.svg", "two.svg"):
        run("--table", table, "--year", 2016, "--chart", tmp_path / name)
    one, two = ((tmp_path / name).read_bytes() for name in ("one.svg", "two.svg"))
    assert one == two
    drawn = etree.fromstring(one)
    assert "".join(drawn.itertext()).count("Tỉnh") > 50


def test_what_a_choice_lacks_is_said(tmp_path: Path) -> None:
    for gaps in (GAPS, set()):  # also where nothing has to be filled in: a choice that was asked for is not dropped
        asked = ("--table", wide(tmp_path, 2020, gaps), "--year", 2020)
        assert "needs --groups" in refused(*asked, "--imputation", "group_mean")
        assert "needs --previous, the table of 2019" in refused(*asked, "--imputation", "previous")
        assert "needs --weights" in refused(*asked, "--weighting", "given")
    assert "no such file" in refused(*asked, "--standard-errors", tmp_path / "se.csv")
    assert ".svg or .html" in refused(*asked, "--chart", tmp_path / "dots.png")
    assert "choose another --chart" in refused(*asked, "--chart", tmp_path / "nowhere" / "dots.svg")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("D1:1,D2=2", "is no weight"),
        ("D1=1", "give each of them once"),
        ("D1=1,D1=2", "give each of them once"),
        ("D1=1,D2=-1", "zero or more"),
        ("D1=0,D2=0", "not all zero"),
        ("D1=nan,D2=1", "zero or more"),
    ],
)
def test_weights_that_make_no_sense_are_refused(text: str, said: str) -> None:
    with pytest.raises(PapiTableError, match=said):
        read_weights(text, ["D1", "D2"])


def test_a_province_without_a_group_is_named(tmp_path: Path) -> None:
    path = tmp_path / "groups.csv"
    pd.DataFrame({"Province": PROVINCES[:-1], "Group": "a"}).to_csv(path, index=False)
    with pytest.raises(PapiTableError, match="no group for P63"):
        read_groups(path)
