"""Read the rules by which evidence of a criterion is looked up.

* `document_issued`: one document a year in the document system, issued by the unit itself between `opens_on` and the
  day before the next year's `opens_on`; 1 of 1 when issued by `due_on`, 0 of 1 when later.
* `documents_by_period`: one document for each period (`every`), issued from `opens_days` before its end; counted is how
  many came by `due_days` after its end, of those that were due.
* `inspections`: of the inspections that the register planned up to the day, how many were done; with `needs_document`
  only those whose conclusion is in the document system.
* `external_index`: the published value of the index `index` for the year, over its full score.

A document matches when it is of one of `subject_kinds`, of one of `document_types`, and its notation matches the
regular expression `notation`; what is not given is not asked for.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, model_validator

from cchc_pipeline.yaml_files import Strict

_MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
_NAMES = {
    "month": "tháng {:02d}/".format, "quarter": lambda number: f"quý {('I', 'II', 'III', 'IV')[min(number, 4) - 1]}/",
    "half_year": lambda number: f"{number * 6} tháng/", "year": "năm ".format,
}  # fmt: skip
#: One document that is expected: its name, issued from, due by; what comes after the last day belongs to the next.
Window = tuple[str, date, date, date]


def _day_of_year(value: Any) -> str:
    text = str(value)
    try:
        day = date.fromisoformat(f"2023-{text.removeprefix('previous-')}")  # 29 February is no day of every year
    except ValueError:
        raise ValueError("must be a day of the year such as 03-31 or previous-12-01") from None
    return f"{'previous-' * text.startswith('previous-')}{day:%m-%d}"


def _day(text: str, year: int) -> date:
    """Return the day that a day of the year is for an assessed year."""
    return date(year - text.startswith("previous-"), int(text[-5:-3]), int(text[-2:]))


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"is no regular expression ({error})") from error
    return value


#: A day of an assessed year or the one before: `03-31`, `previous-12-01`.
DayOfYear = Annotated[str, BeforeValidator(_day_of_year)]
Days = Annotated[int, Field(ge=0, le=366, strict=True)]


class _Rule(Strict):
    kind: str

    def label(self) -> str:
        """Return the rule as one short text."""
        shown = {name: value for name, value in self if name not in ("kind", "opens_on", "opens_days")}
        parts = [
            name if value is True else f"{name}={', '.join(value) if isinstance(value, tuple) else value}"
            for name, value in shown.items()
            if value is not None and value is not False and value != ()
        ]
        return f"{self.kind}({'; '.join(parts)})" if parts else self.kind


class DocumentRule(_Rule):
    """Documents, looked for by their marks."""

    subject_kinds: tuple[str, ...] = ()
    document_types: tuple[str, ...] = ()
    notation: Annotated[str, AfterValidator(_pattern)] | None = None

    @model_validator(mode="after")
    def _fits(self) -> DocumentRule:
        if not (self.subject_kinds or self.document_types or self.notation):
            raise ValueError(
                f"evidence {self.kind} has to say which documents; add one of: document_types, notation, subject_kinds"
            )
        for label_vi, opens_on, due_on, closes_on in self.windows(2024):
            if not opens_on <= due_on <= closes_on:
                raise ValueError(
                    f"for {label_vi} it would open on {opens_on}, be due on {due_on} and close on {closes_on}; choose "
                    "days in this order"
                )
        return self

    @abstractmethod
    def windows(self, year: int) -> Iterator[Window]:
        """Yield the documents that are expected in an assessed year, by window."""


class DocumentIssued(DocumentRule):
    """One document a year."""

    kind: Literal["document_issued"]
    opens_on: DayOfYear
    due_on: DayOfYear

    def windows(self, year: int) -> Iterator[Window]:
        """Yield the one document of the year."""
        closes_on = _day(self.opens_on, year + 1) - timedelta(days=1)
        yield f"năm {year}", _day(self.opens_on, year), _day(self.due_on, year), closes_on


class DocumentsByPeriod(DocumentRule):
    """One document a period."""

    kind: Literal["documents_by_period"]
    every: Literal["month", "quarter", "half_year", "year"]
    opens_days: Days
    due_days: Days

    def windows(self, year: int) -> Iterator[Window]:
        """Yield the documents of the year, period after period."""
        months = _MONTHS[self.every]
        lead, grace = timedelta(days=self.opens_days), timedelta(days=self.due_days)
        ends = (
            date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
            for month in range(months, 13 + months, months)
        )
        for number, (end, following) in enumerate(pairwise(ends), 1):
            label = f"{_NAMES[self.every](number)}{year}"
            yield label, end - lead, end + grace, following - lead - timedelta(days=1)


class Inspections(_Rule):
    """Inspections of the register."""

    kind: Literal["inspections"]
    needs_document: StrictBool = False


class ExternalIndex(_Rule):
    """An index that others publish."""

    kind: Literal["external_index"]
    index: str


EvidenceRule = Annotated[DocumentIssued | DocumentsByPeriod | Inspections | ExternalIndex, Field(discriminator="kind")]
