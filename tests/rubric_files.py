"""Rubrics written down in tests as Python values."""

from __future__ import annotations

from datetime import date
from typing import Any

import yaml

from cchc_pipeline.scorecards.scoring.rubric import Rubric, parse_rubric


def rubric_from(content: dict[str, Any], origin: str = "mau.yaml") -> Rubric:
    """Return the rubric in a file with this content."""
    return parse_rubric(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), origin)


RULES: dict[str, Any] = {
    "LINEAR": {"kind": "linear", "full_at": 0.8},
    "FLOOR": {"kind": "linear_above_floor", "floor": 0.95, "full_at": 1},
    "STEPS": {"kind": "steps", "steps": [{"at": 0.25, "points": 1.5}, {"at": 0.5, "points": 3}]},
    "ALL": {"kind": "all_or_nothing", "full_at": 0.9},
    "FLAG": "flag",
    "CARRIED": "carried",
    "BONUS": {"kind": "bonus", "points_each": 0.5},
    "PENALTY": {"kind": "penalty"},
}


def rubric_of(rules: dict[str, Any], *, zero: str = "missing", **more: Any) -> Rubric:
    """Return a rubric with a criterion of 6 points for each rule, in two groups."""
    criteria = [
        {
            "code": code,
            "name_vi": code,
            "name_en": code,
            "max": 6,
            "source": "self_assessment",
            "rule": rule,
            "zero_denominator": zero,
        }
        for code, rule in rules.items()
    ]
    half = len(criteria) // 2
    inner = {"code": "G.1", "name_vi": "g", "name_en": "g", "criteria": criteria[half:]}
    groups: list[dict[str, Any]] = [{"code": "G", "name_vi": "G", "name_en": "G", "groups": [inner]}]
    if half:
        groups.append({"code": "H", "name_vi": "H", "name_en": "H", "criteria": criteria[:half]})
    head = {"id": "demo", "version": "1", "name_vi": "d", "name_en": "d", "valid_from": date(2026, 1, 1)}
    return rubric_from({**head, "groups": groups, **more}, "demo.yaml")
