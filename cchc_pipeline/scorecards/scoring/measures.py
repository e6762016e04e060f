"""Measures: what a rubric scores, as one table from whatever source.

A measure is one row per unit, period and criterion: `unit_code`, `metric_code`, `numerator`, `denominator` (both may be
null), and optionally `period_type`, `period_start`, `period_end`, `reason_vi` (a note or why there is no figure),
`evidence` (where the figure can be looked up), `is_provisional`, `is_not_applicable`, and `points` (what a person gave:
they count as they are, whatever the rule of the criterion).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from cchc_pipeline.scorecards.scoring.errors import MeasureError
from cchc_pipeline.scorecards.scoring.rubric import Rubric

Table: TypeAlias = pa.Table | pd.DataFrame
Integers = npt.NDArray[np.int64]

REQUIRED = ("unit_code", "metric_code", "numerator", "denominator")
PERIOD = ("period_type", "period_start", "period_end")
OPTIONAL = (*PERIOD, "reason_vi", "evidence", "is_provisional", "is_not_applicable", "points")
#: How the evidence of points begins that are what is left of a published group; see `index766.py`.
REMAINDER_EVIDENCE = "national_portal:điểm nhóm"
SCORED_PERIODS = ("month", "quarter", "year", "custom")


def as_frame(table: Table) -> pd.DataFrame:
    """A pandas copy of an Arrow table or of a frame, with a fresh index."""
    frame = table.to_pandas(date_as_object=False) if isinstance(table, pa.Table) else table
    return frame.reset_index(drop=True)


@dataclass(frozen=True)
class Measures:
    """Checked measures, and which cell of the grid of scorecards by criteria each of them belongs to.

    Attributes:
        frame: numerator, denominator and points (float), reason_vi and evidence (text or None), is_provisional and
            is_not_applicable, one row per measure.
        keys: unit_code, period_type, period_start, period_end, one row per scorecard, in order of appearance.
        card: row of `keys` per measure.
        criterion: position among the criteria of the rubric per measure.
    """

    frame: pd.DataFrame
    keys: pd.DataFrame
    card: Integers
    criterion: Integers


def normalise(rubric: Rubric, measures: Table) -> Measures:
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
    frame = pd.DataFrame(index=given.index)
    frame["points"] = np.nan
    for name in ("numerator", "denominator", "points"):
        if name not in given:
            continue
        try:
            frame[name] = pd.to_numeric(given[name]).astype("float64")
        except (ValueError, TypeError) as error:
            raise MeasureError(f"Measures for {rubric.id}: {name} is not a number ({error})") from error
    for name in ("reason_vi", "evidence"):
        frame[name] = _texts(given[name]) if name in given else None
    for name in ("is_provisional", "is_not_applicable"):
        frame[name] = given[name].eq(True).fillna(False).astype(bool) if name in given else False
    criterion = _criteria(rubric, given["metric_code"])
    if given["unit_code"].isna().any():
        row = int(np.flatnonzero(given["unit_code"].isna())[0])
        raise MeasureError(f"Measure {row} for {rubric.id} has no unit_code; fill it in", row=row)
    card, keys = _scorecards(given)
    _refuse_duplicates(rubric, given, card, criterion)
    return Measures(frame, keys, card, criterion)


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


def _texts(column: pd.Series) -> pd.Series:
    text = column.astype(object)
    return text.where(text.notna(), None)


def _criteria(rubric: Rubric, codes: pd.Series) -> Integers:
    """Position of each code among the criteria of the rubric."""
    position = {criterion.code: place for place, criterion in enumerate(rubric.criteria())}
    which, found = pd.factorize(codes, use_na_sentinel=False)
    unknown = [code for code in found if code not in position]
    if unknown:
        raise MeasureError(
            f"Metric {unknown[0]!r} is not in the rubric {rubric.id} {rubric.version}; "
            f"leave it out or use one of: {', '.join(position)}",
            metric_code=str(unknown[0]),
        )
    return np.array([position[code] for code in found], dtype=np.int64)[which]


def _scorecards(given: pd.DataFrame) -> tuple[Integers, pd.DataFrame]:
    """Number of the scorecard of each row, and unit and period of each scorecard."""
    card: Integers = np.zeros(len(given), dtype=np.int64)
    for name in ("unit_code", *PERIOD):
        if name in given:
            which, found = pd.factorize(given[name], use_na_sentinel=False)
            # numbered anew after each column, so that no product of counts grows large
            card = pd.factorize(card * max(len(found), 1) + which)[0].astype(np.int64)
    first = np.zeros(int(card.max(initial=-1)) + 1, dtype=np.int64)
    first[card[::-1]] = np.arange(len(card))[::-1]
    rows = given.iloc[first]
    keys = pd.DataFrame(index=rows.index)
    keys["unit_code"] = rows["unit_code"].astype(object)
    keys["period_type"] = _texts(rows["period_type"]) if "period_type" in rows else None
    for name in ("period_start", "period_end"):
        keys[name] = pd.to_datetime(rows[name]) if name in rows else pd.NaT
    return card, keys


def _refuse_duplicates(rubric: Rubric, given: pd.DataFrame, card: Integers, criterion: Integers) -> None:
    cell = card * len(rubric.criteria()) + criterion
    if np.bincount(cell).max(initial=0) > 1:
        row = given.loc[pd.Series(cell).duplicated().to_numpy()].iloc[0]
        raise MeasureError(
            f"Unit {row['unit_code']} has {row['metric_code']} more than once for the same period in the measures for "
            f"{rubric.id}; keep one row",
            unit_code=str(row["unit_code"]),
            metric_code=str(row["metric_code"]),
        )
