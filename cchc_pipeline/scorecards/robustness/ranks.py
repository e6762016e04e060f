"""Ranks, and how far they move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import spearmanr

from cchc_pipeline.scorecards.robustness.aggregate import Aggregation, aggregate
from cchc_pipeline.scorecards.robustness.normalise import ranks_with_gaps

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Shift:
    """How far a ranking is from the nominal one: Spearman's correlation of scores, mean and largest change of rank."""

    name: str
    spearman: float
    mean_abs: float
    largest: int


def rank(scores: Array) -> Array:
    """Rank 1 is the highest score, over the last axis; equal scores share the better rank; NaN stays NaN."""
    return ranks_with_gaps(-scores, axis=-1, method="min")


def shift(name: str, nominal: Array, other: Array) -> Shift:
    """Compare two score vectors over the units that have both."""
    both = ~np.isnan(nominal) & ~np.isnan(other)
    moved = np.abs(rank(nominal[both]) - rank(other[both]))
    return Shift(name, float(spearmanr(nominal[both], other[both])[0]), float(moved.mean()), int(moved.max()))


def leave_one_out(
    values: Array, weights: Array, names: Sequence[str], aggregation: Aggregation = "arithmetic"
) -> list[Shift]:
    """What the ranking would be without each part in turn."""
    nominal = aggregate(values, weights, aggregation)
    return [
        shift(
            name,
            nominal,
            aggregate(np.delete(values, i, axis=1), np.delete(weights, i), aggregation),
        )
        for i, name in enumerate(names)
    ]
