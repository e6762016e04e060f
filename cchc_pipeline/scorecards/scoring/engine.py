"""The scoring engine: a rubric and measures in, one table of scorecards out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cchc_pipeline.reference.index_codes import TOTAL_CODE
from cchc_pipeline.scorecards.scoring import reasons
from cchc_pipeline.scorecards.scoring.measures import Measures, Table, normalise
from cchc_pipeline.scorecards.scoring.rubric import Criterion, Group, Rubric
from cchc_pipeline.scorecards.scoring.rules import Verdict, score_criterion, with_given_points
from cchc_pipeline.scorecards.scoring.table import Node, assemble

OK, PARTIAL, MISSING, NOT_APPLICABLE = range(4)


@dataclass
class _Leaves:
    """Results of all criteria: every array is units by criteria, in hundredths of a point where it is about points."""

    numerator: npt.NDArray[np.float64]
    denominator: npt.NDArray[np.float64]
    ratio: npt.NDArray[np.float64]
    points: npt.NDArray[np.int64]
    maximum: npt.NDArray[np.int64]
    is_extra: npt.NDArray[np.bool_]
    verdict: npt.NDArray[np.int8]
    status: npt.NDArray[np.int8]
    is_provisional: npt.NDArray[np.bool_]
    reason: npt.NDArray[np.object_]
    evidence: npt.NDArray[np.object_]


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
        MeasureError: see `measures.normalise`.
    """
    rubric = rubric.for_source(source)
    criteria = rubric.criteria()
    given = normalise(rubric, measures)
    leaves = _score_leaves(rubric, criteria, given)
    nodes = list(_nodes(rubric, criteria))
    return assemble(rubric, source, given.keys, nodes, _node_columns(rubric, criteria, nodes, leaves))


def _score_leaves(rubric: Rubric, criteria: tuple[Criterion, ...], given: Measures) -> _Leaves:
    frame, at = given.frame, (given.card, given.criterion)

    def grid(column: str | None, empty: Any, dtype: Any) -> npt.NDArray[Any]:
        cells = np.full((len(given.keys), len(criteria)), empty, dtype=dtype)
        cells[at] = True if column is None else frame[column].to_numpy(dtype=dtype)
        return cells

    numerator, denominator = grid("numerator", np.nan, np.float64), grid("denominator", np.nan, np.float64)
    present, excused = grid(None, False, np.bool_), grid("is_not_applicable", False, np.bool_)
    provisional = grid("is_provisional", False, np.bool_)
    by_hand = grid("points", np.nan, np.float64)
    notes, evidence = grid("reason_vi", None, object), grid("evidence", None, object)
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
    # points that somebody gave are their own figure: so many of so many
    if (by_people := ~np.isnan(by_hand) & ~excused).any():
        numerator = np.where(by_people, by_hand, numerator)
        denominator = np.where(by_people, [criterion.max_hundredths / 100 for criterion in criteria], denominator)
    status = np.full(verdict.shape, MISSING, dtype=np.int8)
    status[verdict <= Verdict.ZERO_WITHOUT_DENOMINATOR] = OK
    status[verdict == Verdict.NOT_APPLICABLE] = NOT_APPLICABLE
    maximum = np.where(status == NOT_APPLICABLE, 0, [criterion.max_hundredths for criterion in criteria])
    return _Leaves(
        numerator,
        denominator,
        ratio,
        points,
        maximum,
        np.broadcast_to([criterion.rule.is_extra for criterion in criteria], status.shape),
        verdict,
        status,
        provisional | [rubric.is_provisional or criterion.is_provisional for criterion in criteria],
        reason,
        evidence,
    )


def _nodes(rubric: Rubric, criteria: tuple[Criterion, ...]) -> Iterator[Node]:
    position = {criterion.code: column for column, criterion in enumerate(criteria)}

    def below(group: Group, parent: str) -> Iterator[Node]:
        leaves = tuple(position[criterion.code] for criterion in group.leaves())
        incomplete = group.is_incomplete()
        yield Node("group", group.code, parent, group.name_vi, group.name_en, "sum", leaves, group, incomplete)
        for child in group.groups:
            yield from below(child, group.code)
        for item in group.criteria:
            leaf, rule = (position[item.code],), item.rule.label()
            yield Node("criterion", item.code, group.code, item.name_vi, item.name_en, rule, leaf, None, False)

    everything = tuple(range(len(criteria)))
    incomplete = any(group.is_incomplete() for group in rubric.groups)
    yield Node("total", TOTAL_CODE, None, rubric.name_vi, rubric.name_en, "sum", everything, None, incomplete)
    for group in rubric.groups:
        yield from below(group, TOTAL_CODE)


def _node_columns(
    rubric: Rubric, criteria: tuple[Criterion, ...], nodes: list[Node], leaves: _Leaves
) -> dict[str, npt.NDArray[Any]]:
    """The columns that differ from cell to cell, each an array of units by nodes."""
    # a sum takes any column first and is overwritten below: one pass over memory instead of one per node
    taken = [node.leaves[0] if node.level == "criterion" else 0 for node in nodes]
    columns = {
        name: values.take(taken, axis=1) if values.shape[1] else np.empty((len(values), len(nodes)), values.dtype)
        for name, values in _criterion_cells(leaves).items()
    }
    for place, node in enumerate(nodes):
        if node.level != "criterion":
            for name, sums in _sum_cells(rubric, criteria, node, leaves).items():
                columns[name][:, place] = sums
    return columns


def _criterion_cells(leaves: _Leaves) -> dict[str, npt.NDArray[Any]]:
    """The same for the criteria alone, units by criteria."""
    status, points = leaves.status, leaves.points
    lost = np.where(leaves.is_extra, np.maximum(-points, 0), leaves.maximum - points)
    return {
        "numerator": leaves.numerator,
        "denominator": leaves.denominator,
        "ratio": leaves.ratio,
        "points": np.where(status == OK, points / 100, np.nan),
        "max_points": np.where(status == NOT_APPLICABLE, np.nan, leaves.maximum / 100),
        "points_lost": np.where(status == OK, lost / 100, np.nan),
        "status": status,
        "is_provisional": leaves.is_provisional,
        "reason_vi": leaves.reason,
        "evidence": leaves.evidence,
    }


def _sum_cells(
    rubric: Rubric, criteria: tuple[Criterion, ...], node: Node, leaves: _Leaves
) -> dict[str, npt.NDArray[Any]]:
    columns = list(node.leaves)
    status, extra = leaves.status[:, columns], leaves.is_extra[:, columns]
    ok, missing = status == OK, status == MISSING
    points, maximum = np.where(ok, leaves.points[:, columns], 0), leaves.maximum[:, columns]
    regular = np.where(extra, 0, maximum)
    any_ok, any_gap = ok.any(axis=1), missing.any(axis=1) | node.is_incomplete
    reached, reachable = points.sum(axis=1), np.where(ok, regular, 0).sum(axis=1)
    lost = np.where(extra, np.maximum(-points, 0), np.where(ok, maximum - points, 0)).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(any_ok & (reachable > 0), np.clip(reached / reachable, 0, 1), np.nan)
    sum_status = np.select([any_ok & any_gap, any_ok, any_gap], [PARTIAL, OK, MISSING], NOT_APPLICABLE).astype(np.int8)
    reason = reasons.of_sum(rubric, [criteria[column] for column in columns], missing, node.group)
    reason[sum_status == NOT_APPLICABLE] = reasons.NOTHING_APPLIES
    return {
        "numerator": np.where(any_ok, reached / 100, np.nan),
        "denominator": np.where(any_ok, reachable / 100, np.nan),
        "ratio": ratio,
        "points": np.where(any_ok, reached / 100, np.nan),
        "max_points": np.where(sum_status == NOT_APPLICABLE, np.nan, regular.sum(axis=1) / 100),
        "points_lost": np.where(any_ok, lost / 100, np.nan),
        "status": sum_status,
        "is_provisional": (ok & leaves.is_provisional[:, columns]).any(axis=1) | rubric.is_provisional,
        "reason_vi": reason,
        "evidence": np.full(len(reached), None, dtype=object),
    }
