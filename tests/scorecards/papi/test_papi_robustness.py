"""PAPI's ranks: gaps are not ranked, an unknown error is said, the command prints what it should."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command_line import output
from papi_scores import wide

from cchc_pipeline.reference.papi_instrument import PROVINCES, PapiTableError, instrument
from cchc_pipeline.scorecards.papi import scorecard as papi
from cchc_pipeline.scorecards.papi.robustness import audit, read_standard_errors
from cchc_pipeline.sources.papi.source import read_wide


def gaps(year: int) -> set[str | tuple[str, str]]:
    """The first province has no score at all, the others lack a dimension."""
    return {"P15"} | {(province, slot) for province in ("P18", "P40") for slot in instrument(year).dimensions["D2"]}


@pytest.mark.parametrize("year", [2011, 2018, 2022])
def test_provinces_with_gaps_have_no_rank_but_a_reason(tmp_path: Path, year: int) -> None:
    table = papi.compose(read_wide(wide(tmp_path, year, gaps(year)), year), year)
    found = audit(table, year, draws=200, samples=64).intervals.set_index("province")
    total = table[table["code"] == "TOTAL"].set_index("province")
    assert (found["rank"].notna() == (total["status"] == "ok")).all()
    assert (found["reason"].notna() == (total["status"] != "ok")).all()
    ranked = found["rank"].notna()
    assert set(found.index[~ranked]) == {"P15", "P18", "P40"}
    assert found.loc[ranked, "score"].to_numpy() == pytest.approx(total.loc[ranked, "score"].to_numpy())
    assert found.loc[ranked, "rank"].max() <= ranked.sum()


def test_the_error_of_the_survey_widens_the_intervals(tmp_path: Path) -> None:
    table = papi.compose(read_wide(wide(tmp_path, 2022, gaps(2022)), 2022), 2022)
    errors = pd.Series(0.6, index=list(PROVINCES))
    with_error = audit(table, 2022, standard_errors=errors, draws=500, samples=64)
    without = audit(table, 2022, draws=500, samples=64)
    width = [(one.intervals["rank_high"] - one.intervals["rank_low"]).mean() for one in (without, with_error)]
    assert width[0] < width[1]
    assert "sampling_error" in with_error.sensitivity[0].index
    assert "sampling_error" not in without.sensitivity[0].index


def put(folder: Path, rows: list[list[str]]) -> Path:
    path = folder / "se.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def test_an_error_of_zero_is_no_error_known(tmp_path: Path) -> None:
    found = read_standard_errors(put(tmp_path, [["Province", "SE"], ["P01", "0.61"], ["P02", "0"], ["P03", ""]]))
    assert found["P01"] == 0.61
    assert np.isnan(found["P02"])
    assert np.isnan(found["P03"])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([["Tinh", "SE"], ["P01", "0.6"]], "Province and SE"),
        ([["Province", "SE"], ["P99", "0.6"]], "line 2: 'P99'"),
        ([["Province", "SE"], ["P01", "0.6"], ["P01", "0.7"]], "line 3: 'P01'"),
        ([["Province", "SE"], ["P01", "0,6x"]], "SE '0,6x' is not a number"),
        ([["Province", "SE"], ["P01", "-1"]], "is no standard error"),
    ],
)
def test_a_wrong_file_of_errors_is_refused_with_its_cell(tmp_path: Path, rows, message: str) -> None:
    with pytest.raises(PapiTableError, match=message):
        read_standard_errors(put(tmp_path, rows))


def test_the_command_prints_intervals_and_says_what_they_lack(tmp_path: Path) -> None:
    out = tmp_path / "ranks.csv"
    table = wide(tmp_path, 2022, gaps(2022))
    said = output("score", "robustness", "--table", table, "--year", "2022", "--draws", "200", "--out", out)
    assert "Chưa tính sai số khảo sát" in said
    assert "không xếp hạng" in said
    assert len(pd.read_csv(out)) == 63
