from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa
import pytest
from dossier_lives import day, held, row

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core import state
from cchc_pipeline.lake import files

DAY = date(2026, 10, 1)
NEXT = DAY + timedelta(days=1)
PAPI = load_contract("papi__subdimensions")


def scores(*values):
    rows = [{"year": 2025, "province_code": "P07", "slot": slot, "score": score} for slot, score in values]
    return pa.Table.from_pylist(rows, schema=PAPI.arrow_schema())


def stage(lake, table, rows, on=DAY):
    lake.store.write(rows, f"staged/{table}", on)


def held_scores(lake):
    return lake.store.read(f"core/{PAPI.name}", schema=PAPI.arrow_schema())["score"].to_pylist()


def test_what_was_staged_later_wins_whatever_day_it_is_for(lake):
    stage(lake, PAPI.name, scores(("SC11", 2.0)), NEXT)
    stage(lake, PAPI.name, scores(("SC11", 1.0), ("SC12", 1.0)))
    assert state.take_in(lake, PAPI.name) == 2
    assert held_scores(lake) == [1.0, 1.0]


def test_days_are_taken_in_once_and_again_when_staged_again(lake):
    stage(lake, PAPI.name, scores(("SC11", 1.0)))
    assert state.take_in(lake, PAPI.name) == 1
    lake.store.path(f"core/{PAPI.name}").unlink()  # so that taking it in again would show
    assert state.take_in(lake, PAPI.name) == 0
    stage(lake, PAPI.name, scores(("SC11", 2.0)))
    assert state.take_in(lake, PAPI.name) == 1
    assert held_scores(lake) == [2.0]


def test_what_could_not_be_taken_in_is_taken_in_the_next_time(lake, monkeypatch):
    stage(lake, PAPI.name, scores(("SC11", 1.0)))

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.Store, "update", fail)
    with pytest.raises(OSError, match="No space"):
        state.take_in(lake, PAPI.name)
    monkeypatch.undo()
    assert state.take_in(lake, PAPI.name) == 1


def test_nothing_staged_nothing_taken_in(lake):
    assert state.take_in(lake, PAPI.name) == 0
    assert state.take_in_dossiers(lake) == set()
    assert state.replace(lake, "one_stop__procedures") == 0


def test_the_newest_full_listing_takes_the_place_of_the_one_held(lake):
    stage(lake, PAPI.name, scores(("SC12", 1.0), ("SC11", 1.0)))
    assert state.replace(lake, PAPI.name) == 2
    stage(lake, PAPI.name, scores(("SC13", 3.0)), NEXT)
    assert state.replace(lake, PAPI.name) == 1
    assert state.replace(lake, PAPI.name) == 1


def test_an_empty_listing_replaces_nothing(lake):
    stage(lake, PAPI.name, scores(("SC12", 1.0), ("SC11", 1.0)))
    stage(lake, PAPI.name, scores(), NEXT)
    assert state.replace(lake, PAPI.name) == 2
    assert lake.store.read(f"core/{PAPI.name}", schema=PAPI.arrow_schema())["slot"].to_pylist() == ["SC11", "SC12"]


def test_a_dossier_of_two_days_in_two_months_is_held_once(lake):
    draft = row(1, status_code=1, received_on=None, applied_on=date(2026, 9, 30))
    stage(lake, "one_stop__dossiers", held([draft]), date(2026, 9, 30))
    stage(lake, "one_stop__dossiers", held([draft | {"status_code": 2, "received_on": DAY}]))
    assert state.take_in_dossiers(lake) == {"2026-10"}
    assert state.count(lake, "core", "dossiers") == 1


def test_daily_outcomes_fill_up_with_zeros():
    events = pa.table(
        {
            "event_on": [day(2), day(1), day(1), day(1), day(3)],
            "measure": ["resolved_late", "resolved_early", "resolved_early", "resolved_on_time", "received"],
            "quantity": [1.0, 2.0, 3.0, 4.0, 9.0],
        }
    )
    days, series = state.daily_outcomes(events, last=92)
    assert days == [day(1), day(2)]
    assert series == {"resolved_early": [5.0, 0.0], "resolved_on_time": [4.0, 0.0], "resolved_late": [0.0, 1.0]}
