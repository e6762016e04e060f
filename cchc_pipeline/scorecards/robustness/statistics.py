"""Compare rankings, and describe how the parts of an index hang together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.stats import spearmanr

from cchc_pipeline.scorecards.robustness.steps import Array, ranks_from_lowest

#: Correlations of two parts that are worth a remark: one works against the other, or says the same again.
AGAINST, SAME = -0.1, 0.92


@dataclass(frozen=True)
class Structure:
    """Statistics of the parts over the units without gaps.

    Attributes:
        units: number of units counted.
        names: names of the parts.
        correlations: parts by parts, Pearson.
        eigenvalues: of the correlation matrix, largest first.
        first_share: share of the variance on the first component, 0 to 1.
        alpha: Cronbach's alpha of the standardised parts: k r / (1 + (k - 1) r), r being the mean correlation of k
            parts.
        with_total: correlation of each part with the sum.
        variance_share: cov(part, sum) / var(sum): what each part really weighs; sums to 1.
        flagged: pairs (part, part, correlation) that run against each other or are nearly the same.
    """

    units: int
    names: tuple[str, ...]
    correlations: Array
    eigenvalues: Array
    first_share: float
    alpha: float
    with_total: Array
    variance_share: Array
    flagged: tuple[tuple[str, str, float], ...]


def rank(scores: Array) -> Array:
    """Rank scores over the last axis, highest first; ties share the better rank."""
    return ranks_from_lowest(-scores, -1, "min")


def shift(nominal: Array, other: Array) -> dict[str, float]:
    """Compare two score vectors over the units that have both.

    Returns:
        spearman, mean_abs (mean change of rank) and largest (change of rank).
    """
    both = ~np.isnan(nominal) & ~np.isnan(other)
    moved = np.abs(rank(nominal[both]) - rank(other[both]))
    spearman = float(spearmanr(nominal[both], other[both])[0])
    return {"spearman": spearman, "mean_abs": float(moved.mean()), "largest": int(moved.max())}


def structure(values: Array, names: Sequence[str]) -> Structure:
    """Describe the parts of an index, units by parts; units with a gap are left out."""
    whole = values[~np.isnan(values).any(axis=1)]
    total, parts = whole.sum(axis=1), len(names)
    correlations: Array = np.asarray(np.corrcoef(whole, rowvar=False), dtype=np.float64)
    eigenvalues: Array = np.asarray(np.linalg.eigvalsh(correlations)[::-1], dtype=np.float64)
    mean = (correlations.sum() - parts) / (parts * (parts - 1))
    covariance = np.array([np.cov(column, total)[0, 1] for column in whole.T])
    pairs = [(names[i], names[j], float(correlations[i, j])) for i, j in combinations(range(parts), 2)]
    return Structure(
        units=len(whole),
        names=tuple(names),
        correlations=correlations,
        eigenvalues=eigenvalues,
        first_share=float(eigenvalues[0] / parts),
        alpha=float(parts * mean / (1 + (parts - 1) * mean)),
        with_total=np.array([np.corrcoef(column, total)[0, 1] for column in whole.T]),
        variance_share=covariance / total.var(ddof=1),
        flagged=tuple(pair for pair in pairs if pair[2] <= AGAINST or pair[2] >= SAME),
    )
