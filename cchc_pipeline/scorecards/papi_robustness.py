"""How sure a PAPI rank is: the questions of `robustness`, asked of one year's dimensions.

Belongs here: turning a composed year into a table of provinces by dimensions with its scale and its survey error,
and the answers as tables. Not here: the statistics themselves (`cchc_pipeline/robustness`).

The publisher prints no ranks and one standard error per province, of the total; how it divides over the dimensions is
not printed. Here every dimension gets the same share of its variance, independent of the others.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from cchc_pipeline import robustness as rb
from cchc_pipeline.scorecards.errors import PapiTableError
from cchc_pipeline.scorecards.papi_instrument import PROVINCES, instrument

Array = npt.NDArray[np.float64]
#: Weights of the eight dimensions in the weighted total of 2019, recovered from the published sheet; sum 8.123.
WEIGHTS_2019 = (0.51064, 1.57573, 0.52865, 2.02858, 0.76744, 1.18121, 1.33081, 0.2)
WEIGHT_NOISE = 0.25


@dataclass(frozen=True)
class Audit:
    """What a ranking of one year rests on.

    Attributes:
        year: year of the survey.
        structure: correlations, components, alpha, effective weights of the dimensions.
        shifts: how far the ranking moves under each other method, and without each dimension.
        intervals: one row per province: score (mean of the dimensions x their number), rank, rank_low, rank_median,
            rank_high, first_quarter (share of draws), reason where there is no rank.
        sensitivity: which choice moves the ranks most.
    """

    year: int
    structure: rb.Structure
    shifts: tuple[rb.Shift, ...]
    intervals: pd.DataFrame
    sensitivity: rb.Sensitivity


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
        draws: draws behind the intervals.
        samples: base sample of the Sobol indices, a power of two.
        seed: same seed, same result.

    Raises:
        PapiTableError: fewer than two provinces have all dimensions.
    """
    table = dimensions(composed, year)
    names = [str(code) for code in table.columns]
    values = table.to_numpy(dtype=np.float64)
    screened = rb.screen(values, 1.0)
    if screened.kept.sum() < 2:
        raise PapiTableError(f"PAPI {year}: fewer than two provinces have all dimensions; nothing can be ranked.")
    whole = values[screened.kept]
    plan = plan_of(table.loc[screened.kept], standard_errors)
    found = rb.uncertainty(whole, plan, draws, seed=seed)
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
    lacking = {table.index[unit]: reason for unit, reason in screened.reasons.items()}
    shown["reason"] = pd.Series(lacking, dtype=object).reindex(shown.index)
    return Audit(
        year,
        rb.structure(whole, names),
        tuple(_shifts(whole, names)),
        shown.rename_axis("province").reset_index(),
        rb.sensitivity(whole, plan, samples, seed=seed),
    )


def plan_of(table: pd.DataFrame, standard_errors: pd.Series | None = None) -> rb.Plan:
    """The choices that are open for a table of provinces by dimensions, and the error of its figures.

    Args:
        table: points without gaps, index P01 to P63.
        standard_errors: of the totals, in points; see `audit`.
    """
    parts = table.shape[1]
    errors = None
    if standard_errors is not None:
        totals = standard_errors.reindex(table.index).to_numpy(dtype=np.float64)
        errors = np.repeat(totals[:, None] / np.sqrt(parts), parts, axis=1)
    return rb.Plan(
        normalisations=("none", "minmax", "zscore", "rank"),
        weightings=("equal", "pca", "correlation_balanced"),
        aggregations=("arithmetic", "geometric", "harmonic", "copeland"),
        weight_noise=WEIGHT_NOISE,
        standard_errors=errors,
        bounds=np.array([[1.0] * parts, [10.0] * parts]),
    )


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


def _shifts(values: Array, names: Sequence[str]) -> list[rb.Shift]:
    """Every other method one at a time, against the unweighted sum."""
    equal = np.ones(len(names))
    nominal = rb.aggregate(values, equal, "arithmetic")
    others = {
        "geometric": rb.aggregate(values, equal, "geometric"),
        "harmonic": rb.aggregate(values, equal, "harmonic"),
        "zscore": rb.aggregate(rb.normalise(values, "zscore"), equal, "arithmetic"),
        "minmax": rb.aggregate(rb.normalise(values, "minmax"), equal, "arithmetic"),
        "borda": rb.aggregate(rb.normalise(values, "rank"), equal, "arithmetic"),
        "copeland": rb.aggregate(values, equal, "copeland"),
        "weights_pca": rb.aggregate(values, rb.weights(values, "pca"), "arithmetic"),
        "weights_correlation_balanced": rb.aggregate(values, rb.weights(values, "correlation_balanced"), "arithmetic"),
    }
    if len(names) == len(WEIGHTS_2019):
        others["weights_2019"] = rb.aggregate(values, np.array(WEIGHTS_2019), "arithmetic")
    shifts = [rb.shift(name, nominal, scores) for name, scores in others.items()]
    left_out = rb.leave_one_out(values, equal, names)
    return [*shifts, *(rb.Shift(f"without_{one.name}", one.spearman, one.mean_abs, one.largest) for one in left_out)]


def read_standard_errors(path: Path) -> pd.Series:
    """Standard errors of totals from a CSV file with the columns Province (P01 to P63) and SE.

    Blank and 0 mean unknown: published sheets write 0 where there is none.

    Raises:
        PapiTableError: not such a file; with the cell and the fix.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise PapiTableError(f"{path.name}: not a CSV file in UTF-8 that can be read ({error})") from error
    if not rows or not {"Province", "SE"} <= set(rows[0]):
        raise PapiTableError(f"{path.name}: needs a header line with Province and SE, and rows below it")
    found: dict[str, float] = {}
    for number, row in enumerate(rows, start=2):
        province, cell = (row["Province"] or "").strip(), (row["SE"] or "").strip()
        if province not in PROVINCES or province in found:
            raise PapiTableError(
                f"{path.name}, line {number}: {province!r} is no province code or occurs twice; use P01 to P63 once"
            )
        try:
            value = float(cell) if cell else 0.0
        except ValueError as error:
            raise PapiTableError(
                f"{path.name}, line {number} ({province}): SE {cell!r} is not a number; write 0.61 or leave it blank"
            ) from error
        if value < 0:
            raise PapiTableError(f"{path.name}, line {number} ({province}): SE {value} is below zero")
        found[province] = value if value > 0 else np.nan
    return pd.Series(found, dtype=np.float64)
