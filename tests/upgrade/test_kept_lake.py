"""A province that was run by older code goes on with today's: its lake and its Dagster instance, one more night.

`kept/README.md` says what the kept lake holds and how it was made.
"""

from __future__ import annotations

import csv
import json
import os
import tarfile
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import dagster as dg
import pytest
from desk import Desk, Night, Release

from cchc_pipeline.lake.layout import FORMAT
from cchc_pipeline.sandbox.servers.server import SandboxServer

pytestmark = pytest.mark.acceptance

KEPT = Path(__file__).parent / "kept"
SIZE, SEED = 0.02, 766
FIRST, FIRST_NIGHT, LAST = date(2026, 9, 1), date(2026, 10, 31), date(2026, 11, 28)
NIGHTS = [FIRST_NIGHT + timedelta(days=i) for i in range((LAST - FIRST_NIGHT).days + 1)]
NEXT = LAST + timedelta(days=1)
KEY = ("indicator_id", "unit_code", "period_type", "period_start", "period_end")


def unpack(archive: Path, folder: Path) -> None:
    """Unpack an archive with the times of writing to the nanosecond: ledgers tell by them what is new."""
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
        for member in packed.getmembers():
            if member.isfile():
                written = int(Decimal(member.pax_headers.get("mtime", member.mtime)) * 10**9)
                os.utime(folder / member.name, ns=(written, written))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(seed=SEED, size=SIZE) as server:
        yield server


@pytest.fixture(scope="module")
def desk(sandbox: SandboxServer, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    folder = tmp_path_factory.mktemp("kept")
    unpack(KEPT / "lake-1.tar.xz", folder)
    return Desk(folder, sandbox)


@pytest.fixture(scope="module")
def kept(desk: Desk) -> Release:
    """What the older code published last; `night` publishes beside it."""
    release = desk.current()
    assert release is not None
    assert release.as_of_on == LAST
    return release


@pytest.fixture(scope="module")
def kept_runs(desk: Desk) -> set[str]:
    """The runs of the older code."""
    with desk.instance() as instance:
        return {run.run_id for run in instance.get_runs()}


@pytest.fixture(scope="module")
def night(desk: Desk, kept: Release, kept_runs: set[str]) -> Night:
    desk.set_clock_after(NEXT)
    return desk.run(NEXT)


def test_the_next_night_is_green(night: Night) -> None:
    assert night.outcome.success, night.outcome.failures
    assert night.published.as_of_on == NEXT
    assert night.published.problems() == []


def test_the_lake_is_told_its_format_and_stays_the_one_of_its_province(desk: Desk, night: Night) -> None:
    marker = json.loads((desk.lake.root / "lake.json").read_text(encoding="utf-8"))
    identity = {"province_code": "H99", "scenario": "two-level-2026", "seed": SEED, "size": SIZE}
    assert marker == {"format": FORMAT, **identity}


def test_no_table_and_no_dossier_of_the_earlier_days_is_gone(kept: Release, night: Night) -> None:
    assert kept.hashes.keys() <= night.published.hashes.keys()
    for table, column in (
        ("dossiers", "dossier_id"),
        ("documents", "document_id"),
        ("dossier_events", "event_on"),
        ("data_quality", "pulled_for_on"),
        ("petitions", "petition_code"),
        ("quarantine", "row_key"),
    ):
        before, after = (set(release.table(table)[column].to_pylist()) for release in (kept, night.published))
        assert before, table
        assert before <= after, table
    days = {row["pulled_for_on"] for row in night.published.rows("data_quality")}
    assert days == {FIRST + timedelta(days=i) for i in range((NEXT - FIRST).days + 1)}


def test_figures_of_the_earlier_days_are_what_the_older_code_made_of_them(kept: Release, night: Night) -> None:
    expected = figures(kept)
    with (KEPT / "corrected.csv").open(encoding="utf-8", newline="") as stream:
        corrected = {row.pop("key"): row for row in csv.DictReader(stream)}
    assert figures(night.published) == expected | corrected


def figures(release: Release) -> dict[str, dict[str, str]]:
    """Key -> numerator, denominator and value as text, of every period that ended with the last kept night."""
    return {
        " ".join(str(row[name]) for name in KEY): {
            name: "" if row[name] is None else repr(row[name]) for name in ("numerator", "denominator", "value")
        }
        for row in release.rows("indicator_values")
        if row["period_end"] <= LAST
    }


def test_the_instance_still_lists_the_runs_of_the_older_code(desk: Desk, kept_runs: set[str], night: Night) -> None:
    with desk.instance() as instance:
        runs = instance.get_runs()
        materialised = instance.get_materialized_partitions(dg.AssetKey("raw_one_stop__dossiers"))
        checks = instance.get_records_for_run(
            max(kept_runs), of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION
        ).records
    assert len(kept_runs) == 1 + len(NIGHTS) + 1  # the first load, the nights, one of them twice
    assert {run.run_id for run in runs} == kept_runs | {night.outcome.run_id}
    assert {run.status for run in runs} == {dg.DagsterRunStatus.SUCCESS}
    assert {run.tags.get("dagster/partition") for run in runs} >= {day.isoformat() for day in [*NIGHTS, NEXT]}
    assert materialised == {(FIRST + timedelta(days=i)).isoformat() for i in range((NEXT - FIRST).days + 1)}
    assert checks


def test_the_older_version_can_be_published_again(desk: Desk, kept: Release, night: Night) -> None:
    done = desk.cchc("versions")
    assert done.returncode == 0, done.stderr
    assert kept.folder.name in done.stdout
    assert kept.problems() == []


def test_a_lake_of_a_newer_program_stops_the_run_at_once(sandbox: SandboxServer, tmp_path: Path) -> None:
    desk = Desk(tmp_path, sandbox)
    marker = desk.lake.root / "lake.json"
    marker.write_text('{"format": 99}', encoding="utf-8")
    stopped = desk.run(NEXT)
    assert not stopped.outcome.success
    with desk.instance() as instance:
        events = [entry.dagster_event for entry in instance.all_logs(stopped.outcome.run_id)]
    (failed,) = [e for e in events if e and e.event_type == dg.DagsterEventType.RESOURCE_INIT_FAILURE]
    message = failed.engine_event_data.error.message
    assert f"it has format 99, and this program knows formats up to {FORMAT}. Upgrade the program" in message
    assert marker.read_text(encoding="utf-8") == '{"format": 99}'
    assert {path.name for path in desk.lake.root.iterdir()} == {"lake.json", "drop"}
