"""Two processes at once: the instance survives its first use, no source is pulled twice at a time, figures hold."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import dagster as dg
import pytest
from conftest import MakeDesk
from e2e_desk import Desk, differences, periods_of

pytestmark = pytest.mark.e2e

#: The second range does not read the whole first one again: each has to be right by itself.
RANGES = (date(2026, 9, 1), date(2026, 9, 8)), (date(2026, 9, 9), date(2026, 9, 16))
SHORT_OVERLAP = {"CCHC_OVERLAP_DAYS": "2"}
POOLS = {"one_stop", "documents", "national_portal", "papi", "lake"}


@pytest.fixture(scope="module")
def desk(make_desk: MakeDesk) -> Desk:
    return make_desk("two", size=0.1, small=True)


@pytest.fixture(scope="module")
def ended(desk: Desk) -> list[tuple[int, str]]:
    """Both ranges of a first load, started at once on a machine without an instance."""
    desk.set_clock_after(RANGES[-1][1])
    # Slow enough that two pulls of one source would surely meet.
    desk.sandbox.add_fault("/pa/dossier/search", "slow", times=8, seconds=0.4)
    processes = [desk.start("run", "--from", f"{first}", "--to", f"{last}", **SHORT_OVERLAP) for first, last in RANGES]
    return [(process.communicate(timeout=150)[0], process.returncode)[::-1] for process in processes]


def test_both_are_green(ended: list[tuple[int, str]]) -> None:
    for code, output in ended:
        assert code == 0, output


def test_no_source_is_pulled_twice_at_a_time(desk: Desk, ended: list[tuple[int, str]]) -> None:
    spans: dict[str, list[tuple[float, float]]] = {}
    with desk.instance() as instance:
        runs = instance.get_runs()
        assert len(runs) == 2
        for run in runs:
            for step in instance.get_run_step_stats(run.run_id):
                # The step waits for its slot before it starts to work: its own start is what counts.
                attempts = [(mark.start_time, mark.end_time) for mark in step.attempts_list]
                spans.setdefault(step.step_key, []).extend(attempts)
    for key, taken in spans.items():
        if key.startswith("pull_"):
            (_, first_end), (second_start, _) = sorted(taken)
            assert first_end <= second_start, key


def test_two_ranges_at_once_end_with_the_truth(desk: Desk, ended: list[tuple[int, str]]) -> None:
    release = desk.current()
    assert release is not None
    assert release.problems() == []
    first, last = RANGES[0][0], RANGES[1][1]
    assert differences(release, desk.province, periods_of(first, last, (first, last)), {last}) == []


def test_great_expectations_agrees_whoever_judged_the_rows(desk: Desk, ended: list[tuple[int, str]]) -> None:
    with desk.instance() as instance:
        runs = [run.run_id for run in instance.get_runs()]
    for run in runs:
        apart = [key for key, check in desk.checks(run).items() if key[1] == "great_expectations" and not check.passed]
        assert apart == []


def test_every_pool_has_one_slot(desk: Desk, ended: list[tuple[int, str]]) -> None:
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
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", INITIALISE], env=environment, cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for _ in range(4)
    ]  # fmt: skip
    for process in processes:
        output, _ = process.communicate(timeout=60)
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
