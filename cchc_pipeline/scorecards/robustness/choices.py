"""Name the methods that can be chosen at each step of a composite index."""

from __future__ import annotations

from typing import Literal, get_args

from cchc_pipeline.errors import CchcError

Imputation = Literal["none", "mean", "median", "group_mean", "previous"]
Normalisation = Literal["none", "goalposts", "minmax", "zscore", "rank", "share_of_best"]
Weighting = Literal["equal", "given", "pca", "correlation_balanced"]
Aggregation = Literal["arithmetic", "geometric", "harmonic", "copeland"]
IMPUTATIONS: tuple[Imputation, ...] = get_args(Imputation)
NORMALISATIONS: tuple[Normalisation, ...] = get_args(Normalisation)
WEIGHTINGS: tuple[Weighting, ...] = get_args(Weighting)
AGGREGATIONS: tuple[Aggregation, ...] = get_args(Aggregation)


class RobustnessError(CchcError):
    """A table or a choice cannot be used; the message names the culprit and the fix."""
