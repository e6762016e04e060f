"""Nam Định 2019 and 2020: every stated figure comes out of raw records, through the whole pipeline."""

from __future__ import annotations

import pytest
from figure_checks import MARKS, assert_comes_out, figures_of
from published_figures import Figure
from scenario_runs import RunOf

pytestmark = MARKS


@pytest.mark.parametrize("figure", figures_of("nd19", "nd20"))
def test_the_figure_comes_out(figure: Figure, run_of: RunOf) -> None:
    assert_comes_out(figure, run_of)
