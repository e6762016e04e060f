"""The Dagster instance: initialised once, serially, before anything uses it.

Belongs here: where DAGSTER_HOME is and its first set-up. Several first uses at once leave a fresh
SQLite instance broken for good, so every command of ours passes through `initialise`.
"""

from __future__ import annotations

import fcntl
import os
from importlib import resources
from pathlib import Path

import dagster as dg


def home() -> Path:
    """DAGSTER_HOME, by default `.dagster` in the working folder."""
    return Path(os.environ.get("DAGSTER_HOME") or ".dagster").resolve()


def initialise() -> Path:
    """Make the instance ready: folder, configuration, database schema; safe to call at once from several processes."""
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
            with dg.DagsterInstance.get() as instance:
                instance.upgrade()
            done.touch()
    return folder
