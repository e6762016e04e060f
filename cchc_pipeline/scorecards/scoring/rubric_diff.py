"""Compare two rubrics, and say on scorecards where one version takes over.

`rubric_version` on the row is what makes points comparable: over time only rows of the same version are, except for
criteria that the versions score alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pyarrow as pa

from cchc_pipeline import vietnamese
from cchc_pipeline.reference.index_codes import TOTAL_CODE
from cchc_pipeline.scorecards.scoring.rubric import Criterion, Rubric
from cchc_pipeline.scorecards.scoring.rubric_set import RubricSet
from cchc_pipeline.scorecards.scoring.rule import RoundedRatio

_WORDS = {
    "added": "thêm mới: {new}",
    "removed": "bỏ: {old}",
    "points": "điểm tối đa {old} → {new}",
    "rule": "cách chấm {old} → {new}",
    "source": "nguồn số liệu {old} → {new}",
    "moved": "chuyển từ {old} sang {new}",
    "name": "đổi tên “{old}” → “{new}”",
    "head": "{old} → {new}",
}


@dataclass(frozen=True)
class Change:
    """One change: what (a key of `_WORDS`), old, new, and whether scores move."""

    code: str
    kind: str
    old: str
    new: str
    scores: bool

    def sentence(self) -> str:
        """Return the change in Vietnamese."""
        return f"{self.code}: {_WORDS[self.kind].format(old=self.old, new=self.new)}"


def compare(old: Rubric, new: Rubric) -> list[Change]:
    """Return changes: the head, criteria in the order of `new`, those removed."""
    head, before, after = _head(old), _criteria(old), _criteria(new)
    changes = [Change(name, "head", head[name], text, scores=False) for name, text in _head(new).items()]
    for code, facts in (after | before).items():
        title = f"{facts['name']} ({facts['points']} điểm)"
        if code not in before:
            changes.append(Change(code, "added", "", title, scores=True))
        elif code not in after:
            changes.append(Change(code, "removed", title, "", scores=True))
        else:
            was = before[code]
            changes += [
                Change(code, kind, was[kind], text, scores=kind != "name") for kind, text in after[code].items()
            ]
    return [change for change in changes if change.old != change.new]


def points_of(criteria: Iterable[Criterion]) -> float:
    """Return the points that can be reached with these criteria, bonus and published sums apart."""
    return sum(one.max_hundredths for one in criteria if not (one.rule.is_extra or one.in_place_of)) / 100


def _head(rubric: Rubric) -> dict[str, str]:
    bands = [f"{band.name_vi} từ {float(band.from_share):.0%}" for band in rubric.bands]
    return {
        "version": rubric.version,
        "legal_basis": rubric.legal_basis or "(trống)",
        "valid_from": str(rubric.valid_from),
        "valid_to": str(rubric.valid_to or "(không hạn)"),
        "bands": ", ".join(bands) or "(không có)",
        "arithmetic": str(rubric.arithmetic),
        "unit_levels": ", ".join(rubric.unit_levels) or "(mọi cấp)",
    }


def _criteria(rubric: Rubric) -> dict[str, dict[str, str]]:
    """Return what is compared of each criterion, in the order of the rubric."""
    place = {one.code: group.code for top in rubric.groups for group in top.walk() for one in group.criteria}
    return {
        one.code: {
            "points": f"{one.max_points:g}",
            "rule": f"{one.rule.label()}, mẫu số trống: {one.zero_denominator}{_more(one)}",
            "source": _source(one),
            "moved": place[one.code],
            "name": one.name_vi,
        }
        for one in rubric.criteria()
    }


def _more(criterion: Criterion) -> str:
    rounded = "" if criterion.rounded_ratio is RoundedRatio.NEVER else f", tỷ lệ làm tròn: {criterion.rounded_ratio}"
    return rounded + (f", thay cho {', '.join(criterion.in_place_of)}" if criterion.in_place_of else "")


def _source(criterion: Criterion) -> str:
    name = f"{criterion.source}:{criterion.indicator}" if criterion.indicator else str(criterion.source)
    name += f":{criterion.evidence.label()}" if criterion.evidence else ""
    return f"{name} ({', '.join(criterion.sources)})" if criterion.sources else name


def changed_criteria(old: Rubric, new: Rubric) -> frozenset[str]:
    """Return codes of criteria whose points differ in meaning between versions."""
    same = ("max_hundredths", "rule", "zero_denominator", "indicator", "source", "evidence")
    before, after = ({one.code: [getattr(one, name) for name in same] for one in of.criteria()} for of in (old, new))
    return frozenset(code for code, meaning in after.items() if before.get(code) != meaning)


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
        (crossing, f"Kỳ bắt đầu trước ngày phiên bản {rubric.version} có hiệu lực ({begun})"),
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
