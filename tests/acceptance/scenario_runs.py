"""One real `cchc run` per scenario with published figures, and what it published.

Belongs here: running a scenario once and reading its tables. Not here: the figures (`figures.yaml`) and what is
asserted about them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

CCHC = Path(sys.executable).with_name("cchc")
PATIENCE_S = 3_600


@dataclass(frozen=True)
class Scenario:
    """A scenario of the sandbox, its province, and the window that one run loads."""

    name: str
    province: str
    first: date
    last: date


@dataclass(frozen=True)
class ScenarioRun:
    """What one run of a scenario published.

    Attributes:
        folder: where the command runs: settings, lake and Dagster instance.
        scenario: what was run.
    """

    folder: Path
    scenario: Scenario

    @property
    def published(self) -> Path:
        return self.folder / "lake" / "published" / "current"

    def cchc(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The real command, in the run's folder."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("CCHC_")}
        environment = {
            **inherited,
            "CCHC_DATA_DIR": str(self.folder / "lake"),
            "DAGSTER_HOME": str(self.folder / "dagster"),
            "GX_ANALYTICS_ENABLED": "false",
        }
        return subprocess.run(
            [str(CCHC), *arguments], cwd=self.folder, env=environment, capture_output=True, text=True, check=False,
            timeout=PATIENCE_S,
        )  # fmt: skip

    def json(self, *arguments: str) -> Any:
        """What the command prints as JSON."""
        done = self.cchc(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def rows(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """Rows of a query over the published tables, each of them a view with its name."""
        with duckdb.connect() as connection:
            for path in self.published.glob("*.parquet"):
                connection.execute(f"CREATE VIEW \"{path.stem}\" AS SELECT * FROM read_parquet('{path}')")  # noqa: S608
            return connection.execute(sql, parameters).fetchall()


RunOf = Callable[[Scenario], ScenarioRun]


def run_scenario(folder: Path, scenario: Scenario, periods: Iterable[tuple[date, date]]) -> ScenarioRun:
    """Run the main job on the scenario; every period of the figures is a free period of the settings.

    Raises:
        AssertionError: the command did not end with 0.
    """
    folder.mkdir()
    free = [f"[[report_periods]]\nfrom = {first}\nto = {last}\n" for first, last in sorted(set(periods))]
    (folder / "cchc.toml").write_text("\n".join(free), encoding="utf-8")
    run = ScenarioRun(folder, scenario)
    window = ("--from", f"{scenario.first}", "--to", f"{scenario.last}")
    done = run.cchc("run", "--sandbox", scenario.name, *window)
    assert done.returncode == 0, done.stdout + done.stderr
    return run
