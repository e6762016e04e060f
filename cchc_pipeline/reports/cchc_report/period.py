"""The period of a report: what it is called, its days, the period before and the same one a year ago.

Belongs here: the calendar of reports. Not here: which periods are published (`indicators/periods.py`), whether data
cover one (`figures.py`).
"""

from __future__ import annotations

import re
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
    """

    kind: str
    first: date
    last: date
    name_vi: str

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
        """The period of the same length just before; of nine months and of free days the same ones a year ago."""
        if self.kind == "custom" or self.kind == "nine_months":
            return self.year_ago()
        months = {"month": 1, "quarter": 3, "half": 6, "year": 12}[self.kind]
        return _MAKERS[self.kind](*_shift(self.first, -months))

    def year_ago(self) -> ReportPeriod:
        """The same period of the year before."""
        if self.kind == "custom":
            return custom(_a_year_before(self.first), _a_year_before(self.last))
        return _MAKERS[self.kind](self.first.year - 1, self.first.month)


def _shift(day: date, months: int) -> tuple[int, int]:
    number = day.year * _MONTHS_A_YEAR + day.month - 1 + months
    return number // _MONTHS_A_YEAR, number % _MONTHS_A_YEAR + 1


def _a_year_before(day: date) -> date:
    """The same day a year ago; of 29 February the 28th."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return date(day.year - 1, 2, 28)


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


def custom(first: date, last: date) -> ReportPeriod:
    """Free days, as in a report whose figures were closed on a day of its own.

    Raises:
        ReportError: the days are reversed.
    """
    if first > last:
        raise ReportError(f"report: the period begins on {first} and ends on {last}. Exchange --from and --to.")
    return ReportPeriod("custom", first, last, f"kỳ từ ngày {first:%d/%m/%Y} đến ngày {last:%d/%m/%Y}")


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
