"""Several processes at once: the instance survives its first use, and no source is pulled twice at a time."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import dagster as dg
import pytest
from desk import Desk, Desks

pytestmark = pytest.mark.e2e

DAYS = "2026-09-07", "2026-09-08"
POOLS = {"one_stop", "documents", "national_portal", "papi", "registers"}

#: All pulls of the nightly job for a day, without what follows from them.
PULL = """
import sys, dagster as dg
from assets.definitions import build_defs
from assets.instance import initialise

initialise()
job = build_defs().resolve_job_def("nightly")
raw = [key for key in job.asset_layer.executable_asset_keys if key.to_user_string().startswith("raw_")]
with dg.DagsterInstance.get() as instance:
    result = job.execute_in_process(instance=instance, asset_selection=raw, partition_key=sys.argv[1])
"""


def run_python(script: str, *arguments: str, environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments], env=environment, cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def desk(make_desk: Desks) -> Desk:
    return make_desk("two-at-once", size=0.1, small=True)


@pytest.fixture(scope="module")
def pulled(desk: Desk) -> list[tuple[int, str]]:
    """Two runs of the pulls, started at once on a machine without an instance."""
    desk.set_clock_after(date(2026, 9, 8))
    # Every pull lasts long enough that two of one source would surely meet.
    for path in ("/pa/dossier/search", "/documents/v1/sync", "/service-results"):
        desk.sandbox.add_fault(path, "slow", times=4, seconds=0.5)
    processes = [run_python(PULL, day, environment=desk.variables()) for day in DAYS]
    return [(process.communicate(timeout=300)[0], process.returncode)[::-1] for process in processes]


def test_both_pull_everything(desk: Desk, pulled: list[tuple[int, str]]) -> None:
    for code, output in pulled:
        assert code == 0, output
    for source in POOLS:
        outcomes = desk.lake.pulls(source)
        assert {day.isoformat(): outcome["status"] for day, outcome in outcomes.items()} == dict.fromkeys(DAYS, "ok")


def test_no_source_is_pulled_twice_at_a_time(desk: Desk, pulled: list[tuple[int, str]]) -> None:
    spans: dict[str, list[tuple[float, float]]] = {}
    with desk.instance() as instance:
        one, other = instance.get_run_records()
        assert one.start_time < other.end_time and other.start_time < one.end_time, "the runs did not meet at all"
        for record in (one, other):
            for step in instance.get_run_step_stats(record.dagster_run.run_id):
                # A step waits for its slot before it starts.
                for attempt in step.attempts_list:
                    assert attempt.start_time is not None
                    assert attempt.end_time is not None
                    spans.setdefault(step.step_key, []).append((attempt.start_time, attempt.end_time))
    assert set(spans) == {f"pull_{source}" for source in POOLS}
    whole = [
        (min(start for start, _ in taken), max(end for _, end in taken)) for taken in zip(*spans.values(), strict=True)
    ]
    assert max(start for start, _ in whole) < min(end for _, end in whole), "the runs did not overlap at all"
    for key, taken in spans.items():
        (_, first_end), (second_start, _) = sorted(taken)
        assert first_end <= second_start, key


def test_every_pool_has_one_slot(desk: Desk, pulled: list[tuple[int, str]]) -> None:
    with desk.instance() as instance:
        limits = {pool.name: pool.limit for pool in instance.event_log_storage.get_pool_limits()}
        assert limits == dict.fromkeys(POOLS, 1)
        assert instance.get_concurrency_config().pool_config.default_pool_limit == 1
        held = {key: instance.event_log_storage.get_concurrency_info(key) for key in POOLS}
    assert all(info.active_slot_count == 0 and info.pending_step_count == 0 for info in held.values())


INITIALISE = "from assets.instance import initialise; print(initialise())"


def test_an_instance_that_four_processes_initialise_at_once_is_good(tmp_path: Path) -> None:
    home = tmp_path / "home"
    environment = {**os.environ, "DAGSTER_HOME": str(home), "DAGSTER_DISABLE_TELEMETRY": "yes"}
    processes = [run_python(INITIALISE, environment=environment) for _ in range(4)]
    for process in processes:
        output, _ = process.communicate(timeout=300)
        assert process.returncode == 0, output
        assert output.splitlines()[-1] == str(home)

    @dg.op
    def work() -> int:
        return 766

    @dg.job(executor_def=dg.in_process_executor)
    def tried() -> None:
        work()

    with dg.DagsterInstance.from_config(str(home)) as instance:
        assert tried.execute_in_process(instance=instance).success
        assert [run.status for run in instance.get_runs()] == [dg.DagsterRunStatus.SUCCESS]
        assert instance.event_log_storage.get_pool_limits() == []
        instance.event_log_storage.initialize_concurrency_limit_to_default("one_stop")
        assert instance.event_log_storage.get_concurrency_info("one_stop").slot_count == 1
        assert instance.schedule_storage is not None
        assert instance.schedule_storage.all_instigator_state() == []
