"""Indicators of registers: generated registers counted by the pipeline's SQL and again, row by row, in Python."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
from contract_batches import register_table
from hypothesis import given, settings
from hypothesis import strategies as st
from indicator_cases import PARENTS, UNITS, values

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.contracts.code_lists import index_table, load_code_list, measure_table
from cchc_pipeline.core.queries import run_table
from cchc_pipeline.days import periods
from cchc_pipeline.indicators.catalogue import catalogue
from cchc_pipeline.lake.engine import run_file
from cchc_pipeline.sandbox.life.province_parts import Unit
from cchc_pipeline.sandbox.life.scenario import Scenario
from cchc_pipeline.sandbox.truth.definitions import register_indicators
from cchc_pipeline.sandbox.truth.registers import register_truth

FIRST, AS_OF = date(2026, 9, 20), date(2026, 11, 10)
WINDOW = (date(2026, 9, 25), date(2026, 10, 20))
ONLY = [i for i in catalogue() if i.family == "registers"]
DAYS = st.integers(0, 60).map(lambda n: date(2026, 9, 20) + timedelta(days=n))
LATER = st.none() | st.integers(0, 30)
CODES = st.sampled_from(list(PARENTS))


@dataclass
class Province:
    """As much of a province as the truth asks for."""

    scenario: Scenario
    units: tuple[Unit, ...]


ALL = tuple(
    Unit(code, code, level, PARENTS[code], code, "X")
    for code, level in zip(UNITS["unit_code"].to_pylist(), UNITS["unit_level"].to_pylist(), strict=True)
)


def _after(start: date, days: int | None) -> date | None:
    return None if days is None else start + timedelta(days=days)


MEASURES, INDICES = (load_code_list(name).codes for name in ("register_measure", "external_index"))


@st.composite
def observations(draw: Any) -> list[dict[str, Any]]:
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for _ in range(draw(st.integers(6, 36))):
        measure, unit, last = draw(st.sampled_from(MEASURES)), draw(CODES), draw(DAYS)
        kind = measure.attributes["kind"]
        # Months and what adds up to them: periods within one another, never overlapping in part.
        first = draw(st.sampled_from([last, last.replace(day=1), date(2026, 9, 1)])) if kind == "flow" else last
        if kind == "flow" and first == date(2026, 9, 1):
            last = date(2026, 10, 31)  # whole months: November begins after it
        elif kind == "flow" and first.day == 1:
            last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
        value = float(draw(st.integers(0, 1 if kind == "flag" else 50)))
        total = draw(st.none() | st.integers(50, 90).map(float)) if measure.attributes["total"] != "none" else None
        rows[measure.code, unit, first, last] = {
            "measure_code": measure.code, "unit_code": unit, "period_start": first, "observed_on": last,
            "value": value, "total": total,
        }  # fmt: skip
    return list(rows.values())


@st.composite
def lists(draw: Any) -> dict[str, list[dict[str, Any]]]:
    plan, inspections, petitions, indices = [], [], [], {}
    for number in range(draw(st.integers(3, 15))):
        due = draw(DAYS)
        plan.append({
            "plan_year": 2026, "activity_code": str(number), "field_code": draw(st.sampled_from("AB")),
            "task_code": draw(st.sampled_from("123")), "unit_code": draw(CODES), "due_on": due,
            "finished_on": _after(due, draw(st.none() | st.integers(-10, 20))),
        })  # fmt: skip
    for number in range(draw(st.integers(2, 12))):
        planned = draw(st.none() | DAYS)
        inspections.append({
            "plan_year": 2026, "inspection_code": str(number), "unit_code": draw(CODES), "planned_on": planned,
            "inspected_on": _after(planned or draw(DAYS), draw(LATER)),
        })  # fmt: skip
    for number in range(draw(st.integers(3, 20))):
        came = draw(DAYS)
        petitions.append({
            "petition_code": str(number), "kind": draw(st.sampled_from(["petition", "question"])),
            "unit_code": draw(CODES), "received_on": came, "due_on": _after(came, draw(LATER)),
            "answered_on": _after(came, draw(LATER)),
        })  # fmt: skip
    for _ in range(draw(st.integers(2, 12))):
        one, unit, year = draw(st.sampled_from(INDICES)), draw(CODES), draw(st.sampled_from([2025, 2026]))
        as_of = draw(DAYS) if one.attributes["series"] == "running" and year == 2026 else date(year, 9, 30)
        rank = draw(st.none() | st.integers(1, 34))
        indices[one.code, unit, year, as_of] = {
            "index_code": one.code, "unit_code": unit, "year": year, "as_of_on": as_of, "source": "A",
            "value": draw(st.integers(0, 80).map(float)), "rank": rank,
            "rank_of": None if rank is None else draw(st.sampled_from([34, 63])),
        }  # fmt: skip
    # Ranks against scores would be contradictions, which tests/core looks at: one unit per index and year.
    alone: dict[tuple[str, int], str] = {}
    kept = [
        row
        for row in indices.values()
        if alone.setdefault((row["index_code"], row["year"]), row["unit_code"]) == row["unit_code"]
    ]
    return {"plan_tasks": plan, "inspections": inspections, "petitions": petitions, "external_indices": kept}


@settings(max_examples=5, deadline=None)  # rows count by themselves: many in few examples say as much
@given(observations(), lists())
def test_every_register_indicator_equals_the_truth(observed: list[dict[str, Any]], rest: dict[str, Any]) -> None:
    registers = {"observations": observed, **rest}
    tables: dict[str, pa.Table] = {}
    for name, rows in registers.items():
        tables[name] = run_file(f"core/{name}", load_contract(name).arrow_schema(),
            held=register_table(name, rows), measures=measure_table(), indices=index_table(), run=run_table(AS_OF),
        )  # fmt: skip
        # nothing of what is generated is in conflict, so nothing is left out
        for mark in {"is_overlapping", "is_contradicted"} & set(tables[name].column_names):
            assert not any(tables[name][mark].to_pylist())
    found: dict[tuple[Any, ...], tuple[float, float | None]] = {}
    table = values(only=ONLY, first=FIRST, as_of_on=AS_OF, periods=periods(FIRST, AS_OF, [WINDOW]), **tables)
    for row in table.to_pylist():
        period = row["period_type"], row["period_start"], row["period_end"]
        found[period, row["indicator_id"], row["unit_code"]] = row["numerator"], row["denominator"]
    kept = {f"registers__{name}": rows for name, rows in registers.items()}
    scenario = Scenario("test", "", "H99", "", FIRST, None, 0.0, ALL, (), registers=kept)
    province: Any = Province(scenario, ALL)
    expected = {}
    for one in periods(FIRST, AS_OF, [WINDOW]).to_pylist():
        period = one["period_type"], one["period_start"], one["period_end"]
        for key, (numerator, denominator) in register_truth(province, AS_OF, *period[1:]).items():
            if period[0] != "day" or numerator or denominator:
                expected[period, *key] = numerator, denominator
    assert found == expected


def test_the_truth_has_every_register_indicator() -> None:
    assert sorted(register_indicators()) == sorted(i.id for i in ONLY)
