"""A command that a person stops, what messages say to run again, and that the run after it is published.

All of it in a province whose first days have no dossier at all, such as a weekend in a small place.
"""

from __future__ import annotations

import shlex
import signal
import time
from datetime import date

import dagster as dg
import pytest
from desk import Desk, Desks

from assets import failures
from assets.instance import initialise
from cchc_pipeline.days import Window

pytestmark = pytest.mark.e2e

SATURDAY, SUNDAY = date(2026, 9, 5), date(2026, 9, 6)
DAYS = f"--from {SATURDAY} --to {SUNDAY}"
PATIENCE_S = 240.0


@pytest.fixture(scope="module")
def desk(make_desk: Desks) -> Desk:
    desk = make_desk("stopped", size=0.0001)
    desk.set_clock_after(SUNDAY)
    return desk


def test_ctrl_c_says_which_days_to_run_again(desk: Desk) -> None:
    """The first run at a desk: its instance is made on the way."""
    # The portal keeps the run waiting, so that it is stopped while it works.
    desk.sandbox.add_fault("/national-portal/", "slow", seconds=30)
    process = desk.start("run", *DAYS.split(), "--data-dir", str(desk.lake.root))
    deadline = time.monotonic() + PATIENCE_S
    while not desk.lake.store.has("landing/documents__documents", SUNDAY):
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=PATIENCE_S)
    desk.sandbox.faults.clear()
    assert process.returncode == 130, said
    assert f"Run again: cchc run {DAYS} --data-dir {desk.lake.root}" in said.replace("\n", " ")
    assert "nothing is published yet" in said
    for noise in ("Traceback", "InterruptedError", "Updating event log"):
        assert noise not in said
    with desk.instance() as instance:
        assert {run.is_finished for run in instance.get_runs()} == {True}


def test_the_run_after_it_publishes_a_weekend_without_a_dossier(desk: Desk) -> None:
    assert "Updating event log" not in desk.output("run", *DAYS.split())
    current = desk.current()
    assert current is not None
    assert current.table("dossiers").num_rows == 0
    received = [row for row in current.rows("indicator_values") if row["indicator_id"] == "received_total"]
    assert {row["numerator"] for row in received} <= {0, None}


def test_a_fresh_instance_prints_nothing(
    tmp_path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "fresh"))
    initialise()
    assert capsys.readouterr().out == ""
    with dg.DagsterInstance.get() as instance:
        assert instance.get_runs() == []


def test_a_command_to_run_again_has_the_options_of_the_one_that_ran(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(failures.VARIABLE, "")
    window = Window(date(2026, 9, 1), date(2026, 9, 8))
    assert failures.run_command(window) == "cchc run --from 2026-09-01 --to 2026-09-08"
    failures.remember({"--sandbox": "two-level-2026", "--size": 0.2, "--seed": None, "--data-dir": "my data"})
    words = shlex.split(failures.run_command(Window(SUNDAY, SUNDAY)))
    assert words == [*f"cchc run --day {SUNDAY} --sandbox two-level-2026 --size 0.2 --data-dir".split(), "my data"]
