from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cchc_pipeline.days import SCHEMA, custom_periods, month_of, periods, quarter_of, year_of

DAYS = st.dates(date(2019, 1, 1), date(2030, 12, 31))
ONE = timedelta(days=1)


@given(DAYS)
def test_a_day_lies_in_its_periods_and_neighbours_touch(day):
    for of in (month_of, quarter_of, year_of):
        start, end = of(day)
        assert start <= day <= end
        assert of(start) == of(end) == (start, end)
        assert of(end + ONE)[0] == end + ONE
        assert of(start - ONE)[1] == start - ONE


@pytest.mark.parametrize(
    "day, quarter",
    [
        (date(2026, 3, 31), (date(2026, 1, 1), date(2026, 3, 31))),
        (date(2026, 12, 1), (date(2026, 10, 1), date(2026, 12, 31))),
        (date(2024, 2, 29), (date(2024, 1, 1), date(2024, 3, 31))),
    ],
)
def test_quarters(day, quarter):
    assert quarter_of(day) == quarter


def test_february_of_leap_years():
    assert month_of(date(2024, 2, 3))[1] == date(2024, 2, 29)
    assert month_of(date(2026, 2, 3))[1] == date(2026, 2, 28)


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
