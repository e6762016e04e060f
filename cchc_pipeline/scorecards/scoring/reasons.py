"""Say in Vietnamese why a criterion has these points or none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from cchc_pipeline.scorecards.scoring.rubric import Criterion, Group, RuleKind
from cchc_pipeline.scorecards.scoring.rules import Verdict

_SENTENCES = {
    Verdict.SCORED: None,
    Verdict.FULL_WITHOUT_DENOMINATOR: "Không phát sinh mẫu số (0 hoặc trống): chấm đủ điểm theo quy tắc",
    Verdict.ZERO_WITHOUT_DENOMINATOR: "Không phát sinh mẫu số (0 hoặc trống): chấm 0 điểm theo quy tắc",
    Verdict.NOT_APPLICABLE: "Không áp dụng: trừ điểm tối đa tương ứng",
    Verdict.ABSENT: "Chưa có số liệu cho tiêu chí này",
    Verdict.NO_NUMERATOR: "Nguồn không có tử số",
    Verdict.NO_DENOMINATOR: "Nguồn không có mẫu số (0 hoặc trống)",
    Verdict.INVALID: "Số liệu không hợp lệ (âm, hoặc tử số lớn hơn mẫu số): không chấm",
}
_FLAG = {Verdict.FULL_WITHOUT_DENOMINATOR: "Chỉ tiêu có/không: nguồn ghi nhận đạt, không kèm số lượng"}
_EXTRA = {Verdict.NOT_APPLICABLE: "Không có đề nghị cộng hoặc trừ điểm"}
NOTHING_APPLIES = "Không tiêu chí nào áp dụng cho đơn vị này"
_WITHOUT_POINTS = (Verdict.ABSENT, Verdict.NO_NUMERATOR, Verdict.NO_DENOMINATOR)


def of_criterion(
    criterion: Criterion, verdict: npt.NDArray[np.int8], notes: npt.NDArray[np.object_], always: str | None
) -> npt.NDArray[np.object_]:
    """Return a reason per row: of its verdict, its measure's note, and `always`."""
    said = _SENTENCES | (_FLAG if criterion.rule.kind is RuleKind.FLAG else {})
    said |= _EXTRA if criterion.rule.is_extra else {}
    said |= dict.fromkeys(_WITHOUT_POINTS, criterion.missing_reason_vi) if criterion.missing_reason_vi else {}
    reason = np.array([_join(said[kind], always) for kind in Verdict], dtype=object)[verdict]
    for row in np.flatnonzero(np.not_equal(notes, None)):  # type: ignore[call-overload]
        kind = Verdict(verdict[row])
        reason[row] = _join(None if kind in _WITHOUT_POINTS else said[kind], notes[row], always)
    return reason


def of_sum(
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
