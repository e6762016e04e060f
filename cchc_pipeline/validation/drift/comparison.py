"""Define results of comparisons, the usual band of counts and a change of level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from math import sqrt
from statistics import median
from typing import Any

from cchc_pipeline.yaml_files import read_yaml

#: Ratios of a figure to the earlier one, at most and at least, that count as another level.
FELL, ROSE = 0.62, 1.6


@dataclass(frozen=True)
class Break:
    """Deviation from earlier days or periods: culprit, sentences (vi, en) and numbers."""

    culprit: str
    sentence_vi: str
    sentence_en: str
    numbers: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, kind: str, culprit: str, numbers: Mapping[str, Any], **words: Any) -> Break:
        """Build a break whose sentences are filled in with `numbers` and `words`."""
        filled = {**numbers, **words}
        vi, en = (_sentences()[kind][language].format_map(filled) for language in ("vi", "en"))
        return cls(culprit, vi, en, numbers)


@dataclass(frozen=True)
class Comparison:
    """Result of one check.

    Attributes:
        check: its name.
        judged: how many comparisons were made; 0 means too little history for a judgement.
        breaks: new deviations.
        known: deviations that an earlier day has shown already.
        about: further figures about the check.
    """

    check: str
    judged: int
    breaks: tuple[Break, ...] = ()
    known: tuple[Break, ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict)


@cache
def _sentences() -> dict[str, dict[str, str]]:
    """Return what is said of a break by its kind and language."""
    text = resources.files(__package__).joinpath("sentences.yaml").read_bytes()
    return read_yaml(text, dict[str, dict[str, str]], "sentences.yaml")


def usual_band(counts: Sequence[float], factor: float) -> tuple[float, float, float]:
    """Return the lowest usual count, the median and the highest, from similar counts.

    The bounds lie five robust deviations from the median (1.4826 times the median absolute deviation, at least that
    of a Poisson count), and never nearer than `factor`.
    """
    usual = median(counts)
    deviation = max(1.4826 * median([abs(one - usual) for one in counts]), sqrt(usual + 1))
    return min(usual / factor, usual - 5 * deviation), usual, max(usual * factor, usual + 5 * deviation)


def is_other_level(before: float, after: float) -> bool:
    """Return whether `after` is at most `FELL` or at least `ROSE` times `before`."""
    return not FELL * before < after < ROSE * before
