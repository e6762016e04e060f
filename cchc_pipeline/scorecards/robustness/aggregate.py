"""Many parts into one score."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from cchc_pipeline.scorecards.robustness.errors import RobustnessError

Array = npt.NDArray[np.float64]
Aggregation = Literal["arithmetic", "geometric", "harmonic", "copeland"]
AGGREGATIONS: tuple[Aggregation, ...] = ("arithmetic", "geometric", "harmonic", "copeland")
_DRAWS_AT_ONCE = 256


def aggregate(values: Array, weights: Array, how: Aggregation) -> Array:
    """One score per unit, (..., units); more is better. A unit with a gap gets NaN.

    Args:
        values: (..., units, parts).
        weights: (parts,) or (..., parts), of zero or more.
        how: weighted `arithmetic`, `geometric` or `harmonic` mean; `copeland`: for every pair of units the weights
            of the parts in which one is ahead (half where they are equal) are added up; a unit's score is the
            number of pairs it wins less those it loses.

    Raises:
        RobustnessError: unknown choice, or values of zero or less where a logarithm or a reciprocal is taken.
    """
    share = weights / weights.sum(axis=-1, keepdims=True)
    across = share[..., None, :]
    if how == "arithmetic":
        return np.asarray((values * across).sum(axis=-1))
    if how in ("geometric", "harmonic"):
        if np.nanmin(values) <= 0:
            raise RobustnessError(f"A {how} mean needs values above zero; normalise first.")
        if how == "geometric":
            return np.asarray(np.exp((np.log(values) * across).sum(axis=-1)))
        return np.asarray(1 / (across / values).sum(axis=-1))
    if how == "copeland":
        return _copeland(values, share)
    raise RobustnessError(f"Aggregation {how!r} is unknown; use one of {', '.join(AGGREGATIONS)}.")


def _copeland(values: Array, share: Array) -> Array:
    """Wins less losses; draws in slices, because every pair of units is compared in every part."""
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
        scores[start : start + _DRAWS_AT_ONCE] = won.sum(axis=2)
        if np.isnan(won).any():  # who has a gap meets nobody, and the others count the pairs that are left
            scores[start : start + _DRAWS_AT_ONCE] = np.nansum(won, axis=2)
    scores[np.isnan(stack).any(axis=2)] = np.nan
    return scores.reshape(shape)
