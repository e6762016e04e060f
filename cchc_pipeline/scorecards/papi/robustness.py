"""Compute how sure a PAPI rank is, from one year's dimensions.

The publisher prints no ranks and one standard error per province, of the total; how it divides over the dimensions is
not printed. Here every dimension gets the same share of its variance, independent of the others.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from cchc_pipeline.reference.papi_instrument import PROVINCES, PapiTableError, comparable_since, instrument
from cchc_pipeline.scorecards.robustness.draws import Plan, Structure, sensitivity, shift, structure, uncertainty
from cchc_pipeline.scorecards.robustness.steps import Array, aggregate, normalise, weights
from cchc_pipeline.sources.papi.source import PROVINCE, province_rows
from cchc_pipeline.tabular.cells import CellError, read_number
from cchc_pipeline.tabular.files import TableFileError

#: Choices of method that are usually open.
USUAL = Plan(
    normalisations=("none", "minmax", "zscore", "rank"),
    weightings=("equal", "pca", "correlation_balanced"),
    aggregations=("arithmetic", "geometric", "harmonic", "copeland"),
    weight_noise=0.25,
)
#: Share of the dimensions that a province must have to be ranked with the others filled in.
LEAST_AVAILABLE = 2 / 3
#: z of a two-sided interval of 95 %: two provinces differ where their totals do by more than z standard errors.
Z_95 = 1.96


@dataclass(frozen=True)
class Audit:
    """What a ranking of one year rests on.

    Attributes:
        year: year of the survey.
        structure: correlations, components, alpha, effective weights of the dimensions.
        shifts: how far the ranking moves under each other method, and without each dimension: what `shift` gives, by
            name of the method.
        intervals: one row per province: score (mean of the dimensions x their number), rank, rank_low, rank_median,
            rank_high, first_quarter (share of draws), imputed (dimensions that were filled in), reason where there
            is no rank.
        sensitivity: which choice moves the ranks most, see `sensitivity`; None where fewer than two are open.
        pairs_apart: share of the pairs of provinces whose totals differ by more than Z_95 standard errors of their
            difference, provinces taken as independent; None without standard errors.
    """

    year: int
    structure: Structure
    shifts: dict[str, dict[str, float]]
    intervals: pd.DataFrame
    sensitivity: tuple[pd.DataFrame, float] | None
    pairs_apart: float | None


def dimensions(composed: pd.DataFrame, year: int) -> pd.DataFrame:
    """Return points by province and dimension of a composed year, NaN where missing."""
    wanted = list(instrument(year).dimensions)
    rows = composed[composed["level"] == "dimension"]
    return rows.set_index(["province", "code"])["score"].unstack("code").reindex(index=list(PROVINCES))[wanted]  # noqa: PD010


def audit(
    composed: pd.DataFrame,
    year: int,
    plan: Plan = USUAL,
    *,
    standard_errors: pd.Series | None = None,
    groups: pd.Series | None = None,
    previous: pd.DataFrame | None = None,
    least_available: float | None = None,
    draws: int = 10_000,
    samples: int = 512,
    seed: int = 1,
) -> Audit:
    """Examine the ranking of one year.

    Args:
        composed: what `papi.compose` gives.
        year: its year.
        plan: which choices of method are open; the first of each list is the nominal one.
        standard_errors: standard error of each province's total, in points, by P01 to P63; provinces that it lacks
            count as exact. None: no survey error is propagated, and the intervals are too narrow for it.
        groups: group by P01 to P63 for the imputation `group_mean`.
        previous: dimensions of the year before (`dimensions`) for the imputation `previous`.
        least_available: share of the dimensions that a province must have, 0 to 1; None: all, or LEAST_AVAILABLE where
            gaps are filled.
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
    if least_available is None:
        least_available = 1.0 if plan.imputations == ("none",) else LEAST_AVAILABLE
    available = np.mean(~np.isnan(values), axis=1)
    is_kept = available >= least_available - 1e-12
    kept = table.loc[is_kept]
    plan = plan_for(kept, plan, standard_errors=standard_errors, groups=groups, previous=previous, year=year)
    filled = plan.filled(kept.to_numpy(), plan.imputations[0])
    ranked: npt.NDArray[np.bool_] = np.asarray(~np.isnan(filled).any(axis=1))
    if ranked.sum() < 2:
        raise PapiTableError(
            f"PAPI {year}: fewer than two provinces have all dimensions; nothing can be ranked. Fill gaps with "
            "--imputation, or load a table that has them."
        )
    found = uncertainty(kept.to_numpy(), plan, draws, seed=seed).set_index(kept.index)
    columns = ["score", "rank", "rank_low", "rank_median", "rank_high", "first_quarter"]
    shown = found.assign(score=found["score"] * len(names)).reindex(index=table.index, columns=columns)
    lacking = [", ".join(code for code, gap in zip(names, row, strict=True) if gap) for row in np.isnan(values)]
    gaps = pd.Series([codes or None for codes in lacking], index=table.index, dtype=object)
    shown["imputed"] = gaps.where(shown["rank"].notna(), None)
    reasons = {
        table.index[unit]: f"Có {available[unit]:.0%} số liệu, dưới mức {least_available:.0%}"
        for unit in np.flatnonzero(~is_kept).tolist()
    }
    reasons |= {code: f"Thiếu {gaps[code]}" for code, has in zip(kept.index, ranked, strict=True) if not has}
    shown["reason"] = pd.Series(reasons, dtype=object).reindex(shown.index)
    return Audit(
        year,
        structure(filled[ranked], names),
        _shifts(kept.to_numpy(), plan, names),
        shown.rename_axis("province").reset_index(),
        sensitivity(kept.to_numpy(), plan, samples, seed=seed),
        None if standard_errors is None else pairs_apart(shown["score"], standard_errors),
    )


def plan_for(
    table: pd.DataFrame,
    plan: Plan = USUAL,
    *,
    standard_errors: pd.Series | None = None,
    groups: pd.Series | None = None,
    previous: pd.DataFrame | None = None,
    year: int | None = None,
) -> Plan:
    """Return the plan with scale, groups and errors of provinces by dimensions.

    Args:
        table: points, index P01 to P63.
        plan: which choices are open.
        standard_errors: see `audit`.
        groups: see `audit`.
        previous: see `audit`; a dimension whose instrument changed since is not filled from it.
        year: year of the table; needed for `previous`.
    """
    parts = table.shape[1]
    errors = before = None
    if standard_errors is not None:
        totals = standard_errors.reindex(table.index).to_numpy(dtype=np.float64)
        errors = np.repeat(totals[:, None] / np.sqrt(parts), parts, axis=1)
    if previous is not None and year is not None:
        comparable = [code for code in table.columns if (comparable_since(str(code), year) or year) < year]
        usable = previous.reindex(index=table.index, columns=comparable)
        before = usable.reindex(columns=table.columns).to_numpy(dtype=np.float64)
    return replace(
        plan,
        standard_errors=errors,
        bounds=np.array([[1.0] * parts, [10.0] * parts]),
        groups=None if groups is None else groups.reindex(table.index).tolist(),
        previous=before,
    )


def pairs_apart(totals: pd.Series, standard_errors: pd.Series) -> float:
    """Compute the share of pairs of provinces that differ at 95 %, 0 to 1."""
    errors = standard_errors.reindex(totals.index)
    known = totals.notna() & errors.notna() & (errors > 0)
    total, variance = totals[known].to_numpy(dtype=np.float64), errors[known].to_numpy(dtype=np.float64) ** 2
    first, second = np.triu_indices(len(total), 1)
    if not len(first):
        return float("nan")
    return float(np.mean(np.abs(total[first] - total[second]) > Z_95 * np.sqrt(variance[first] + variance[second])))


def method_vi(plan: Plan) -> str:
    """Return what the draws of a plan vary, for people who read the intervals."""
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


def _shifts(values: Array, plan: Plan, names: Sequence[str]) -> dict[str, dict[str, float]]:
    """Compare each other method with the unweighted sum of the nominal table."""
    first = plan.filled(values, plan.imputations[0])
    ranked = ~np.isnan(first).any(axis=1)
    table, equal = first[ranked], np.ones(len(names))

    def mean(of: Array, by: Array = equal) -> Array:
        return aggregate(of, by, "arithmetic")

    others = {
        "geometric": aggregate(table, equal, "geometric"),
        "harmonic": aggregate(table, equal, "harmonic"),
        "zscore": mean(normalise(table, "zscore")),
        "minmax": mean(normalise(table, "minmax")),
        "borda": mean(normalise(table, "rank")),
        "copeland": aggregate(table, equal, "copeland"),
        "weights_pca": mean(table, weights(table, "pca")),
        "weights_correlation_balanced": mean(table, weights(table, "correlation_balanced")),
    }
    if plan.given is not None:
        others["weights_given"] = mean(table, weights(table, "given", given=plan.given))
    published = instrument(2019).weights
    if set(names) == set(published):
        others["weights_2019"] = mean(table, np.array([published[name] for name in names]))
    others |= {f"imputation_{how}": mean(plan.filled(values, how)[ranked]) for how in plan.imputations[1:]}
    others |= {f"without_{name}": mean(np.delete(table, i, axis=1), equal[1:]) for i, name in enumerate(names)}
    return {name: shift(mean(table), scores) for name, scores in others.items()}


def read_standard_errors(path: Path) -> pd.Series:
    """Read standard errors of totals; columns Province (P01 to P63) and SE.

    Blank and 0 mean unknown: published sheets write 0 where there is none.

    Raises:
        PapiTableError: not such a file; with the cell and the fix.
    """
    found: dict[str, float] = {}
    for number, province, cell in _rows(path, "SE"):
        try:
            value = read_number(cell, "either") if cell else 0.0
        except CellError as error:
            raise PapiTableError(
                f"{path.name}, line {number} ({province}): SE {cell!r} is not a number; write 0.61 or leave it blank"
            ) from error
        if value < 0:
            raise PapiTableError(
                f"{path.name}, line {number} ({province}): SE {cell} is no standard error; write a number of points "
                "of zero or more, such as 0.61"
            )
        found[province] = value if value > 0 else np.nan
    return pd.Series(found, dtype=np.float64)


def read_groups(path: Path) -> pd.Series:
    """Read the group (a region, say) of every province; columns Province and Group.

    Raises:
        PapiTableError: not such a file, or a province without a group.
    """
    found = {province: group for _, province, group in _rows(path, "Group")}
    if absent := [province for province in PROVINCES if not found.get(province)]:
        raise PapiTableError(f"{path.name}: no group for {', '.join(absent)}; give every province P01 to P63 one")
    return pd.Series(found, dtype=object)


def read_weights(text: str, dimensions: Sequence[str]) -> tuple[float, ...]:
    """Read weights as in `D1=0.5,D2=1.6`, one per dimension of the year, in any unit.

    Raises:
        PapiTableError: another form, an unknown or absent dimension, a weight below zero, or all zero.
    """
    found: dict[str, float] = {}
    for pair in text.split(","):
        code, _, number = pair.strip().partition("=")
        try:
            found[code.strip().upper()] = float(number)
        except ValueError as error:
            raise PapiTableError(f"Weights: {pair.strip()!r} is no weight; write D1=0.5,D2=1.6 and so on") from error
    if set(found) != set(dimensions) or len(text.split(",")) != len(dimensions):
        raise PapiTableError(f"Weights: this year has {', '.join(dimensions)}; give each of them once")
    if not all(0 <= weight < np.inf for weight in found.values()) or not any(found.values()):
        raise PapiTableError("Weights must be numbers of zero or more, not all zero")
    return tuple(found[code] for code in dimensions)


def _rows(path: Path, column: str) -> list[tuple[int, str, str]]:
    """Return line number, province and cell; every province at most once."""
    try:
        lines = list(province_rows(path, column, re.compile(rf"{column.upper()}\Z")))
    except TableFileError as error:
        raise PapiTableError(str(error), file=error.file) from error
    found: dict[str, tuple[int, str, str]] = {}
    for number, cells in lines:
        province = cells[PROVINCE].upper()
        if province not in PROVINCES or province in found:
            raise PapiTableError(
                f"{path.name}, line {number}: {province!r} is no province code or occurs twice; use P01 to P63 once"
            )
        found[province] = (number, province, cells[column.upper()])
    if not found:
        raise PapiTableError(f"{path.name}: has no rows below its header; give every province a row")
    return list(found.values())
