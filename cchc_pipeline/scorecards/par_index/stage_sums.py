"""Sum up the stages of an appraisal by criterion, group and total.

Stages score different criteria: a sum of points says something only beside what the same criteria could give.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

#: Stages in which people give points.
PEOPLE = ("self", "first", "second", "survey")
#: Stage or `computed` -> its column in `scorecard_par_index`, in the order in which they are told.
COLUMNS = {stage: f"{stage}_points" for stage in (*PEOPLE, "computed")}


@dataclass(frozen=True)
class Score:
    """Points of one stage, and the maximum of what it scored; None where none applies."""

    points: float
    most: float | None


@dataclass(frozen=True)
class Stages:
    """The stages of a criterion, group or total.

    Attributes:
        scores: stage or `computed` -> score; a stage that gave nothing is absent.
        counted_stage: whose points stand; None for sums and where nothing was scored.
        difference: points of the appraisals that were taken minus the self-scores of the same criteria; None where no
            criterion has both.
        appraised: criteria with such a difference.
        only_self: criteria whose self-score stands because nobody appraised it.
    """

    scores: Mapping[str, Score]
    counted_stage: str | None
    difference: float | None
    appraised: int
    only_self: int


def stage_sums(rows: Iterable[Mapping[str, Any]]) -> dict[str, Stages]:
    """Sum the stages up: criterion, group or TOTAL -> its stages.

    Args:
        rows: one unit and period of `scorecard_par_index`: criterion_code, parent_code, criterion_level, max_points,
            counted_stage, appraisal_difference and the columns of the stages.
    """
    by_code = {row["criterion_code"]: row for row in rows}
    leaves: dict[str, list[Mapping[str, Any]]] = {code: [] for code in by_code}
    for row in by_code.values():
        above: Mapping[str, Any] | None = row if row["criterion_level"] == "criterion" else None
        while above is not None:
            leaves[above["criterion_code"]].append(row)
            above = by_code.get(above["parent_code"] or "")
    return {code: _sum(by_code[code], found) for code, found in leaves.items()}


def _sum(row: Mapping[str, Any], leaves: list[Mapping[str, Any]]) -> Stages:
    scores = {}
    for stage, column in COLUMNS.items():
        if given := [leaf for leaf in leaves if leaf[column] is not None]:
            most = _total(leaf["max_points"] for leaf in given) or None
            scores[stage] = Score(_total(leaf[column] for leaf in given), most)
    differences = [leaf["appraisal_difference"] for leaf in leaves if leaf["appraisal_difference"] is not None]
    only_self = sum(leaf["counted_stage"] == "self" for leaf in leaves)
    whole = _total(differences) if differences else None
    return Stages(scores, row["counted_stage"], whole, len(differences), only_self)


def _total(values: Iterable[float | None]) -> float:
    """Compute the exact sum of decimals."""
    return float(sum((Decimal(str(value)) for value in values if value is not None), Decimal()))
