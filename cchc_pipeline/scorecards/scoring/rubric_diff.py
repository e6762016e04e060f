"""What changed between two rubrics, in the words of who has to explain a score."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cchc_pipeline.scorecards.scoring.rubric import Criterion, Group, Rubric


@dataclass(frozen=True)
class Change:
    """One change. `kind`: added, removed, points, rule, source, moved, name, head; `scores`: whether scores move."""

    code: str
    kind: str
    old: str
    new: str
    scores: bool

    def sentence(self) -> str:
        """The change in Vietnamese."""
        words = {
            "added": f"thêm mới: {self.new}",
            "removed": f"bỏ: {self.old}",
            "points": f"điểm tối đa {self.old} → {self.new}",
            "rule": f"cách chấm {self.old} → {self.new}",
            "source": f"nguồn số liệu {self.old} → {self.new}",
            "moved": f"chuyển từ {self.old} sang {self.new}",
            "name": f"đổi tên “{self.old}” → “{self.new}”",
            "head": f"{self.old} → {self.new}",
        }
        return f"{self.code}: {words[self.kind]}"


def compare(old: Rubric, new: Rubric) -> list[Change]:
    """Changes from `old` to `new`: the head first, then criteria in the order of the new rubric, then those removed."""
    changes = [
        Change(name, "head", before, after, scores=False)
        for name, before, after in (
            ("version", old.version, new.version),
            ("legal_basis", old.legal_basis or "(trống)", new.legal_basis or "(trống)"),
            ("valid_from", str(old.valid_from), str(new.valid_from)),
            ("valid_to", str(old.valid_to or "(không hạn)"), str(new.valid_to or "(không hạn)")),
            ("bands", _bands(old), _bands(new)),
            ("unit_levels", ", ".join(old.unit_levels) or "(mọi cấp)", ", ".join(new.unit_levels) or "(mọi cấp)"),
        )
        if before != after
    ]
    before, after = _placed(old), _placed(new)
    for code, (group, criterion) in after.items():
        if code not in before:
            changes.append(Change(code, "added", "", f"{criterion.name_vi} ({_points(criterion)} điểm)", scores=True))
            continue
        changes += _of_criterion(code, before[code], (group, criterion))
    changes += [
        Change(code, "removed", f"{criterion.name_vi} ({_points(criterion)} điểm)", "", scores=True)
        for code, (_, criterion) in before.items()
        if code not in after
    ]
    return changes


def points_of(criteria: Iterable[Criterion]) -> float:
    """Points that can be reached with these criteria, bonus apart."""
    return sum(one.max_hundredths for one in criteria if not one.rule.is_extra) / 100


def _of_criterion(code: str, before: tuple[str, Criterion], after: tuple[str, Criterion]) -> Iterator[Change]:
    (group, old), (new_group, new) = before, after
    pairs = (
        ("points", _points(old), _points(new), True),
        ("rule", _rule(old), _rule(new), True),
        ("source", _source(old), _source(new), True),
        ("moved", group, new_group, True),
        ("name", old.name_vi, new.name_vi, False),
    )
    for kind, was, now, scores in pairs:
        if was != now:
            yield Change(code, kind, was, now, scores)


def _placed(rubric: Rubric) -> dict[str, tuple[str, Criterion]]:
    found: dict[str, tuple[str, Criterion]] = {}

    def walk(group: Group) -> None:
        for inner in group.groups:
            walk(inner)
        found.update({criterion.code: (group.code, criterion) for criterion in group.criteria})

    for group in rubric.groups:
        walk(group)
    return {criterion.code: found[criterion.code] for criterion in rubric.criteria()}


def _points(criterion: Criterion) -> str:
    return f"{criterion.max_hundredths / 100:g}"


def _rule(criterion: Criterion) -> str:
    return f"{criterion.rule.label()}, mẫu số trống: {criterion.zero_denominator}"


def _source(criterion: Criterion) -> str:
    name = f"{criterion.source}:{criterion.indicator}" if criterion.indicator else str(criterion.source)
    name += f":{criterion.evidence.label()}" if criterion.evidence else ""
    return f"{name} ({', '.join(criterion.sources)})" if criterion.sources else name


def _bands(rubric: Rubric) -> str:
    return ", ".join(f"{band.name_vi} từ {float(band.from_share):.0%}" for band in rubric.bands) or "(không có)"
