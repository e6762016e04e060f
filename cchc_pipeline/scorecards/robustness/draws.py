"""Draw scores and ranks under other choices, weights and samples of people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from cchc_pipeline.scorecards.robustness.choices import (
    Aggregation,
    Imputation,
    Normalisation,
    RobustnessError,
    Weighting,
)
from cchc_pipeline.scorecards.robustness.statistics import rank
from cchc_pipeline.scorecards.robustness.steps import Array, aggregate, impute, normalise, weights

Integers = npt.NDArray[np.intp]
_DRAWS_AT_ONCE = 2_000
#: Share of the draws that an interval holds.
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Plan:
    """Which choices are open, the first of each nominal, and the error of figures.

    Attributes:
        normalisations, weightings, aggregations, imputations: see the functions in `steps`.
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
        for name, options in self.options.items():
            if not options:
                raise RobustnessError(f"The plan has no {name}s; give at least the nominal one.")
        if not 0 <= self.weight_noise < 1:
            raise RobustnessError(f"weight_noise is {self.weight_noise}; use a share from 0 to below 1.")

    @property
    def options(self) -> dict[str, tuple[Any, ...]]:
        """Return methods by the step at which one is chosen."""
        return {
            "normalisation": self.normalisations,
            "weighting": self.weightings,
            "aggregation": self.aggregations,
            "imputation": self.imputations,
        }

    @property
    def has_sampling_error(self) -> bool:
        """Return whether figures vary by the error of the survey."""
        return self.standard_errors is not None and bool(np.nansum(np.abs(self.standard_errors)) > 0)

    def filled(self, values: Array, how: Imputation) -> Array:
        """Return `values` with gaps filled; see `steps.impute`."""
        return impute(values, how, groups=self.groups, previous=self.previous)


@dataclass(frozen=True)
class Picks:
    """What each draw takes.

    Attributes:
        methods: (draws, steps) positions in `Plan.options`, in their order.
        weight_factors: (draws, parts).
        errors: (draws, units, parts) in standard errors; None without a survey error.
    """

    methods: Integers
    weight_factors: Array
    errors: Array | None


@dataclass(frozen=True)
class Spread:
    """What all draws say about each unit's rank; arrays over units, NaN for none.

    `rank_low` is the better and `rank_high` the worse end of the interval that holds 95 % of the draws,
    `share_first_quarter` the share of draws in the first quarter of the units, 0 to 1.
    """

    rank_low: Array
    rank_median: Array
    rank_high: Array
    share_first_quarter: Array


@dataclass(frozen=True)
class Intervals(Spread):
    """A spread with the score and the rank by the nominal choices."""

    nominal_score: Array
    nominal_rank: Array


def composite(values: Array, plan: Plan) -> Array:
    """Compute scores by the first choice of each list, figures as they are."""
    picks = Picks(np.zeros((1, len(plan.options)), dtype=np.intp), np.ones((1, values.shape[1])), None)
    return np.asarray(draw_scores(values, plan, picks)[0])


def uncertainty(values: Array, plan: Plan, draws: int = 10_000, *, seed: int = 1) -> Intervals:
    """Compute rank intervals over random choices, weights and samples.

    Args:
        values: units by parts, more is better.
        plan: the choices; each draw takes one of every list, all equally likely.
        draws: how many.
        seed: same seed, same result.

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
    return Intervals(**vars(spread(found)), nominal_score=nominal, nominal_rank=rank(nominal))


def spread(ranks: Array) -> Spread:
    """Summarise the ranks of all draws, (draws, units), NaN where a unit had no rank."""
    known = ~np.isnan(ranks).all(axis=0)
    low, median, high, first_quarter = (np.full(ranks.shape[1], np.nan) for _ in range(4))
    tail = 100 * (1 - CONFIDENCE) / 2
    # inverted_cdf gives ranks that occurred, not means of two
    ends = np.nanpercentile(ranks[:, known], [tail, 50, 100 - tail], axis=0, method="inverted_cdf")
    low[known], median[known], high[known] = ends
    first_quarter[known] = np.nanmean(ranks[:, known] <= np.ceil(known.sum() / 4), axis=0)
    return Spread(low, median, high, first_quarter)


def random_picks(plan: Plan, values: Array, count: int, generator: np.random.Generator) -> Picks:
    """Pick at random for `count` draws, each option of a list equally likely."""
    noise = plan.weight_noise
    return Picks(
        np.stack([generator.integers(len(options), size=count) for options in plan.options.values()], axis=1),
        generator.uniform(1 - noise, 1 + noise, size=(count, values.shape[1])),
        generator.standard_normal((count, *values.shape)) if plan.has_sampling_error else None,
    )


def draw_scores(values: Array, plan: Plan, picks: Picks) -> Array:
    """Compute scores (draws, units) under the picks, those of equal methods at once."""
    scores = np.full((len(picks.methods), len(values)), np.nan)
    steps = {how: plan.filled(values, how) for how in plan.imputations}
    whole = {how: filled[~np.isnan(filled).any(axis=1)] for how, filled in steps.items()}
    vectors = {
        (imputed, how): weights(whole[imputed], how, given=plan.given)
        for imputed, how in product(plan.imputations, plan.weightings)
    }
    combinations, which = np.unique(picks.methods, axis=0, return_inverse=True)
    for number, combination in enumerate(combinations):
        members = np.flatnonzero(which.ravel() == number)
        normalisation, weighting, aggregation, imputation = (
            options[place] for options, place in zip(plan.options.values(), combination, strict=True)
        )
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
