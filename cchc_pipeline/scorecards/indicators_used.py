"""Index the criteria of rubrics by the indicator they are computed from."""

from __future__ import annotations

from functools import cache

from cchc_pipeline.indicators.catalogue import catalogue
from cchc_pipeline.scorecards.scoring.rubric import Rubric
from cchc_pipeline.scorecards.scoring.rubric_set import shipped


@cache
def criteria_by_indicator() -> dict[str, tuple[str, ...]]:
    """Return indicator id -> `rubric: criterion` of every shipped rubric, in order."""
    used: dict[str, dict[str, None]] = {}
    for rubric_id in shipped().ids:
        for rubric in shipped().versions(rubric_id):
            for indicator, codes in rubric.indicators().items():
                used.setdefault(indicator, {}).update(dict.fromkeys(f"{rubric_id}: {code}" for code in codes))
    return {indicator: tuple(codes) for indicator, codes in used.items()}


def additive_criteria(rubric: Rubric) -> frozenset[str]:
    """Return criteria whose figures add up over units, as their indicators' do."""
    additive = {indicator.id for indicator in catalogue() if indicator.is_additive}
    return frozenset(one.code for one in rubric.criteria() if one.indicator in additive)
