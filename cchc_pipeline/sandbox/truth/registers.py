"""Count the indicators of registers row by row.

Rules: a figure is a unit's own and counts for it and every unit above. A flow counts in a period that holds all of
its days, and only where no longer one of the same unit and measure lies in the period too. A stock is the last one
at or before the last day. What has no row is unknown and not zero, except in lists (plan, inspections, petitions)
kept at that time. An index is the unit's own: that of a whole year, or the last reading in the period.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Sized
from datetime import date
from typing import Any

from cchc_pipeline.sandbox.province import Province
from cchc_pipeline.sandbox.truth.definitions import FLAGS, INDICES, KINDS, LEVELS, definitions

Row = Mapping[str, Any]
Value = tuple[float, float | None]
Truth = dict[tuple[str, str], Value]

#: The registers that hold a figure or an entry of a unit.
TABLES = ("observations", "inspections", "petitions", "plan_tasks", "external_indices")
RUNNING = ("INDEX766", "INDEX766_PAYMENT")


def register_truth(province: Province, as_of_on: date, start: date, end: date) -> Truth:
    """Count every register indicator that is known for the period [start, end].

    Returns:
        (indicator id, unit code) -> (numerator, denominator); the denominator is None for counts and amounts.
        A period of one day has no stocks, plans and indices.
    """
    last, kept = min(end, as_of_on), province.scenario.registers
    tables: dict[str, Sequence[Row]] = {name: kept.get(f"registers__{name}", ()) for name in TABLES}
    levels = {unit.code: unit.level for unit in province.units}
    truth: Truth = {}
    for unit in province.units:
        inside = {one.code for one in province.scenario.inside(unit)}
        own = {name: [row for row in rows if row["unit_code"] in inside] for name, rows in tables.items()}
        found = _flows(own["observations"], start, last)
        found |= _inspections(own["inspections"], tables["inspections"], start, last, end)
        if any(row["received_on"] <= last for row in tables["petitions"]):
            found |= _petitions(own["petitions"], start, last, is_day=start == end)
        if start != end:
            found |= _stocks(own["observations"], last, levels)
            if any(row["plan_year"] == end.year for row in tables["plan_tasks"]):
                found |= _plan([row for row in own["plan_tasks"] if row["plan_year"] == end.year], last)
            mine = [row for row in own["external_indices"] if row["unit_code"] == unit.code]
            found |= _indices(mine, start, end, last, as_of_on)
        truth |= {(indicator, unit.code): value for indicator, value in found.items()}
    return truth


def _flows(rows: Sequence[Row], start: date, last: date) -> dict[str, Value]:
    within = [row for row in rows if start <= row["period_start"] and row["observed_on"] <= last]
    kept: defaultdict[str, list[Row]] = defaultdict(list)
    for row in within:
        measure, unit, first, on = (row[c] for c in ("measure_code", "unit_code", "period_start", "observed_on"))
        same = [other for other in within if (other["measure_code"], other["unit_code"]) == (measure, unit)]
        if not any(x["period_start"] <= first and x["observed_on"] >= on for x in same if x is not row):
            kept[measure].append(row)

    def added(measures: Iterable[str], column: str = "value") -> float | None:
        found = [row[column] for measure in measures for row in kept[measure] if row[column] is not None]
        return float(sum(found)) if found else None

    result: dict[str, Value] = {}
    for indicator, measures in definitions().flows.items():
        if (amount := added(measures)) is not None:
            result[indicator] = amount, None
    for indicator, (measure, wholes) in definitions().flow_rates.items():
        if wholes and (amount := added((measure,))) is not None:
            result[indicator] = amount, added(wholes)
        elif not wholes and (plan := added((measure,), "total")) is not None:
            result[indicator] = float(sum(row["value"] for row in kept[measure] if row["total"] is not None)), plan
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


def _is_by(day: date | None, last: date) -> bool:
    return day is not None and day <= last


def _plan(plan: Sequence[Row], last: date) -> dict[str, Value]:
    done = [row for row in plan if _is_by(row["finished_on"], last)]
    due = [row for row in plan if row["due_on"] <= last]
    in_time = [row for row in due if _is_by(row["finished_on"], row["due_on"])]
    return {
        "plan_fields_count": _count({row["field_code"] for row in plan}),
        "plan_tasks_count": _count({row["task_code"] for row in plan}),
        "plan_activities_count": _count(plan),
        "plan_done_rate": _count(done, plan),
        "plan_on_time_rate": _count(in_time, due),
        "plan_overdue_count": _count([row for row in plan if row["due_on"] < last and row not in done]),
    }


def _count(some: Sized, of: Sized | None = None) -> Value:
    return float(len(some)), None if of is None else float(len(of))


def _inspections(rows: Sequence[Row], every: Sequence[Row], start: date, last: date, end: date) -> dict[str, Value]:
    of_year = [row for row in every if row["plan_year"] == end.year]
    if not of_year:
        return {}
    held = [row for row in rows if _is_by(row["inspected_on"], last) and start <= row["inspected_on"]]
    result = {"inspections_count": _count(held), "inspected_units_count": _count({row["unit_code"] for row in held})}
    if start != end and any(row["planned_on"] for row in of_year):
        planned = [row for row in rows if row["plan_year"] == end.year and row["planned_on"]]
        done = [row for row in planned if _is_by(row["inspected_on"], last)]
        result["inspection_plan_done_rate"] = _count(done, planned)
    return result


def _petitions(rows: Sequence[Row], start: date, last: date, *, is_day: bool) -> dict[str, Value]:
    result: dict[str, Value] = {}
    for kind in KINDS:
        come = [row for row in rows if row["kind"] == kind and row["received_on"] <= last]
        answered = [row for row in come if _is_by(row["answered_on"], last)]
        now = [row for row in answered if start <= row["answered_on"]]
        with_due = [row for row in now if row["due_on"] is not None]
        in_time = [row for row in with_due if row["answered_on"] <= row["due_on"]]
        result[f"{kind}s_received_count"] = _count([row for row in come if start <= row["received_on"]])
        result[f"{kind}s_answered_count"] = _count(now)
        result[f"{kind}s_on_time_rate"] = _count(in_time, with_due)
        if not is_day:
            waiting = [row for row in come if not _is_by(row["answered_on"], last)]
            result[f"{kind}s_pending_count"] = _count(waiting)
            overdue = [row for row in waiting if row["due_on"] is not None and row["due_on"] < last]
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
