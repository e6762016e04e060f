"""Retention: what is too old goes, what still waits stays, and nothing that counts notices."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from lake_of_days import DOSSIERS, days_from, dossiers_of, land, stage_days
from sql_verdict import without_cross_check  # noqa: F401 - a fixture of this module

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core import state
from cchc_pipeline.lake import files
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.sources.evidence import Evidence, archives
from cchc_pipeline.validation.drift.profiles import read_profiles
from cchc_pipeline.validation.retention import prune
from cchc_pipeline.validation.staging import pending_days

FIRST = date(2026, 1, 26)
DAYS = days_from(FIRST, 10)
KEPT = load_contract(DOSSIERS).retention_days


@pytest.fixture
def lake(tmp_path):
    """Ten days, staged and taken in; the first has a row in quarantine."""
    lake = Lake(tmp_path)
    for day in DAYS:
        land(lake, DOSSIERS, day, dossiers_of(day, 5))
    bad = dossiers_of(DAYS[0], 5)
    bad[0]["status_code"] = 10
    land(lake, DOSSIERS, DAYS[0], bad)
    stage_days(lake, DOSSIERS, DAYS)
    state.take_in_dossiers(lake)
    return lake


def days_of(lake, layer):
    return [date.fromisoformat(path.stem) for path in sorted((lake.root / layer / DOSSIERS).glob("*.parquet"))]


def quality_days(lake):
    rows = lake.store.read(f"core/quality_{DOSSIERS}")
    return sorted(set(rows["pulled_for_on"].to_pylist()))


def untouched(lake):
    """Everything that counts: core tables, quarantine, codes, how pulls ended."""
    core = [path for path in (lake.root / "core").rglob("*.parquet") if not path.name.startswith("quality_")]
    paths = [*core, *(lake.root / "pulls").rglob("*.json"), *lake.root.glob("profiles/*.parquet")]
    return {path: files.sha256(path) for path in paths}


def test_what_is_older_than_the_contract_keeps_goes(lake):
    before = untouched(lake)
    (done,) = prune(lake, [DOSSIERS], DAYS[4] + timedelta(days=KEPT))
    assert done.kept_from == DAYS[4]
    assert done.days == tuple(DAYS[:4])
    assert done.waiting == ()
    assert (done.profile_days, done.counts > 0) == (4, True)
    assert days_of(lake, "landing") == days_of(lake, "staged") == quality_days(lake) == DAYS[4:]
    assert sorted(set(read_profiles(lake, DOSSIERS, DAYS[0], DAYS[-1])["day_on"].to_pylist())) == DAYS[4:]
    assert untouched(lake) == before
    assert lake.store.has(f"core/quarantine_{DOSSIERS}")


def test_nothing_becomes_pending_and_no_day_becomes_a_gap(lake):
    prune(lake, [DOSSIERS], DAYS[4] + timedelta(days=KEPT))
    assert pending_days(lake, DOSSIERS) == []
    assert lake.ledger("staged", DOSSIERS, consumer="core").pending() == {}
    assert lake.gaps("one_stop") == []
    noted = (lake.root / "ledgers" / f"staged_{DOSSIERS}.json").read_text(encoding="utf-8")
    assert str(DAYS[0]) not in noted
    assert str(DAYS[4]) in noted


def test_pruning_twice_is_pruning_once(lake):
    as_of_on = DAYS[4] + timedelta(days=KEPT)
    prune(lake, [DOSSIERS], as_of_on)
    before = {path: files.sha256(path) for path in lake.root.rglob("*") if path.is_file()}
    (again,) = prune(lake, [DOSSIERS], as_of_on)
    assert (again.days, again.profile_days, again.counts) == ((), 0, 0)
    assert {path: files.sha256(path) for path in lake.root.rglob("*") if path.is_file()} == before


def test_a_day_that_waits_is_never_removed_however_old(lake):
    land(lake, DOSSIERS, DAYS[1], dossiers_of(DAYS[1], 3))  # landed again, not staged yet
    land(lake, DOSSIERS, DAYS[2], dossiers_of(DAYS[2], 4))
    stage_days(lake, DOSSIERS, [DAYS[2]])  # staged again, not taken in yet
    (done,) = prune(lake, [DOSSIERS], DAYS[4] + timedelta(days=KEPT))
    assert done.days == (DAYS[0], DAYS[3])
    assert done.waiting == (DAYS[1], DAYS[2])
    assert days_of(lake, "landing") == [DAYS[1], DAYS[2], *DAYS[4:]]
    assert quality_days(lake) == [DAYS[1], DAYS[2], *DAYS[4:]]
    assert pending_days(lake, DOSSIERS) == [DAYS[1]]


def test_the_newest_day_with_rows_stays(lake):
    (done,) = prune(lake, [DOSSIERS], DAYS[-1] + timedelta(days=10 * KEPT))
    assert days_of(lake, "landing") == [DAYS[-1]]
    assert len(done.days) == len(DAYS) - 1


def test_a_table_that_never_came_has_nothing_to_remove(tmp_path):
    (done,) = prune(Lake(tmp_path), ["papi__subdimensions"], date(2026, 1, 1))
    assert (done.days, done.waiting, done.profile_days, done.counts) == ((), (), 0, 0)


def test_raw_replies_stay_as_long_as_the_tables_of_their_source(lake):
    old, new = DAYS[3], DAYS[4]
    for day in (old, new):
        evidence = Evidence()
        evidence.add("reply.json", b"{}", {"url": "/x", "body": None}, "call")
        assert evidence.write(lake, "one_stop", day)
    _, done = prune(lake, [DOSSIERS], new + timedelta(days=KEPT))
    assert (done.table, done.kept_from, done.days) == ("evidence/one_stop", new, (old,))
    assert [path.name[:10] for path in archives(lake, "one_stop")] == [f"{new}"]
