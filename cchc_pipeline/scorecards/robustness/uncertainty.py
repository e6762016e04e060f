"""Thousands of draws: what scores and ranks could have been under other choices and another sample of people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from cchc_pipeline.scorecards.robustness.aggregate import Aggregation, aggregate
from cchc_pipeline.scorecards.robustness.errors import RobustnessError
from cchc_pipeline.scorecards.robustness.imputation import Imputation, impute
from cchc_pipeline.scorecards.robustness.normalise import Normalisation, normalise
from cchc_pipeline.scorecards.robustness.ranks import rank
from cchc_pipeline.scorecards.robustness.weights import Weighting, weights

Array = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]
_DRAWS_AT_ONCE = 2_000
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Plan:
    """Which choices are open, and how large the error of the figures is. The first of each is the nominal one.

    Attributes:
        normalisations: see `normalise`.
        weightings: see `weights`.
        aggregations: see `aggregate`.
        imputations: see `impute`.
        weight_noise: weights vary uniformly by this share up and down (0.25: from 75 % to 125 %).
        standard_errors: (units, parts) standard error of every figure, NaN or 0 where it has none; normal and
            independent. None: the figures are taken as exact.
        bounds: (2, parts) for goalposts.
        given: weights for the weighting `given`.
        groups: a label per unit for `group_mean`.
        previous: last year's figures for `previous`.
    """

    normalisations: tuple[Normalisation, ...] = ("none",)
    weightings: tuple[Weighting, ...] = ("equal",)
    aggregations: tuple[Aggregation, ...] = ("arithmetic",)
    imputations: tuple[Imputation, ...] = ("none",)
    weight_noise: float = 0.0
    standard_errors: Array | None = field(default=None, repr=False)
    bounds: Array | None = field(default=None, repr=False)
    given: Sequence[float] | None = None
    groups: Sequence[Any] | None = field(default=None, repr=False)
    previous: Array | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for name in ("normalisations", "weightings", "aggregations", "imputations"):
            if not getattr(self, name):
                raise RobustnessError(f"The plan has no {name}; give at least the nominal one.")
        if not 0 <= self.weight_noise < 1:
            raise RobustnessError(f"weight_noise is {self.weight_noise}; use a share from 0 to below 1.")

    @property
    def has_sampling_error(self) -> bool:
        """Whether figures vary by the error of the survey."""
        return self.standard_errors is not None and bool(np.nansum(np.abs(self.standard_errors)) > 0)


@dataclass(frozen=True)
class Picks:
    """One choice per draw: positions in the plan's lists, factors on the weights, and errors in standard errors."""

    normalisation: Integers
    weighting: Integers
    aggregation: Integers
    imputation: Integers
    weight_factors: Array
    errors: Array | None

    def __len__(self) -> int:
        return len(self.normalisation)


@dataclass(frozen=True)
class Spread:
    """Ends and middle of the ranks of each unit, and the share of draws in the first quarter; NaN without a rank."""

    low: Array
    median: Array
    high: Array
    share_first_quarter: Array


@dataclass(frozen=True)
class Intervals:
    """What became of the units in all draws; arrays over the units, NaN for a unit without a score.

    `rank_low` is the better and `rank_high` the worse end of the interval that holds `confidence` of the draws.
    """

    draws: int
    confidence: float
    nominal_score: Array
    nominal_rank: Array
    rank_low: Array
    rank_median: Array
    rank_high: Array
    share_first_quarter: Array

    @property
    def width(self) -> Array:
        """Ranks between the ends of the interval."""
        return np.asarray(self.rank_high - self.rank_low)


def composite(values: Array, plan: Plan) -> Array:
    """The nominal score of every unit: the first choice of each list, figures as they are."""
    first = np.zeros(1, dtype=np.intp)
    picks = Picks(first, first, first, first, np.ones((1, values.shape[1])), None)
    return np.asarray(draw_scores(values, plan, picks)[0])


def uncertainty(
    values: Array, plan: Plan, draws: int = 10_000, *, seed: int = 1, confidence: float = CONFIDENCE
) -> Intervals:
    """Rank intervals over random choices, weights and samples.

    Args:
        values: units by parts, more is better.
        plan: the choices; each draw takes one of every list, all equally likely.
        draws: how many.
        seed: same seed, same result.
        confidence: share of the draws inside the interval.

    Raises:
        RobustnessError: the table or the plan cannot be used.
    """
    if values.ndim != 2 or values.shape[0] < 2 or values.shape[1] < 2:
        raise RobustnessError(f"An index needs two units and two parts at least; got a table of {values.shape}.")
    nominal = composite(values, plan)
    generator = np.random.default_rng(seed)
    found = np.empty((draws, len(values)))
    for start in range(0, draws, _DRAWS_AT_ONCE):
        count = min(_DRAWS_AT_ONCE, draws - start)
        found[start : start + count] = rank(draw_scores(values, plan, random_picks(plan, values, count, generator)))
    held = spread(found, confidence)
    return Intervals(
        draws, confidence, nominal, rank(nominal), held.low, held.median, held.high, held.share_first_quarter
    )


def spread(ranks: Array, confidence: float = CONFIDENCE) -> Spread:
    """What the ranks of all draws say about each unit.

    Args:
        ranks: (draws, units), NaN where a unit had no rank.
        confidence: share of the draws that the interval holds.
    """
    known = ~np.isnan(ranks).all(axis=0)
    low, median, high, first_quarter = (np.full(ranks.shape[1], np.nan) for _ in range(4))
    tail = 100 * (1 - confidence) / 2
    # inverted_cdf gives ranks that occurred, not means of two
    ends = np.nanpercentile(ranks[:, known], [tail, 50, 100 - tail], axis=0, method="inverted_cdf")
    low[known], median[known], high[known] = ends
    first_quarter[known] = np.nanmean(ranks[:, known] <= np.ceil(known.sum() / 4), axis=0)
    return Spread(low, median, high, first_quarter)


def random_picks(plan: Plan, values: Array, count: int, generator: np.random.Generator) -> Picks:
    """Random choices, each option of a list equally likely."""
    spread = plan.weight_noise
    return Picks(
        generator.integers(len(plan.normalisations), size=count),
        generator.integers(len(plan.weightings), size=count),
        generator.integers(len(plan.aggregations), size=count),
        generator.integers(len(plan.imputations), size=count),
        generator.uniform(1 - spread, 1 + spread, size=(count, values.shape[1])),
        generator.standard_normal((count, *values.shape)) if plan.has_sampling_error else None,
    )


def draw_scores(values: Array, plan: Plan, picks: Picks) -> Array:
    """Scores (draws, units) under the picks; draws that share their choices are computed together."""
    scores = np.full((len(picks), len(values)), np.nan)
    steps = {how: impute(values, how, groups=plan.groups, previous=plan.previous) for how in plan.imputations}
    whole = {how: filled[~np.isnan(filled).any(axis=1)] for how, filled in steps.items()}
    vectors = {
        (imputed, how): weights(whole[imputed], how, given=plan.given)
        for imputed, how in product(plan.imputations, plan.weightings)
    }
    for members, normalisation, weighting, aggregation, imputation in _groups(plan, picks):
        filled = steps[imputation]
        kept = ~np.isnan(filled).any(axis=1)
        some = np.broadcast_to(filled[kept], (len(members), int(kept.sum()), values.shape[1]))
        if picks.errors is not None and plan.standard_errors is not None:
            some = some + picks.errors[members][:, kept] * np.nan_to_num(plan.standard_errors)[kept]
            if plan.bounds is not None:
                some = np.clip(some, plan.bounds[0], plan.bounds[1])
        vector = vectors[imputation, weighting] * picks.weight_factors[members]
        scored = aggregate(normalise(some, normalisation, bounds=plan.bounds), vector, aggregation)
        scores[np.ix_(members, np.flatnonzero(kept))] = scored
    return scores


def _groups(plan: Plan, picks: Picks) -> Iterator[tuple[Integers, Normalisation, Weighting, Aggregation, Imputation]]:
    every = np.stack([picks.normalisation, picks.weighting, picks.aggregation, picks.imputation], axis=1)
    combinations, which = np.unique(every, axis=0, return_inverse=True)
    for number, (normalisation, weighting, aggregation, imputation) in enumerate(combinations):
        yield (
            np.flatnonzero(which.ravel() == number),
            plan.normalisations[normalisation],
            plan.weightings[weighting],
            plan.aggregations[aggregation],
            plan.imputations[imputation],
        )
