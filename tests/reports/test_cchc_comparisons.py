"""What a report compares, and what it does not: periods that lack days, units that changed, breaks of PAPI."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from docx_text import read

from cchc_pipeline.indicators.catalogue import catalogue
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.lake.publish import current_version
from cchc_pipeline.reports.cchc_report.figures import Figure, Figures
from cchc_pipeline.reports.cchc_report.fill import Filler
from cchc_pipeline.reports.cchc_report.period import parse
from cchc_pipeline.reports.cchc_report.report import make_report
from cchc_pipeline.reports.cchc_report.slots import WORDS
from cchc_pipeline.reports.cchc_report.sources import Sources
from cchc_pipeline.reports.cchc_report.template import Comparison, load_template


def filler(now: dict, then: dict, begins: date, until: date, changes: list[dict] | None = None) -> Filler:
    """A filler for Q3 of 2026 with given terms of `late_rate` and `received_total`, now and in the quarter before."""
    figures = Figures(Lake(None))  # type: ignore[arg-type]
    figures.__dict__["manifest"] = {"data_from": str(begins), "data_until": str(until)}
    figures.__dict__["changes"] = changes or []
    quarter = parse("quarter", "2026-Q3")
    by_id = {one.id: one for one in catalogue()}
    for period, terms in ((quarter, now), (quarter.before(), then)):
        for name, (numerator, denominator) in terms.items():
            value = 100 * numerator / denominator if denominator else numerator
            figures.held[name, "H99", period.first, period.last] = Figure(
                by_id[name], "H99", period, numerator, denominator, value
            )
    names = {"H99": "Tỉnh Mẫu"}
    return Filler(figures, Sources(names), "H99", quarter, dict.fromkeys(WORDS, "?"), names, {})


NOW = {"late_rate": (30, 200), "received_total": (1_200, None)}
THEN = {"late_rate": (10, 100), "received_total": (1_000, None)}
COVERED = (date(2026, 1, 1), date(2026, 10, 1))


def said(one: Filler, text: str) -> str:
    return "".join(run.text for run in one.runs(text))


def test_a_change_in_words():
    one = filler(NOW, THEN, *COVERED)
    assert said(one, "{late_rate.change}") == "tăng 5 điểm % so với quý II năm 2026 (10%)"
    assert said(one, "{received_total.change}") == "tăng 200 (20%) so với quý II năm 2026 (1.000)"
    assert (
        said(filler(THEN, NOW, *COVERED), "{received_total.change}")
        == "giảm 200 (16,67%) so với quý II năm 2026 (1.200)"
    )
    assert said(filler(NOW, NOW, *COVERED), "{late_rate.change}") == "không đổi so với quý II năm 2026 (15%)"


def test_a_change_as_a_table():
    block = Comparison(compare=("received_total", "late_rate"), caption="Bảng")
    _, grid, *notes = filler(NOW, THEN, *COVERED).comparison(block)
    cells = [["".join(run.text for run in cell or ()) for cell in row] for row in grid.rows]
    assert grid.heads == ("Chỉ tiêu", "Quý III năm 2026", "Quý II năm 2026", "Tăng (+), giảm (-)")
    assert [row[1:] for row in cells] == [["1.200", "1.000", "+200 (20%)"], ["15,00%", "10,00%", "+5 điểm %"]]
    assert [note.text for note in notes] == [
        "(–) Không so sánh với quý III năm 2025: dữ liệu chỉ có từ ngày 01/01/2026."
    ]


@pytest.mark.parametrize(
    "begins, until, reason",
    [
        (date(2026, 5, 1), date(2026, 10, 1), "dữ liệu chỉ có từ ngày 01/05/2026"),
        (date(2026, 1, 1), date(2026, 9, 15), "quý III năm 2026 chưa kết thúc, dữ liệu đến ngày 15/09/2026"),
    ],
)
def test_periods_that_lack_days_are_not_compared(begins, until, reason):
    one = filler(NOW, THEN, begins, until)
    (run,) = one.runs("{received_total.change}")
    assert run.is_gap
    assert reason in run.text
    assert "1.000" not in run.text


@pytest.mark.parametrize("kind, is_compared", [("merged", False), ("renamed", True)])
def test_a_unit_that_others_joined_is_not_compared(kind, is_compared):
    change = {"old_unit_code": "H98", "new_unit_code": "H99", "changed_on": date(2026, 7, 1), "kind": kind}
    (run,) = filler(NOW, THEN, *COVERED, [change]).runs("{received_total.change}")
    assert run.is_gap != is_compared
    if not is_compared:
        assert "đơn vị thay đổi từ ngày 01/07/2026" in run.text


def papi_lake(own: Lake, since: int) -> Lake:
    """A lake whose province is Đắk Nông (H16, P43) with two invented years of PAPI."""
    folder = current_version(own.published)
    assert folder is not None
    schema = pq.read_schema(folder / "scorecard_papi.parquet")
    rows = []
    for year, points in ((2025, 5.0), (2026, 5.25)):
        for level, code, parent in (("group", "D1", "TOTAL"), ("total", "TOTAL", None)):
            rows.append(
                {field.name: None for field in schema}
                | {"index_code": "papi", "rubric_version": "x", "is_provisional": False, "source": "papi",
                   "period_type": "year", "period_start": date(year, 1, 1), "period_end": date(year, 12, 31),
                   "unit_code": "P43", "unit_name": "Tỉnh Mẫu", "unit_level": "province", "criterion_level": level,
                   "criterion_code": code, "parent_code": parent, "criterion_name_vi": f"Nội dung {code}",
                   "criterion_name_en": code, "rule": "mean", "points": points, "max_points": 10.0, "status": "ok",
                   "comparable_since": since, "rank": 7, "rank_of": 60, "tier": 2, "unit_vintage": "x"}
            )  # fmt: skip
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), folder / "scorecard_papi.parquet")
    intervals = folder / "rank_intervals.parquet"
    interval = {"scorecard_id": "papi", "source": "papi", "period_type": "year", "period_start": date(2026, 1, 1),
                "unit_code": "P43", "unit_name": "Tỉnh Mẫu", "unit_level": "province", "rank": 7, "rank_low": 5,
                "rank_high": 11, "rank_of": 60, "rank_median": 8.0,
                "first_quarter_share": 0.1, "draws": 100, "method_vi": "Thay đổi cách tính."}  # fmt: skip
    pq.write_table(pa.Table.from_pylist([interval], schema=pq.read_schema(intervals)), intervals)
    units = pq.read_table(folder / "units.parquet").to_pylist()
    for row in units:
        row["unit_code"] = row["unit_code"].replace("H99", "H16")
        row["parent_code"] = row["parent_code"] and row["parent_code"].replace("H99", "H16")
    pq.write_table(
        pa.Table.from_pylist(units, schema=pq.read_schema(folder / "units.parquet")), folder / "units.parquet"
    )
    manifest = folder / "datapackage.json"
    manifest.write_text(
        manifest.read_text("utf-8").replace('"province_code": "H99"', '"province_code": "H16"'), "utf-8"
    )
    return own


@pytest.mark.parametrize("since, difference", [(2025, "+0,25"), (2026, "–")])
def test_papi_is_compared_only_where_it_may_be(own_lake, since, difference):
    found = read(make_report(papi_lake(own_lake, since), load_template(), parse("month", "2026-10")).docx)
    rows = found.table(
        "TT", "Chỉ số nội dung", "Điểm tối đa", "Năm 2025", "Năm 2026", "Tăng (+), giảm (-)", "Hạng, nhóm"
    )
    assert rows == [
        ["1", "Nội dung D1", "10,00", "5,00", "5,25", difference, "7/60, nhóm 2"],
        ["", "Nội dung TOTAL", "10,00", "5,00", "5,25", difference, "7/60, nhóm 2"],
    ]
    assert ("Không so sánh với năm 2025" in found.text) == (difference == "–")
    assert "Thứ hạng 7/60 năm 2026; 95% số lần mô phỏng cho hạng từ 5 đến 11. Thay đổi cách tính." in found.text
