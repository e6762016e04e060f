"""Measures: what a rubric scores, as one table from whatever source.

Belongs here: the shape of measures, its checks, and the mapping from `indicator_values`. Not here: scoring, and the
peculiarities of one index (`index766.py`, `par_index.py`).

A measure is one row per unit, period and criterion: `unit_code`, `metric_code`, `numerator`, `denominator` (both may be
null), and optionally `period_type`, `period_start`, `period_end`, `reason_vi` (a note or why there is no figure),
`evidence` (where the figure can be looked up), `is_provisional` and `is_not_applicable`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa

from cchc_pipeline.scorecards.errors import MeasureError
from cchc_pipeline.scorecards.rubric import Rubric

Table: TypeAlias = pa.Table | pd.DataFrame

REQUIRED = ("unit_code", "metric_code", "numerator", "denominator")
PERIOD = ("period_type", "period_start", "period_end")
OPTIONAL = (*PERIOD, "reason_vi", "evidence", "is_provisional", "is_not_applicable")
SCORED_PERIODS = ("month", "quarter", "year", "custom")


def as_frame(table: Table) -> pd.DataFrame:
    """A pandas copy of an Arrow table or of a frame, with a fresh index."""
    frame = table.to_pandas(date_as_object=False) if isinstance(table, pa.Table) else table
    return frame.reset_index(drop=True)


def normalise(rubric: Rubric, measures: Table) -> pd.DataFrame:
    """Measures with every column, typed, checked against the rubric.

    Raises:
        MeasureError: a column is missing, a code is not in the rubric, a figure is not a number, or one unit has the
            same measure of the same period twice.
    """
    given = as_frame(measures)
    if absent := [name for name in REQUIRED if name not in given.columns]:
        raise MeasureError(
            f"Measures for {rubric.id} lack the column {', '.join(absent)}; required: {', '.join(REQUIRED)}",
            rubric=rubric.id,
        )
    columns: dict[str, Any] = {name: given[name] for name in (*REQUIRED, *OPTIONAL) if name in given.columns}
    frame = pd.DataFrame(columns, index=given.index)
    for name in ("numerator", "denominator"):
        try:
            frame[name] = pd.to_numeric(frame[name]).astype("float64")
        except (ValueError, TypeError) as error:
            raise MeasureError(f"Measures for {rubric.id}: {name} is not a number ({error})") from error
    for name in ("period_start", "period_end"):
        frame[name] = pd.to_datetime(frame[name]) if name in frame else pd.NaT
    for name in ("period_type", "reason_vi", "evidence"):
        text = frame[name].astype(object) if name in frame else pd.Series(None, index=frame.index, dtype=object)
        frame[name] = text.where(text.notna(), None)
    for name in ("is_provisional", "is_not_applicable"):
        frame[name] = frame[name].eq(True).fillna(False).astype(bool) if name in frame else False
    frame["metric_code"] = frame["metric_code"].astype(object)
    frame["unit_code"] = frame["unit_code"].astype(object)
    _refuse_unknown(rubric, frame)
    _refuse_duplicates(rubric, frame)
    return frame


def from_indicators(
    rubric: Rubric, indicator_values: Table, *, period_types: Collection[str] = SCORED_PERIODS
) -> pd.DataFrame:
    """Measures from rows of `indicator_values`, through the `indicator:` ids of the rubric.

    Args:
        rubric: as it is scored from our own data.
        indicator_values: columns indicator_id, unit_code, period_type, period_start, period_end, numerator,
            denominator; rows of indicators that the rubric does not use are left out.
        period_types: which periods are worth a scorecard; days are not.

    Raises:
        MeasureError: a column is missing.
    """
    values = as_frame(indicator_values)
    needed = ("indicator_id", "unit_code", *PERIOD, "numerator", "denominator")
    if absent := [name for name in needed if name not in values.columns]:
        raise MeasureError(f"indicator_values lacks the column {', '.join(absent)}; rebuild it")
    pairs = [(indicator, code) for indicator, codes in rubric.indicators().items() for code in codes]
    codes = pd.DataFrame(pairs, columns=["indicator_id", "metric_code"])
    values = values.loc[values["period_type"].isin(list(period_types)), list(needed)]
    measures = values.merge(codes, on="indicator_id", how="inner")
    measures["evidence"] = "indicator_values:" + measures["indicator_id"].astype(str)
    return measures.drop(columns="indicator_id")


def concat(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Several tables of measures as one; empty ones do not decide the types."""
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else parts[0]


def _refuse_unknown(rubric: Rubric, frame: pd.DataFrame) -> None:
    known = [criterion.code for criterion in rubric.criteria()]
    unknown = frame.loc[~frame["metric_code"].isin(known), "metric_code"]
    if len(unknown):
        raise MeasureError(
            f"Metric {unknown.iloc[0]!r} is not in the rubric {rubric.id} {rubric.version}; "
            f"leave it out or use one of: {', '.join(known)}",
            metric_code=str(unknown.iloc[0]),
        )
    if frame["unit_code"].isna().any():
        row = int(np.flatnonzero(frame["unit_code"].isna())[0])
        raise MeasureError(f"Measure {row} for {rubric.id} has no unit_code; fill it in", row=row)


def _refuse_duplicates(rubric: Rubric, frame: pd.DataFrame) -> None:
    twice = frame.duplicated(["unit_code", "metric_code", *PERIOD])
    if twice.any():
        row = frame.loc[twice].iloc[0]
        raise MeasureError(
            f"Unit {row['unit_code']} has {row['metric_code']} more than once for the same period in the measures for "
            f"{rubric.id}; keep one row",
            unit_code=str(row["unit_code"]),
            metric_code=str(row["metric_code"]),
        )
