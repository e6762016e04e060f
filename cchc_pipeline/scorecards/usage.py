"""Which criteria are computed from an indicator: the rubrics asked the other way round.

Belongs here: reading it off the rubrics, so that it stands nowhere twice. Not here: scoring.
"""

from __future__ import annotations

from functools import cache

from cchc_pipeline.indicators.catalogue import catalogue
from cchc_pipeline.scorecards.rubric import Rubric
from cchc_pipeline.scorecards.rubric_file import RUBRIC_FOLDER, load_rubric

#: PAPI is scored from a survey; its file is an instrument and no rubric over indicators.
_WITHOUT_INDICATORS = ("papi",)


@cache
def criteria_by_indicator() -> dict[str, tuple[str, ...]]:
    """Indicator id -> `rubric: criterion` of every shipped rubric that scores it, in the order of the rubrics."""
    used: dict[str, tuple[str, ...]] = {}
    for file in sorted(RUBRIC_FOLDER.glob("*.yaml")):
        if file.stem in _WITHOUT_INDICATORS:
            continue
        for indicator, codes in load_rubric(file.stem).indicators().items():
            used[indicator] = (*used.get(indicator, ()), *(f"{file.stem}: {code}" for code in codes))
    return used


def additive_criteria(rubric: Rubric) -> frozenset[str]:
    """Criteria whose numerators and denominators add up over units, because those of their indicators do."""
    additive = {indicator.id for indicator in catalogue() if indicator.is_additive}
    return frozenset(one.code for one in rubric.criteria() if one.indicator in additive)
