"""Nights of score_days over scorecards that are made up: rows of the card, of the portal, and the run of a night."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

import pyarrow as pa

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.scorecards.score_days import build_score_days

NIGHT = date(2026, 10, 10)
CARD, METRICS = load_contract("scorecard_index766").arrow_schema(), "national_portal__metrics"
#: unit -> level
UNITS = {"H99": "province", "H99.02": "department", "H99.03": "department", "H99.201": "commune", "H99.202": "commune"}


def row(unit: str, code: str, points: float | None, *, source: str = "local", **more: Any) -> dict[str, Any]:
    """A row of the scorecard: a criterion of group TDGQ out of 20, or the total of 100."""
    is_total = code == "TOTAL"
    return {
        "index_code": "index766", "rubric_version": "2026.2", "is_provisional": False, "source": source,
        "period_type": "month", "period_start": date(2026, 10, 1), "period_end": date(2026, 10, 31), "unit_code": unit,
        "unit_name": unit, "unit_level": UNITS[unit], "criterion_level": "total" if is_total else "criterion",
        "criterion_code": code, "parent_code": None if is_total else "TDGQ", "criterion_name_vi": code,
        "criterion_name_en": code, "rule": "sum" if is_total else "linear(full_at=1)", "numerator": points,
        "denominator": 20.0 if is_total else 100.0, "ratio": None if points is None else points / 20, "points": points,
        "max_points": 100.0 if is_total else 20.0, "points_lost": None, "reason_vi": None, "status": "ok",
        "evidence": None if is_total else "indicator_values:idx766_on_time", **more,
    }  # fmt: skip


def scored(points: Mapping[str, float | None], **more: Any) -> list[dict[str, Any]]:
    """Two rows of each unit: one criterion, and the total that is its points."""
    return [row(unit, code, value, **more) for unit, value in points.items() for code in ("DOSSIER_ON_TIME", "TOTAL")]


def metric(unit: str, captured_on: date, code: str = "DOSSIER_ON_TIME", **more: Any) -> dict[str, Any]:
    return {
        "unit_code": unit, "period_type": "month", "period_start": date(2026, 10, 1),
        "period_end": date(2026, 10, 31), "report": "dvc-progress-tree", "metric_code": code,
        "captured_on": captured_on, **more,
    }  # fmt: skip


def night(
    lake: Lake, day: date, rows: list[dict[str, Any]], *, portal: list[dict[str, Any]] = (), landed: bool = True,
    only: Collection[str] | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """Run the night of a day over a scorecard.

    `landed`: whether the portal's rows came on that night; `only`: the metrics of which they came, where not of all.
    """
    # Read without a gap since the night before, however long ago that was.
    lake.record_pull("one_stop", day, day, {"status": "ok", "overlap_days": 1_000})
    lake.store.write(pa.Table.from_pylist(rows, CARD), "built/scorecard_index766")
    schema = load_contract(METRICS).arrow_schema(relaxed=True)
    table = pa.Table.from_pylist(list(portal), schema)
    lake.store.write(table, f"core/{METRICS}")
    if portal and landed:
        came = [one for one in portal if only is None or one["metric_code"] in only]
        lake.store.write(pa.Table.from_pylist(came, schema), f"staged/{METRICS}", day)
    if not lake.store.has("built/units"):
        lake.store.write(load_contract("units").arrow_schema().empty_table(), "built/units")
    return build_score_days(lake).to_pylist()


def of(rows: list[dict[str, Any]], unit: str, code: str = "TOTAL", source: str = "local") -> dict[str, Any]:
    (found,) = [one for one in rows if (one["unit_code"], one["criterion_code"], one["source"]) == (unit, code, source)]
    return found


EVERY = dict.fromkeys(UNITS, 10.0)
