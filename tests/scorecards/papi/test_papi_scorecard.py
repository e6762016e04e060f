"""PAPI: published dimensions and totals are reproduced; gaps stay gaps; bad tables are refused."""

from __future__ import annotations

import csv
import math
import random
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from published_files import published

from cchc_pipeline.reference.papi_instrument import PROVINCES, PapiTableError, all_slots, instrument, province_names
from cchc_pipeline.scorecards.papi import scorecard as papi
from cchc_pipeline.sources.papi.source import read_wide

YEARS = (*range(2011, 2021), 2022)


def invented(year: int, score: float = 1.5) -> list[list[str]]:
    """A made-up wide table: every sub-dimension in force has the same score everywhere."""
    wanted = instrument(year)
    rows = [[code, *(f"{score}" if slot in wanted.slots else "" for slot in all_slots())] for code in PROVINCES]
    return [["Province", *all_slots()], *rows]


def put(folder: Path, rows: list[list[str]]) -> Path:
    path = folder / "table.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def composed(folder: Path, rows: list[list[str]], year: int) -> pd.DataFrame:
    return papi.compose(read_wide(put(folder, rows), year), year).set_index(["province", "code"])


@pytest.mark.acceptance
@pytest.mark.parametrize("year", YEARS)
def test_published_dimensions_and_totals(year: int) -> None:
    dimensions = pd.read_csv(published("acceptance/papi_dim_long.csv"), dtype={"gso63": str}).query("year == @year")
    totals = pd.read_csv(published("acceptance/papi_total.csv"), dtype={"gso63": str}).query("year == @year")
    ordinal = {gso: f"P{number:02d}" for number, gso in enumerate(sorted(totals["gso63"]), start=1)}
    assert len(ordinal) == 63
    ours = papi.compose(read_wide(published(f"acceptance/papi_wide/{year}.csv"), year), year)
    ours = ours.set_index(["province", "code"])
    for theirs in dimensions.itertuples():
        mine = ours.loc[(ordinal[theirs.gso63], theirs.dim)]
        assert mine["status"] == theirs.status
        assert pd.isna(mine["score"]) if theirs.status != "ok" else abs(mine["score"] - theirs.score) < 1e-5
        assert (mine["status"] == "ok") == (mine["reason"] is None)
    for theirs in totals.itertuples():
        mine = ours.loc[(ordinal[theirs.gso63], "TOTAL")]
        assert pd.isna(mine["score"]) if pd.isna(theirs.total) else abs(mine["score"] - theirs.total) < 1e-5


@pytest.mark.acceptance
def test_provinces_without_a_total_are_those_that_the_publisher_left_out() -> None:
    left_out = pd.read_csv(published("reference/papi/missing_province_years.csv"))
    names = pd.read_csv(published("reference/units/crosswalk_63_34.csv"), dtype=str).set_index("name63_en")["mlmcdm_id"]
    for year in YEARS:
        table = papi.compose(read_wide(published(f"acceptance/papi_wide/{year}.csv"), year), year)
        totals = table[table["level"] == "total"].set_index("province")
        expected = {names[row.province]: row.ok for row in left_out.itertuples() if row.year == year}
        missing = totals[totals["score"].isna()]
        assert set(missing.index) == set(expected), year
        assert missing["reason"].notna().all()
        dimensions = table[table["level"] == "dimension"].set_index("province")
        for province, held in expected.items():
            assert dimensions.loc[province, "score"].notna().sum() == held


@settings(max_examples=8, deadline=None)  # an example has every province
@given(seed=st.integers(0, 10**6), year=st.sampled_from(range(2011, 2025)))
def test_sums_hold_in_any_order_and_nothing_is_made_of_a_gap(seed: int, year: int) -> None:
    wanted = instrument(year)
    draw = random.Random(seed)
    cells = {(code, slot): draw.uniform(*wanted.bounds(slot)) for code in PROVINCES for slot in wanted.slots}
    gaps = {key: draw.choice([0.0, math.nan]) for key in draw.sample(sorted(cells), 40)}
    rows = [(year, *key, score) for key, score in (cells | gaps).items()]
    names = ["year", "province_code", "slot", "score"]
    table = papi.compose(pd.DataFrame(rows, columns=names), year)
    shuffled = pd.DataFrame(draw.sample(rows, len(rows)), columns=names)[draw.sample(names, 4)]
    pd.testing.assert_frame_equal(papi.compose(shuffled, year), table)
    found = {(row["province"], row["code"]): row for row in table.to_dict("records")}
    for province in PROVINCES:
        lacking = {slot for code, slot in gaps if code == province}
        for code, slots in wanted.dimensions.items():
            dimension = found[province, code]
            if lacking & set(slots):
                assert math.isnan(dimension["score"])
                assert dimension["reason"]
            else:
                assert dimension["score"] == pytest.approx(sum(cells[province, slot] for slot in slots), abs=1e-9)
                assert 1 - 1e-9 <= dimension["score"] <= 10 + 1e-9
        total = found[province, "TOTAL"]["score"]
        parts = sum(found[province, code]["score"] for code in wanted.dimensions)
        assert math.isnan(total) if lacking else total == pytest.approx(parts, abs=1e-9)
    assert not (table["score"] == 0).any()


@pytest.mark.acceptance
def test_instrument_agrees_with_the_published_scales() -> None:
    for row in pd.read_csv(published("reference/papi/scale_by_year.csv")).itertuples():
        slot = instrument(row.year).slots[row.slot]
        assert (slot.construct, slot.version, slot.name_en) == (row.construct, row.instrument_version, row.label_en)
        assert len(instrument(row.year).dimensions[row.dim]) == row.n_subdims_in_dim
        assert row.slot in instrument(row.year).dimensions[row.dim]
        low, high = instrument(row.year).bounds(row.slot)
        assert abs(low - row.scale_lo) < 0.01
        assert abs(high - row.scale_hi) < 0.01
        assert low - 0.01 <= row.min <= row.max <= high + 0.01


def test_province_names() -> None:
    names = province_names()
    assert tuple(names) == PROVINCES
    assert (names["P01"], names["P63"], len(set(names.values()))) == ("Thành phố Hà Nội", "Tỉnh Cà Mau", 63)


def test_number_of_subdimensions_by_year() -> None:
    numbers = {year: len(instrument(year).slots) for year in range(2011, 2025)}
    assert numbers == {**dict.fromkeys(range(2011, 2018), 22), 2018: 28, 2019: 29, 2020: 29} | dict.fromkeys(
        range(2021, 2025), 28
    )
    assert instrument(2017).bounds("TOTAL") == (6, 60)
    assert instrument(2018).bounds("TOTAL") == (8, 80)
    assert instrument(2020).bounds("D1") == (1, 10)
    assert "một phần tư" in str(instrument(2021).break_note_vi("D3"))
    assert instrument(2020).break_note_vi("D3") is None
    codes = {code for year in range(2011, 2025) for item in instrument(year).breaks for code in item.codes}
    assert {"D1", "D2", "D3", "D5", "D7", "D8", "TOTAL"} <= codes


@pytest.mark.parametrize("year", [2010, 2025, 1])
def test_an_unknown_year(year: int, tmp_path: Path) -> None:
    with pytest.raises(PapiTableError, match=f"No PAPI instrument is known for {year}: the years are 2011 to 2024"):
        read_wide(put(tmp_path, invented(2024)), year)


def test_gaps_stay_gaps_and_say_why(tmp_path: Path) -> None:
    rows = invented(2024)
    rows[1][1] = ""  # P01 SC11 blank
    rows[2][1:5] = ["0", "0.0", "0", "0"]  # P02 D1 coded 0
    del rows[3]  # P03 is not in the table
    table = composed(tmp_path, rows, 2024)
    assert table.loc[("P01", "SC11"), "status"] == "missing_at_source"
    assert table.loc[("P01", "D1"), ["status", "reason"]].tolist() == ["incomplete", "Thiếu SC11"]
    assert table.loc[("P01", "TOTAL"), ["status", "reason"]].tolist() == ["incomplete", "Thiếu D1"]
    assert math.isnan(table.loc[("P01", "TOTAL"), "score"])
    assert "ghi 0" in table.loc[("P02", "SC11"), "reason"]
    assert math.isnan(table.loc[("P02", "SC11"), "score"])
    assert table.loc[("P02", "D1"), "status"] == "missing_at_source"
    assert table.loc[("P03", "TOTAL"), "status"] == "missing_at_source"
    assert table.loc[("P04", "TOTAL"), ["score", "status", "reason"]].tolist() == [42.0, "ok", None]
    assert table.loc[("P04", "SC52"), "status"] == "not_in_instrument"
    assert len(table) == 63 * (29 + 8 + 1)


def test_dimensions_that_a_year_does_not_have(tmp_path: Path) -> None:
    table = composed(tmp_path, invented(2015), 2015)
    assert table.loc[("P10", "D7"), "status"] == "not_in_instrument"
    assert table.loc[("P10", "TOTAL"), "score"] == pytest.approx(22 * 1.5)


def test_a_value_outside_its_scale_is_kept_and_doubted(tmp_path: Path) -> None:
    rows = invented(2024)
    columns = rows[0]
    rows[1][columns.index("SC11")] = "2.6"
    rows[2][columns.index("SC32")] = "0.3324"  # 0.33 stands for 1/3
    rows[3][columns.index("SC83")] = "3.34"
    rows[4][columns.index("SC11")] = "-1"
    table = composed(tmp_path, rows, 2024)
    assert table.loc[("P01", "SC11"), ["score", "status"]].tolist() == [2.6, "ok"]
    assert "0.25-2.50" in table.loc[("P01", "SC11"), "reason"]
    assert table.loc[("P02", "SC32"), "reason"] is None
    assert table.loc[("P03", "SC83"), "reason"] is None
    assert "Ngoài thang điểm" in table.loc[("P04", "SC11"), "reason"]
    assert table.loc[("P01", "D1"), ["score", "status"]].tolist() == [pytest.approx(7.1), "ok"]


def _replace(row: int, column: int, value: str) -> Any:
    def change(rows: list[list[str]]) -> None:
        rows[row][column] = value

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_replace(5, 2, "abc"), r"line 6: column SC12 holds no number: 'abc' \(P05\); write it such as 1.25"),
        (_replace(5, 2, "nan"), "column SC12 holds no number: 'nan'"),
        (_replace(5, 0, "Hà Nội"), "line 6: no province code P01 to P63 in column Province, but 'HÀ NỘI'"),
        (_replace(5, 0, "P64"), "no province code P01 to P63 in column Province, but 'P64'"),
        (_replace(5, 0, "P01"), "province P01 is in the file twice, already in line 2"),
        (_replace(0, 0, "Tỉnh"), "no columns Province and SC11 to SC83"),
        (_replace(0, 3, "SC12"), "column SC12 stands there twice"),
        (_replace(0, 3, "SC19"), "SC19 is no PAPI sub-dimension"),
        (_replace(0, 3, "note"), "column SC13 is missing, which the instrument of 2016 has"),
        (_replace(1, 8, "1.3"), r"line 2 column SC24 \(P01\): holds 1.3, but the instrument of 2016 has no SC24"),
        (lambda rows: rows[7].append("1"), "row 8, cell 31 stands under no column"),
        (lambda rows: rows.__delitem__(slice(1, None)), "has no rows below a header"),
        (lambda rows: rows.clear(), "it is empty"),
    ],
)
def test_a_bad_table_is_refused_with_its_cell(change: Any, said: str, tmp_path: Path) -> None:
    rows = invented(2016)
    change(rows)
    with pytest.raises(PapiTableError, match=said):
        read_wide(put(tmp_path, rows), 2016)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PapiTableError, match="no such file"):
        read_wide(tmp_path / "absent.csv", 2016)


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_a_decimal_comma_is_one_also_between_commas(delimiter: str, tmp_path: Path) -> None:
    rows = [[cell.replace(".", ",") for cell in row] for row in invented(2016)]
    path = tmp_path / "2016.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, delimiter=delimiter).writerows(rows)
    assert read_wide(path, 2016).equals(read_wide(put(tmp_path, invented(2016)), 2016))


def test_columns_that_a_year_does_not_have_may_be_absent(tmp_path: Path) -> None:
    kept = [index for index, name in enumerate(["Province", *all_slots()]) if name not in ("SC24", "SC83")]
    rows = [[row[index] for index in kept] for row in invented(2016)]
    assert composed(tmp_path, rows, 2016).loc[("P01", "TOTAL"), "status"] == "ok"


def test_compose_reads_the_landed_table_with_several_years() -> None:
    rows = [(year, code, slot, 1.5) for year in (2016, 2017) for code in PROVINCES for slot in instrument(year).slots]
    names = ["year", "province_code", "slot", "score"]
    table = pa.Table.from_pandas(pd.DataFrame(rows, columns=names))
    assert (papi.compose(table, 2017).query("code == 'TOTAL'")["score"] == 33).all()


def test_scorecard_columns(tmp_path: Path) -> None:
    rows = invented(2021)
    rows[1][1] = ""
    table = papi.to_scorecard(papi.compose(read_wide(put(tmp_path, rows), 2021), 2021), 2021)
    assert table.schema == papi.PAPI_SCHEMA
    card = {(row["unit_code"], row["criterion_code"]): row for row in table.to_pylist()}
    total = card["P02", "TOTAL"]
    assert (total["points"], total["max_points"], total["criterion_level"], total["source"]) == (
        42,
        80,
        "total",
        "table",
    )
    assert (total["period_start"], total["period_end"]) == (date(2021, 1, 1), date(2021, 12, 31))
    assert total["ratio"] == pytest.approx((42 - 8) / 72)
    assert (total["rubric_version"], total["is_provisional"], total["parent_code"]) == ("2021-2024", False, None)
    sub = card["P02", "SC51"]
    assert (sub["parent_code"], sub["max_points"]) == ("D5", pytest.approx(10 / 3))
    assert sub["criterion_name_vi"] == "Thủ tục chứng thực, xác nhận"
    assert "Đứt chuỗi so với năm 2020" in sub["reason_vi"]
    assert (card["P02", "SC52"]["status"], card["P02", "SC52"]["max_points"]) == ("not_applicable", None)
    assert (card["P01", "TOTAL"]["status"], card["P01", "TOTAL"]["points"]) == ("missing", None)
    assert card["P01", "D1"]["reason_vi"] == "Thiếu SC11"
