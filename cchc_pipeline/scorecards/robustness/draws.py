"""Draw ranks under other choices and samples, compare them, describe the parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cchc_pipeline.scorecards.robustness.choices import Aggregation, Imputation, Normalisation, Weighting
from cchc_pipeline.scorecards.robustness.steps import Array, aggregate, impute, normalise, ranks_from_lowest, weights

Integers = npt.NDArray[np.intp]
_DRAWS_AT_ONCE = 2_000
#: Draws of weights and of samples that a factor of Sobol's, which is one number, can point at.
_POOL = 512
#: Share of the draws that an interval holds.
CONFIDENCE = 0.95
#: Correlations of two parts that are worth a remark: one works against the other, or says the same again.
AGAINST, SAME = -0.1, 0.92


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


def composite(values: Array, plan: Plan) -> Array:
    """Compute scores by the first choice of each list, figures as they are."""
    picks = Picks(np.zeros((1, len(plan.options)), dtype=np.intp), np.ones((1, values.shape[1])), None)
    return np.asarray(draw_scores(values, plan, picks)[0])


def uncertainty(values: Array, plan: Plan, draws: int = 10_000, *, seed: int = 1) -> pd.DataFrame:
    """Compute rank intervals over random choices, weights and samples.

    Args:
        values: units by parts, two of each at least; more is better.
        plan: the choices; each draw takes one of every list, all equally likely.
        draws: how many.
        seed: same seed, same result.

    Returns:
        What `spread` gives, with score and rank by the nominal choices.

    Raises:
        RobustnessError: the choices do not fit the table.
    """
    nominal = composite(values, plan)
    generator = np.random.default_rng(seed)
    found = np.empty((draws, len(values)))
    for start in range(0, draws, _DRAWS_AT_ONCE):
        count = min(_DRAWS_AT_ONCE, draws - start)
        found[start : start + count] = rank(draw_scores(values, plan, random_picks(plan, values, count, generator)))
    return spread(found).assign(score=nominal, rank=rank(nominal))


def spread(ranks: Array) -> pd.DataFrame:
    """Summarise the ranks of all draws, (draws, units), NaN where a unit had no rank.

    Returns:
        One row per unit: rank_low, rank_median and rank_high (better end, middle and worse end of the interval that
        holds 95 % of the draws) and first_quarter (share of draws in the first quarter of the units, 0 to 1).
    """
    known = np.flatnonzero(~np.isnan(ranks).all(axis=0))
    tail = 100 * (1 - CONFIDENCE) / 2
    # inverted_cdf gives ranks that occurred, not means of two
    ends = np.nanpercentile(ranks[:, known], [tail, 50, 100 - tail], axis=0, method="inverted_cdf")
    found = pd.DataFrame(ends.T, index=known, columns=["rank_low", "rank_median", "rank_high"])
    found["first_quarter"] = np.nanmean(ranks[:, known] <= np.ceil(len(known) / 4), axis=0)
    return found.reindex(range(ranks.shape[1]))


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


def open_factors(plan: Plan) -> dict[str, int]:
    """Return how many options each choice has that the plan leaves open."""
    options = {step: len(methods) for step, methods in plan.options.items()}
    options |= {"weight_noise": _POOL if plan.weight_noise else 1, "sampling_error": _POOL * plan.has_sampling_error}
    return {name: count for name, count in options.items() if count > 1}


def sensitivity(values: Array, plan: Plan, samples: int = 512, *, seed: int = 1) -> tuple[pd.DataFrame, float] | None:
    """Compute Sobol indices of the open choices; None where fewer than two are open.

    Args:
        values: units by parts, more is better.
        plan: the choices.
        samples: base sample N, a power of two; N (factors + 2) runs are made.
        seed: same seed, same result.

    Returns:
        By factor shares of the variance of the mean absolute change of rank: `first`, what it explains alone, `total`,
        with all its interactions, and half the width of their 95 % bootstrap intervals in `first_error` and
        `total_error`; and the mean of that change over all runs, in ranks.
    """
    from SALib.analyze import sobol as analysis  # costs a second, only where it is asked for
    from SALib.sample import sobol as sampling

    options = open_factors(plan)
    factors = list(options)
    if len(factors) < 2:
        return None
    problem = {"num_vars": len(factors), "names": factors, "bounds": [[0.0, 1.0]] * len(factors)}
    points = sampling.sample(problem, samples, calc_second_order=False, seed=seed)
    generator = np.random.default_rng(seed)
    noise = plan.weight_noise
    factor_pool = generator.uniform(1 - noise, 1 + noise, size=(_POOL, values.shape[1]))
    error_pool = generator.standard_normal((_POOL, *values.shape)) if plan.has_sampling_error else None
    nominal = rank(composite(values, plan))

    def picked(some: Array, name: str) -> Integers:
        if name not in factors:
            return np.zeros(len(some), dtype=np.intp)
        place = np.floor(some[:, factors.index(name)] * options[name]).astype(np.intp)
        return np.asarray(np.minimum(place, options[name] - 1))

    target = np.empty(len(points))
    for start in range(0, len(points), _DRAWS_AT_ONCE):
        some = points[start : start + _DRAWS_AT_ONCE]
        picks = Picks(
            np.stack([picked(some, step) for step in plan.options], axis=1),
            factor_pool[picked(some, "weight_noise")] if noise else np.ones((len(some), values.shape[1])),
            None if error_pool is None else error_pool[picked(some, "sampling_error")],
        )
        moved = np.abs(rank(draw_scores(values, plan, picks)) - nominal)
        target[start : start + len(some)] = np.nanmean(moved, axis=1)
    found = analysis.analyze(problem, target, calc_second_order=False, seed=seed)
    names = {"S1": "first", "S1_conf": "first_error", "ST": "total", "ST_conf": "total_error"}
    return pd.DataFrame({name: found[key] for key, name in names.items()}, index=factors), float(target.mean())


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
    from scipy.stats import spearmanr  # it costs a second in every process

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
