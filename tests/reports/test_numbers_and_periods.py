"""Vietnamese numbers, and the calendar of reports."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cchc_pipeline import vietnamese
from cchc_pipeline.reports.periods import custom, parse
from cchc_pipeline.reports.scope import ReportError


@pytest.mark.parametrize(
    "value, written",
    [(1234.5, "1.234,5"), (28044, "28.044"), (0, "0"), (0.125, "0,13"), (-0.125, "-0,13"), (-0.001, "0"),
     (2.675, "2,68"), (1e6, "1.000.000"), (100, "100"), (Fraction(1, 3), "0,33")],
)  # fmt: skip
def test_numbers_as_documents_write_them(value, written):
    assert vietnamese.decimal(value) == written


def test_a_column_keeps_its_decimals_and_a_text_pads_small_counts():
    assert vietnamese.decimal(5, keep_zeros=True) == "5,00"
    assert [vietnamese.count(n, in_text=True) for n in (0, 3, 9, 10, 64)] == ["0", "03", "09", "10", "64"]
    assert vietnamese.count(3) == "3"
    assert vietnamese.count(332.5, in_text=True) == "332,5"


def test_percentages_come_from_the_exact_ratio():
    assert vietnamese.percent(13_253, 28_044) == "47,26%"
    assert vietnamese.percent(1, 800) == "0,13%"  # a tie: 0.125
    assert vietnamese.percent(1, 2, keep_zeros=True) == "50,00%"


@given(st.integers(-(10**9), 10**9), st.integers(0, 2))
def test_what_is_written_reads_back(units, places):
    value = Fraction(units, 10**places)
    text = vietnamese.decimal(value)
    assert Fraction(text.replace(".", "").replace(",", ".")) == value


@given(st.fractions(-(10**6), 10**6))
def test_rounding_is_off_by_half_a_unit_at_most_and_away_from_zero(value):
    rounded = Fraction(vietnamese.rounded(value))
    assert abs(rounded - value) <= Fraction(1, 200)
    if abs(rounded - value) == Fraction(1, 200):
        assert abs(rounded) > abs(value)


PERIODS = [
    ("month", "2026-01", "tháng 1 năm 2026", "2026-01-01", "2026-01-31", "tháng 12 năm 2025"),
    ("quarter", "2026-Q3", "quý III năm 2026", "2026-07-01", "2026-09-30", "quý II năm 2026"),
    ("quarter", "2026-q1", "quý I năm 2026", "2026-01-01", "2026-03-31", "quý IV năm 2025"),
    ("half", "2026-H2", "6 tháng cuối năm 2026", "2026-07-01", "2026-12-31", "6 tháng đầu năm 2026"),
    ("nine_months", "2026", "9 tháng đầu năm 2026", "2026-01-01", "2026-09-30", "9 tháng đầu năm 2025"),
    ("year", "2024", "năm 2024", "2024-01-01", "2024-12-31", "năm 2023"),
]


@pytest.mark.parametrize("kind, text, name, first, last, before", PERIODS)
def test_periods_by_name(kind, text, name, first, last, before):
    period = parse(kind, text)
    assert (period.name_vi, str(period.first), str(period.last)) == (name, first, last)
    assert period.before().name_vi == before
    assert period.year_ago().first == period.first.replace(year=period.first.year - 1)
    assert period.named is period


@pytest.mark.parametrize("kind", ["month", "quarter", "half", "year"])
@given(st.integers(1990, 2100), st.integers(1, 12))
def test_the_period_before_ends_the_day_before_and_a_year_holds_its_parts(kind, year, month):
    text = {
        "month": f"{year}-{month:02d}",
        "quarter": f"{year}-Q{(month + 2) // 3}",
        "half": f"{year}-H{1 + month // 7}",
    }
    period = parse(kind, text.get(kind, str(year)))
    assert period.before().last + timedelta(days=1) == period.first
    assert period.first.year == period.last.year == year
    steps = {"month": 12, "quarter": 4, "half": 2, "year": 1}[kind]
    earlier = period
    for _ in range(steps):
        earlier = earlier.before()
    assert earlier == period.year_ago()


def test_a_named_period_closed_on_days_of_its_own():
    period = custom(date(2019, 11, 16), date(2020, 11, 8), parse("year", "2020"))
    assert (period.name_vi, period.named.first) == ("năm 2020", date(2020, 1, 1))
    before = period.before()
    assert (before.first, before.last, before.name_vi) == (date(2018, 11, 16), date(2019, 11, 8), "năm 2019")
    quarter = custom(date(2026, 6, 15), date(2026, 9, 14), parse("quarter", "2026-Q3"))
    assert (quarter.before().first, quarter.before().last) == (date(2026, 3, 15), date(2026, 6, 14))
    assert quarter.year_ago().name_vi == "quý III năm 2025"


def test_days_without_a_name_are_compared_with_those_a_year_ago():
    period = custom(date(2024, 2, 1), date(2024, 2, 29))
    assert period.before() == period.year_ago() == custom(date(2023, 2, 1), date(2023, 2, 28))


@pytest.mark.parametrize(
    "kind, text",
    [("month", "2026-13"), ("quarter", "2026-Q5"), ("half", "2026"), ("year", "26"), ("nine_months", "0000")],
)
def test_a_period_written_otherwise_says_how(kind, text):
    with pytest.raises(ReportError, match=f"Write it like --{kind.replace('_', '-')} "):
        parse(kind, text)


def test_days_that_do_not_fit_are_refused():
    with pytest.raises(ReportError, match="Exchange --from and --to"):
        custom(date(2026, 2, 1), date(2026, 1, 1))
    with pytest.raises(ReportError, match=r"no day .* lies within năm 2020"):
        custom(date(2026, 1, 1), date(2026, 2, 1), parse("year", "2020"))
