"""Define what a comparison with earlier days or periods finds, and when a figure is far from usual."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from statistics import median
from typing import Any

#: Ratios of a figure to the one before that count as another level.
FELL, ROSE = 0.62, 1.6


@dataclass(frozen=True)
class Break:
    """One thing that is not as it was: who, in both languages, and the numbers behind the sentence."""

    culprit: str
    sentence_vi: str
    sentence_en: str
    numbers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Comparison:
    """What one check found.

    Attributes:
        check: its name.
        judged: how many comparisons were made; 0 means too little history: neither good nor bad.
        breaks: what is not as it was.
        known: breaks that an earlier day has told already.
        about: what else there is to say.
    """

    check: str
    judged: int
    breaks: tuple[Break, ...] = ()
    known: tuple[Break, ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict)


def usual_band(counts: Sequence[float], factor: float) -> tuple[float, float, float]:
    """Return the lowest, the median and the highest count that is usual among `counts` of one kind.

    The bounds lie five robust deviations from the median (1.4826 times the median absolute deviation, at least that
    of a Poisson count), and never nearer than `factor`.
    """
    usual = median(counts)
    deviation = max(1.4826 * median([abs(one - usual) for one in counts]), sqrt(usual + 1))
    return min(usual / factor, usual - 5 * deviation), usual, max(usual * factor, usual + 5 * deviation)


def is_other_level(before: float, after: float) -> bool:
    """Return whether `after` lies on another level than `before`."""
    return not FELL * before < after < ROSE * before
