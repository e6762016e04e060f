from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa
import pytest
from dossier_lives import day, held, row

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core import state
from cchc_pipeline.lake import files
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.sources.protocol import Window

DAY = date(2026, 10, 1)
PAPI = load_contract("papi__subdimensions")


def scores(*values):
    rows = [{"year": 2025, "province_code": "P07", "slot": slot, "score": score} for slot, score in values]
    return pa.Table.from_pylist(rows, schema=PAPI.arrow_schema())


@pytest.fixture
def lake(tmp_path):
    return Lake(tmp_path)


def stage(lake, table, rows, on=DAY):
    files.write_parquet(rows, lake.day_file("staged", table, on))


def test_taking_in_goes_through_the_days_in_order(lake):
    stage(lake, PAPI.name, scores(("SC11", 2.0)), DAY + timedelta(days=1))
    stage(lake, PAPI.name, scores(("SC11", 1.0), ("SC12", 1.0)))
    assert state.take_in(lake, PAPI.name, Window(DAY, DAY + timedelta(days=9))) == 2
    assert lake.read_state("core", PAPI.name, PAPI.arrow_schema())["score"].to_pylist() == [2.0, 1.0]


def test_days_without_a_staged_file_are_passed_over(lake):
    assert state.take_in(lake, PAPI.name, Window(DAY, DAY)) == 0
    assert state.staged(lake, PAPI.name, Window(DAY, DAY)).schema.equals(PAPI.arrow_schema(), check_metadata=True)


def test_the_newest_full_listing_takes_the_place_of_the_one_held(lake):
    days = Window(DAY, DAY + timedelta(days=3))
    stage(lake, PAPI.name, scores(("SC12", 1.0), ("SC11", 1.0)))
    assert state.replace(lake, PAPI.name, days) == 2
    stage(lake, PAPI.name, scores(("SC13", 3.0)), DAY + timedelta(days=1))
    assert state.replace(lake, PAPI.name, days) == 1


def test_an_empty_listing_replaces_nothing(lake):
    days = Window(DAY, DAY + timedelta(days=3))
    stage(lake, PAPI.name, scores(("SC12", 1.0), ("SC11", 1.0)))
    stage(lake, PAPI.name, scores(), DAY + timedelta(days=2))
    assert state.replace(lake, PAPI.name, days) == 2
    assert lake.read_state("core", PAPI.name, PAPI.arrow_schema())["slot"].to_pylist() == ["SC11", "SC12"]


def test_a_dossier_of_two_days_in_two_months_is_held_once(lake):
    draft = row(1, status_code=1, received_on=None, applied_on=date(2026, 9, 30))
    stage(lake, "one_stop__dossiers", held([draft]), date(2026, 9, 30))
    stage(lake, "one_stop__dossiers", held([draft | {"status_code": 2, "received_on": DAY}]))
    changed = state.take_in_dossiers(lake, Window(date(2026, 9, 30), DAY))
    assert changed == {"2026-10"}
    assert state.count(lake, "core", "dossiers") == 1


def test_daily_outcomes_fill_up_with_zeros():
    events = pa.table(
        {
            "event_on": [day(2), day(1), day(1), day(1), day(3)],
            "measure": ["resolved_late", "resolved_early", "resolved_early", "resolved_on_time", "received"],
            "quantity": [1.0, 2.0, 3.0, 4.0, 9.0],
        }
    )
    days, series = state.daily_outcomes(events)
    assert days == [day(1), day(2)]
    assert series == {"resolved_early": [5.0, 0.0], "resolved_on_time": [4.0, 0.0], "resolved_late": [0.0, 1.0]}
