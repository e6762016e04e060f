"""Tell which choice matters most: Sobol indices of the change of ranks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cchc_pipeline.scorecards.robustness.choices import RobustnessError
from cchc_pipeline.scorecards.robustness.draws import Picks, Plan, composite, draw_scores
from cchc_pipeline.scorecards.robustness.statistics import rank
from cchc_pipeline.scorecards.robustness.steps import Array

_POOL = 512
_RUNS_AT_ONCE = 2_000


@dataclass(frozen=True)
class Sensitivity:
    """Shares of the variance of the mean absolute change of rank, by factor.

    `first` is what a factor explains alone, `total` what it explains with all its interactions; `_error` is half the
    width of the 95 % bootstrap interval. `mean_shift` is the mean of the target over all runs, in ranks.
    """

    factors: tuple[str, ...]
    first: Array
    first_error: Array
    total: Array
    total_error: Array
    mean_shift: float
    runs: int


def open_factors(plan: Plan) -> dict[str, int]:
    """Return how many options each choice has that the plan leaves open.

    The error of the survey and the noise of the weights point at one of a pool of draws, because a factor of Sobol's is
    one number.
    """
    options = {step: len(methods) for step, methods in plan.options.items()}
    options |= {"weight_noise": _POOL if plan.weight_noise else 1, "sampling_error": _POOL * plan.has_sampling_error}
    return {name: count for name, count in options.items() if count > 1}


def sensitivity(values: Array, plan: Plan, samples: int = 512, *, seed: int = 1) -> Sensitivity:
    """Compute first-order and total Sobol indices of the open choices.

    Args:
        values: units by parts, more is better.
        plan: the choices.
        samples: base sample N, a power of two; N (factors + 2) runs are made.
        seed: same seed, same result.

    Raises:
        RobustnessError: the plan leaves fewer than two choices open, or `samples` is no power of two.
    """
    from SALib.analyze import sobol as analysis  # costs a second, only where it is asked for
    from SALib.sample import sobol as sampling

    options = open_factors(plan)
    factors = list(options)
    if len(factors) < 2:
        raise RobustnessError(
            f"Sensitivity compares choices, and the plan leaves {len(factors)} open ({', '.join(factors) or 'none'}); "
            "give two or more lists with two or more options, weight noise, or standard errors."
        )
    if samples < 2 or samples & (samples - 1):
        raise RobustnessError(f"samples is {samples}; use a power of two, such as 512.")
    problem = {"num_vars": len(factors), "names": factors, "bounds": [[0.0, 1.0]] * len(factors)}
    points = sampling.sample(problem, samples, calc_second_order=False, seed=seed)
    generator = np.random.default_rng(seed)
    noise = plan.weight_noise
    factor_pool = generator.uniform(1 - noise, 1 + noise, size=(_POOL, values.shape[1]))
    error_pool = generator.standard_normal((_POOL, *values.shape)) if plan.has_sampling_error else None
    nominal = rank(composite(values, plan))

    def picked(some: Array, name: str) -> npt.NDArray[np.intp]:
        if name not in factors:
            return np.zeros(len(some), dtype=np.intp)
        place = np.floor(some[:, factors.index(name)] * options[name]).astype(np.intp)
        return np.asarray(np.minimum(place, options[name] - 1))

    target = np.empty(len(points))
    for start in range(0, len(points), _RUNS_AT_ONCE):
        some = points[start : start + _RUNS_AT_ONCE]
        picks = Picks(
            np.stack([picked(some, step) for step in plan.options], axis=1),
            factor_pool[picked(some, "weight_noise")] if noise else np.ones((len(some), values.shape[1])),
            None if error_pool is None else error_pool[picked(some, "sampling_error")],
        )
        moved = np.abs(rank(draw_scores(values, plan, picks)) - nominal)
        target[start : start + len(some)] = np.nanmean(moved, axis=1)
    found = analysis.analyze(problem, target, calc_second_order=False, seed=seed)
    return Sensitivity(
        tuple(factors),
        first=np.asarray(found["S1"], dtype=np.float64),
        first_error=np.asarray(found["S1_conf"], dtype=np.float64),
        total=np.asarray(found["ST"], dtype=np.float64),
        total_error=np.asarray(found["ST_conf"], dtype=np.float64),
        mean_shift=float(target.mean()),
        runs=len(points),
    )
