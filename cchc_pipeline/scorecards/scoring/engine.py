"""Score measures by a rubric: points per criterion, group and total, in one table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from cchc_pipeline.scorecards.scoring.measures import Table, placed_measures
from cchc_pipeline.scorecards.scoring.rubric import Criterion, Group, Rubric
from cchc_pipeline.scorecards.scoring.rule import RuleKind
from cchc_pipeline.scorecards.scoring.rules import Verdict, score_criterion, with_decisions

_NAMES = ("criterion_level", "criterion_code", "parent_code", "criterion_name_vi", "criterion_name_en", "rule")
_FIGURES = ("numerator", "denominator", "ratio", "points", "max_points", "points_lost")
SCORECARD_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("index_code", "rubric_version")),
        ("is_provisional", pa.bool_()),
        *((name, pa.string()) for name in ("source", "period_type")),
        *((name, pa.date32()) for name in ("period_start", "period_end")),
        *((name, pa.string()) for name in ("unit_code", *_NAMES)),
        *((name, pa.float64()) for name in _FIGURES),
        *((name, pa.string()) for name in ("status", "reason_vi", "evidence")),
    ]
)
STATUSES = ("ok", "partial", "missing", "not_applicable")
OK, PARTIAL, MISSING, NOT_APPLICABLE = range(4)
#: Why a criterion has these points or none, by verdict.
_SENTENCES = {
    Verdict.SCORED: None,
    Verdict.FULL_WITHOUT_DENOMINATOR: "Không phát sinh mẫu số (0 hoặc trống): chấm đủ điểm theo quy tắc",
    Verdict.ZERO_WITHOUT_DENOMINATOR: "Không phát sinh mẫu số (0 hoặc trống): chấm 0 điểm theo quy tắc",
    Verdict.NOT_APPLICABLE: "Không áp dụng: trừ điểm tối đa tương ứng",
    Verdict.ABSENT: "Chưa có số liệu cho tiêu chí này",
    Verdict.NO_NUMERATOR: "Nguồn không có tử số",
    Verdict.NO_DENOMINATOR: "Nguồn không có mẫu số (0 hoặc trống)",
    Verdict.REPLACED: "Cổng chỉ công bố điểm của cả nhóm: ghi nhận điểm nhóm, không tách thành điểm từng chỉ tiêu",
    Verdict.INVALID: "Số liệu không hợp lệ (âm, hoặc tử số lớn hơn mẫu số): không chấm",
}
_FLAG = {Verdict.FULL_WITHOUT_DENOMINATOR: "Chỉ tiêu có/không: nguồn ghi nhận đạt, không kèm số lượng"}
_OF_GROUP = {
    Verdict.SCORED: "Ghi nhận điểm của cả nhóm như Cổng công bố",
    Verdict.REPLACED: "Điểm của nhóm được tính từ từng chỉ tiêu thành phần",
}
_EXTRA = {Verdict.NOT_APPLICABLE: "Không có đề nghị cộng hoặc trừ điểm"}
_NOTHING_APPLIES = "Không tiêu chí nào áp dụng cho đơn vị này"
_EXCUSED = (Verdict.NOT_APPLICABLE, Verdict.REPLACED)
_WITHOUT_POINTS = (Verdict.ABSENT, Verdict.NO_NUMERATOR, Verdict.NO_DENOMINATOR)
#: Arrays by name, each of scorecards by criteria or by nodes.
Grids: TypeAlias = dict[str, npt.NDArray[Any]]


class Node(NamedTuple):
    """One row of every scorecard, and the positions of the criteria that it sums."""

    level: str
    item: Group | Criterion
    parent: str | None
    leaves: list[int]


def score(rubric: Rubric, measures: Table, *, source: str = "local") -> pa.Table:
    """Score measures by a rubric.

    Args:
        rubric: the whole rubric; the criteria that `source` does not feed are left out.
        measures: see `measures.py`. Every unit and period that occurs gets a full scorecard.
        source: where the measures come from: `local`, `portal` or `table`.

    Returns:
        A table of SCORECARD_SCHEMA: per unit and period the total, then each group followed by its criteria. Its key is
        unit_code, period_type, period_start, period_end, criterion_code; points are points, not shares.

        * Points have two decimals, rounded as the arithmetic of the rubric says; a group is the sum of its rounded
          criteria, a total of its groups.
        * Published points of a group (`in_place_of`) count where not all of its criteria can be scored; what does not
          count then is `not_applicable` and says so.
        * A row without points has `points` and `points_lost` null and says why; `not_applicable` has no maximum either.
        * A group or total that lacks a criterion is `partial`: points and points_lost are sums of what is known.
        * In rows of groups and totals numerator and denominator are the points achieved and the maximum of what was
          scored, and `ratio` (0 to 1) is one over the other, so that it stays comparable when something is missing.

    Raises:
        MeasureError: one unit has the same measure of the same period twice.
    """
    variant = rubric.for_source(source)
    given = placed_measures(variant, measures)
    cards, criteria = given[~given["card"].duplicated()], variant.criteria()
    nodes = list(_nodes(variant.root(), {one.code: place for place, one in enumerate(criteria)}))
    cells = _cells(variant, criteria, nodes, _leaves(variant, given, len(cards)))
    shape = (len(cards), len(nodes))
    card, node = (np.broadcast_to(places, shape).ravel() for places in (np.arange(shape[0])[:, None], range(shape[1])))
    names = [
        (level, item.code, parent, item.name_vi, item.name_en, "sum" if isinstance(item, Group) else item.rule.label())
        for level, item, parent, _ in nodes
    ]
    columns: dict[str, pa.Array] = {
        name: pa.array(cells[name].ravel(), SCORECARD_SCHEMA.field(name).type, from_pandas=True)
        for name in (*_FIGURES, "is_provisional", "reason_vi", "evidence")
    }
    for name, text in (("index_code", rubric.id), ("rubric_version", rubric.version), ("source", source)):
        columns[name] = pa.repeat(pa.scalar(text, pa.string()), len(card))
    for name in ("period_start", "period_end"):
        columns[name] = pa.array(cards[name].to_numpy(dtype="datetime64[D]")[card], pa.date32())
    for name, places, texts in (
        *((name, card, cards[name].replace({np.nan: None}).tolist()) for name in ("unit_code", "period_type")),
        *((name, node, list(texts)) for name, texts in zip(_NAMES, zip(*names, strict=True), strict=True)),
        ("status", cells["status"].ravel(), STATUSES),
    ):
        columns[name] = pa.DictionaryArray.from_arrays(places, pa.array(texts, pa.string())).cast(pa.string())
    return pa.table([columns[name] for name in SCORECARD_SCHEMA.names], schema=SCORECARD_SCHEMA)


def _nodes(group: Group, places: dict[str, int], parent: str | None = None) -> Iterator[Node]:
    """Yield a group and everything below it, in the order of the file."""
    yield Node("group" if parent else "total", group, parent, [places[one.code] for one in group.leaves()])
    for child in group.groups:
        yield from _nodes(child, places, group.code)
    yield from (Node("criterion", one, group.code, [places[one.code]]) for one in group.criteria)


def _leaves(rubric: Rubric, given: pd.DataFrame, cards: int) -> Grids:
    """Score all criteria of all scorecards; points in hundredths."""
    criteria = rubric.criteria()
    places = given["card"].to_numpy(), given["criterion"].to_numpy()

    def grid(name: str, empty: Any, dtype: Any) -> npt.NDArray[Any]:
        cells = np.full((cards, len(criteria)), empty, dtype=dtype)
        cells[places] = given[name]
        return cells

    leaves = {name: grid(name, np.nan, np.float64) for name in ("numerator", "denominator", "points")}
    leaves |= {name: grid(name, None, object) for name in ("reason_vi", "evidence")}
    leaves |= {name: grid(name, False, np.bool_) for name in ("is_provisional", "is_not_applicable")}
    absent, excused = grid("card", -1, np.int64) < 0, leaves["is_not_applicable"]
    numerator, denominator, by_hand = leaves["numerator"], leaves["denominator"], leaves["points"]
    hundredths, verdict = np.zeros(absent.shape, dtype=np.int64), np.zeros(absent.shape, dtype=np.int8)
    ratio = np.full(absent.shape, np.nan)
    for column, one in enumerate(criteria):
        at = np.s_[:, column]
        found = score_criterion(one, numerator[at], denominator[at], rubric.arithmetic)
        hundredths[at], ratio[at], verdict[at] = with_decisions(one, found, by_hand[at], excused[at])
        needs_none = one.rule.is_extra or one.rule.kind is RuleKind.NOT_APPLICABLE
        verdict[absent[at], column] = Verdict.NOT_APPLICABLE if needs_none else Verdict.ABSENT
    position = {one.code: column for column, one in enumerate(criteria)}
    for column, one in enumerate(criteria):
        if parts := [position[code] for code in one.in_place_of if code in position]:
            scored = verdict <= Verdict.ZERO_WITHOUT_DENOMINATOR
            is_carried = scored[:, column] & ~scored[:, parts].all(axis=1)
            for place, replaced in ((column, ~is_carried), *((part, is_carried) for part in parts)):
                verdict[replaced, place] = Verdict.REPLACED
                hundredths[replaced, place] = 0
    # points that somebody gave are their own figure: so many of so many
    by_people = ~np.isnan(by_hand) & ~excused
    leaves["numerator"] = np.where(by_people, by_hand, numerator)
    leaves["denominator"] = np.where(by_people, [one.max_points for one in criteria], denominator)
    return leaves | {"ratio": ratio, "hundredths": hundredths, "verdict": verdict}


def _cells(rubric: Rubric, criteria: Sequence[Criterion], nodes: Sequence[Node], leaves: Grids) -> Grids:
    """Return the columns that differ by cell, as arrays of scorecards by nodes."""
    starts = [node.leaves[0] if node.leaves else 0 for node in nodes]
    ends = [start + len(node.leaves) for start, node in zip(starts, nodes, strict=True)]

    def sums(values: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """Sum criteria by node; those of a node stand side by side."""
        running = np.zeros((len(values), len(criteria) + 1), dtype=np.int64)
        np.cumsum(values, axis=1, out=running[:, 1:])
        return running[:, ends] - running[:, starts]

    verdict, won = leaves["verdict"], leaves["hundredths"]
    ok, excused = verdict <= Verdict.ZERO_WITHOUT_DENOMINATOR, np.isin(verdict, _EXCUSED)
    missing = ~ok & ~excused
    is_extra = np.array([one.rule.is_extra for one in criteria], dtype=np.bool_)
    most = np.array([one.max_hundredths for one in criteria], dtype=np.int64)
    regular = np.where(is_extra, 0, most)
    lost = np.where(is_extra, np.maximum(-won, 0), most - won)
    is_provisional = leaves["is_provisional"] | [rubric.is_provisional or one.is_provisional for one in criteria]
    reached, reachable, largest, cost = (
        sums(np.where(rows, values, 0)) for rows, values in ((ok, won), (ok, regular), (~excused, regular), (ok, lost))
    )
    has_points = sums(ok) > 0
    gaps = [isinstance(item, Group) and item.is_incomplete() for _, item, _, _ in nodes]
    has_gap = (sums(missing) > 0) | gaps
    status = np.select([has_points & has_gap, has_points, has_gap], [PARTIAL, OK, MISSING], NOT_APPLICABLE)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(has_points & (reachable > 0), np.clip(reached / reachable, 0, 1), np.nan)
    cells: Grids = {
        "numerator": np.where(has_points, reached / 100, np.nan),
        "denominator": np.where(has_points, reachable / 100, np.nan),
        "ratio": ratio,
        "points": np.where(has_points, reached / 100, np.nan),
        "max_points": np.where(status == NOT_APPLICABLE, np.nan, largest / 100),
        "points_lost": np.where(has_points, cost / 100, np.nan),
        "status": status,
        "is_provisional": (sums(ok & is_provisional) > 0) | rubric.is_provisional,
        "reason_vi": np.full(status.shape, None, dtype=object),
        "evidence": np.full(status.shape, None, dtype=object),
    }
    of_criteria = [place for place, node in enumerate(nodes) if node.level == "criterion"]
    shown = {name: leaves[name] for name in ("numerator", "denominator", "ratio", "evidence")}
    shown |= {"is_provisional": is_provisional, "max_points": np.where(excused, np.nan, most / 100)}
    for name, values in shown.items():
        cells[name][:, of_criteria] = values
    for place, (_, item, _, columns) in enumerate(nodes):
        cells["reason_vi"][:, place] = (
            _reasons_of_sum(item, [criteria[column] for column in columns], missing[:, columns], rubric.note_vi)
            if isinstance(item, Group)
            else _reasons_of_criterion(item, verdict[:, columns[0]], leaves["reason_vi"][:, columns[0]], rubric.note_vi)
        )
    is_sum = np.array([isinstance(item, Group) for _, item, _, _ in nodes])
    cells["reason_vi"][(status == NOT_APPLICABLE) & is_sum] = _NOTHING_APPLIES
    return cells


def _reasons_of_criterion(
    criterion: Criterion, verdict: npt.NDArray[np.int8], notes: npt.NDArray[np.object_], always: str | None
) -> npt.NDArray[np.object_]:
    """Return a reason per row: of its verdict, its measure's note, and `always`."""
    said = _SENTENCES | (_FLAG if criterion.rule.kind is RuleKind.FLAG else {})
    said |= _EXTRA if criterion.rule.is_extra else {}
    said |= _OF_GROUP if criterion.in_place_of else {}
    said |= dict.fromkeys(_WITHOUT_POINTS, criterion.missing_reason_vi) if criterion.missing_reason_vi else {}
    reason = np.array([_join(said[kind], always) for kind in Verdict], dtype=object)[verdict]
    for row in np.flatnonzero(np.not_equal(notes, None)):  # type: ignore[call-overload]
        kind = Verdict(verdict[row])
        reason[row] = _join(None if kind in _WITHOUT_POINTS else said[kind], notes[row], always)
    return reason


def _reasons_of_sum(
    group: Group, criteria: Sequence[Criterion], missing: npt.NDArray[np.bool_], always: str | None
) -> npt.NDArray[np.object_]:
    """Return a reason per row of a group or total: which of its criteria it lacks."""
    if not group.groups and not group.criteria:
        sentence = _join(group.missing_reason_vi or _SENTENCES[Verdict.ABSENT], always)
        return np.full(len(missing), sentence, dtype=object)
    empty = [child.code for child in group.groups if child.is_incomplete()]
    reason = np.full(len(missing), None, dtype=object)
    # units mostly lack the same criteria: one sentence per pattern, told apart by its bits
    packed = np.ascontiguousarray(np.packbits(missing, axis=1))
    patterns = packed.view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, which = np.unique(patterns, return_index=True, return_inverse=True)
    for number, row in enumerate(first.tolist()):
        codes = [criterion.code for criterion, lacks in zip(criteria, missing[row], strict=True) if lacks] + empty
        reason[which == number] = _join(f"Chưa chấm được: {', '.join(codes)}" if codes else None, always)
    return reason


def _join(*sentences: Any) -> str | None:
    return "; ".join(sentence for sentence in sentences if sentence) or None
