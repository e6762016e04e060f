"""What holds an index together: correlations, principal components, reliability, and what each part really weighs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
#: Pairs of parts worth a look: against each other, or nearly the same (OECD/JRC Handbook, step 4).
AGAINST, SAME = -0.1, 0.92


@dataclass(frozen=True)
class Structure:
    """Statistics of the parts over the units without gaps.

    Attributes:
        units: number of units counted.
        correlations: parts by parts, Pearson.
        eigenvalues: of the correlation matrix, largest first.
        first_share: share of the variance on the first component.
        alpha: Cronbach's alpha of the standardised parts.
        with_total: correlation of each part with the weighted sum.
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


def cronbach_alpha(correlations: Array) -> float:
    """Cronbach's alpha of standardised parts: k r / (1 + (k - 1) r), r being the mean correlation of k parts."""
    parts = len(correlations)
    mean = (correlations.sum() - parts) / (parts * (parts - 1))
    return float(parts * mean / (1 + (parts - 1) * mean))


def structure(values: Array, names: Sequence[str], weights: Array | None = None) -> Structure:
    """Statistics of the parts of an index; units with a gap are left out."""
    whole = values[~np.isnan(values).any(axis=1)]
    weighted = whole * (np.ones(whole.shape[1]) if weights is None else weights)
    total = weighted.sum(axis=1)
    correlations: Array = np.asarray(np.corrcoef(whole, rowvar=False), dtype=np.float64)
    eigenvalues: Array = np.asarray(np.linalg.eigvalsh(correlations)[::-1], dtype=np.float64)
    with_total = np.array([np.corrcoef(column, total)[0, 1] for column in whole.T])
    covariance = np.array([np.cov(column, total)[0, 1] for column in weighted.T])
    pairs = (
        (names[i], names[j], float(correlations[i, j])) for i in range(len(names)) for j in range(i + 1, len(names))
    )
    return Structure(
        units=len(whole),
        names=tuple(names),
        correlations=correlations,
        eigenvalues=eigenvalues,
        first_share=float(eigenvalues[0] / len(names)),
        alpha=cronbach_alpha(correlations),
        with_total=with_total,
        variance_share=covariance / total.var(ddof=1),
        flagged=tuple(pair for pair in pairs if pair[2] <= AGAINST or pair[2] >= SAME),
    )
