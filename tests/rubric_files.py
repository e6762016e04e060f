"""Rubrics written down in tests as Python values."""

from __future__ import annotations

from typing import Any

import yaml

from cchc_pipeline.scorecards.scoring.rubric import Rubric, parse_rubric


def rubric_from(content: dict[str, Any], origin: str = "mau.yaml") -> Rubric:
    """Return the rubric in a file with this content."""
    return parse_rubric(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), origin)
