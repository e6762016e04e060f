"""PAPI from a table of sub-dimensions: dimensions, totals, and what is missing and why.

A dimension is the sum of its sub-dimensions, the total (unweighted) the sum of the dimensions; a sum that lacks a part
is missing, not smaller. Sources code a missing value as blank or as 0; no scale reaches 0, so both are missing.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from cchc_pipeline.arrow import table_from_frame
from cchc_pipeline.reference.index_codes import TOTAL_CODE
from cchc_pipeline.reference.papi_instrument import (
    PROVINCES,
    Instrument,
    PapiTableError,
    all_dimensions,
    all_slots,
    comparable_since,
    instrument,
    province_gso_codes,
    province_names,
)
from cchc_pipeline.scorecards.papi.tiers import tier_note_vi, tiers
from cchc_pipeline.scorecards.scoring.measures import Table, as_frame
from cchc_pipeline.scorecards.scoring.table import SCORECARD_SCHEMA
from cchc_pipeline.sources.papi.files import read_wide

__all__ = ["PAPI_SCHEMA", "compose", "province_names", "read_wide", "to_scorecard"]

INDEX_CODE = "papi"
COLUMNS = ("province", "level", "code", "score", "status", "reason")
_TABLE_COLUMNS = ("year", "province_code", "slot", "score")
_STATUS = {"ok": "ok", "missing_at_source": "missing", "incomplete": "missing", "not_in_instrument": "not_applicable"}
_LEVEL = {"total": "total", "dimension": "group", "subdimension": "criterion"}
#: Codes and names of the 63 provinces until 30/6/2025, in the code list province_vintage.
VINTAGE = "p63"
PAPI_SCHEMA = pa.schema(
    [
        *SCORECARD_SCHEMA,
        ("weighted_points", pa.float64()),
        ("standard_error", pa.float64()),
        ("comparable_since", pa.int32()),
        ("tier", pa.int32()),
        ("unit_vintage", pa.string()),
        ("gso_code", pa.string()),
    ]
)
_ABSENT = "Nguồn không có số liệu"
_ZERO = "Nguồn ghi 0: thang điểm không có giá trị 0, coi là không có số liệu"


def compose(table: Table, year: int) -> pd.DataFrame:
    """Sub-dimensions, dimensions and the total of every province in one year.

    Args:
        table: the table `papi__subdimensions` (year, province_code, slot, score), with other years in it or not; what
            `read_wide` gives.
        year: which year to compose.

    Returns:
        One row per province (all 63) and code, with columns province, level (subdimension, dimension, total), code
        (SC11, D1, TOTAL), score (NaN unless ok), status (ok, missing_at_source, not_in_instrument, incomplete) and
        reason. A score outside its nominal range keeps its value and says so in the reason.

    Raises:
        PapiTableError: the year is unknown or not in the table, a column is missing, a province or slot is unknown, or
            a cell occurs twice.
    """
    wanted = instrument(year)
    scores = _pivot(table, year)
    by_code = {slot: _slot_rows(wanted, slot, scores[slot].to_numpy(dtype=np.float64)) for slot in all_slots()}
    for dimension in all_dimensions():
        members = [by_code[slot] for slot in wanted.dimensions.get(dimension, ())]
        by_code[dimension] = _sum_rows(wanted, "dimension", dimension, members)
    members = [by_code[dimension] for dimension in wanted.dimensions]
    by_code[TOTAL_CODE] = _sum_rows(wanted, "total", TOTAL_CODE, members)
    result = pd.concat(by_code.values(), ignore_index=True)
    result["reason"] = pd.Series([_join(reason) for reason in result["reason"]], dtype=object)
    order = np.arange(len(result)).reshape(len(by_code), len(PROVINCES)).T.ravel()
    return result.iloc[order].reset_index(drop=True)[list(COLUMNS)]


def to_scorecard(composed: pd.DataFrame, year: int, totals: Table | None = None) -> pa.Table:
    """A composed year in the columns of the scoring engine.

    Args:
        composed: what `compose` gives for this year.
        year: the year of the survey, which becomes the period.
        totals: the table `papi__totals` (year, province_code, weighted_total, standard_error), of any years.

    Returns:
        A table of PAPI_SCHEMA with unit_code P01 to P63 and source `table`. `points` is the score, `max_points` the
        nominal upper bound (10/k, 10, 60 or 80) and `ratio` the place of the score between its nominal bounds, because
        no scale starts at 0. `weighted_points` is the weighted total as published, otherwise computed with the
        publisher's weights where they are known, `standard_error` the published one of the unweighted total in points,
        `comparable_since` the first year with which the points may be compared, `tier` the publisher's quarter of a
        total or dimension (1 is the best). The first year of a new scale says so in `reason_vi`.
    """
    wanted = instrument(year)
    names = {code: (slot.name_vi, slot.name_en) for code, slot in wanted.slots.items()}
    names |= {code: (name["name_vi"], name["name_en"]) for code, name in all_dimensions().items()}
    names[TOTAL_CODE] = (wanted.name_vi, wanted.name_en)
    rows = composed["code"]
    applies = composed["status"] != "not_in_instrument"
    bounds = {code: wanted.bounds(code) for code in rows.unique()}
    low, high = rows.map(lambda code: bounds[code][0]), rows.map(lambda code: bounds[code][1])
    breaks = rows.map(lambda code: wanted.break_note_vi(code)).where(composed["status"] == "ok", None)
    tier = _tiers(composed, year)
    weighted, error = _published(composed, year, totals)
    weighted = weighted.fillna(_weighted(composed, wanted))
    groups = [
        tier_note_vi(year, len(tier.dropna())) if level == "total" and state == "ok" else None
        for level, state in zip(composed["level"], composed["status"], strict=True)
    ]
    columns: dict[str, Any] = {
        "index_code": INDEX_CODE,
        "rubric_version": wanted.edition,
        "is_provisional": False,
        "source": "table",
        "period_type": "year",
        "period_start": date(year, 1, 1),
        "period_end": date(year, 12, 31),
        "unit_code": composed["province"],
        "criterion_level": composed["level"].map(_LEVEL),
        "criterion_code": rows,
        "parent_code": rows.map(
            lambda code: f"D{code[2]}" if code[0] == "S" else TOTAL_CODE if code[0] == "D" else None
        ),
        "criterion_name_vi": rows.map(lambda code: names.get(code, (code, code))[0]),
        "criterion_name_en": rows.map(lambda code: names.get(code, (code, code))[1]),
        "rule": composed["level"].map({"subdimension": "survey", "dimension": "sum", "total": "sum"}),
        "numerator": np.nan,
        "denominator": np.nan,
        "ratio": ((composed["score"] - low) / (high - low)).clip(0, 1),
        "points": composed["score"],
        "max_points": high.where(applies),
        "points_lost": high - composed["score"],
        "status": composed["status"].map(_STATUS),
        "reason_vi": [_join(*parts) for parts in zip(composed["reason"], breaks, groups, strict=True)],
        "evidence": f"papi__subdimensions:{year}",
        "weighted_points": weighted,
        "standard_error": error,
        "comparable_since": rows.map(lambda code: comparable_since(code, year)).astype("Int32"),
        "tier": tier,
        "unit_vintage": VINTAGE,
        "gso_code": composed["province"].map(province_gso_codes()),
    }
    frame = pd.DataFrame(columns, index=composed.index)
    return table_from_frame(frame[PAPI_SCHEMA.names], PAPI_SCHEMA)


def _tiers(composed: pd.DataFrame, year: int) -> pd.Series:
    """The quarter of each total and dimension among the provinces that have it; NA elsewhere."""
    found = pd.Series(pd.NA, index=composed.index, dtype="Int32")
    for _, rows in composed[composed["level"] != "subdimension"].groupby("code"):
        found.loc[rows.index] = tiers(rows["score"], year)
    return found


def _published(composed: pd.DataFrame, year: int, totals: Table | None) -> tuple[pd.Series, pd.Series]:
    """Weighted totals and standard errors as printed, on the rows of totals; a 0 is none."""
    nothing = pd.Series(np.nan, index=composed.index)
    if totals is None:
        return nothing, nothing.copy()
    printed = as_frame(totals)
    printed = printed[printed["year"] == year].set_index("province_code")
    of_total = composed["province"].where(composed["level"] == "total")
    weighted, error = (
        of_total.map(printed[name].astype("float64").replace(0, np.nan)).astype("float64")
        for name in ("weighted_total", "standard_error")
    )
    return weighted, error


def _weighted(composed: pd.DataFrame, wanted: Instrument) -> pd.Series:
    """The weighted total beside every unweighted one, where the weights of the year are known."""
    found = pd.Series(np.nan, index=composed.index)
    totals = composed["level"] == "total"
    if wanted.weights:
        dimensions = composed[composed["level"] == "dimension"]
        weighted = dimensions["score"] * dimensions["code"].map(wanted.weights)
        sums = weighted.groupby(dimensions["province"]).sum(min_count=len(wanted.weights))
        found.loc[totals] = composed.loc[totals, "province"].map(sums)
    return found


def _pivot(table: Table, year: int) -> pd.DataFrame:
    """Scores as a frame of provinces by slots, with a row for every province and a column for every slot."""
    frame = as_frame(table)
    if absent := [name for name in _TABLE_COLUMNS if name not in frame.columns]:
        raise PapiTableError(f"papi__subdimensions lacks the column {', '.join(absent)}; load the table again")
    frame = frame.loc[frame["year"] == year, list(_TABLE_COLUMNS)]
    if frame.empty:
        raise PapiTableError(f"papi__subdimensions has no rows of {year}; load the table of that year", year=year)
    for column, known in (("province_code", PROVINCES), ("slot", all_slots())):
        unknown = frame.loc[~frame[column].isin(known), column]
        if len(unknown):
            raise PapiTableError(
                f"papi__subdimensions {year}: {column} {unknown.iloc[0]!r} is unknown; use {known[0]} to {known[-1]}"
            )
    twice = frame.duplicated(["province_code", "slot"])
    if twice.any():
        row = frame.loc[twice].iloc[0]
        raise PapiTableError(
            f"papi__subdimensions {year}: {row['province_code']} has {row['slot']} twice; keep one row"
        )
    scores = frame.set_index(["province_code", "slot"])["score"].astype("float64")
    every_cell = pd.MultiIndex.from_product([PROVINCES, all_slots()], names=["province_code", "slot"])
    cells = scores.reindex(every_cell).to_numpy().reshape(len(PROVINCES), len(all_slots()))
    return pd.DataFrame(cells, index=list(PROVINCES), columns=list(all_slots()))


def _slot_rows(wanted: Instrument, slot: str, scores: npt.NDArray[np.float64]) -> pd.DataFrame:
    if slot not in wanted.slots:
        return _rows("subdimension", slot, np.nan, "not_in_instrument", _not_asked(wanted, slot))
    given, (low, high) = wanted.slots[slot], wanted.bounds(slot)
    missing, zero = np.isnan(scores), scores == 0
    outside = ~missing & ~zero & ((scores < low - wanted.tolerance) | (scores > high + wanted.tolerance))
    reason = np.full(len(scores), None, dtype=object)
    reason[missing], reason[zero] = _ABSENT, _ZERO
    reason[outside] = (
        f"Ngoài thang điểm danh nghĩa {low:.2f}-{high:.2f} của {given.code} năm {wanted.year}: kiểm tra lại nguồn"
    )
    status = np.where(missing | zero, "missing_at_source", "ok")
    return _rows("subdimension", slot, np.where(zero, np.nan, scores), status, reason)


def _sum_rows(wanted: Instrument, level: str, code: str, members: list[pd.DataFrame]) -> pd.DataFrame:
    if not members:
        return _rows(level, code, np.nan, "not_in_instrument", _not_asked(wanted, code))
    scores = np.stack([member["score"].to_numpy(dtype=np.float64) for member in members], axis=1)
    lacks = np.isnan(scores)
    blank = np.stack([(member["status"] == "missing_at_source").to_numpy() for member in members], axis=1).all(axis=1)
    names = [member["code"].iloc[0] for member in members]
    reason = [
        f"Thiếu {', '.join(name for name, absent in zip(names, row, strict=True) if absent)}" if row.any() else None
        for row in lacks
    ]
    status = np.select([blank, lacks.any(axis=1)], ["missing_at_source", "incomplete"], "ok")
    return _rows(level, code, scores.sum(axis=1), status, np.array(reason, dtype=object))


def _rows(level: str, code: str, score: Any, status: Any, reason: Any) -> pd.DataFrame:
    values = {"level": level, "code": code, "score": score, "status": status, "reason": reason}
    return pd.DataFrame({"province": list(PROVINCES), **values})


def _not_asked(wanted: Instrument, code: str) -> str:
    return f"Bộ câu hỏi PAPI năm {wanted.year} không có {code}"


def _join(*sentences: Any) -> str | None:
    return "; ".join(sentence for sentence in sentences if isinstance(sentence, str)) or None
