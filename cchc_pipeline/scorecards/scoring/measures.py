"""Arrange measures: what a rubric scores, as one table from whatever source.

A measure is one row per unit, period and criterion: `unit_code`, `metric_code`, `numerator`, `denominator` (both may be
null), and optionally `period_type`, `period_start`, `period_end`, `reason_vi` (a note or why there is no figure),
`evidence` (where the figure can be looked up), `is_provisional`, `is_not_applicable`, and `points` (what a person gave:
they count as they are, whatever the rule of the criterion).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from cchc_pipeline.errors import CchcError
from cchc_pipeline.scorecards.scoring.rubric import Rubric

Table: TypeAlias = pa.Table | pd.DataFrame

REQUIRED = ("unit_code", "metric_code", "numerator", "denominator")
PERIOD = ("period_type", "period_start", "period_end")
#: Types of period that are scored; a single day has no score.
SCORED_PERIODS = ("month", "quarter", "year", "custom")


class MeasureError(CchcError):
    """Figures cannot be scored: a wrong file, a wrong change, or one measure twice."""


def as_frame(table: Table) -> pd.DataFrame:
    """Return a pandas copy of an Arrow table or of a frame, with a fresh index."""
    frame = table.to_pandas(date_as_object=False) if isinstance(table, pa.Table) else table
    return frame.reset_index(drop=True)


def concat(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return several tables of measures as one; empty ones do not decide the types."""
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else parts[0]


def from_indicators(rubric: Rubric, indicator_values: Table) -> pd.DataFrame:
    """Return measures from `indicator_values`, by the `indicator:` ids of the rubric.

    One row per unit, period and criterion, with its evidence.

    Args:
        rubric: as it is scored from our own data.
        indicator_values: columns indicator_id, unit_code, period_type, period_start, period_end, numerator,
            denominator; rows of single days, and of indicators that the rubric does not use, are left out.
    """
    values = as_frame(indicator_values)
    needed = ["indicator_id", "unit_code", *PERIOD, "numerator", "denominator"]
    pairs = [(indicator, code) for indicator, codes in rubric.indicators().items() for code in codes]
    codes = pd.DataFrame(pairs, columns=["indicator_id", "metric_code"])
    values = values.loc[values["period_type"].isin(SCORED_PERIODS), needed]
    measures = values.merge(codes, on="indicator_id", how="inner")
    measures["evidence"] = "indicator_values:" + measures["indicator_id"].astype(str)
    return measures.drop(columns="indicator_id")


def placed_measures(rubric: Rubric, measures: Table) -> pd.DataFrame:
    """Return measures with every column, typed and placed in scorecards.

    Returns:
        One row per measure: unit_code, the period columns, numerator, denominator and points (float), reason_vi and
        evidence (text or None), is_provisional and is_not_applicable, criterion (position among the criteria of the
        rubric), and card (number of unit and period, in order of appearance).

    Raises:
        MeasureError: one unit has the same measure of the same period twice.
    """
    given = as_frame(measures)
    nothing = pd.Series(None, given.index, object)
    held: dict[str, Any] = {name: given.get(name, nothing) for name in ("unit_code", "period_type", "metric_code")}
    for name in ("period_start", "period_end"):
        held[name] = pd.to_datetime(given[name]) if name in given else pd.Series(pd.NaT, given.index)
    for name in ("numerator", "denominator", "points"):
        held[name] = pd.to_numeric(given[name]).astype("float64") if name in given else np.nan
    for name in ("reason_vi", "evidence"):
        text = given[name].astype(object) if name in given else nothing
        held[name] = text.where(text.notna(), None)
    for name in ("is_provisional", "is_not_applicable"):
        held[name] = given[name].eq(True).fillna(False).astype(bool) if name in given else False
    position = {criterion.code: place for place, criterion in enumerate(rubric.criteria())}
    held["criterion"] = given["metric_code"].map(position).astype("int64")
    held["card"] = _numbers(len(given), *(held[name] for name in ("unit_code", *PERIOD)))
    frame = pd.DataFrame(held, given.index)
    if (twice := (frame["card"] * len(position) + frame["criterion"]).duplicated()).any():
        unit, code = frame.loc[twice, ["unit_code", "metric_code"]].iloc[0].astype(str)
        raise MeasureError(
            f"Unit {unit} has {code} more than once for the same period in the measures for {rubric.id}; keep one row",
            unit_code=unit,
            metric_code=code,
        )
    return frame


def _numbers(rows: int, *columns: pd.Series) -> npt.NDArray[np.int64]:
    """Number the groups of equal rows, nulls among them, in order of appearance."""
    number = np.zeros(rows, dtype=np.int64)
    for column in columns:
        codes, known = pd.factorize(column)
        number, _ = pd.factorize(number * (len(known) + 1) + codes + 1)
    return number
