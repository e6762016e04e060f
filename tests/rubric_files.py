"""Rubrics written down in tests as Python values."""

from __future__ import annotations

from datetime import date
from typing import Any

import yaml

from cchc_pipeline.scorecards.scoring.rubric import Rubric, parse_rubric


def rubric_from(content: dict[str, Any], origin: str = "mau.yaml") -> Rubric:
    """Return the rubric in a file with this content."""
    return parse_rubric(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), origin)


def named(code: str) -> dict[str, Any]:
    return {"code": code, "name_vi": code, "name_en": code}


def criterion(code: str, most: float, rule: Any, source: str = "self_assessment", **more: Any) -> dict[str, Any]:
    """Return a criterion as it stands in a file."""
    return {**named(code), "max": most, "source": source, "rule": rule, **more}


def group(code: str, *criteria: dict[str, Any]) -> dict[str, Any]:
    """Return a group of criteria as it stands in a file."""
    return {**named(code), "criteria": list(criteria)}


def rubric_content(*groups: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return the content of a file with these groups; `more` stands in its head."""
    head = {"id": "mau", "version": "1", "name_vi": "Mẫu", "name_en": "Sample", "valid_from": date(2020, 1, 1)}
    return {**head, **more, "groups": list(groups)}


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
    criteria = [criterion(code, 6, rule, zero_denominator=zero) for code, rule in rules.items()]
    half = len(criteria) // 2
    groups = [{**named("G"), "groups": [group("G.1", *criteria[half:])]}]
    if half:
        groups.append(group("H", *criteria[:half]))
    return rubric_from(rubric_content(*groups, id="demo", valid_from=date(2026, 1, 1), **more), "demo.yaml")
