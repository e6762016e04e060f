"""Periods of reports: parse them, name them, and find the period before and the same one a year ago."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from cchc_pipeline.reports.scope import ReportError
from cchc_pipeline.vietnamese import day, period_name

#: kind -> length in months, how it is written, an example
_KINDS = {
    "month": (1, r"(\d{4})-(0[1-9]|1[0-2])", "2026-09"),
    "quarter": (3, r"(\d{4})-Q([1-4])", "2026-Q3"),
    "half": (6, r"(\d{4})-H([12])", "2026-H1"),
    "nine_months": (9, r"(\d{4})()", "2026"),
    "year": (12, r"(\d{4})()", "2026"),
}


@dataclass(frozen=True)
class ReportPeriod:
    """A period of civil days.

    Attributes:
        kind: month, quarter, half, nine_months, year or custom.
        first: first civil day.
        last: last civil day.
        calendar: the calendar period that free days stand for: "năm 2020" closed from 16/11/2019 to 08/11/2020.
    """

    kind: str
    first: date
    last: date
    calendar: ReportPeriod | None = None

    @property
    def named(self) -> ReportPeriod:
        """The calendar period of its name; itself where its days are those, or have no name."""
        return self.calendar or self

    @property
    def name_vi(self) -> str:
        """The name as in a sentence: "quý III năm 2026"."""
        return period_name(self.named.kind, self.named.first, self.named.last)

    @property
    def days_vi(self) -> str:
        """The days as dd/mm/yyyy."""
        return f"từ ngày {day(self.first)} đến ngày {day(self.last)}"

    @property
    def slug(self) -> str:
        """The period as part of the name of a file."""
        year, month = self.first.year, self.first.month
        named = {
            "month": f"{year}-{month:02d}",
            "quarter": f"{year}-Q{(month + 2) // 3}",
            "half": f"{year}-H{1 if month == 1 else 2}",
            "nine_months": f"{year}-9T",
            "year": f"{year}",
        }
        return named.get(self.kind, f"{self.first}_{self.last}")

    def before(self) -> ReportPeriod:
        """Return the period of the same length just before; of nine months and of days without a name a year ago."""
        kind = self.named.kind
        return self.year_ago() if kind in ("nine_months", "custom") else self._earlier(_KINDS[kind][0])

    def year_ago(self) -> ReportPeriod:
        """Return the same period of the year before."""
        return self._earlier(12)

    def _earlier(self, months: int) -> ReportPeriod:
        if self.kind != "custom":
            return _calendar_period(self.kind, _shift(self.first, -months))
        calendar = self.calendar._earlier(months) if self.calendar else None
        return custom(_shift(self.first, -months), _shift(self.last, -months), calendar)


def _shift(from_day: date, months: int) -> date:
    """The same day some months later; the last one of that month where it has no such day."""
    number = from_day.year * 12 + from_day.month - 1 + months
    year, month = number // 12, number % 12 + 1
    return date(year, month, min(from_day.day, monthrange(year, month)[1]))


def _calendar_period(kind: str, first: date) -> ReportPeriod:
    return ReportPeriod(kind, first, _shift(first, _KINDS[kind][0]) - timedelta(days=1))


def custom(first: date, last: date, calendar: ReportPeriod | None = None) -> ReportPeriod:
    """Return a period of free days, as in a report whose figures were closed on a day of its own.

    Args:
        first: first day.
        last: last day.
        calendar: the calendar period that they stand for and are called by.

    Raises:
        ReportError: the days are reversed, or none of them lies within the calendar period.
    """
    if first > last:
        raise ReportError(f"report: the period begins on {first} and ends on {last}. Exchange --from and --to.")
    if calendar and (last < calendar.first or first > calendar.last):
        raise ReportError(
            f"report: no day from {first} to {last} lies within {calendar.name_vi}. Correct --from and --to, or leave "
            "them out."
        )
    return ReportPeriod("custom", first, last, calendar)


def parse(kind: str, text: str) -> ReportPeriod:
    """Return the period of an option of its kind: --quarter 2026-Q3.

    Raises:
        ReportError: it is written otherwise.
    """
    found = _parsed(kind, text)
    if found is None:
        option, example = kind.replace("_", "-"), _KINDS[kind][2]
        raise ReportError(f"report: --{option} {text} is no such period. Write it like --{option} {example}.")
    return found


def parse_any(text: str) -> ReportPeriod:
    """Return the month (2026-09), quarter (2026-Q3) or year (2026) that a text names.

    Raises:
        ReportError: it is none of these.
    """
    for kind in ("month", "quarter", "year"):
        if found := _parsed(kind, text):
            return found
    raise ReportError(f"report: {text!r} is no period. Write a month (2026-09), a quarter (2026-Q3) or a year (2026).")


def _parsed(kind: str, text: str) -> ReportPeriod | None:
    months, pattern, _ = _KINDS[kind]
    found = re.fullmatch(pattern, text.strip().upper())
    if not found or not date.min.year < int(found[1]) < date.max.year:
        return None
    return _calendar_period(kind, date(int(found[1]), (int(found[2] or 1) - 1) * months + 1, 1))
