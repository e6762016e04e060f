"""What a report compares, and what it does not: periods that lack days, units that changed, breaks of PAPI."""

from __future__ import annotations

from datetime import date

import pytest

from cchc_pipeline.days import parse_period
from cchc_pipeline.indicators.catalogue import catalogue
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.reports.cchc_report.figures import Figure, Figures, Sources
from cchc_pipeline.reports.cchc_report.fill import Filler
from cchc_pipeline.reports.cchc_report.template import WORDS, Comparison


def filler(now: dict, then: dict, begins: date, until: date, changes: list[dict] | None = None) -> Filler:
    """A filler for Q3 of 2026 with given terms of `late_rate` and `received_total`, now and in the quarter before."""
    manifest = {"data_from": str(begins), "data_until": str(until)}
    figures = Figures(Lake(None), manifest, changes or [])  # type: ignore[arg-type]
    quarter = parse_period("2026-Q3")
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
