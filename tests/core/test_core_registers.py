"""Registers as core tables: what counts, what contradicts what, what is taken back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pytest
from contract_batches import register_table
from hypothesis import given, settings
from hypothesis import strategies as st

from cchc_pipeline.contracts import enforce, load_contract
from cchc_pipeline.contracts.code_lists import index_table, measure_table
from cchc_pipeline.core.build import REGISTERS, build_register, unknown_unit_codes
from cchc_pipeline.core.queries import run_table
from cchc_pipeline.lake.engine import run_file
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.validation.staging import stage

AS_OF = date(2026, 10, 31)


def built(name: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    held = register_table(name, rows)
    found = run_file(f"core/{name}", held=held, measures=measure_table(), indices=index_table(), run=run_table(AS_OF))
    return enforce(found.select(load_contract(name).column_names), load_contract(name)).to_pylist()


def flow(first: date, last: date, value: float = 1.0, **more: Any) -> dict[str, Any]:
    row = {"measure_code": "guidance", "unit_code": "H99", "period_start": first, "observed_on": last, "value": value}
    return row | more


def day(number: int) -> date:
    return date(2026, 1, 1) + timedelta(days=number)


@pytest.mark.parametrize("name", REGISTERS)
def test_a_row_that_is_taken_back_is_not_published(name: str) -> None:
    rows = {
        "observations": flow(day(0), day(30)),
        "plan_tasks": {
            "plan_year": 2026, "activity_code": "1", "field_code": "1", "task_code": "1", "unit_code": "H99",
        },
        "inspections": {"plan_year": 2026, "inspection_code": "1", "unit_code": "H99.02"},
        "petitions": {"petition_code": "1", "kind": "petition", "unit_code": "H99", "received_on": day(0)},
        "external_indices": {
            "index_code": "PCI", "unit_code": "H99", "year": 2025, "as_of_on": day(100), "source": "A", "value": 60.0,
        },
    }  # fmt: skip
    assert len(built(name, [rows[name]])) == 1
    assert built(name, [rows[name] | {"is_withdrawn": True}]) == []


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 20)), min_size=1, max_size=6, unique=True))
def test_periods_overlap_in_part_exactly_where_days_are_shared_and_neither_holds_the_other(spans: Any) -> None:
    rows = [flow(day(first), day(first + length)) for first, length in spans]
    marked = {(row["period_start"], row["observed_on"]): row["is_overlapping"] for row in built("observations", rows)}
    for first, length in spans:
        mine = set(range(first, first + length + 1))
        others = [set(range(start, start + more + 1)) for start, more in spans]
        crossing = any(mine & other and not mine <= other and not other <= mine for other in others)
        assert marked[day(first), day(first + length)] == crossing


def test_what_overlaps_is_of_one_unit_and_one_flow() -> None:
    rows = [
        flow(day(0), day(20)),
        flow(day(10), day(30), unit_code="H99.02"),
        flow(day(10), day(30), measure_code="guidance_counter"),
        flow(day(15), day(15), measure_code="zalo_followers"),
    ]
    assert not any(row["is_overlapping"] for row in built("observations", rows))


def test_done_overdue_and_answered_are_as_of_the_last_day_of_data() -> None:
    later, before = AS_OF + timedelta(days=1), AS_OF - timedelta(days=1)
    task = {"plan_year": 2026, "field_code": "1", "task_code": "1", "unit_code": "H99", "due_on": before}
    tasks = built(
        "plan_tasks",
        [task | {"activity_code": code, "finished_on": on} for code, on in (("a", AS_OF), ("b", later), ("c", None))],
    )
    assert [(row["is_done"], row["is_overdue"]) for row in tasks] == [(True, False), (False, True), (False, True)]
    asked = {"kind": "question", "unit_code": "H99", "received_on": day(0), "due_on": before}
    answers = (before, AS_OF, later, None)
    petitions = built(
        "petitions", [asked | {"petition_code": str(i), "answered_on": on} for i, on in enumerate(answers)]
    )
    shown = [(row["is_answered"], row["is_on_time"], row["is_overdue"]) for row in petitions]
    assert shown == [(True, True, False), (True, False, False), (False, None, True), (False, None, True)]


def index(year: int, value: float | None, rank: int | None, source: str = "A", **more: Any) -> dict[str, Any]:
    row = {
        "index_code": "PCI", "unit_code": "H99", "year": year, "as_of_on": date(year, 12, 31), "source": source,
        "value": value, "rank": rank, "rank_of": None if rank is None else 63,
    }  # fmt: skip
    return row | more


def test_a_change_is_on_the_year_before_and_up_is_better() -> None:
    first, second = built("external_indices", [index(2018, 63.01, 35), index(2019, 65.09, 33)])
    assert (first["value_change"], first["rank_change"], first["previous_rank"]) == (None, None, None)
    assert (second["value_change"], second["rank_change"], second["previous_value"]) == (2.08, 2, 63.01)
    assert not second["is_contradicted"]


def test_ranks_among_another_number_of_units_are_not_compared() -> None:
    _, second = built("external_indices", [index(2024, 66.0, 35), index(2025, 67.0, 12, rank_of=34)])
    assert (second["value_change"], second["rank_change"]) == (1.0, None)


def test_sources_that_differ_are_reported_with_their_figures_and_none_is_chosen() -> None:
    rows = [index(2023, 66.0, 12, "A"), index(2023, 66.5, 12, "B"), index(2024, 67.0, 10, "A")]
    found = built("external_indices", rows)
    assert [row["is_contradicted"] for row in found] == [True, True, False]
    assert found[0]["contradiction_vi"] == "Các nguồn nói khác nhau: A: 66,0 điểm, hạng 12/63; B: 66,5 điểm, hạng 12/63"
    assert (found[2]["previous_value"], found[2]["value_change"]) == (None, None)


def test_sources_that_say_the_same_or_different_things_agree() -> None:
    rows = [index(2023, 66.0, None, "A"), index(2023, None, 12, "B", as_of_on=date(2024, 4, 1))]
    assert not any(row["is_contradicted"] for row in built("external_indices", rows))


def test_a_running_index_may_change_from_day_to_day() -> None:
    rows = [
        index(2026, value, rank, index_code="INDEX766", as_of_on=date(2026, month, 1))
        for month, value, rank in ((1, 70.0, 20), (2, 75.0, 15))
    ]
    assert not any(row["is_contradicted"] for row in built("external_indices", rows))


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ({"claimed_value_change": 1.5}, "Nguồn nêu thay đổi 1,5 điểm, tính từ số liệu là 2,08"),
        ({"claimed_rank_change": 5}, "Nguồn nêu thay đổi 5 bậc, tính từ số liệu là 2"),
        ({"claimed_value_change": 2.08, "claimed_rank_change": 2}, None),
    ],
)
def test_a_change_that_a_source_claims_is_checked(claim: dict[str, Any], said: str | None) -> None:
    _, second = built("external_indices", [index(2018, 63.01, 35), index(2019, 65.09, 33, **claim)])
    assert second["contradiction_vi"] == said
    assert second["is_contradicted"] == (said is not None)


def test_a_rank_that_goes_against_the_score_is_reported() -> None:
    rows = [index(2023, 81.32, 63, unit_code="H01"), index(2023, 80.0, 60, unit_code="H02")]
    found = built("external_indices", rows)
    assert [row["contradiction_vi"] for row in found] == [
        "Hạng trái với điểm so với H02",
        "Hạng trái với điểm so với H01",
    ]


def test_a_corrected_file_replaces_by_key_and_strangers_are_named(lake: Lake) -> None:
    units = pa.table({"unit_code": ["H99", "H99.02"], "province_code": ["H99", "H99"]})
    lake.store.update(units, "built/units")
    name = "registers__observations"

    def drop(on: date, *rows: dict[str, Any]) -> list[dict[str, Any]]:
        lake.store.write(register_table("observations", list(rows)), f"landing/{name}", on)
        stage(lake, name, [on], AS_OF)
        return build_register(lake, "observations", AS_OF).to_pylist()

    drop(
        day(100),
        flow(day(0), day(30), 5.0),
        flow(day(31), day(58), 6.0),
        flow(day(0), day(30), 1.0, unit_code="H99.77"),
    )
    found = drop(day(101), flow(day(0), day(30), 50.0))
    assert [(row["unit_code"], row["value"]) for row in found] == [("H99", 50.0), ("H99", 6.0), ("H99.77", 1.0)]
    assert unknown_unit_codes(lake, "observations") == ["H99.77"]
