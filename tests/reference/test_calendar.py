from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from working_time_by_day import add_working_days, working_days_between

from cchc_pipeline.reference import calendar
from cchc_pipeline.reference.calendar import calendar_rows, is_public_holiday, is_working_day, overrides

# Counted from the published holiday notices of each year, not from the library.
WORKED = {2020: 252, 2021: 250, 2022: 249, 2023: 249, 2024: 251, 2025: 250, 2026: 249, 2027: 249}
DAYS = st.dates(date(2020, 1, 1), date(2027, 12, 31))
ONE = timedelta(days=1)


@pytest.mark.parametrize("year, worked", WORKED.items())
def test_working_days_of_a_year(year, worked):
    assert working_days_between(date(year - 1, 12, 31), date(year, 12, 31)) == worked


@pytest.mark.parametrize(
    "day, worked",
    [
        (date(2020, 1, 27), False),  # Tết
        (date(2020, 9, 2), False),  # National Day
        (date(2021, 9, 3), False),  # its second day, since the Labour Code 2019
        (date(2024, 5, 4), True),  # a Saturday that makes up for 29/4/2024
        (date(2024, 4, 29), False),
        (date(2026, 8, 28), True),
        (date(2026, 10, 10), False),  # an ordinary Saturday
        (date(2026, 10, 12), True),  # an ordinary Monday
    ],
)
def test_known_days(day, worked):
    assert is_working_day(day) is worked


def test_the_override_table_decides():
    table = overrides()
    assert table[date(2026, 1, 2)] is False
    assert table[date(2026, 1, 10)] is True
    assert all(is_working_day(day) is worked for day, worked in table.items())


def test_an_override_wins_over_the_library(monkeypatch):
    monday = date(2027, 3, 8)
    assert is_working_day(monday)
    monkeypatch.setattr(calendar, "overrides", lambda: {monday: False, monday + 5 * ONE: True})
    is_working_day.cache_clear()
    try:
        assert not is_working_day(monday)
        assert is_working_day(monday + 5 * ONE)
        assert add_working_days(monday - ONE, 1) == monday + ONE
    finally:
        is_working_day.cache_clear()


def test_five_working_days_from_a_friday_end_on_the_next_friday():
    assert add_working_days(date(2026, 10, 9), 5) == date(2026, 10, 16)


@given(DAYS, st.integers(0, 500))
def test_calendar_rows_agree_with_counting(start, length):
    end = start + length * ONE
    rows = calendar_rows(start, end)
    assert [row[0] for row in rows] == [start + i * ONE for i in range(length + 1)]
    assert rows[-1][2] - rows[0][2] == working_days_between(start, end)
    assert all(row[1] is is_working_day(row[0]) for row in rows)


@given(DAYS)
def test_holidays_are_never_worked(day):
    assert not (is_public_holiday(day) and is_working_day(day))
    assert is_public_holiday(day) or is_working_day(day) or day.weekday() >= 5


@pytest.mark.parametrize(
    "first, last, worked",
    [
        (date(2026, 2, 13), date(2026, 2, 23), 1),  # Tết: nothing between Friday the 13th and Monday the 23rd
        (date(2025, 4, 25), date(2025, 5, 5), 4),  # 26/4 made up for 2/5; 30/4 and 1/5 off
        (date(2026, 8, 21), date(2026, 9, 3), 7),  # 22/8 made up for 31/8; 1/9 and 2/9 off
        (date(2026, 1, 1), date(2026, 1, 12), 7),  # 2/1 off, 10/1 made up: decided after the library was written
        (date(2021, 4, 30), date(2021, 5, 4), 1),  # 3/5 in lieu of Saturday 1/5
    ],
)
def test_swapped_and_in_lieu_days(first, last, worked):
    assert working_days_between(first, last) == worked
