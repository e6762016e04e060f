"""Define the time zone, windows of civil days, and reporting periods."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa

from cchc_pipeline.arrow import table_from_rows
from cchc_pipeline.errors import CchcError
from cchc_pipeline.vietnamese import period_name

#: Civil time of every moment: the name that SQL and Arrow take, and the zone that Python takes.
TIME_ZONE = "Asia/Ho_Chi_Minh"
LOCAL_ZONE = ZoneInfo(TIME_ZONE)

SCHEMA = pa.schema([("period_type", pa.string()), ("period_start", pa.date32()), ("period_end", pa.date32())])
#: Kinds of calendar periods that are published, shorter ones first.
PUBLISHED_KINDS = ("month", "quarter", "year")

_MONTHS = {"month": 1, "quarter": 3, "half": 6, "nine_months": 9, "year": 12}
_MONTHS_A_YEAR = 12
#: Kind -> pattern of its text, example.
_FORMS = {
    "month": (r"(\d{4})-(0[1-9]|1[0-2])", "2026-09"),
    "quarter": (r"(\d{4})-Q([1-4])", "2026-Q3"),
    "half": (r"(\d{4})-H([12])", "2026-H1"),
    "year": (r"(\d{4})()", "2026"),
    "nine_months": (r"(\d{4})()(?:-9T)?", "2026"),
}


class PeriodError(CchcError):
    """A malformed period, or one whose days contradict each other."""


def today() -> date:
    """Return today's civil day in Vietnam."""
    return datetime.now(LOCAL_ZONE).date()


def custom_periods(windows: Iterable[tuple[date, date]]) -> pa.Table:
    """Return a table as `periods`, of custom windows (first and last day) only."""
    return table_from_rows(sorted({("custom", *window) for window in windows}), SCHEMA)


@dataclass(frozen=True)
class Window:
    """Civil days `first` to `last`, both included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            message = f"window {self.first} to {self.last} ends before it starts. Fix: give the earlier day first."
            raise PeriodError(message, first=self.first, last=self.last)

    def days(self) -> Iterator[date]:
        """Yield every day of the window, in order."""
        for offset in range((self.last - self.first).days + 1):
            yield self.first + timedelta(days=offset)

    def clamp(self, day: date | None) -> date:
        """Return the day of the window nearest to `day`; the last where `day` is None."""
        return self.last if day is None else min(max(day, self.first), self.last)

    def __str__(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"


@dataclass(frozen=True)
class Period:
    """A period that figures are reported for.

    Attributes:
        kind: day, month, quarter, half, nine_months, year or custom.
        first: first civil day.
        last: last civil day.
        calendar: the calendar period that custom days stand for: the year 2020 closed from 16/11/2019 to 08/11/2020.

    Raises:
        PeriodError: the days are reversed, or none of them lies within the calendar period.
    """

    kind: str
    first: date
    last: date
    calendar: Period | None = None

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise PeriodError(f"the period begins on {self.first} and ends on {self.last}. Exchange --from and --to.")
        if self.calendar and (self.last < self.calendar.first or self.first > self.calendar.last):
            raise PeriodError(
                f"no day from {self.first} to {self.last} lies within {self.calendar.name_vi}. Correct --from and "
                "--to, or leave them out."
            )

    @property
    def named(self) -> Period:
        """Return the calendar period that custom days stand for, else the period itself."""
        return self.calendar or self

    @property
    def name_vi(self) -> str:
        """Return the Vietnamese name as in a sentence: quý III năm 2026."""
        return period_name(self.named.kind, self.named.first, self.named.last)

    def __str__(self) -> str:
        """Return a short text, fit for a file name: 2026-09, 2026-Q3, 2026-H1, 2026.

        `parse_period` reads it, except for days and custom periods.
        """
        year = self.first.year
        return {
            "day": f"{self.first}",
            "month": f"{self.first:%Y-%m}",
            "quarter": f"{year}-Q{self._part(3)}",
            "half": f"{year}-H{self._part(6)}",
            "nine_months": f"{year}-9T",
            "year": f"{year}",
        }.get(self.kind, f"{self.first}_{self.last}")

    def _part(self, months: int) -> int:
        return (self.first.month - 1) // months + 1

    def before(self) -> Period:
        """Return the period just before: the previous month, quarter, half or year.

        Nine months, single days, and custom days without a calendar period go back one year.
        """
        return self._earlier({"month": 1, "quarter": 3, "half": 6}.get(self.named.kind, _MONTHS_A_YEAR))

    def year_ago(self) -> Period:
        """Return the same period one year earlier."""
        return self._earlier(_MONTHS_A_YEAR)

    def _earlier(self, months: int) -> Period:
        if self.kind in _MONTHS:
            return period_of(self.kind, _months_later(self.first, -months))
        return replace(
            self,
            first=_months_later(self.first, -months),
            last=_months_later(self.last, -months),
            calendar=self.calendar and self.calendar._earlier(months),
        )


def _months_later(day: date, months: int) -> date:
    """Return the same day `months` later, or the last day of a shorter month."""
    year, month = divmod(day.year * _MONTHS_A_YEAR + day.month - 1 + months, _MONTHS_A_YEAR)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def period_of(kind: str, day: date) -> Period:
    """Return the period of `kind` that `day` lies in.

    `kind` is day, month, quarter, half, nine_months (January to September of the day's year) or year.
    """
    if kind == "day":
        return Period(kind, day, day)
    months = _MONTHS[kind]
    first = 1 if kind == "nine_months" else (day.month - 1) // months * months + 1
    last = first + months - 1
    return Period(kind, date(day.year, first, 1), date(day.year, last, monthrange(day.year, last)[1]))


def parse_period(text: str, kinds: Sequence[str] = PUBLISHED_KINDS) -> Period:
    """Parse a calendar period as typed: 2026-09, 2026-Q3, 2026-H1, 2026 or 2026-9T.

    Args:
        text: what was typed.
        kinds: kinds that are accepted. Where nine_months is the only one, the bare year is enough.

    Raises:
        PeriodError: the text has none of these forms.
    """
    for kind in (kind for kind in _FORMS if kind in kinds):
        found = re.fullmatch(_FORMS[kind][0], text.strip().upper())
        if found and date.min.year < int(found[1]) < date.max.year:
            month = (int(found[2] or 1) - 1) * _MONTHS[kind] + 1
            return period_of(kind, date(int(found[1]), month, 1))
    wanted = " or ".join(f"{_FORMS[kind][1]} ({kind.replace('_', ' ')})" for kind in kinds)
    raise PeriodError(f"{text!r} is no period. Write it like {wanted}.")


def periods_of(days: Iterable[date], kinds: Sequence[str] = PUBLISHED_KINDS) -> list[Period]:
    """Return the distinct periods of `days`, kind after kind, in the order of `days`."""
    days = list(days)
    return list(dict.fromkeys(period_of(kind, day) for kind in kinds for day in days))


def periods(first: date, last: date, free: Iterable[tuple[date, date]] = ()) -> pa.Table:
    """Return the table of all periods that a day from `first` to `last` lies in.

    `free` are custom windows (first and last day); those that begin after `last` are left out.

    Returns:
        Columns period_type (day, month, quarter, year, custom), period_start, period_end; the key is all of them.
    """
    days = Window(first, last).days() if first <= last else ()
    calendar = periods_of(days, ("day", *PUBLISHED_KINDS))
    rows = {(one.kind, one.first, one.last) for one in calendar}
    rows |= {("custom", start, end) for start, end in free if start <= last}
    return table_from_rows(sorted(rows), SCHEMA)
