"""Compare two rubrics in the words of who has to explain a score."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cchc_pipeline.scorecards.scoring.rubric import Criterion, Rubric

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
    head = _head(old)
    changes = [
        Change(name, "head", head[name], text, scores=False) for name, text in _head(new).items() if head[name] != text
    ]
    before, after = _criteria(old), _criteria(new)
    for code, facts in after.items():
        if code not in before:
            changes.append(Change(code, "added", "", f"{facts['name']} ({facts['points']} điểm)", scores=True))
            continue
        changes += [
            Change(code, kind, before[code][kind], text, scores=kind != "name")
            for kind, text in facts.items()
            if before[code][kind] != text
        ]
    gone = [(code, facts) for code, facts in before.items() if code not in after]
    return changes + [
        Change(code, "removed", f"{facts['name']} ({facts['points']} điểm)", "", scores=True) for code, facts in gone
    ]


def points_of(criteria: Iterable[Criterion]) -> float:
    """Return the points that can be reached with these criteria, bonus apart."""
    return sum(one.max_hundredths for one in criteria if not one.rule.is_extra) / 100


def _head(rubric: Rubric) -> dict[str, str]:
    bands = [f"{band.name_vi} từ {float(band.from_share):.0%}" for band in rubric.bands]
    return {
        "version": rubric.version,
        "legal_basis": rubric.legal_basis or "(trống)",
        "valid_from": str(rubric.valid_from),
        "valid_to": str(rubric.valid_to or "(không hạn)"),
        "bands": ", ".join(bands) or "(không có)",
        "unit_levels": ", ".join(rubric.unit_levels) or "(mọi cấp)",
    }


def _criteria(rubric: Rubric) -> dict[str, dict[str, str]]:
    """Return what is compared of each criterion, in the order of the rubric."""
    place = {one.code: group.code for top in rubric.groups for group in top.walk() for one in group.criteria}
    return {
        one.code: {
            "points": f"{one.max_points:g}",
            "rule": f"{one.rule.label()}, mẫu số trống: {one.zero_denominator}",
            "source": _source(one),
            "moved": place[one.code],
            "name": one.name_vi,
        }
        for one in rubric.criteria()
    }


def _source(criterion: Criterion) -> str:
    name = f"{criterion.source}:{criterion.indicator}" if criterion.indicator else str(criterion.source)
    name += f":{criterion.evidence.label()}" if criterion.evidence else ""
    return f"{name} ({', '.join(criterion.sources)})" if criterion.sources else name
