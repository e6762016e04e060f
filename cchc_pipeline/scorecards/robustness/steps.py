"""Turn units by parts into scores: impute, normalise, weigh, aggregate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from cchc_pipeline.scorecards.robustness.choices import (
    Aggregation,
    Imputation,
    Normalisation,
    RobustnessError,
    Weighting,
)

Array = npt.NDArray[np.float64]
_DRAWS_AT_ONCE = 256


def impute(
    values: Array, how: Imputation, *, groups: Sequence[Any] | None = None, previous: Array | None = None
) -> Array:
    """Fill gaps; those that the choice cannot fill stay.

    Args:
        values: units by parts; NaN where there is no figure.
        how: `none` leaves the gaps; `mean` and `median` are those of the part over all units; `group_mean` that
            of the unit's group, or of all where the group has no figure; `previous` the unit's figure of the year
            before, where the part is comparable.
        groups: a label per unit, for `group_mean`.
        previous: the year before in the same shape, NaN where the instrument broke, for `previous`.

    Raises:
        RobustnessError: what the choice needs was not given, or has another shape.
    """
    gaps = np.isnan(values)
    if how == "none" or not gaps.any():
        return values.copy()
    if how == "previous":
        if previous is None or previous.shape != values.shape:
            raise RobustnessError("Imputation 'previous' needs last year's table with the same units and parts.")
        return np.where(gaps, previous, values)
    middle = np.nanmedian(values, axis=0) if how == "median" else np.nanmean(values, axis=0)
    fill = np.broadcast_to(middle, values.shape)
    if how == "group_mean":
        if groups is None or len(groups) != len(values):
            raise RobustnessError("Imputation 'group_mean' needs the group of every unit.")
        of_groups = pd.DataFrame(values).groupby(np.asarray(groups)).transform("mean").to_numpy()
        fill = np.where(np.isnan(of_groups), middle, of_groups)
    return np.where(gaps, fill, values)


def ranks_from_lowest(values: Array, axis: int, method: Literal["average", "min"]) -> Array:
    """Rank values along an axis, lowest first (1); NaN stays and is not counted."""
    last = np.moveaxis(values, axis, -1)
    found = pd.DataFrame(last.reshape(-1, last.shape[-1])).rank(axis=1, method=method).to_numpy(np.float64)
    return np.moveaxis(found.reshape(last.shape), -1, axis)


def normalise(values: Array, how: Normalisation, *, bounds: Array | None = None) -> Array:
    """Put parts on one scale, so that they can be added up; NaN stays NaN.

    Args:
        values: (..., units, parts); more is better.
        how: `none` takes the parts as published (they must share a scale); `goalposts` puts the bounds of the
            answer scale at 1 and 100; `minmax` the lowest and highest unit; `zscore` is 50 + 10 z with the
            sample's standard deviation, 1 at least; `rank` counts the units from the worst (1), ties shared (Borda's
            count plus one); `share_of_best` is the percentage of the best unit's value.
        bounds: (2, parts) lowest and highest possible value, for `goalposts`.

    Raises:
        RobustnessError: no bounds, or a part in which all units are equal where the choice divides by their spread.
    """
    if how == "none":
        return values
    if how == "rank":
        return ranks_from_lowest(values, -2, "average")
    if how == "share_of_best":
        best = np.nanmax(values, axis=-2, keepdims=True)
        if (best <= 0).any():
            raise RobustnessError("share_of_best needs values above zero; choose minmax.")
        return 100 * values / best
    if how == "goalposts":
        if bounds is None:
            raise RobustnessError("goalposts need the bounds of every part; give them or choose minmax.")
        low, width = bounds[0], bounds[1] - bounds[0]
    elif how == "minmax":
        low = np.nanmin(values, axis=-2, keepdims=True)
        width = np.nanmax(values, axis=-2, keepdims=True) - low
    else:
        low = np.nanmean(values, axis=-2, keepdims=True)
        width = np.nanstd(values, axis=-2, ddof=1, keepdims=True)
    if (width <= 0).any():
        part = int(np.argwhere(width <= 0)[0][-1])
        raise RobustnessError(f"{how}: all units are equal in part {part + 1}; leave that part out.")
    placed = (values - low) / width
    return np.maximum(50 + 10 * placed, 1) if how == "zscore" else 1 + 99 * placed


def weights(values: Array, how: Weighting, *, given: Sequence[float] | None = None) -> Array:
    """Compute one weight per part, none below zero, sum = number of parts.

    Args:
        values: units by parts without gaps.
        how: `equal`; `given`; `pca`: loadings of the first principal component of the correlation matrix, 0 where
            a part runs against it; `correlation_balanced`: such that every part correlates as equally as can be
            with the weighted sum of the standardised parts (what "important" should mean, after Paruolo, Saisana
            and Saltelli 2013).
        given: the weights for `given`, in any unit: one per part, none below zero, not all zero.
    """
    parts = values.shape[1]
    if how == "equal":
        return np.ones(parts)
    if how == "given":
        found = np.asarray(given, dtype=np.float64)
    elif how == "pca":
        first = np.linalg.eigh(np.corrcoef(values, rowvar=False))[1][:, -1]
        found = np.maximum(first if first.sum() >= 0 else -first, 0.0)
    else:
        found = _correlation_balanced(np.asarray(np.corrcoef(values, rowvar=False)))
    return np.asarray(found * parts / found.sum(), dtype=np.float64)


def _correlation_balanced(correlations: Array) -> Array:
    """Find weights whose correlations with the total differ least.

    With standardised parts the correlation of part i with the weighted sum is (Cw)_i / sqrt(w'Cw), C being the
    correlation matrix. Correlations are equal where C w is constant; where that needs a weight below zero, the
    nearest in the least-squares sense is taken.
    """
    from scipy.optimize import minimize  # it costs half a second in every process

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
    return np.maximum(found.x, 0.0)


def aggregate(values: Array, weights: Array, how: Aggregation) -> Array:
    """Compute one score per unit, (..., units); NaN for a unit with a gap.

    Args:
        values: (..., units, parts).
        weights: (parts,) or (..., parts), of zero or more.
        how: weighted `arithmetic`, `geometric` or `harmonic` mean; `copeland`: for every pair of units the weights
            of the parts in which one is ahead (half where they are equal) are added up; a unit's score is the
            number of pairs it wins less those it loses.

    Raises:
        RobustnessError: values of zero or less where a logarithm or a reciprocal is taken.
    """
    share = weights / weights.sum(axis=-1, keepdims=True)
    if how == "copeland":
        return _copeland(values, share)
    across = share[..., None, :]
    if how == "arithmetic":
        return np.asarray((values * across).sum(axis=-1))
    if np.nanmin(values) <= 0:
        raise RobustnessError(f"A {how} mean needs values above zero; normalise first.")
    if how == "geometric":
        return np.asarray(np.exp((np.log(values) * across).sum(axis=-1)))
    return np.asarray(1 / (across / values).sum(axis=-1))


def _copeland(values: Array, share: Array) -> Array:
    """Count wins less losses; in slices, as all pairs of units are compared."""
    shape = values.shape[:-1]
    stack = values.reshape(-1, *values.shape[-2:])
    shares = np.broadcast_to(share, (*values.shape[:-2], values.shape[-1])).reshape(len(stack), -1)
    scores = np.empty(stack.shape[:2])
    for start in range(0, len(stack), _DRAWS_AT_ONCE):
        some, weight = stack[start : start + _DRAWS_AT_ONCE], shares[start : start + _DRAWS_AT_ONCE]
        ahead = np.zeros((len(some), some.shape[1], some.shape[1]))
        for part in range(some.shape[2]):
            column = some[:, :, part]
            ahead += weight[:, part, None, None] * np.sign(column[:, :, None] - column[:, None, :])
        won = np.sign(np.where(np.abs(ahead) < 1e-12, 0.0, ahead))
        # who has a gap meets nobody, and the others count the pairs that are left
        scores[start : start + _DRAWS_AT_ONCE] = np.nansum(won, axis=2)
    scores[np.isnan(stack).any(axis=2)] = np.nan
    return scores.reshape(shape)
