"""Hà Giang 2023: every stated figure comes out of raw records, through the whole pipeline."""

from __future__ import annotations

import pytest
from figure_checks import MARKS, assert_comes_out, figures_of
from published_figures import SCENARIOS, Figure
from scenario_runs import RunOf

pytestmark = MARKS


@pytest.mark.parametrize("figure", figures_of("hg23"))
def test_the_figure_comes_out(figure: Figure, run_of: RunOf) -> None:
    assert_comes_out(figure, run_of)


def test_the_year_is_scored_by_the_rubric_of_its_time_and_says_so(run_of: RunOf) -> None:
    run = run_of(SCENARIOS["hg23"])
    rows = run.rows(
        "SELECT DISTINCT rubric_version, is_provisional FROM scorecard_index766 WHERE YEAR(period_end) = 2023"
    )
    assert rows == [("2022.1", True)]
    scored = run.rows(
        "SELECT DISTINCT rule FROM scorecard_index766 "
        "WHERE criterion_code = 'DOSSIER_ONLINE_PAYMENT' AND YEAR(period_end) = 2023"
    )
    assert scored == [("linear(full_at=0.3)",)]
