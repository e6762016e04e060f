"""Serve a built-in province in a process of its own, and point runs at it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import requests

from bench.measure import command

START_SECONDS = 60


@dataclass(frozen=True)
class Site:
    """A served province."""

    base: str

    def after(self, day: date) -> None:
        """Set its clock to 01:00 of the night after `day`."""
        moment = f"{day + timedelta(days=1)}T01:00:00+07:00"
        requests.post(f"{self.base}/sandbox/clock", json={"as_of": moment}, timeout=60).raise_for_status()

    def environment(self, lake: Path, history_from: date) -> dict[str, str]:
        """Return the environment variables of a run on this province."""
        return {
            "CCHC_DATA_DIR": str(lake),
            "DAGSTER_HOME": str(lake.with_name(f"{lake.name}-dagster")),
            "CCHC_PROVINCE_CODE": "H99",
            "CCHC_HISTORY_FROM": history_from.isoformat(),
            "CCHC_ONE_STOP_URL": f"{self.base}/one-stop",
            "CCHC_DOCUMENTS_URL": f"{self.base}/documents",
            "CCHC_NATIONAL_PORTAL_URL": f"{self.base}/national-portal",
        }


@contextmanager
def served(size: float) -> Iterator[Site]:
    """Serve a province of this size on a free port."""
    words = [*command("cchc"), "sandbox", "serve", "--size", f"{size:g}", "--port", "0", "--as-of", "2026-09-01T23:30"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment) as child:
        try:
            yield Site(_address(child))
        finally:
            child.kill()  # it keeps no state; SIGTERM would wait for ever where the caller's shell ignores it


def _address(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        line = child.stdout.readline()
        if "/one-stop" in line:
            return line.split()[-1].removesuffix("/one-stop")
        if not line:
            break
    raise RuntimeError("the built-in province did not start")


def steps(environment: dict[str, str]) -> list[tuple[str, float]]:
    """Return the steps of the last run with their seconds, the longest first."""
    import dagster as dg

    before = os.environ.get("DAGSTER_HOME")
    os.environ["DAGSTER_HOME"] = environment["DAGSTER_HOME"]
    try:
        with dg.DagsterInstance.get() as instance:
            (run_record,) = instance.get_run_records(limit=1)
            stats = instance.get_run_step_stats(run_record.dagster_run.run_id)
    finally:
        if before is None:
            del os.environ["DAGSTER_HOME"]
        else:
            os.environ["DAGSTER_HOME"] = before
    taken = [(one.step_key, one.end_time - one.start_time) for one in stats if one.end_time and one.start_time]
    return sorted(taken, key=lambda pair: -pair[1])
