"""One run per scenario, made when its first figure is asked for."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from published_figures import figures
from scenario_runs import RunOf, Scenario, ScenarioRun, run_scenario

MEMORY = Path("/dev/shm")  # noqa: S108 - only where it is there and large enough
ENOUGH_BYTES = 2 * 1024**3


@pytest.fixture(scope="session")
def run_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunOf]:
    """The run of a scenario; each is made once, and one that failed is not tried again."""
    in_memory = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ENOUGH_BYTES
    folder = Path(
        tempfile.mkdtemp(prefix="cchc-acceptance-", dir=MEMORY if in_memory else tmp_path_factory.getbasetemp())
    )
    made: dict[str, ScenarioRun | AssertionError] = {}

    def run(scenario: Scenario) -> ScenarioRun:
        if scenario.name not in made:
            periods = [(one.first, one.last) for one in figures() if one.scenario == scenario]
            try:
                made[scenario.name] = run_scenario(folder / scenario.name, scenario, periods)
            except AssertionError as failure:
                made[scenario.name] = failure
        result = made[scenario.name]
        if isinstance(result, AssertionError):
            raise result
        return result

    yield run
    shutil.rmtree(folder, ignore_errors=True)
