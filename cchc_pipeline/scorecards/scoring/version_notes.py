"""Say on scorecards where one version of a rubric takes over from another.

`rubric_version` on the row is what makes points comparable: over time only rows of the same version are, except for
criteria that the versions score alike.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pyarrow as pa

from cchc_pipeline import vietnamese
from cchc_pipeline.reference.index_codes import TOTAL_CODE
from cchc_pipeline.scorecards.scoring.rubric import Rubric
from cchc_pipeline.scorecards.scoring.rubric_set import RubricSet, changed_criteria


def note_version(card: pa.Table, rubric: Rubric, rubrics: RubricSet) -> pa.Table:
    """Add to reasons what a reader has to know about the version that scored.

    * A period that ends outside of the version's validity is provisional, and says so.
    * A period that begins before it says so.
    * The first period of a version says on the total, and on every group and criterion that is scored otherwise than
      before, that the series breaks.

    Args:
        card: rows scored by `rubric`, in the columns of a scorecard.
        rubric: one version.
        rubrics: all versions.

    Returns:
        The card with other `is_provisional` and `reason_vi`.
    """
    rows = card.select(["period_start", "period_end", "criterion_code", "reason_vi"]).to_pandas(date_as_object=True)
    first = rows["period_start"]
    outside = np.array([not rubric.is_valid_on(day) for day in rows["period_end"]], dtype=np.bool_)
    crossing = ~outside & np.array([day < rubric.valid_from for day in first], dtype=np.bool_)
    begun = vietnamese.day(rubric.valid_from)
    until = f" đến {vietnamese.day(rubric.valid_to)}" if rubric.valid_to else ""
    validity = f"hiệu lực từ {begun}{until}"
    notes = [
        (outside, f"Chấm theo phiên bản {rubric.version} ({validity}); kỳ này nằm ngoài hiệu lực"),
        (
            crossing,
            f"Kỳ bắt đầu trước ngày phiên bản {rubric.version} có hiệu lực ({begun})",
        ),
    ]
    for day in set(first[~outside].dropna()):
        old = rubrics.scoring(rubric.id, day - timedelta(days=1))
        if old != rubric:
            broken = (first == day).to_numpy() & ~outside & rows["criterion_code"].isin(_broken(old, rubric)).to_numpy()
            notes.append((broken, f"Đứt chuỗi: kỳ trước chấm theo phiên bản {old.version}, không so sánh điểm"))
    told = rows["reason_vi"].fillna("").astype(object)
    for mask, sentence in notes:
        told[mask] = [f"{text}; {sentence}" if text else sentence for text in told[mask]]
    reason = pa.array(told.where(told != "", None), pa.string())
    provisional = np.array(card["is_provisional"].to_pylist(), dtype=np.bool_) | outside
    for name, values in (("is_provisional", pa.array(provisional)), ("reason_vi", reason)):
        card = card.set_column(card.schema.get_field_index(name), card.schema.field(name), values)
    return card


def _broken(old: Rubric, new: Rubric) -> set[str]:
    """Return the total, groups and criteria that the new version scores otherwise."""
    changed = changed_criteria(old, new)
    groups = (one for group in new.groups for one in group.walk())
    return {TOTAL_CODE, *changed, *(one.code for one in groups if any(leaf.code in changed for leaf in one.leaves()))}
