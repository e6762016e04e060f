"""Determine and number the working days of Vietnamese state offices.

Sources: the `holidays` library (Tết, Hùng Kings, in-lieu days, swaps 2024-2026) and
`calendar_overrides.csv` for the swaps that the library does not know yet. Public holidays follow
the Labour Code 2019, Article 112.
"""

from __future__ import annotations

import csv
from datetime import date, timedelta
from functools import cache, lru_cache
from importlib import resources

import holidays


@lru_cache(maxsize=1)
def overrides() -> dict[date, bool]:
    """Return date -> whether it is worked, for the days of the override table."""
    text = resources.files(__package__).joinpath("calendar_overrides.csv").read_text(encoding="utf-8")
    return {date.fromisoformat(row["date"]): row["kind"] == "work" for row in csv.DictReader(text.splitlines())}


@lru_cache(maxsize=1)
def _vietnam() -> holidays.HolidayBase:
    return holidays.country_holidays("VN", language="vi")


@cache
def is_working_day(day: date) -> bool:
    """Return whether offices work on `day`, by weekday, holidays and make-up days."""
    decided = overrides().get(day)
    return bool(_vietnam().is_working_day(day)) if decided is None else decided


def is_public_holiday(day: date) -> bool:
    """Return whether `day` is off for all by law or decision, not as a plain weekend."""
    decided = overrides().get(day)
    return day in _vietnam() if decided is None else not decided


def calendar_rows(start: date, end: date) -> list[tuple[date, bool, int, int, int]]:
    """Return a row for each day from `start` to `end`, with running numbers.

    A row is (day, is_working_day, number of the working days, of the days from Monday to Friday, holidays included, and
    of the working days without make-up days). The latter two are how some source systems count. A difference of two
    numbers counts the days after the first up to the second (Civil Code 2015, Article 147: the first is not counted).
    """
    rows, number, weekdays, regular = [], 0, 0, 0
    for i in range((end - start).days + 1):
        day = start + timedelta(days=i)
        worked, is_weekday = is_working_day(day), day.weekday() < 5
        number += worked
        weekdays += is_weekday
        regular += worked and is_weekday
        rows.append((day, worked, number, weekdays, regular))
    return rows
