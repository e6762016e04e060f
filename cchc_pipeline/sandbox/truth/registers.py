"""Count the indicators of registers row by row.

Rules: a figure is a unit's own and counts for it and every unit above. A flow counts in a period that holds all of
its days, and only where no longer one of the same unit and measure lies in the period too. A stock is the last one
at or before the last day. What has no row is unknown and not zero, except in lists (plan, inspections, petitions)
kept at that time. An index is the unit's own: that of a whole year, or the last reading in the period.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Sized
from datetime import date
from typing import Any

from cchc_pipeline.sandbox.province import Province
from cchc_pipeline.sandbox.truth.definitions import FLAGS, INDICES, KINDS, LEVELS, definitions

Row = Mapping[str, Any]
Value = tuple[float, float | None]
Truth = dict[tuple[str, str], Value]

RUNNING = ("INDEX766", "INDEX766_PAYMENT")


def register_truth(province: Province, as_of_on: date, start: date, end: date) -> Truth:
    """Count every register indicator that is known for the period [start, end].

    Returns:
        (indicator id, unit code) -> (numerator, denominator); the denominator is None for counts and amounts.
        A period of one day has no stocks, plans and indices.
    """
    last = min(end, as_of_on)
    tables = province.scenario.registers
    levels = {unit.code: unit.level for unit in province.units}
    truth: Truth = {}
    for unit in province.units:
        inside = {one.code for one in province.scenario.inside(unit)}

        def own(table: str, inside: set[str] = inside) -> list[Row]:
            return [row for row in tables.get(f"registers__{table}", ()) if row["unit_code"] in inside]

        found: dict[str, Value] = {}
        found |= _flows(own("observations"), start, last)
        found |= _inspections(own("inspections"), tables, start, last, end)
        found |= _petitions(own("petitions"), tables, start, last, is_day=start == end)
        if start != end:
            found |= _stocks(own("observations"), last, levels)
            found |= _plan(own("plan_tasks"), tables, last, end.year)
            mine = [row for row in own("external_indices") if row["unit_code"] == unit.code]
            found |= _indices(mine, start, end, last, as_of_on)
        truth |= {(indicator, unit.code): value for indicator, value in found.items()}
    return truth


def _flows(rows: Sequence[Row], start: date, last: date) -> dict[str, Value]:
    within = [row for row in rows if start <= row["period_start"] and row["observed_on"] <= last]
    kept: dict[str, list[Row]] = {}
    for row in within:
        others = [
            other
            for other in within
            if (other["unit_code"], other["measure_code"]) == (row["unit_code"], row["measure_code"])
            and other["period_start"] <= row["period_start"]
            and other["observed_on"] >= row["observed_on"]
            and other is not row
        ]
        if not others:
            kept.setdefault(row["measure_code"], []).append(row)

    def added(measures: Iterable[str], column: str = "value") -> float | None:
        found = [row[column] for measure in measures for row in kept.get(measure, ()) if row[column] is not None]
        return float(sum(found)) if found else None

    result: dict[str, Value] = {}
    for indicator, measures in definitions().flows.items():
        if (amount := added(measures)) is not None:
            result[indicator] = amount, None
    for indicator, (measure, wholes) in definitions().flow_rates.items():
        if wholes and (amount := added((measure,))) is not None:
            result[indicator] = amount, added(wholes)
        elif not wholes and (plan := added((measure,), "total")) is not None:
            part = sum(row["value"] for row in kept[measure] if row["total"] is not None)
            result[indicator] = float(part), plan
    return result


def _stocks(rows: Sequence[Row], last: date, levels: Mapping[str, str]) -> dict[str, Value]:
    newest: dict[tuple[str, str], Row] = {}
    for row in sorted(rows, key=lambda row: row["observed_on"]):
        if row["observed_on"] <= last and row["measure_code"] in (*definitions().stocks, *FLAGS):
            newest[row["measure_code"], row["unit_code"]] = row
    result: dict[str, Value] = {}
    for measure, (figure, share) in definitions().stocks.items():
        held = [row for (code, _), row in newest.items() if code == measure]
        if held:
            result[figure] = float(sum(row["value"] for row in held)), None
        parts = [row for row in held if row["total"] is not None]
        if share and parts:
            result[share] = float(sum(row["value"] for row in parts)), float(sum(row["total"] for row in parts))
    for flag in FLAGS:
        for level in LEVELS:
            marks = [row["value"] for (code, unit), row in newest.items() if code == flag and levels[unit] == level]
            if marks:
                result[f"{flag}_{level}_rate"] = float(sum(marks)), float(len(marks))
    return result


def _plan(rows: Sequence[Row], tables: Mapping[str, Sequence[Row]], last: date, year: int) -> dict[str, Value]:
    if not any(row["plan_year"] == year for row in tables.get("registers__plan_tasks", ())):
        return {}
    plan = [row for row in rows if row["plan_year"] == year]
    done = [row for row in plan if row["finished_on"] is not None and row["finished_on"] <= last]
    due = [row for row in plan if row["due_on"] <= last]
    in_time = [row for row in due if row["finished_on"] is not None and row["finished_on"] <= row["due_on"]]
    overdue = [row for row in plan if row["due_on"] < last and row not in done]
    return {
        "plan_fields_count": _count({row["field_code"] for row in plan}),
        "plan_tasks_count": _count({row["task_code"] for row in plan}),
        "plan_activities_count": _count(plan),
        "plan_done_rate": _count(done, plan),
        "plan_on_time_rate": _count(in_time, due),
        "plan_overdue_count": _count(overdue),
    }


def _count(some: Sized, of: Sized | None = None) -> Value:
    return float(len(some)), None if of is None else float(len(of))


def _inspections(
    rows: Sequence[Row], tables: Mapping[str, Sequence[Row]], start: date, last: date, end: date
) -> dict[str, Value]:
    every = [row for row in tables.get("registers__inspections", ()) if row["plan_year"] == end.year]
    if not every:
        return {}
    held = [row for row in rows if row["inspected_on"] is not None and start <= row["inspected_on"] <= last]
    result = {"inspections_count": _count(held), "inspected_units_count": _count({row["unit_code"] for row in held})}
    if start != end and any(row["planned_on"] for row in every):
        planned = [row for row in rows if row["plan_year"] == end.year and row["planned_on"]]
        done = [row for row in planned if row["inspected_on"] is not None and row["inspected_on"] <= last]
        result["inspection_plan_done_rate"] = _count(done, planned)
    return result


def _petitions(
    rows: Sequence[Row], tables: Mapping[str, Sequence[Row]], start: date, last: date, *, is_day: bool
) -> dict[str, Value]:
    every = tables.get("registers__petitions", ())
    if not every or last < min(row["received_on"] for row in every):
        return {}
    result: dict[str, Value] = {}
    for kind in KINDS:
        mine = [row for row in rows if row["kind"] == kind]
        answered = [row for row in mine if row["answered_on"] is not None and start <= row["answered_on"] <= last]
        with_due = [row for row in answered if row["due_on"] is not None]
        in_time = [row for row in with_due if row["answered_on"] <= row["due_on"]]
        received = [row for row in mine if start <= row["received_on"] <= last]
        result[f"{kind}s_received_count"] = _count(received)
        result[f"{kind}s_answered_count"] = _count(answered)
        result[f"{kind}s_on_time_rate"] = _count(in_time, with_due)
        if not is_day:
            come = [row for row in mine if row["received_on"] <= last]
            waiting = [row for row in come if row["answered_on"] is None or row["answered_on"] > last]
            overdue = [row for row in waiting if row["due_on"] is not None and row["due_on"] < last]
            result[f"{kind}s_pending_count"] = _count(waiting)
            result[f"{kind}s_overdue_count"] = _count(overdue)
    return result


def _of_year(rows: Sequence[Row], index: str, year: int) -> list[Row]:
    """Return the readings of an index for a year, sorted by day."""
    found = [row for row in rows if row["index_code"] == index and row["year"] == year]
    return sorted(found, key=lambda row: row["as_of_on"])


def _indices(rows: Sequence[Row], start: date, end: date, last: date, as_of_on: date) -> dict[str, Value]:
    is_whole_year = start <= date(end.year, 1, 1) and end == date(end.year, 12, 31)
    result: dict[str, Value] = {}
    for index in INDICES:
        readings = _of_year(rows, index, end.year)
        if index in RUNNING:
            is_over = is_whole_year and end <= as_of_on
            readings = [row for row in readings if is_over or start <= row["as_of_on"] <= last]
        elif not is_whole_year:
            readings = []
        if not readings:
            continue
        now, name = readings[-1], f"external_{index.lower()}"
        before = _of_year(rows, index, end.year - 1)
        if now["value"] is not None:
            result[f"{name}_value"] = float(now["value"]), None
            if before and before[-1]["value"] is not None:
                result[f"{name}_value_change"] = round(now["value"] - before[-1]["value"], 6), None
        if now["rank"] is not None and now["rank_of"] is not None:
            result[f"{name}_rank"] = float(now["rank"]), float(now["rank_of"])
            if before and before[-1]["rank"] is not None and before[-1]["rank_of"] == now["rank_of"]:
                result[f"{name}_rank_change"] = float(before[-1]["rank"] - now["rank"]), None
    return result
