"""Arrange the scorecard of one unit for a page, in the order of the rubric."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cchc_pipeline.scorecards.scoring.rubric import Group, Rubric
from cchc_pipeline.scorecards.scoring.rubric_set import RubricSet
from cchc_pipeline.site import words
from cchc_pipeline.site.tables import Row, Shown, total_of, tree


@dataclass(frozen=True)
class Card:
    """A scorecard of one unit.

    Rows have the columns of `card.sql` and: depth in the tree (1: group), share (points over reachable points, 0 to 1;
    None where unknown), reasons and evidence in Vietnamese.

    Attributes:
        source: local, portal or table.
        shown: the period.
        total: the total.
        lines: all other rows, from the first group on.
        notes: reasons that every criterion shares.
    """

    source: str
    shown: Shown
    total: Row
    lines: tuple[Row, ...]
    notes: tuple[str, ...]

    @property
    def groups(self) -> tuple[Row, ...]:
        """Return the groups directly below the total."""
        return tuple(row for row in self.lines if row["depth"] == 1 and row["criterion_level"] == "group")

    @property
    def criteria(self) -> tuple[Row, ...]:
        """Return the criteria, without groups."""
        return tuple(row for row in self.lines if row["criterion_level"] == "criterion")

    @property
    def missing(self) -> tuple[Row, ...]:
        """Return groups and criteria without points."""
        return tuple(row for row in self.lines if row["status"] == "missing")


def make_card(
    rows: Sequence[Row], source: str, shown: Shown | None, indicators: Mapping[str, Row], rubrics: RubricSet
) -> Card | None:
    """Return the card of one unit; None where it has no total.

    Args:
        rows: rows of the unit in the period shown, as in `card.sql`.
        source: local, portal or table.
        shown: the period.
        indicators: indicator id -> its row in the catalogue.
        rubrics: the rubrics that scored it.
    """
    total = total_of(rows)
    if total is None or shown is None:
        return None
    names = {row["criterion_code"]: row["criterion_name_vi"] for row in rows}
    said = {row["criterion_code"]: words.reasons(row, names) for row in rows}
    leaves = [said[row["criterion_code"]] for row in rows if row["criterion_level"] == "criterion"]
    common = [one for one in (leaves[0] if leaves else []) if all(one in others for others in leaves)]
    order = {
        code: place for place, code in enumerate(_codes(rubrics.version(total["index_code"], total["rubric_version"])))
    }

    def line(row: Row) -> Row:
        most = (row["max_points"] if row["criterion_level"] == "criterion" else row["denominator"]) or row["max_points"]
        return {
            **row,
            "share": None if row["points"] is None or not most else max(0.0, min(1.0, row["points"] / most)),
            "reasons": [one for one in said[row["criterion_code"]] if one not in common],
            "evidence": words.evidence(row, indicators),
        }

    by_place = sorted(rows, key=lambda row: (order.get(row["criterion_code"], len(order)), row["criterion_code"]))
    first, *lines = map(line, tree(by_place))
    return Card(source, shown, first, tuple(lines), tuple(common))


def _codes(above: Rubric | Group) -> Iterator[str]:
    """Yield the codes of groups and criteria in the order of a rubric."""
    for group in above.groups:
        yield group.code
        yield from _codes(group)
        yield from (criterion.code for criterion in group.criteria)
