"""Arrange the scorecard of one unit for a page, in the order of the rubric."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cchc_pipeline.scorecards.scoring.rubric import Group, Rubric
from cchc_pipeline.scorecards.scoring.shelf import Shelf
from cchc_pipeline.site import words
from cchc_pipeline.site.tables import Row, Shown

#: source of figures -> Vietnamese label
SOURCES = {"local": "Số liệu của tỉnh", "portal": "Số liệu trên Cổng DVCQG", "table": "Bảng PAPI"}


@dataclass(frozen=True)
class Line:
    """A row with its depth in the tree (1: group), reasons and evidence in Vietnamese."""

    row: Row
    depth: int
    reasons: tuple[str, ...]
    evidence: str

    @property
    def share(self) -> float | None:
        """Return points over reachable points (0 to 1), or None where unknown."""
        most = self.row["max_points"] if self.row["criterion_level"] == "criterion" else self.row["denominator"]
        most = most or self.row["max_points"]
        return None if self.row["points"] is None or not most else max(0.0, min(1.0, self.row["points"] / most))


@dataclass(frozen=True)
class Card:
    """A scorecard of one unit.

    Attributes:
        source: local, portal or table.
        shown: the period.
        total: the total.
        lines: all other rows, from the first group on.
        notes: reasons that every criterion shares.
    """

    source: str
    shown: Shown
    total: Line
    lines: tuple[Line, ...]
    notes: tuple[str, ...]

    @property
    def groups(self) -> tuple[Line, ...]:
        """Return the groups directly below the total."""
        return tuple(line for line in self.lines if line.depth == 1 and line.row["criterion_level"] == "group")

    @property
    def missing(self) -> tuple[Line, ...]:
        """Return the criteria without points."""
        return tuple(line for line in self.lines if line.row["status"] == "missing")

    @property
    def has_hidden_counts(self) -> bool:
        """Tell whether any row hides its numerator and denominator."""
        return any(not line.row["has_counts"] for line in self.lines)


def make_card(
    rows: Sequence[Row], source: str, shown: Shown, indicators: Mapping[str, str], shelf: Shelf
) -> Card | None:
    """Return the card of one unit; None where it has no total.

    Args:
        rows: rows of the unit in the period shown, as in `card.sql`.
        source: local, portal or table.
        shown: the period.
        indicators: indicator id -> Vietnamese name.
        shelf: the rubrics that scored it.
    """
    total = next((row for row in rows if row["criterion_level"] == "total"), None)
    if total is None:
        return None
    names = {row["criterion_code"]: row["criterion_name_vi"] for row in rows}
    said = {row["criterion_code"]: words.reasons(row, names) for row in rows}
    leaves = [said[row["criterion_code"]] for row in rows if row["criterion_level"] == "criterion"]
    common = [one for one in (leaves[0] if leaves else []) if all(one in others for others in leaves)]

    def line(row: Row, depth: int) -> Line:
        own = tuple(one for one in said[row["criterion_code"]] if one not in common)
        return Line(row, depth, own, words.evidence(row, indicators))

    ordered = in_order(rows, order_of(shelf.version(total["index_code"], total["rubric_version"])))
    return Card(source, shown, line(total, 0), tuple(line(row, depth) for row, depth in ordered), tuple(common))


def in_order(rows: Iterable[Row], order: Mapping[str, int]) -> list[tuple[Row, int]]:
    """Return (row, depth) below the total in tree order; unknown codes last, by code."""
    below: dict[str | None, list[Row]] = {}
    for row in rows:
        if row["criterion_level"] != "total":
            below.setdefault(row["parent_code"], []).append(row)
    for children in below.values():
        children.sort(key=lambda row: (order.get(row["criterion_code"], len(order)), row["criterion_code"]))
    found: list[tuple[Row, int]] = []

    def walk(parent: str | None, depth: int) -> None:
        for row in below.get(parent, ()):
            found.append((row, depth))
            walk(row["criterion_code"], depth + 1)

    walk("TOTAL", 1)
    return found


def order_of(rubric: Rubric) -> dict[str, int]:
    """Return code of group or criterion -> its place in a rubric."""
    codes: list[str] = []

    def walk(groups: Iterable[Group]) -> None:
        for group in groups:
            codes.append(group.code)
            walk(group.groups)
            codes.extend(criterion.code for criterion in group.criteria)

    walk(rubric.groups)
    return {code: place for place, code in enumerate(codes)}
