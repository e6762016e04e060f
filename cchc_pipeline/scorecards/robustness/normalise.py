"""Parts on one scale, so that they can be added up."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from cchc_pipeline.scorecards.robustness.errors import RobustnessError

Array = npt.NDArray[np.float64]
Normalisation = Literal["none", "goalposts", "minmax", "zscore", "rank", "share_of_best"]
NORMALISATIONS: tuple[Normalisation, ...] = ("none", "goalposts", "minmax", "zscore", "rank", "share_of_best")
LOWEST, HIGHEST = 1.0, 100.0
_CENTRE, _SPREAD = 50.0, 10.0


def ranks_with_gaps(values: Array, *, axis: int, method: Literal["average", "min"]) -> Array:
    """Ranks from the lowest (1) along an axis; NaN stays NaN and is not counted."""
    gaps = np.isnan(values)
    if not gaps.any():
        return np.asarray(rankdata(values, axis=axis, method=method), dtype=np.float64)
    # NaN sorts last: as infinity it disturbs no rank before it
    ranks = rankdata(np.where(gaps, np.inf, values), axis=axis, method=method)
    return np.asarray(np.where(gaps, np.nan, ranks), dtype=np.float64)


def normalise(values: Array, how: Normalisation, *, bounds: Array | None = None) -> Array:
    """`values` on the scale of the choice; NaN stays NaN.

    Args:
        values: (..., units, parts); more is better.
        how: `none` takes the parts as published (they must share a scale); `goalposts` puts the bounds of the
            answer scale at 1 and 100; `minmax` the lowest and highest unit; `zscore` is 50 + 10 z with the
            sample's standard deviation; `rank` counts the units from the worst (1), ties shared (Borda's count
            plus one); `share_of_best` is the percentage of the best unit's value.
        bounds: (2, parts) lowest and highest possible value, for `goalposts`.

    Raises:
        RobustnessError: unknown choice, no bounds, or a part in which all units are equal where the choice
            divides by their spread.
    """
    if how == "none":
        return values
    if how == "rank":
        return ranks_with_gaps(values, axis=-2, method="average")
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
    elif how == "zscore":
        low = np.nanmean(values, axis=-2, keepdims=True)
        width = np.nanstd(values, axis=-2, ddof=1, keepdims=True)
    else:
        raise RobustnessError(f"Normalisation {how!r} is unknown; use one of {', '.join(NORMALISATIONS)}.")
    if (width <= 0).any():
        part = int(np.argwhere(width <= 0)[0][-1])
        raise RobustnessError(f"{how}: all units are equal in part {part + 1}; leave that part out.")
    placed = (values - low) / width
    if how == "zscore":
        return np.maximum(_CENTRE + _SPREAD * placed, LOWEST)
    return LOWEST + (HIGHEST - LOWEST) * placed
