"""Compose PAPI from sub-dimensions: dimensions, totals, what is missing and why.

A dimension is the sum of its sub-dimensions, the total (unweighted) the sum of the dimensions; a sum that lacks a part
is missing, not smaller. Sources code a missing value as blank or as 0; no scale reaches 0, so both are missing.
"""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from cchc_pipeline.arrow import table_from_frame
from cchc_pipeline.lake.engine import run_file
from cchc_pipeline.reference.index_codes import TOTAL_CODE
from cchc_pipeline.reference.papi_instrument import (
    PROVINCES,
    Instrument,
    all_dimensions,
    all_slots,
    comparable_since,
    former_provinces,
    instrument,
    tier_rules,
)
from cchc_pipeline.reference.units_national import old_provinces
from cchc_pipeline.scorecards.scoring.engine import SCORECARD_SCHEMA
from cchc_pipeline.scorecards.scoring.measures import Table, as_frame

INDEX_CODE = "papi"
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


class _Column(NamedTuple):
    """One code of all provinces, as arrays."""

    score: npt.NDArray[Any]
    status: npt.NDArray[Any]
    reason: npt.NDArray[Any]


_ABSENT = "Nguồn không có số liệu"
_ZERO = "Nguồn ghi 0: thang điểm không có giá trị 0, coi là không có số liệu"


def compose(table: Table, year: int) -> pd.DataFrame:
    """Compose sub-dimensions, dimensions and the total of every province in one year.

    Args:
        table: the table `papi__subdimensions` (year, province_code, slot, score), with other years in it or not; what
            `sources.papi.source.read_wide` gives.
        year: which year to compose.

    Returns:
        One row per province (all 63) and code, with columns province, level (subdimension, dimension, total), code
        (SC11, D1, TOTAL), score (in points, NaN unless ok), status (ok, missing_at_source, not_in_instrument,
        incomplete) and reason. A score outside its nominal range keeps its value and says so in the reason.

    Raises:
        PapiTableError: the year is unknown.
    """
    wanted, frame = instrument(year), as_frame(table)
    by_slot = frame[frame["year"] == year].set_index(["province_code", "slot"])["score"].astype("float64")
    scores = by_slot.unstack("slot").reindex(index=list(PROVINCES), columns=list(all_slots()))  # noqa: PD010
    columns = {slot: _slot(wanted, slot, scores[slot].to_numpy(dtype=np.float64)) for slot in all_slots()}
    for dimension in all_dimensions():
        columns[dimension] = _sum(
            wanted, dimension, {code: columns[code] for code in wanted.dimensions.get(dimension, ())}
        )
    columns[TOTAL_CODE] = _sum(wanted, TOTAL_CODE, {code: columns[code] for code in wanted.dimensions})
    levels = ["subdimension"] * len(all_slots()) + ["dimension"] * len(all_dimensions()) + ["total"]
    cells = (np.stack(held, axis=1).ravel() for held in zip(*columns.values(), strict=True))
    places = {
        "province": np.repeat(np.array(PROVINCES, dtype=object), len(columns)),
        "level": levels * len(PROVINCES),
        "code": [*columns] * len(PROVINCES),
    }
    frame = pd.DataFrame(places | dict(zip(_Column._fields, cells, strict=True)))
    return frame.assign(reason=frame["reason"].astype(object).where(frame["reason"].notna(), None))


def to_scorecard(composed: pd.DataFrame, year: int, totals: Table | None = None) -> pa.Table:
    """Return a composed year in the columns of the scoring engine.

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
    codes, level, is_ok = composed["code"], composed["level"], composed["status"] == "ok"
    names = {code: (slot.name_vi, slot.name_en) for code, slot in wanted.slots.items()}
    names |= {code: (name["name_vi"], name["name_en"]) for code, name in all_dimensions().items()}
    names[TOTAL_CODE] = (wanted.name_vi, wanted.name_en)
    bounds = {code: wanted.bounds(code) for code in codes.unique()}
    low, high = codes.map(lambda code: bounds[code][0]), codes.map(lambda code: bounds[code][1])
    breaks = codes.map(lambda code: wanted.break_note_vi(code)).where(is_ok, None)
    tier = pd.Series(pd.NA, index=composed.index, dtype="Int32")
    for _, rows in composed[level != "subdimension"].groupby("code"):
        tier.loc[rows.index] = tiers(rows["score"], year)
    groups = pd.Series(tier_note_vi(year, len(tier.dropna())), index=composed.index, dtype=object)
    groups = groups.where((level == "total") & is_ok, None)
    columns: dict[str, Any] = {
        "index_code": INDEX_CODE,
        "rubric_version": wanted.edition,
        "is_provisional": False,
        "source": "table",
        "period_type": "year",
        "period_start": date(year, 1, 1),
        "period_end": date(year, 12, 31),
        "unit_code": composed["province"],
        "criterion_level": level.map(_LEVEL),
        "criterion_code": codes,
        "parent_code": codes.map(
            lambda code: f"D{code[2]}" if code[0] == "S" else TOTAL_CODE if code[0] == "D" else None
        ),
        "criterion_name_vi": codes.map(lambda code: names.get(code, (code, code))[0]),
        "criterion_name_en": codes.map(lambda code: names.get(code, (code, code))[1]),
        "rule": level.map({"subdimension": "survey", "dimension": "sum", "total": "sum"}),
        "numerator": np.nan,
        "denominator": np.nan,
        "ratio": ((composed["score"] - low) / (high - low)).clip(0, 1),
        "points": composed["score"],
        "max_points": high.where(composed["status"] != "not_in_instrument"),
        "points_lost": high - composed["score"],
        "status": composed["status"].map(_STATUS),
        "reason_vi": [
            "; ".join(one for one in parts if isinstance(one, str)) or None
            for parts in zip(composed["reason"], breaks, groups, strict=True)
        ],
        "evidence": f"papi__subdimensions:{year}",
        **_published(composed, wanted, totals),
        "comparable_since": codes.map(lambda code: comparable_since(code, year)).astype("Int32"),
        "tier": tier,
        "unit_vintage": VINTAGE,
        "gso_code": composed["province"].map({code: one.gso_code for code, one in former_provinces().items()}),
    }
    frame = pd.DataFrame(columns, index=composed.index)
    return table_from_frame(frame[PAPI_SCHEMA.names], PAPI_SCHEMA)


def on_todays_map(card: pa.Table) -> pa.Table:
    """Return points, or ranges of points, of the 34 provinces of today.

    Eleven provinces are as they were and keep their points. Of a merged one the surveys say what its parts had, and no
    more: an average would need weights that are not published.

    Args:
        card: rows of `scorecard_papi`.

    Returns:
        Columns of `scorecard_papi_today`: per year and criterion one row for each province of today that has a former
        province in `card`. `points` only where a province is as it was; `points_low` and `points_high` of its parts
        where all of them have points.
    """
    names = ("gso_code", "successor_agency_code", "successor_gso_code", "successor_name_vi")
    columns = {name: [getattr(province, name) for province in old_provinces()] for name in names}
    provinces = pa.table(columns | {"unit_vintage_of_code": [VINTAGE] * len(old_provinces())})
    return run_file("scorecards/papi_today", card=card, provinces=provinces)


def _published(composed: pd.DataFrame, wanted: Instrument, totals: Table | None) -> dict[str, pd.Series]:
    """Return weighted totals and standard errors as printed; a 0 is none.

    Where no weighted total is printed it is computed, if the weights of the year are known.
    """
    of_total = composed["province"].where(composed["level"] == "total")
    dimensions = composed[composed["level"] == "dimension"]
    weighted = dimensions["score"] * dimensions["code"].map(wanted.weights)
    sums = weighted.groupby(dimensions["province"]).sum(min_count=max(len(wanted.weights), 1))
    computed = of_total.map(sums).astype("float64")
    if totals is None:
        return {"weighted_points": computed, "standard_error": pd.Series(np.nan, index=composed.index)}
    printed = as_frame(totals)
    printed = printed[printed["year"] == wanted.year].set_index("province_code").astype("float64", errors="ignore")
    told = {name: of_total.map(printed[name].replace(0, np.nan)) for name in ("weighted_total", "standard_error")}
    return {"weighted_points": told["weighted_total"].fillna(computed), "standard_error": told["standard_error"]}


def _slot(wanted: Instrument, slot: str, scores: npt.NDArray[np.float64]) -> _Column:
    if slot not in wanted.slots:
        return _not_asked(wanted, slot)
    low, high = wanted.bounds(slot)
    missing, zero = np.isnan(scores), scores == 0
    outside = ~missing & ~zero & ((scores < low - wanted.tolerance) | (scores > high + wanted.tolerance))
    reason = np.full(len(scores), None, dtype=object)
    reason[missing], reason[zero] = _ABSENT, _ZERO
    reason[outside] = (
        f"Ngoài thang điểm danh nghĩa {low:.2f}-{high:.2f} của {slot} năm {wanted.year}: kiểm tra lại nguồn"
    )
    return _Column(np.where(zero, np.nan, scores), np.where(missing | zero, "missing_at_source", "ok"), reason)


def _sum(wanted: Instrument, code: str, members: dict[str, _Column]) -> _Column:
    """Sum up a dimension or the total; it lacks a score where a member does."""
    if not members:
        return _not_asked(wanted, code)
    scores = np.stack([member.score for member in members.values()], axis=1)
    lacks = np.isnan(scores)
    blank = np.all([member.status == "missing_at_source" for member in members.values()], axis=0)
    names = np.array(list(members), dtype=object)
    reason = np.array([f"Thiếu {', '.join(names[row])}" if row.any() else None for row in lacks], dtype=object)
    status = np.select([blank, lacks.any(axis=1)], ["missing_at_source", "incomplete"], "ok")
    return _Column(scores.sum(axis=1), status, reason)


def _not_asked(wanted: Instrument, code: str) -> _Column:
    count, reason = len(PROVINCES), f"Bộ câu hỏi PAPI năm {wanted.year} không có {code}"
    values = (np.nan, "not_in_instrument", reason)
    return _Column(*(np.full(count, value, dtype=float if value is np.nan else object) for value in values))


def tiers(scores: pd.Series, year: int) -> pd.Series:
    """Return the quarter of every score: 1 (highest) to 4.

    The publisher prints groups and no ranks: quarters by the quartiles of the scores that exist, so that a province
    without a score is in none, and the groups are not of one size.

    Args:
        scores: one score per province, in points; NaN where there is none.
        year: year of the survey, which decides where a score on a quartile goes.

    Returns:
        Int32, same index; NA where there is no score, and everywhere where too few provinces have one.
    """
    found = pd.Series(pd.NA, index=scores.index, dtype="Int32")
    held = scores.dropna()
    if len(held) < tier_rules()["fewest_units"]:
        return found
    rule = next(item for item in tier_rules()["editions"] if item["from"] <= year <= item["to"])
    cuts = np.quantile(held.to_numpy(dtype=np.float64), [0.25, 0.5, 0.75])
    # searchsorted counts the quartiles below a score: with `right` a score on a quartile counts as above it.
    below = np.searchsorted(
        cuts, held.to_numpy(dtype=np.float64), side="right" if rule["on_quartile"] == "upper" else "left"
    )
    found.loc[held.index] = 4 - below
    return found


def tier_note_vi(year: int, grouped: int) -> str | None:
    """Return what a reader of a total has to know about its group, or None.

    Args:
        year: year of the survey.
        grouped: how many scores of the year have a group; 0 where too few provinces have one.
    """
    rules = tier_rules()
    if not grouped:
        return f"Không xếp nhóm: cần ít nhất {rules['fewest_units']} tỉnh có điểm mới chia được bốn nhóm như PAPI"
    if year in rules["checked"]:
        return None
    checked = ", ".join(map(str, rules["checked"]))
    return f"Nhóm chia theo cách PAPI làm các năm {checked}; chưa đối chiếu với bảng nhóm công bố của năm {year}"
