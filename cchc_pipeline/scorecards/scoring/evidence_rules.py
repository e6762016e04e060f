"""Read the rules by which evidence of a criterion is looked up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, model_validator

from cchc_pipeline.yaml_files import PlacedError, Strict

_MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
_ROMAN = ("I", "II", "III", "IV")


class EvidenceKind(StrEnum):
    """Where a criterion's evidence is looked for."""

    DOCUMENT_ISSUED = "document_issued"
    DOCUMENTS_BY_PERIOD = "documents_by_period"
    INSPECTIONS = "inspections"
    EXTERNAL_INDEX = "external_index"


_MARKS = {"subject_kinds", "document_types", "notation"}
_REQUIRED: dict[EvidenceKind, set[str]] = {
    EvidenceKind.DOCUMENT_ISSUED: {"opens_on", "due_on"},
    EvidenceKind.DOCUMENTS_BY_PERIOD: {"every", "opens_days", "due_days"},
    EvidenceKind.INSPECTIONS: set(),
    EvidenceKind.EXTERNAL_INDEX: {"index"},
}


@dataclass(frozen=True, slots=True)
class MonthDay:
    """A day of an assessed year or the one before: `03-31`, `previous-12-01`."""

    month: int
    day: int
    is_previous: bool = False

    def of(self, year: int) -> date:
        """Return the day for an assessed year."""
        return date(year - self.is_previous, self.month, self.day)

    def __str__(self) -> str:
        return f"{'previous-' if self.is_previous else ''}{self.month:02d}-{self.day:02d}"


@dataclass(frozen=True, slots=True)
class Window:
    """One document that is expected: issued from `opens_on`, due by `due_on`.

    What comes after `closes_on` belongs to the next window.
    """

    label_vi: str
    opens_on: date
    due_on: date
    closes_on: date


def _month_day(value: Any) -> MonthDay:
    found = re.fullmatch(r"(previous-)?(\d{2})-(\d{2})", str(value))
    try:
        day = date(2023, int(found[2]), int(found[3])) if found else None  # 29 February is no day of every year
    except ValueError:
        day = None
    if found is None or day is None:
        raise ValueError("must be a day of the year such as 03-31 or previous-12-01")
    return MonthDay(day.month, day.day, found[1] is not None)


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"is no regular expression ({error})") from error
    return value


DayOfYear = Annotated[MonthDay, BeforeValidator(_month_day)]
Days = Annotated[int, Field(ge=0, le=366, strict=True)]


class EvidenceRule(Strict):
    """An evidence rule.

    * `document_issued`: one document a year in the document system, issued by the unit itself between `opens_on` and
      the day before the next year's `opens_on`; 1 of 1 when issued by `due_on`, 0 of 1 when later.
    * `documents_by_period`: one document for each period (`every`), issued from `opens_days` before its end; counted is
      how many came by `due_days` after its end, of those that were due.
    * `inspections`: of the inspections that the register planned up to the day, how many were done; with
      `needs_document` only those whose conclusion is in the document system.
    * `external_index`: the published value of the index `index` for the year, over its full score.

    A document matches when it is of one of `subject_kinds`, of one of `document_types`, and its notation matches the
    regular expression `notation`; what is not given is not asked for.
    """

    kind: EvidenceKind
    subject_kinds: tuple[str, ...] = ()
    document_types: tuple[str, ...] = ()
    notation: Annotated[str, AfterValidator(_pattern)] | None = None
    opens_on: DayOfYear | None = None
    due_on: DayOfYear | None = None
    every: Literal["month", "quarter", "half_year", "year"] | None = None
    opens_days: Days = 0
    due_days: Days = 0
    index: str | None = None
    needs_document: StrictBool = False

    @model_validator(mode="after")
    def _fits(self) -> EvidenceRule:
        required, given = _REQUIRED[self.kind], self.model_fields_set - {"kind"}
        optional = {"needs_document"} if self.kind is EvidenceKind.INSPECTIONS else set()
        for name in sorted(given - required - optional - (_MARKS if self.is_about_documents else set())):
            raise PlacedError(f"evidence {self.kind} has no {name}; remove it", name)
        for name in sorted(required - given):
            raise PlacedError(f"evidence {self.kind} needs {name}; add it", name)
        if self.is_about_documents and not any(getattr(self, mark) for mark in _MARKS):
            marks = ", ".join(sorted(_MARKS))
            raise ValueError(f"evidence {self.kind} has to say which documents; add one of: {marks}")
        for window in self.windows(2024):
            if not window.opens_on <= window.due_on <= window.closes_on:
                raise ValueError(
                    f"for {window.label_vi} it would open on {window.opens_on}, be due on {window.due_on} and close on "
                    f"{window.closes_on}; choose days in this order"
                )
        return self

    @property
    def is_about_documents(self) -> bool:
        """Whether documents are looked for by their own marks."""
        return self.kind in (EvidenceKind.DOCUMENT_ISSUED, EvidenceKind.DOCUMENTS_BY_PERIOD)

    def label(self) -> str:
        """Return the rule as one short text."""
        parts = [f"{key}={', '.join(getattr(self, key))}" for key in ("subject_kinds", "document_types")
                 if getattr(self, key)]  # fmt: skip
        parts += [f"{key}={getattr(self, key)}" for key in ("notation", "every", "index", "due_on")
                  if getattr(self, key) is not None]  # fmt: skip
        parts += [f"due_days={self.due_days}"] if self.every else []
        parts += ["needs_document"] if self.needs_document else []
        return f"{self.kind}({'; '.join(parts)})" if parts else str(self.kind)

    def windows(self, year: int) -> Iterator[Window]:
        """Yield the documents that are expected in an assessed year, by window."""
        if self.kind is EvidenceKind.DOCUMENT_ISSUED and self.opens_on and self.due_on:
            closes_on = self.opens_on.of(year + 1) - timedelta(days=1)
            yield Window(f"năm {year}", self.opens_on.of(year), self.due_on.of(year), closes_on)
        if self.every is not None:
            lead, grace = timedelta(days=self.opens_days), timedelta(days=self.due_days)
            for number, (end, following) in enumerate(pairwise(_ends(year, _MONTHS[self.every])), 1):
                label = f"{_name(self.every, number)}{year}"
                yield Window(label, end - lead, end + grace, following - lead - timedelta(days=1))


def _ends(year: int, months: int) -> Iterator[date]:
    """Last days of the periods of a year, and of the one after."""
    for month in range(months, 13 + months, months):
        yield date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def _name(every: str, number: int) -> str:
    return {
        "month": f"tháng {number:02d}/",
        "quarter": f"quý {_ROMAN[min(number, 4) - 1]}/",
        "half_year": f"{number * 6} tháng/",
        "year": "năm ",
    }[every]
