"""Initialise the Dagster instance, and end runs whose process was killed."""

from __future__ import annotations

import fcntl
import io
import os
from contextlib import redirect_stdout
from importlib import resources
from pathlib import Path
from typing import IO

import dagster as dg


def home() -> Path:
    """Return DAGSTER_HOME, by default `.dagster` in the working folder."""
    return Path(os.environ.get("DAGSTER_HOME") or ".dagster").resolve()


def initialise() -> Path:
    """Create and return the instance's folder with its database; safe in parallel."""
    folder = home()
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["DAGSTER_HOME"] = str(folder)
    with (folder / ".initialise.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        configuration = folder / "dagster.yaml"
        if not configuration.exists():
            text = resources.files("assets").joinpath("dagster.yaml").read_text(encoding="utf-8")
            configuration.write_text(text, encoding="utf-8")
        done = folder / f".initialised-{dg.__version__}"
        if not done.exists():
            # `upgrade` prints its migrations, and our own output may be piped.
            with dg.DagsterInstance.get() as instance, redirect_stdout(io.StringIO()):
                instance.upgrade()
            done.touch()
    return folder


def hold(run_id: str) -> IO[str]:
    """Mark a run as alive, by a lock that ends with the returned file or the process."""
    path = _mark(run_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    mark = path.open("w")
    fcntl.flock(mark, fcntl.LOCK_EX)
    return mark


def end_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Fail the runs whose process was killed; return their ids.

    Their slots in the pools would block every later run for ever.
    """
    ended = []
    for run in instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])):
        if _mark(run.run_id).exists() and not _is_held(run.run_id):
            instance.report_run_failed(run, "The process of this run was killed. Run its days again.")
            _let_go(instance, run.run_id)
            ended.append(run.run_id)
    return ended


def cancel(instance: dg.DagsterInstance, run_id: str) -> None:
    """Mark a run of this process as cancelled, if it has not ended; free its slots."""
    run = instance.get_run_by_id(run_id)
    if run is not None and not run.is_finished:
        instance.report_run_canceled(run, "Stopped by a person. Run its days again.")
    if run is not None:
        _let_go(instance, run_id)


def _let_go(instance: dg.DagsterInstance, run_id: str) -> None:
    instance.event_log_storage.free_concurrency_slots_for_run(run_id)
    _mark(run_id).unlink(missing_ok=True)


def _mark(run_id: str) -> Path:
    return home() / "running" / f"{run_id}.lock"


def _is_held(run_id: str) -> bool:
    with _mark(run_id).open("r") as mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
