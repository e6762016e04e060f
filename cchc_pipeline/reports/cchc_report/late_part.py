"""Write the part on late dossiers: cause, unit, late step, letter of apology."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cchc_pipeline import vietnamese
from cchc_pipeline.reports.cchc_report.content import NOTHING, Paragraph, Piece, Run, Runs, gap, plain
from cchc_pipeline.reports.cchc_report.parts import parts, runs
from cchc_pipeline.reports.cchc_report.template import LateWords, Slot, tokens
from cchc_pipeline.reports.forms import CAUSES, LateReport


def say(phrase: str, **parts: str | Runs) -> Runs:
    """Fill the slots of a phrase by texts or marked pieces."""
    found: list[Run] = []
    for token in tokens(phrase):
        part = parts[token.name] if isinstance(token, Slot) else str(token)
        found += plain(part) if isinstance(part, str) else part
    return tuple(found)


def _join(parts: Iterable[Runs], separator: str = "; ") -> Runs:
    found: list[Run] = []
    for part in parts:
        found += [Run(separator)] if found else []
        found += part
    return tuple(found)


@dataclass(frozen=True)
class LatePart:
    """Late dossiers of a unit and period with the phrases that describe them.

    Attributes:
        names: unit code -> name as it is written.
        procedures: procedure code -> name.
        note: number of the source.
    """

    report: LateReport
    words: LateWords
    names: Mapping[str, str]
    procedures: Mapping[str, str]
    note: int

    def paragraphs(self) -> list[Piece]:
        """Return a paragraph on all late dossiers, then one per cause that occurs."""
        rows = self.report.dossiers
        if not rows:
            return [Paragraph(say(self.words.none))]
        by_cause = {cause: [row for row in rows if row["cause"] == cause] for cause in CAUSES}
        counts = {cause: _count(len(some)) for cause, some in by_cause.items()}
        whole = (Run(_count(len(rows)), note=self.note),)
        total = say(self.words.total, count=whole, letters=self._letters(rows, is_first=True), **counts)
        return [Paragraph(total), *(Paragraph(self._cause(cause, some)) for cause, some in by_cause.items() if some)]

    def _cause(self, cause: str, rows: list[dict[str, Any]]) -> Runs:
        ranked = Counter(row["unit_code"] for row in rows).most_common()
        named = ranked[: self.words.units_named]
        if len(ranked) == len(named) + 1:  # naming one more unit takes no more room than counting it
            named = ranked
        parts = [self._unit(unit, [row for row in rows if row["unit_code"] == unit]) for unit, _ in named]
        if rest := ranked[len(named) :]:
            parts.append(say(self.words.others, count=_count(sum(n for _, n in rest)), units=_count(len(rest))))
        return say(getattr(self.words, cause), count=_count(len(rows)), letters=self._letters(rows), units=_join(parts))

    def _unit(self, unit: str, rows: list[dict[str, Any]]) -> Runs:
        """Return the dossiers of a unit by late step and letter of apology."""
        # the unit's own step is named only where other units' steps were late too
        is_own = all(row["late_unit_codes"] in (None, unit) for row in rows)
        groups = Counter((() if is_own else self._why(row), self._letter(row)) for row in rows)
        details = [
            (number, _join((part for part in parts if part), ", "))
            for parts, number in sorted(groups.items(), key=lambda item: -item[1])
        ]
        name = self.names.get(unit, unit)
        if not any(detail for _, detail in details):
            return say(self.words.unit_only, count=_count(len(rows)), unit=name)
        if len(details) == 1:
            return say(self.words.unit_all, count=_count(len(rows)), unit=name, detail=details[0][1])
        listed = _join((Run(f"{_count(number)} hồ sơ "), *detail) for number, detail in details)
        return say(self.words.unit, count=_count(len(rows)), unit=name, details=listed)

    def _why(self, row: dict[str, Any]) -> Runs:
        """Return the units at whose step it was late, or the authority it waited for."""
        codes = row["late_unit_codes"].split("; ") if row["late_unit_codes"] else []
        holders = _join(((self._holder(code),) for code in codes), " và ")
        if row["cause"] == "other_authority":
            procedure = self.procedures.get(row["procedure_code"], row["procedure_code"])
            return say(self.words.waiting, procedure=vietnamese.lower_first(procedure), authority=holders)
        return say(self.words.step, steps=holders) if holders else ()

    def _letter(self, row: dict[str, Any]) -> Runs:
        """Return whether a letter was sent; nothing where only the software was late, or where nobody knows."""
        if row["cause"] == "software_only" or (self.report.letters_missing_vi and row["apology_on"] is None):
            return ()
        return say(self.words.with_letter if row["apology_on"] is not None else self.words.without_letter)

    def _letters(self, rows: Iterable[dict[str, Any]], *, is_first: bool = False) -> str | Runs:
        """Return how many have a letter of apology; a gap where nobody knows, with its reason the first time."""
        if why := self.report.letters_missing_vi:
            return (gap("số hồ sơ", why) if is_first else NOTHING,)
        return _count(sum(row["apology_on"] is not None for row in rows))

    def _holder(self, code: str) -> Run:
        """Return the name of a unit; a gap for an authority without a known name."""
        name = self.names.get(code) or self.words.outside.get(code)
        if name:
            return Run(name)
        return Run(f"[cơ quan mã {code}: cần ghi tên]", is_gap=True)

    def by_unit(self, period: str) -> list[Piece]:
        """Return the table of all units by cause; `period` is its name."""
        part, given = parts()["late_by_unit"], {"period": period}
        rows = [{"name": self.names.get(code, name), "causes": causes} for code, name, causes in self.report.by_unit()]
        given["why"] = self.report.letters_missing_vi or ""
        if not rows:
            return [Paragraph(runs(part.caption, given), "caption"), Paragraph(say(self.words.none))]
        return part.pieces([*rows, {"name": "", "causes": self.report.by_cause()}], given, self.note)


def _count(number: int) -> str:
    return vietnamese.count(number, in_text=True)
