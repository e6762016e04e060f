"""PAPI on today's map: points only where a province is as it was, ranges only where every part has points."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from papi_scores import landed
from published_files import published

from cchc_pipeline.reference.papi_instrument import PROVINCES, former_provinces, province_names
from cchc_pipeline.scorecards.papi import scorecard as papi
from cchc_pipeline.scorecards.papi.scorecard import on_todays_map
from cchc_pipeline.sources.papi.source import read_wide

UNCHANGED = {"01", "04", "11", "12", "14", "20", "22", "38", "40", "42", "46"}
PARTS = {"08": ("P02", "P05"), "15": ("P06", "P10"), "25": ("P11", "P16", "P17"), "79": ("P47", "P49", "P50")}


def card(year: int, gaps: frozenset[str] = frozenset()) -> pa.Table:
    """A scorecard with invented scores, with names as the built table has them."""
    return named(papi.to_scorecard(papi.compose(landed(year, gaps), year), year))


def named(scored: pa.Table) -> pa.Table:
    return scored.append_column(
        "unit_name", pa.array([province_names()[code] for code in scored["unit_code"].to_pylist()])
    )


def totals(table: pa.Table) -> pd.DataFrame:
    return table.to_pandas().query("criterion_code == 'TOTAL'").set_index("gso_code")


@settings(max_examples=8, deadline=None)  # an example has every province
@given(year=st.sampled_from([2015, 2019, 2024]), gaps=st.frozensets(st.sampled_from(PROVINCES), max_size=8))
def test_what_is_said_follows_from_the_parts_alone(year: int, gaps: frozenset[str]) -> None:
    scored = card(year, gaps)
    own = scored.to_pandas().query("criterion_code == 'TOTAL'").set_index("unit_code")["points"]
    found = totals(on_todays_map(scored))
    assert (len(found), found["parts"].sum(), set(found["unit_vintage"])) == (34, 63, {"p34"})
    assert set(found[found["parts"] == 1].index) == UNCHANGED
    assert found["parts_scored"].sum() == 63 - len(gaps)
    assert found.loc[found["parts"] > 1, "points"].isna().all()
    for code, parts in PARTS.items():
        row = found.loc[code]
        assert (row["basis"] == "missing") == bool(gaps & set(parts))
        if row["basis"] == "range_of_parts":
            assert (row["points_low"], row["points_high"]) == (own[list(parts)].min(), own[list(parts)].max())
        else:
            assert np.isnan(row["points_low"])
            assert np.isnan(row["points_high"])
            assert all(province_names()[part] in row["reason_vi"] for part in gaps & set(parts))
    for province, former in former_provinces().items():
        code = former.gso_code
        if code in UNCHANGED:
            assert found.loc[code, "basis"] == ("missing" if province in gaps else "unchanged")
            assert found.loc[code, "points"] == own[province] or province in gaps


def test_a_code_that_means_another_province_now_takes_nothing_from_its_former_holder() -> None:
    # 15 was Yên Bái and is Lào Cai now; 44 was Quảng Bình and is Quảng Trị now.
    found = totals(on_todays_map(card(2024)))
    assert found.loc["15", ["unit_name", "unit_code"]].tolist() == ["Tỉnh Lào Cai", "H38"]
    assert found.loc["15", "parts_vi"].startswith("Tỉnh Lào Cai")
    assert "Tỉnh Yên Bái" in found.loc["15", "parts_vi"]
    assert found.loc["44", "unit_name"] == "Tỉnh Quảng Trị"
    assert not {"10", "45", "02"} & set(found.index)


def test_rows_of_another_vintage_find_no_place() -> None:
    scored = card(2024)
    column = scored.schema.get_field_index("unit_vintage")
    other = scored.set_column(column, "unit_vintage", pa.array(["p34"] * len(scored)))
    assert on_todays_map(other).num_rows == 0


def test_what_a_year_does_not_ask_is_not_applicable() -> None:
    found = on_todays_map(card(2016)).to_pandas()
    rows = found[found["criterion_code"] == "D7"]
    assert set(rows["basis"]) == {"not_applicable"}
    assert rows[["points", "points_low", "max_points", "comparable_since"]].isna().all(axis=None)
    assert rows["reason_vi"].str.contains("không có D7").all()


@pytest.mark.acceptance
def test_published_totals_on_todays_map() -> None:
    scored = named(
        papi.to_scorecard(papi.compose(read_wide(published("acceptance/papi_wide/2022.csv"), 2022), 2022), 2022)
    )
    found = totals(on_todays_map(scored))
    # Bắc Giang and Bắc Ninh both have gaps in 2022, and they are the two parts of today's Bắc Ninh.
    assert found.loc["24", ["basis", "parts_scored"]].tolist() == ["missing", 0]
    assert (found["basis"].value_counts()["unchanged"], found["basis"].value_counts()["missing"]) == (11, 1)
    crosswalk = pd.read_csv(published("reference/units/crosswalk_63_34.csv"), dtype=str)
    assert found["unit_name"].to_dict() == dict(zip(crosswalk["gso34"], crosswalk["name34_vi"], strict=True))
    spread = found["points_high"] - found["points_low"]
    assert spread.max() > 2
