"""How sure a PAPI rank is: the questions of `robustness`, asked of one year's dimensions.

The publisher prints no ranks and one standard error per province, of the total; how it divides over the dimensions is
not printed. Here every dimension gets the same share of its variance, independent of the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from cchc_pipeline.reference.papi_instrument import PROVINCES, PapiTableError, comparable_since, instrument
from cchc_pipeline.scorecards import robustness as rb
from cchc_pipeline.scorecards.robustness.aggregate import Aggregation
from cchc_pipeline.scorecards.robustness.imputation import Imputation
from cchc_pipeline.scorecards.robustness.normalise import Normalisation
from cchc_pipeline.scorecards.robustness.weights import Weighting

Array = npt.NDArray[np.float64]
WEIGHT_NOISE = 0.25
#: Share of the dimensions that a province must have to be ranked with the others filled in.
LEAST_AVAILABLE = 2 / 3
#: z of a two-sided interval of 95 %: two provinces differ where their totals do by more than z standard errors.
Z_95 = 1.96


@dataclass(frozen=True)
class Choices:
    """Which choices of method are open; the first of each list is the nominal one.

    Attributes:
        normalisations, weightings, aggregations, imputations: see `cchc_pipeline.scorecards.robustness`.
        weight_noise: share by which every weight varies up and down.
        least_available: share of the dimensions that a province must have; None: all, or LEAST_AVAILABLE where gaps
            are filled.
        given: weights of the dimensions for the weighting `given`.
        groups: group by P01 to P63 for the imputation `group_mean`.
        previous: dimensions of the year before (`dimensions`) for the imputation `previous`; a dimension whose
            instrument changed since is not used.
    """

    normalisations: tuple[Normalisation, ...] = ("none", "minmax", "zscore", "rank")
    weightings: tuple[Weighting, ...] = ("equal", "pca", "correlation_balanced")
    aggregations: tuple[Aggregation, ...] = ("arithmetic", "geometric", "harmonic", "copeland")
    imputations: tuple[Imputation, ...] = ("none",)
    weight_noise: float = WEIGHT_NOISE
    least_available: float | None = None
    given: tuple[float, ...] | None = None
    groups: pd.Series | None = field(default=None, repr=False)
    previous: pd.DataFrame | None = field(default=None, repr=False)

    @property
    def least(self) -> float:
        """The share of the dimensions that a province must have."""
        if self.least_available is not None:
            return self.least_available
        return 1.0 if self.imputations == ("none",) else LEAST_AVAILABLE


USUAL = Choices()


@dataclass(frozen=True)
class Audit:
    """What a ranking of one year rests on.

    Attributes:
        year: year of the survey.
        structure: correlations, components, alpha, effective weights of the dimensions.
        shifts: how far the ranking moves under each other method, and without each dimension.
        intervals: one row per province: score (mean of the dimensions x their number), rank, rank_low, rank_median,
            rank_high, first_quarter (share of draws), imputed (dimensions that were filled in), reason where there
            is no rank.
        sensitivity: which choice moves the ranks most; None where fewer than two are open.
        pairs_apart: share of the pairs of provinces whose totals differ by more than Z_95 standard errors of their
            difference, provinces taken as independent; None without standard errors.
    """

    year: int
    structure: rb.Structure
    shifts: tuple[rb.Shift, ...]
    intervals: pd.DataFrame
    sensitivity: rb.Sensitivity | None
    pairs_apart: float | None


def dimensions(composed: pd.DataFrame, year: int) -> pd.DataFrame:
    """Provinces by dimensions of a composed year (`papi.compose`); NaN where a dimension is missing."""
    wanted = list(instrument(year).dimensions)
    rows = composed[composed["level"] == "dimension"]
    return rows.set_index(["province", "code"])["score"].unstack("code").reindex(index=list(PROVINCES))[wanted]  # noqa: PD010


def audit(
    composed: pd.DataFrame,
    year: int,
    *,
    standard_errors: pd.Series | None = None,
    choices: Choices = USUAL,
    draws: int = 10_000,
    samples: int = 512,
    seed: int = 1,
) -> Audit:
    """Examine the ranking of one year.

    Args:
        composed: what `papi.compose` gives.
        year: its year.
        standard_errors: standard error of each province's total, in points, by P01 to P63; provinces that it lacks
            count as exact. None: no survey error is propagated, and the intervals are too narrow for it.
        choices: which choices of method are open.
        draws: draws behind the intervals.
        samples: base sample of the Sobol indices, a power of two.
        seed: same seed, same result.

    Raises:
        PapiTableError: fewer than two provinces have enough dimensions.
        RobustnessError: a choice lacks what it needs, such as groups for `group_mean`.
    """
    table = dimensions(composed, year)
    names = [str(code) for code in table.columns]
    values = table.to_numpy(dtype=np.float64)
    screened = rb.screen(values, choices.least)
    kept = table.loc[screened.kept]
    plan = plan_of(kept, standard_errors, choices, year)
    filled = rb.impute(kept.to_numpy(), plan.imputations[0], groups=plan.groups, previous=plan.previous)
    ranked: npt.NDArray[np.bool_] = np.asarray(~np.isnan(filled).any(axis=1))
    if ranked.sum() < 2:
        raise PapiTableError(
            f"PAPI {year}: fewer than two provinces have all dimensions; nothing can be ranked. Fill gaps with "
            "--imputation, or load a table that has them."
        )
    found = rb.uncertainty(kept.to_numpy(), plan, draws, seed=seed)
    shown = pd.DataFrame(index=table.index)
    for name, column in (
        ("score", found.nominal_score * len(names)),
        ("rank", found.nominal_rank),
        ("rank_low", found.rank_low),
        ("rank_median", found.rank_median),
        ("rank_high", found.rank_high),
        ("first_quarter", found.share_first_quarter),
    ):
        shown.loc[screened.kept, name] = column
    gaps = pd.Series(
        [", ".join(code for code, gap in zip(names, row, strict=True) if gap) or None for row in np.isnan(values)],
        index=table.index,
        dtype=object,
    )
    shown["imputed"] = gaps.where(shown["rank"].notna(), None)
    reasons = {table.index[unit]: reason for unit, reason in screened.reasons.items()}
    reasons |= {code: f"Thiếu {gaps[code]}" for code, has in zip(kept.index, ranked, strict=True) if not has}
    shown["reason"] = pd.Series(reasons, dtype=object).reindex(shown.index)
    is_open = sum(len(one) > 1 for one in (plan.normalisations, plan.weightings, plan.aggregations, plan.imputations))
    is_open += bool(plan.weight_noise) + plan.has_sampling_error
    return Audit(
        year,
        rb.structure(filled[ranked], names),
        tuple(_shifts(kept.to_numpy(), plan, names)),
        shown.rename_axis("province").reset_index(),
        rb.sensitivity(kept.to_numpy(), plan, samples, seed=seed) if is_open > 1 else None,
        None if standard_errors is None else pairs_apart(shown["score"], standard_errors),
    )


def plan_of(
    table: pd.DataFrame, standard_errors: pd.Series | None = None, choices: Choices = USUAL, year: int | None = None
) -> rb.Plan:
    """The choices that are open for a table of provinces by dimensions, and the error of its figures.

    Args:
        table: points, index P01 to P63.
        standard_errors: of the totals, in points; see `audit`.
        choices: what is open.
        year: year of the table; needed for `choices.previous`.
    """
    parts = table.shape[1]
    errors = None
    if standard_errors is not None:
        totals = standard_errors.reindex(table.index).to_numpy(dtype=np.float64)
        errors = np.repeat(totals[:, None] / np.sqrt(parts), parts, axis=1)
    previous = None
    if choices.previous is not None and year is not None:
        before = choices.previous.reindex(index=table.index, columns=table.columns)
        broken = [code for code in table.columns if (comparable_since(str(code), year) or year) >= year]
        before[broken] = np.nan
        previous = before.to_numpy(dtype=np.float64)
    return rb.Plan(
        normalisations=choices.normalisations,
        weightings=choices.weightings,
        aggregations=choices.aggregations,
        imputations=choices.imputations,
        weight_noise=choices.weight_noise,
        standard_errors=errors,
        bounds=np.array([[1.0] * parts, [10.0] * parts]),
        given=choices.given,
        groups=None if choices.groups is None else choices.groups.reindex(table.index).tolist(),
        previous=previous,
    )


def pairs_apart(totals: pd.Series, standard_errors: pd.Series) -> float:
    """Share of the pairs of provinces that have a total and a standard error and differ at 95 %."""
    errors = standard_errors.reindex(totals.index)
    known = totals.notna() & errors.notna() & (errors > 0)
    total, variance = totals[known].to_numpy(dtype=np.float64), errors[known].to_numpy(dtype=np.float64) ** 2
    first, second = np.triu_indices(len(total), 1)
    if not len(first):
        return float("nan")
    return float(np.mean(np.abs(total[first] - total[second]) > Z_95 * np.sqrt(variance[first] + variance[second])))


def method_vi(plan: rb.Plan) -> str:
    """What the draws of a plan vary, for people who read the intervals."""
    survey = (
        ", và mẫu khảo sát theo sai số chuẩn của tổng điểm."
        if plan.has_sampling_error
        else "; chưa tính sai số khảo sát vì không có sai số chuẩn, nên khoảng thực tế rộng hơn."
    )
    return (
        "Mỗi lần mô phỏng chọn ngẫu nhiên cách chuẩn hóa (như công bố, theo thấp nhất và cao nhất, điểm z, thứ hạng), "
        "trọng số (bằng nhau, thành phần chính thứ nhất, cân bằng tương quan) và cách tổng hợp (trung bình cộng, "
        "nhân, điều hòa, Copeland); cho trọng số từng lĩnh vực tăng, giảm tới 25 %"
    ) + survey


def _shifts(values: Array, plan: rb.Plan, names: Sequence[str]) -> list[rb.Shift]:
    """Every other method one at a time, against the unweighted sum of the nominal table."""

    def filled(how: Imputation) -> Array:
        return rb.impute(values, how, groups=plan.groups, previous=plan.previous)

    first = filled(plan.imputations[0])
    ranked = ~np.isnan(first).any(axis=1)
    table, equal = first[ranked], np.ones(len(names))
    nominal = rb.aggregate(table, equal, "arithmetic")
    others = {
        "geometric": rb.aggregate(table, equal, "geometric"),
        "harmonic": rb.aggregate(table, equal, "harmonic"),
        "zscore": rb.aggregate(rb.normalise(table, "zscore"), equal, "arithmetic"),
        "minmax": rb.aggregate(rb.normalise(table, "minmax"), equal, "arithmetic"),
        "borda": rb.aggregate(rb.normalise(table, "rank"), equal, "arithmetic"),
        "copeland": rb.aggregate(table, equal, "copeland"),
        "weights_pca": rb.aggregate(table, rb.weights(table, "pca"), "arithmetic"),
        "weights_correlation_balanced": rb.aggregate(table, rb.weights(table, "correlation_balanced"), "arithmetic"),
    }
    if plan.given is not None:
        others["weights_given"] = rb.aggregate(table, rb.weights(table, "given", given=plan.given), "arithmetic")
    published = instrument(2019).weights
    if set(names) == set(published):
        others["weights_2019"] = rb.aggregate(table, np.array([published[name] for name in names]), "arithmetic")
    for how in plan.imputations[1:]:
        others[f"imputation_{how}"] = rb.aggregate(filled(how)[ranked], equal, "arithmetic")
    shifts = [rb.shift(name, nominal, scores) for name, scores in others.items()]
    left_out = rb.leave_one_out(table, equal, names)
    return [*shifts, *(rb.Shift(f"without_{one.name}", one.spearman, one.mean_abs, one.largest) for one in left_out)]
