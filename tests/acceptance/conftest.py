"""One run per scenario, made when its first figure is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from published_figures import figures
from scenario_runs import RunOf, Scenario, ScenarioRun, run_scenario


@pytest.fixture(scope="session")
def run_of(folders: Path) -> RunOf:
    """The run of a scenario; each is made once, and one that failed is not tried again."""
    made: dict[str, ScenarioRun | AssertionError] = {}

    def run(scenario: Scenario) -> ScenarioRun:
        if scenario.name not in made:
            periods = [(one.first, one.last) for one in figures() if one.scenario == scenario]
            try:
                made[scenario.name] = run_scenario(folders / scenario.name, scenario, periods)
            except AssertionError as failure:
                made[scenario.name] = failure
        result = made[scenario.name]
        if isinstance(result, AssertionError):
            raise result
        return result

    return run
