"""The period of a report: what it is called, its days, the period before and the same one a year ago."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from cchc_pipeline.reports.scope import ReportError

_ROMAN = {1: "I", 2: "II", 3: "III", 4: "IV"}
_MONTHS_A_YEAR = 12


@dataclass(frozen=True)
class ReportPeriod:
    """A period with its Vietnamese name.

    Attributes:
        kind: month, quarter, half, nine_months, year or custom.
        first: first civil day.
        last: last civil day.
        name_vi: as in a sentence, "quý III năm 2026".
        calendar: the calendar period that free days stand for: "năm 2020" closed from 16/11/2019 to 08/11/2020.
    """

    kind: str
    first: date
    last: date
    name_vi: str
    calendar: ReportPeriod | None = None

    @property
    def named(self) -> ReportPeriod:
        """The calendar period of its name; itself where its days are those, or have no name."""
        return self.calendar or self

    @property
    def days_vi(self) -> str:
        """The days as dd/mm/yyyy."""
        return f"từ ngày {self.first:%d/%m/%Y} đến ngày {self.last:%d/%m/%Y}"

    @property
    def slug(self) -> str:
        """For the name of a file."""
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
        """The period of the same length just before; of nine months and of days without a name a year ago."""
        months = _LENGTHS.get(self.named.kind)
        if months is None:
            return self.year_ago()
        if self.calendar:
            return custom(_earlier(self.first, months), _earlier(self.last, months), self.calendar.before())
        return _MAKERS[self.kind](*_shift(self.first, -months))

    def year_ago(self) -> ReportPeriod:
        """The same period of the year before."""
        if self.kind == "custom":
            then = self.calendar.year_ago() if self.calendar else None
            return custom(_earlier(self.first, _MONTHS_A_YEAR), _earlier(self.last, _MONTHS_A_YEAR), then)
        return _MAKERS[self.kind](self.first.year - 1, self.first.month)


def _shift(day: date, months: int) -> tuple[int, int]:
    number = day.year * _MONTHS_A_YEAR + day.month - 1 + months
    return number // _MONTHS_A_YEAR, number % _MONTHS_A_YEAR + 1


def _earlier(day: date, months: int) -> date:
    """The same day some months before; the last one of that month where it has no such day."""
    year, month = _shift(day, -months)
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def _span(year: int, month: int, months: int) -> tuple[date, date]:
    end_year, end_month = _shift(date(year, month, 1), months)
    return date(year, month, 1), date(end_year, end_month, 1) - timedelta(days=1)


def month(year: int, number: int) -> ReportPeriod:
    """A calendar month."""
    return ReportPeriod("month", *_span(year, number, 1), f"tháng {number} năm {year}")


def quarter(year: int, first_month: int) -> ReportPeriod:
    """The calendar quarter that begins with a month."""
    return ReportPeriod("quarter", *_span(year, first_month, 3), f"quý {_ROMAN[(first_month + 2) // 3]} năm {year}")


def half(year: int, first_month: int) -> ReportPeriod:
    """The half-year that begins with a month."""
    which = "đầu" if first_month == 1 else "cuối"
    return ReportPeriod("half", *_span(year, first_month, 6), f"6 tháng {which} năm {year}")


def nine_months(year: int, _month: int = 1) -> ReportPeriod:
    """January to September."""
    return ReportPeriod("nine_months", *_span(year, 1, 9), f"9 tháng đầu năm {year}")


def whole_year(year: int, _month: int = 1) -> ReportPeriod:
    """A calendar year."""
    return ReportPeriod("year", *_span(year, 1, 12), f"năm {year}")


def custom(first: date, last: date, calendar: ReportPeriod | None = None) -> ReportPeriod:
    """Free days, as in a report whose figures were closed on a day of its own.

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
    name = calendar.name_vi if calendar else f"kỳ {first:%d/%m/%Y}–{last:%d/%m/%Y}"
    return ReportPeriod("custom", first, last, name, calendar)


#: kind -> months, for the period before
_LENGTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}
_MAKERS: dict[str, Callable[[int, int], ReportPeriod]] = {
    "month": month,
    "quarter": quarter,
    "half": half,
    "nine_months": nine_months,
    "year": whole_year,
}
#: option -> pattern, example, number of the period -> first month
_FORMS: dict[str, tuple[str, str, Callable[[int], int]]] = {
    "month": (r"(\d{4})-(0[1-9]|1[0-2])", "2026-09", lambda number: number),
    "quarter": (r"(\d{4})-Q([1-4])", "2026-Q3", lambda number: number * 3 - 2),
    "half": (r"(\d{4})-H([12])", "2026-H1", lambda number: number * 6 - 5),
    "nine_months": (r"(\d{4})()", "2026", lambda _: 1),
    "year": (r"(\d{4})()", "2026", lambda _: 1),
}


def parse(kind: str, text: str) -> ReportPeriod:
    """A period as an option names it.

    Args:
        kind: month, quarter, half, nine_months or year.
        text: for example 2026-09, 2026-Q3, 2026-H1, 2026, 2026.

    Raises:
        ReportError: it is written otherwise.
    """
    pattern, example, first_month = _FORMS[kind]
    found = re.fullmatch(pattern, text.strip().upper())
    if not found or not date.min.year < int(found[1]) < date.max.year:
        option = kind.replace("_", "-")
        raise ReportError(f"report: --{option} {text} is no such period. Write it like --{option} {example}.")
    return _MAKERS[kind](int(found[1]), first_month(int(found[2] or 1)))
