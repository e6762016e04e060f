"""One run per scenario, made when its first figure is asked for."""

from __future__ import annotations

import pytest
from published_figures import figures
from scenario_runs import RunOf, Scenario, ScenarioRun, run_scenario


@pytest.fixture(scope="session")
def run_of(tmp_path_factory: pytest.TempPathFactory) -> RunOf:
    """The run of a scenario; each is made once, and one that failed is not tried again."""
    folder = tmp_path_factory.mktemp("acceptance")
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

    return run
