"""What a criterion that no indicator computes takes as evidence: rules as data, read from a rubric."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any

from cchc_pipeline.scorecards.scoring.yaml_place import Place

_MONTH_DAY = re.compile(r"(?P<previous>previous-)?(?P<month>\d{2})-(?P<day>\d{2})")
_MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
_ROMAN = ("I", "II", "III", "IV")


class EvidenceKind(StrEnum):
    """Where a criterion's evidence is looked for."""

    DOCUMENT_ISSUED = "document_issued"
    DOCUMENTS_BY_PERIOD = "documents_by_period"
    INSPECTIONS = "inspections"
    EXTERNAL_INDEX = "external_index"


@dataclass(frozen=True, slots=True)
class MonthDay:
    """A day of every assessed year, or of the year before it: `03-31`, `previous-12-01`."""

    month: int
    day: int
    is_previous: bool = False

    def of(self, year: int) -> date:
        """The day for an assessed year."""
        return date(year - self.is_previous, self.month, self.day)

    def __str__(self) -> str:
        return f"{'previous-' if self.is_previous else ''}{self.month:02d}-{self.day:02d}"


@dataclass(frozen=True, slots=True)
class Window:
    """What is expected once: issued from `opens_on`, by `due_on`; what comes after `closes_on` is another one's."""

    label_vi: str
    opens_on: date
    due_on: date
    closes_on: date


@dataclass(frozen=True, slots=True)
class EvidenceRule:
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
    notation: str | None = None
    opens_on: MonthDay | None = None
    due_on: MonthDay | None = None
    every: str | None = None
    opens_days: int = 0
    due_days: int = 0
    index: str | None = None
    needs_document: bool = False

    @property
    def is_about_documents(self) -> bool:
        """Whether documents are looked for by their own marks."""
        return self.kind in (EvidenceKind.DOCUMENT_ISSUED, EvidenceKind.DOCUMENTS_BY_PERIOD)

    def label(self) -> str:
        """The rule as one short text."""
        parts = [f"{key}={', '.join(found)}" for key, found in (
            ("subject_kinds", self.subject_kinds), ("document_types", self.document_types),
        ) if found]  # fmt: skip
        parts += [f"{key}={found}" for key, found in (
            ("notation", self.notation), ("every", self.every), ("index", self.index), ("due_on", self.due_on),
        ) if found is not None]  # fmt: skip
        parts += [f"due_days={self.due_days}"] if self.every else []
        parts += ["needs_document"] if self.needs_document else []
        return f"{self.kind}({'; '.join(parts)})" if parts else str(self.kind)

    def windows(self, year: int) -> Iterator[Window]:
        """What is expected in an assessed year; nothing where documents are not looked for."""
        if self.kind is EvidenceKind.DOCUMENT_ISSUED and self.opens_on and self.due_on:
            closes_on = self.opens_on.of(year + 1) - timedelta(days=1)
            yield Window(f"năm {year}", self.opens_on.of(year), self.due_on.of(year), closes_on)
        if self.every is not None:
            ends = list(_ends(year, _MONTHS[self.every]))
            lead, grace = timedelta(days=self.opens_days), timedelta(days=self.due_days)
            for number, (end, after) in enumerate(pairwise(ends), 1):
                label = f"{_name(self.every, number)}{year}"
                yield Window(label, end - lead, end + grace, after - lead - timedelta(days=1))


def parse_evidence(content: Any, at: Place) -> EvidenceRule:
    """An evidence rule from parsed YAML.

    Raises:
        RubricError: naming the criterion and the fix.
    """
    if not isinstance(content, dict) or "kind" not in content:
        at.fail("evidence must be a mapping with `kind:`, for example {kind: external_index, index: SIPAS}")
    kind = at.choice(content["kind"], EvidenceKind, "evidence kind")
    marks = {"subject_kinds", "document_types", "notation"}
    required = {
        EvidenceKind.DOCUMENT_ISSUED: {"opens_on", "due_on"},
        EvidenceKind.DOCUMENTS_BY_PERIOD: {"every", "opens_days", "due_days"},
        EvidenceKind.INSPECTIONS: set[str](),
        EvidenceKind.EXTERNAL_INDEX: {"index"},
    }[kind]
    optional = {"needs_document"} if kind is EvidenceKind.INSPECTIONS else set[str]()
    is_about_documents = "opens_on" in required or "every" in required
    fields = at.mapping(content, {"kind", *required, *optional, *(marks if is_about_documents else ())}, required)
    if is_about_documents and not any(fields.get(mark) for mark in marks):
        at.fail(f"evidence {kind} has to say which documents; add one of: {', '.join(sorted(marks))}")
    rule = EvidenceRule(
        kind,
        subject_kinds=tuple(map(str, at.items(fields, "subject_kinds"))),
        document_types=tuple(map(str, at.items(fields, "document_types"))),
        notation=_pattern(fields, at),
        opens_on=_month_day(fields, "opens_on", at),
        due_on=_month_day(fields, "due_on", at),
        every=_every(fields, at),
        opens_days=_days(fields, "opens_days", at),
        due_days=_days(fields, "due_days", at),
        index=str(fields["index"]) if "index" in fields else None,
        needs_document=at.flag(fields, "needs_document"),
    )
    for window in rule.windows(2024):
        if not window.opens_on <= window.due_on <= window.closes_on:
            at.fail(
                f"evidence: for {window.label_vi} it would open on {window.opens_on}, be due on {window.due_on} and "
                f"close on {window.closes_on}; choose days in this order"
            )
    return rule


def _ends(year: int, months: int) -> Iterator[date]:
    """Last days of the periods of a year, and of the one after."""
    for month in range(months, 13 + months, months):
        of_year, of_month = year + (month > 12), month % 12 or 12
        following = date(of_year + (of_month == 12), of_month % 12 + 1, 1)
        yield following - timedelta(days=1)


def _name(every: str, number: int) -> str:
    return {
        "month": f"tháng {number:02d}/",
        "quarter": f"quý {_ROMAN[min(number, 4) - 1]}/",
        "half_year": f"{number * 6} tháng/",
        "year": "năm ",
    }[every]


def _every(fields: Mapping[str, Any], at: Place) -> str | None:
    every = fields.get("every")
    if every is not None and every not in _MONTHS:
        at.fail(f"evidence every {every!r} is unknown; choose one of: {', '.join(_MONTHS)}")
    return every


def _days(fields: Mapping[str, Any], key: str, at: Place) -> int:
    value = fields.get(key, 0)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 366:
        at.fail(f"evidence {key} must be a number of days from 0 to 366, found {value!r}")
    return value


def _month_day(fields: Mapping[str, Any], key: str, at: Place) -> MonthDay | None:
    if key not in fields:
        return None
    found = _MONTH_DAY.fullmatch(str(fields[key]))
    try:
        if found is not None:
            date(2023, int(found["month"]), int(found["day"]))  # no leap year: 29 February is no day of every year
            return MonthDay(int(found["month"]), int(found["day"]), found["previous"] is not None)
    except ValueError:
        pass
    return at.fail(f"evidence {key} must be a day of the year such as 03-31 or previous-12-01, found {fields[key]!r}")


def _pattern(fields: Mapping[str, Any], at: Place) -> str | None:
    pattern = fields.get("notation")
    if pattern is None:
        return None
    try:
        re.compile(pattern)
    except (re.error, TypeError) as error:
        at.fail(f"evidence notation {pattern!r} is no regular expression ({error})")
    return str(pattern)
