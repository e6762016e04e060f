"""Units with gaps: which are left out, and what stands in for the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from cchc_pipeline.scorecards.robustness.errors import RobustnessError

Array = npt.NDArray[np.float64]
Imputation = Literal["none", "mean", "median", "group_mean", "previous"]
IMPUTATIONS: tuple[Imputation, ...] = ("none", "mean", "median", "group_mean", "previous")


@dataclass(frozen=True)
class Screened:
    """Which units stay: `kept` is a mask over the units, `reasons` has a sentence for each that goes."""

    kept: npt.NDArray[np.bool_]
    reasons: dict[int, str]


def screen(values: Array, least_available: float = 2 / 3) -> Screened:
    """Leave out units of which too little is known.

    Args:
        values: units by parts; NaN where there is no figure.
        least_available: share of the parts that a unit must have, 0 to 1.
    """
    available = np.mean(~np.isnan(values), axis=1)
    kept = available >= least_available - 1e-12
    reasons = {
        int(unit): f"Có {available[unit]:.0%} số liệu, dưới mức {least_available:.0%}" for unit in np.flatnonzero(~kept)
    }
    return Screened(kept, reasons)


def impute(
    values: Array,
    how: Imputation,
    *,
    groups: Sequence[Any] | None = None,
    previous: Array | None = None,
) -> Array:
    """`values` without gaps, or with those that the choice cannot fill.

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
    if how not in IMPUTATIONS:
        raise RobustnessError(f"Imputation {how!r} is unknown; use one of {', '.join(IMPUTATIONS)}.")
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
        labels = np.asarray(groups)
        fill = fill.copy()
        for label in np.unique(labels):
            members = labels == label
            counts = (~gaps[members]).sum(axis=0)
            sums = np.where(gaps[members], 0.0, values[members]).sum(axis=0)
            fill[members] = np.where(counts > 0, sums / np.maximum(counts, 1), middle)
    return np.where(gaps, fill, values)
