"""How much each part counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from cchc_pipeline.scorecards.robustness.errors import RobustnessError

Array = npt.NDArray[np.float64]
Weighting = Literal["equal", "given", "pca", "correlation_balanced"]
WEIGHTINGS: tuple[Weighting, ...] = ("equal", "given", "pca", "correlation_balanced")


def weights(values: Array, how: Weighting, *, given: Sequence[float] | None = None) -> Array:
    """One weight per part, none below zero, sum = number of parts.

    Args:
        values: units by parts without gaps.
        how: `equal`; `given`; `pca`: loadings of the first principal component of the correlation matrix, 0 where
            a part runs against it; `correlation_balanced`: such that every part correlates as equally as can be
            with the weighted sum of the standardised parts (what "important" should mean, after Paruolo, Saisana
            and Saltelli 2013).
        given: the weights for `given`, in any unit.

    Raises:
        RobustnessError: unknown choice, or given weights that do not fit.
    """
    parts = values.shape[1]
    if how == "equal":
        return np.ones(parts)
    if how == "given":
        if given is None or len(given) != parts or min(given) < 0 or sum(given) <= 0:
            raise RobustnessError(f"Weights must be {parts} numbers of zero or more, not all zero; got {given}.")
        return _scaled(np.asarray(given, dtype=np.float64))
    if how == "pca":
        return _scaled(np.maximum(first_component(values), 0.0))
    if how == "correlation_balanced":
        return _balanced(values)
    raise RobustnessError(f"Weighting {how!r} is unknown; use one of {', '.join(WEIGHTINGS)}.")


def first_component(values: Array) -> Array:
    """Loadings of the first principal component of the correlation matrix, signed so that their sum is positive."""
    _, vectors = np.linalg.eigh(np.corrcoef(values, rowvar=False))
    first = np.asarray(vectors[:, -1], dtype=np.float64)
    return first if first.sum() >= 0 else -first


def _balanced(values: Array) -> Array:
    """Weights whose correlations with the total differ least.

    With standardised parts the correlation of part i with the weighted sum is (Cw)_i / sqrt(w'Cw), C being the
    correlation matrix. Correlations are equal where C w is constant; where that needs a weight below zero, the
    nearest in the least-squares sense is taken.
    """
    correlations: Array = np.asarray(np.corrcoef(values, rowvar=False), dtype=np.float64)
    parts = len(correlations)

    def spread(candidate: Array) -> float:
        with_total = correlations @ candidate / np.sqrt(candidate @ correlations @ candidate)
        return float(np.var(with_total))

    found = minimize(
        spread,
        np.full(parts, 1.0),
        method="SLSQP",
        bounds=[(0.0, float(parts))] * parts,
        constraints={"type": "eq", "fun": lambda candidate: candidate.sum() - parts},
        options={"maxiter": 500, "ftol": 1e-14},
    )
    return _scaled(np.maximum(found.x, 0.0))


def _scaled(raw: Array) -> Array:
    return np.asarray(raw * len(raw) / raw.sum(), dtype=np.float64)
