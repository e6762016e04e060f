"""Reporting periods: civil days, months, quarters, years and free windows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import pyarrow as pa

from cchc_pipeline.arrow import table_from_rows
from cchc_pipeline.errors import SettingsError

SCHEMA = pa.schema([("period_type", pa.string()), ("period_start", pa.date32()), ("period_end", pa.date32())])


def month_of(day: date) -> tuple[date, date]:
    """First and last day of the month of `day`."""
    return _span(day.year, day.month, 1)


def quarter_of(day: date) -> tuple[date, date]:
    """First and last day of the quarter of `day`."""
    return _span(day.year, (day.month - 1) // 3 * 3 + 1, 3)


def year_of(day: date) -> tuple[date, date]:
    """First and last day of the year of `day`."""
    return date(day.year, 1, 1), date(day.year, 12, 31)


def _span(year: int, month: int, months: int) -> tuple[date, date]:
    following = month + months
    return date(year, month, 1), date(year + (following > 12), (following - 1) % 12 + 1, 1) - timedelta(days=1)


def periods(first: date, last: date, free: Iterable[tuple[date, date]] = ()) -> pa.Table:
    """Every period that a day from `first` to `last` lies in, and the `free` windows that begin by `last`.

    Returns:
        Columns period_type (day, month, quarter, year, custom), period_start, period_end.
    """
    days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
    rows = {("day", day, day) for day in days}
    for kind, of in (("month", month_of), ("quarter", quarter_of), ("year", year_of)):
        rows |= {(kind, *of(day)) for day in days}
    rows |= {("custom", start, end) for start, end in free if start <= last}
    return table_from_rows(sorted(rows), SCHEMA)


def custom_periods(windows: Iterable[tuple[date, date]]) -> pa.Table:
    """Return a table as `periods` with free windows only, given by their first and last day."""
    return table_from_rows(sorted({("custom", *window) for window in windows}), SCHEMA)


@dataclass(frozen=True)
class Window:
    """Civil days `first` to `last`, both included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            message = f"window {self.first} to {self.last} ends before it starts. Fix: give the earlier day first."
            raise SettingsError(message, first=self.first, last=self.last)

    def days(self) -> Iterator[date]:
        """Every day of the window, in order."""
        for offset in range((self.last - self.first).days + 1):
            yield self.first + timedelta(days=offset)

    def clamp(self, day: date | None) -> date:
        """The day of the window that is nearest to `day`; the last one where the day is unknown."""
        return self.last if day is None else min(max(day, self.first), self.last)

    def __str__(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"
