from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cchc_pipeline.days import (
    LOCAL_ZONE,
    SCHEMA,
    TIME_ZONE,
    Period,
    PeriodError,
    Window,
    custom_periods,
    parse_period,
    period_of,
    periods,
)

DAYS = st.dates(date(2019, 1, 1), date(2030, 12, 31))
ONE = timedelta(days=1)


@given(DAYS)
def test_a_day_lies_in_its_periods_and_neighbours_touch(day):
    for kind in ("day", "month", "quarter", "half", "year"):
        period = period_of(kind, day)
        assert period.first <= day <= period.last
        assert period_of(kind, period.first) == period_of(kind, period.last) == period
        assert period_of(kind, period.last + ONE).first == period.last + ONE
        assert period_of(kind, period.first - ONE).last == period.first - ONE


@pytest.mark.parametrize(
    "day, quarter",
    [
        (date(2026, 3, 31), (date(2026, 1, 1), date(2026, 3, 31))),
        (date(2026, 12, 1), (date(2026, 10, 1), date(2026, 12, 31))),
        (date(2024, 2, 29), (date(2024, 1, 1), date(2024, 3, 31))),
    ],
)
def test_quarters(day, quarter):
    period = period_of("quarter", day)
    assert (period.first, period.last) == quarter


def test_february_of_leap_years():
    assert period_of("month", date(2024, 2, 3)).last == date(2024, 2, 29)
    assert period_of("month", date(2026, 2, 3)).last == date(2026, 2, 28)


@given(DAYS, st.integers(0, 400))
def test_every_day_of_the_range_lies_in_one_period_of_each_kind(first, length):
    last = first + length * ONE
    table = periods(first, last)
    assert table.schema == SCHEMA
    rows = table.to_pylist()
    assert len(rows) == len({tuple(r.values()) for r in rows})
    for kind in ("month", "quarter", "year"):
        spans = sorted((r["period_start"], r["period_end"]) for r in rows if r["period_type"] == kind)
        assert spans[0][0] <= first and last <= spans[-1][1]
        assert all(a[1] + ONE == b[0] for a, b in pairwise(spans))
    assert sum(r["period_type"] == "day" for r in rows) == length + 1


def test_free_windows_that_have_begun():
    last = date(2026, 10, 10)
    windows = [(date(2019, 11, 16), date(2020, 11, 8)), (last, last + ONE), (last + ONE, last + ONE)]
    custom = [r for r in periods(last, last, windows).to_pylist() if r["period_type"] == "custom"]
    assert [(r["period_start"], r["period_end"]) for r in custom] == windows[:2]


def test_one_window_alone():
    first, last = date(2019, 11, 16), date(2020, 11, 8)
    assert custom_periods([(first, last)]).to_pylist() == [
        {"period_type": "custom", "period_start": first, "period_end": last}
    ]


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
    period = parse_period(text, [kind])
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
    period = parse_period(text.get(kind, str(year)), [kind])
    assert period.before().last + timedelta(days=1) == period.first
    assert period.first.year == period.last.year == year
    steps = {"month": 12, "quarter": 4, "half": 2, "year": 1}[kind]
    earlier = period
    for _ in range(steps):
        earlier = earlier.before()
    assert earlier == period.year_ago()


def test_a_named_period_closed_on_days_of_its_own():
    period = Period("custom", date(2019, 11, 16), date(2020, 11, 8), parse_period("2020"))
    assert (period.name_vi, period.named.first) == ("năm 2020", date(2020, 1, 1))
    before = period.before()
    assert (before.first, before.last, before.name_vi) == (date(2018, 11, 16), date(2019, 11, 8), "năm 2019")
    quarter = Period("custom", date(2026, 6, 15), date(2026, 9, 14), parse_period("2026-Q3"))
    assert (quarter.before().first, quarter.before().last) == (date(2026, 3, 15), date(2026, 6, 14))
    assert quarter.year_ago().name_vi == "quý III năm 2025"


def test_days_without_a_name_are_compared_with_those_a_year_ago():
    period = Period("custom", date(2024, 2, 1), date(2024, 2, 29))
    assert period.before() == period.year_ago() == Period("custom", date(2023, 2, 1), date(2023, 2, 28))


@pytest.mark.parametrize(
    "kind, text",
    [("month", "2026-13"), ("quarter", "2026-Q5"), ("half", "2026"), ("year", "26"), ("nine_months", "0000")],
)
def test_a_period_written_otherwise_says_how(kind, text):
    wanted = kind.replace("_", " ")
    with pytest.raises(PeriodError, match=rf"'{text}' is no period. Write it like 2026.* \({wanted}\)"):
        parse_period(text, [kind])


def test_days_that_do_not_fit_are_refused():
    with pytest.raises(PeriodError, match="Exchange --from and --to"):
        Period("custom", date(2026, 2, 1), date(2026, 1, 1))
    with pytest.raises(PeriodError, match=r"no day .* lies within năm 2020"):
        Period("custom", date(2026, 1, 1), date(2026, 2, 1), parse_period("2020"))


@pytest.mark.parametrize("text", ["2026-09", "2026-Q3", "2026", "2026-H1", "2026-9T"])
def test_a_period_is_written_as_it_is_read(text):
    kinds = ("month", "quarter", "half", "year", "nine_months")
    period = parse_period(f" {text.lower()} ", kinds)
    assert str(period) == text
    assert parse_period(str(period), kinds) == period


def test_the_kinds_that_were_not_asked_for_are_refused():
    assert [parse_period(text).kind for text in ("2026-09", "2026-Q3", "2026")] == ["month", "quarter", "year"]
    for text in ("2026-H1", "2026-9T", "October", "2026-13"):
        with pytest.raises(PeriodError, match=r"like 2026-09 \(month\) or 2026-Q3 \(quarter\) or 2026 \(year\)"):
            parse_period(text)


def test_window():
    window = Window(date(2026, 2, 27), date(2026, 3, 1))
    assert [day.day for day in window.days()] == [27, 28, 1]
    assert window.clamp(date(2020, 1, 1)) == window.first
    assert window.clamp(None) == window.clamp(date(2030, 1, 1)) == window.last
    with pytest.raises(PeriodError):
        Window(date(2026, 3, 1), date(2026, 2, 1))
    assert (str(window), str(Window(window.first, window.first))) == ("2026-02-27 to 2026-03-01", "2026-02-27")


def test_the_zone_of_sql_and_of_python_are_one():
    assert LOCAL_ZONE.key == TIME_ZONE
    assert datetime(2026, 3, 1, tzinfo=LOCAL_ZONE).utcoffset() == timedelta(hours=7)
