"""A process that is killed: readers keep a whole version, and a later run heals."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from desk import Desk, Night
from true_figures import differences, periods_of

pytestmark = pytest.mark.e2e

FIRST, NEXT = date(2026, 9, 1), date(2026, 9, 17)
PATIENCE_S = 240.0


@pytest.fixture(scope="module")
def desk(two_ranges: Desk) -> Desk:
    two_ranges.set_clock_after(NEXT)
    return two_ranges


def kill_when(desk: Desk, seen: Callable[[], bool], delay: float = 0.0) -> None:
    """Start the next night and kill it so many seconds after something can be seen."""
    process = desk.start_run("--day", NEXT.isoformat())
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not seen():
            assert process.poll() is None, f"ended by itself: {process.communicate()[0]}"
            assert time.monotonic() < deadline, "what to wait for never came"
            time.sleep(0.002)
        time.sleep(delay)
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert process.returncode == -signal.SIGKILL


@pytest.fixture(scope="module")
def killed_in_a_pull(desk: Desk) -> None:
    landed = desk.lake.store.path("landing/documents__documents", NEXT)
    # The portal keeps the run waiting, so that it is killed between landing and publishing.
    desk.sandbox.add_fault("/national-portal/", "slow", seconds=30)
    kill_when(desk, landed.exists)
    desk.sandbox.faults.clear()


@pytest.fixture(scope="module")
def killed_while_publishing(desk: Desk, killed_in_a_pull: None) -> None:
    versions = desk.lake.published / "versions"
    known = {path.name for path in versions.iterdir()}
    kill_when(
        desk, lambda: {path.name for path in versions.iterdir()} != known, random.Random(766).uniform(0, 0.05)
    )  # fmt: skip


@pytest.fixture(scope="module")
def healed(desk: Desk, killed_while_publishing: None) -> Night:
    # Late corrections of what is long closed come with the sweep.
    return desk.run(NEXT, CCHC_SWEEP_NIGHTS="1")


def test_killed_in_a_pull_the_old_version_stays(desk: Desk, killed_in_a_pull: None) -> None:
    release = desk.current()
    assert release is not None
    assert release.problems() == []


def test_killed_while_publishing_a_whole_version_is_current(desk: Desk, killed_while_publishing: None) -> None:
    release = desk.current()
    assert release is not None
    assert release.problems() == []


def test_a_later_run_heals(desk: Desk, healed: Night) -> None:
    assert healed.outcome.success, healed.outcome.failures
    release = healed.published
    assert release.problems() == []
    assert release.as_of_on == NEXT
    assert differences(release, desk.province, periods_of(FIRST, NEXT, (NEXT,)), {NEXT}) == []
    leftovers = [path for path in desk.lake.root.rglob(".*") if path.is_file() or path.name.endswith(".building")]
    assert [path for path in leftovers if path.parent == desk.lake.published / "versions"] == []


#: For every line that it reads, a process that publishes until it is killed.
PUBLISH_FOR_EVER = """
import itertools, os, signal, sys
from pathlib import Path
from assets.ingest import INBOUND
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.release.release import release
from cchc_pipeline.settings import load_settings

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for trial, _ in enumerate(sys.stdin):
    child = os.fork()
    if not child:
        for number in itertools.count():
            release(Lake(Path(sys.argv[1])), load_settings(), INBOUND, f"{trial}{number:07d}")
    print(child, flush=True)
"""


def test_killed_at_any_moment_of_a_release(desk: Desk, healed: Night) -> None:
    dice = random.Random(766)
    with subprocess.Popen(
        [sys.executable, "-c", PUBLISH_FOR_EVER, str(desk.lake.root)], cwd=Path(__file__).parents[2],
        env=desk.variables(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as parent:  # fmt: skip
        assert parent.stdin is not None
        assert parent.stdout is not None
        for _ in range(3):
            parent.stdin.write("publish\n")
            parent.stdin.flush()
            child = int(parent.stdout.readline())
            time.sleep(dice.uniform(0.05, 0.6))
            os.kill(child, signal.SIGKILL)
            release = desk.current()
            assert release is not None
            assert release.problems() == []
        parent.stdin.close()
