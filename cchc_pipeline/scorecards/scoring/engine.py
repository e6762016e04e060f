"""Score measures by a rubric: points per criterion, group and total, in one table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cchc_pipeline.scorecards.scoring import reasons
from cchc_pipeline.scorecards.scoring.measures import Measures, Table, check_measures
from cchc_pipeline.scorecards.scoring.rubric import Criterion, Group, Rubric
from cchc_pipeline.scorecards.scoring.rules import Verdict, score_criterion, with_given_points
from cchc_pipeline.scorecards.scoring.table import Node, assemble

OK, PARTIAL, MISSING, NOT_APPLICABLE = range(4)
#: Arrays by name, each of units by columns; of points in hundredths where that is said.
Grids: TypeAlias = dict[str, npt.NDArray[Any]]


def score(rubric: Rubric, measures: Table, *, source: str = "local") -> pa.Table:
    """Score measures by a rubric.

    Args:
        rubric: the whole rubric; the criteria that `source` does not feed are left out.
        measures: see `measures.py`. Every unit and period that occurs gets a full scorecard.
        source: where the measures come from: `local`, `portal` or `table`.

    Returns:
        A table of SCORECARD_SCHEMA: per unit and period the total, then each group followed by its criteria.

        * Points are rounded half to even to two decimals; a group is the sum of its rounded criteria, a total of its
          groups.
        * A row without points has `points` and `points_lost` null and says why; `not_applicable` has no maximum either.
        * A group or total that lacks a criterion is `partial`: points and points_lost are sums of what is known.
        * In rows of groups and totals numerator and denominator are the points achieved and the maximum of what was
          scored, and `ratio` (0 to 1) is one over the other, so that it stays comparable when something is missing.

    Raises:
        MeasureError: see `check_measures`.
    """
    variant = rubric.for_source(source)
    criteria = variant.criteria()
    given = check_measures(variant, measures)
    leaves = _score_leaves(variant, criteria, given)
    nodes = list(_nodes(variant.root(), {one.code: column for column, one in enumerate(criteria)}))
    return assemble(variant, source, given.keys, nodes, _node_cells(variant, criteria, nodes, leaves))


def _score_leaves(rubric: Rubric, criteria: Sequence[Criterion], given: Measures) -> Grids:
    """All criteria of all units; points and maximum in hundredths."""
    frame, at = given.frame, (given.card, given.criterion)

    def grid(values: Any, empty: Any, dtype: Any) -> npt.NDArray[Any]:
        cells = np.full((len(given.keys), len(criteria)), empty, dtype=dtype)
        cells[at] = values
        return cells

    numerator, denominator, by_hand = (
        grid(frame[n], np.nan, np.float64) for n in ("numerator", "denominator", "points")
    )
    present, excused = grid(True, False, np.bool_), grid(frame["is_not_applicable"], False, np.bool_)
    provisional = grid(frame["is_provisional"], False, np.bool_)
    notes, evidence = grid(frame["reason_vi"], None, object), grid(frame["evidence"], None, object)
    ratio, points = np.full(numerator.shape, np.nan), np.zeros(numerator.shape, dtype=np.int64)
    verdict, reason = np.zeros(numerator.shape, dtype=np.int8), np.full(numerator.shape, None, dtype=object)
    for column, criterion in enumerate(criteria):
        result = score_criterion(
            criterion, numerator[:, column], denominator[:, column], present[:, column], excused[:, column]
        )
        result = with_given_points(criterion, result, by_hand[:, column], excused[:, column])
        points[:, column], ratio[:, column] = result.points_hundredths, result.ratio
        verdict[:, column] = result.verdict
        reason[:, column] = reasons.of_criterion(criterion, result.verdict, notes[:, column], rubric.note_vi)
    most = np.array([criterion.max_hundredths for criterion in criteria], dtype=np.int64)
    # points that somebody gave are their own figure: so many of so many
    if (by_people := ~np.isnan(by_hand) & ~excused).any():
        numerator = np.where(by_people, by_hand, numerator)
        denominator = np.where(by_people, most / 100, denominator)
    status = np.full(verdict.shape, MISSING, dtype=np.int8)
    status[verdict <= Verdict.ZERO_WITHOUT_DENOMINATOR] = OK
    status[verdict == Verdict.NOT_APPLICABLE] = NOT_APPLICABLE
    return {
        "numerator": numerator,
        "denominator": denominator,
        "ratio": ratio,
        "points": points,
        "maximum": np.where(status == NOT_APPLICABLE, 0, most),
        "is_extra": np.broadcast_to([criterion.rule.is_extra for criterion in criteria], status.shape),
        "status": status,
        "is_provisional": provisional | [rubric.is_provisional or criterion.is_provisional for criterion in criteria],
        "reason_vi": reason,
        "evidence": evidence,
    }


def _nodes(group: Group, columns: dict[str, int], parent: str | None = None) -> Iterator[Node]:
    """A group and everything below it, in the order of the file."""
    leaves = [columns[one.code] for one in group.leaves()]
    yield Node("group" if parent else "total", group, parent, leaves)
    for child in group.groups:
        yield from _nodes(child, columns, group.code)
    yield from (Node("criterion", one, group.code, [columns[one.code]]) for one in group.criteria)


def _node_cells(rubric: Rubric, criteria: Sequence[Criterion], nodes: list[Node], leaves: Grids) -> Grids:
    """The columns that differ from cell to cell, each an array of units by nodes."""
    # a sum takes any column first and is overwritten below: one pass over memory instead of one per node
    taken = [node.leaves[0] if node.level == "criterion" else 0 for node in nodes]
    columns = {
        name: values.take(taken, axis=1) if values.shape[1] else np.empty((len(values), len(nodes)), values.dtype)
        for name, values in _criterion_cells(leaves).items()
    }
    for place, node in enumerate(nodes):
        if isinstance(node.item, Group):
            below = [criteria[column] for column in node.leaves]
            cells = {name: values[:, node.leaves] for name, values in leaves.items()}
            for name, sums in _sum_cells(rubric, node.item, below, cells).items():
                columns[name][:, place] = sums
    return columns


def _criterion_cells(leaves: Grids) -> Grids:
    """Criteria as they stand in the table, points in points."""
    is_ok, points = leaves["status"] == OK, leaves["points"]
    lost = np.where(leaves["is_extra"], np.maximum(-points, 0), leaves["maximum"] - points)
    shown = {name: leaves[name] for name in ("numerator", "denominator", "ratio", "status", "is_provisional")}
    return shown | {
        "points": np.where(is_ok, points / 100, np.nan),
        "max_points": np.where(leaves["status"] == NOT_APPLICABLE, np.nan, leaves["maximum"] / 100),
        "points_lost": np.where(is_ok, lost / 100, np.nan),
        "reason_vi": leaves["reason_vi"],
        "evidence": leaves["evidence"],
    }


def _sum_cells(rubric: Rubric, group: Group, criteria: list[Criterion], leaves: Grids) -> Grids:
    """A group or total as it stands in the table, from the criteria below it."""
    extra, maximum = leaves["is_extra"], leaves["maximum"]
    ok, missing = leaves["status"] == OK, leaves["status"] == MISSING
    points = np.where(ok, leaves["points"], 0)
    regular = np.where(extra, 0, maximum)
    any_ok, any_gap = ok.any(axis=1), missing.any(axis=1) | group.is_incomplete()
    reached, reachable = points.sum(axis=1), np.where(ok, regular, 0).sum(axis=1)
    lost = np.where(extra, np.maximum(-points, 0), np.where(ok, maximum - points, 0)).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(any_ok & (reachable > 0), np.clip(reached / reachable, 0, 1), np.nan)
    status = np.select([any_ok & any_gap, any_ok, any_gap], [PARTIAL, OK, MISSING], NOT_APPLICABLE).astype(np.int8)
    reason = reasons.of_sum(group, criteria, missing, rubric.note_vi)
    reason[status == NOT_APPLICABLE] = reasons.NOTHING_APPLIES
    achieved = np.where(any_ok, reached / 100, np.nan)
    return {
        "numerator": achieved,
        "denominator": np.where(any_ok, reachable / 100, np.nan),
        "ratio": ratio,
        "points": achieved,
        "max_points": np.where(status == NOT_APPLICABLE, np.nan, regular.sum(axis=1) / 100),
        "points_lost": np.where(any_ok, lost / 100, np.nan),
        "status": status,
        "is_provisional": (ok & leaves["is_provisional"]).any(axis=1) | rubric.is_provisional,
        "reason_vi": reason,
        "evidence": np.full(len(reached), None, dtype=object),
    }
