"""Hà Giang 2023: every stated figure comes out of raw records, through the whole pipeline."""

from __future__ import annotations

import pytest
from conftest import RunOf
from figure_checks import MARKS, assert_comes_out, figures_of
from published_figures import Figure

pytestmark = MARKS


@pytest.mark.parametrize("figure", figures_of("hg23"))
def test_the_figure_comes_out(figure: Figure, run_of: RunOf) -> None:
    assert_comes_out(figure, run_of)
