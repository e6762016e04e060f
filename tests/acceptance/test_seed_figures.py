"""Every figure that the five documents state comes out of raw records, through the whole pipeline.

One test per row of `seed_figures.csv`: counts exact, percentages as printed, "over 80 %" above it.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from conftest import RunOf
from published_figures import MAPPING, Figure, figures, found

pytestmark = [pytest.mark.acceptance, pytest.mark.e2e]

FIGURES = figures()
ABSENT = "seed_figures.csv is not on this machine: the published figures are not part of the project"


def _case(figure: Figure) -> object:
    reason = figure.source.get("unreachable") if figure.id in MAPPING["figures"] else None
    return pytest.param(figure, id=figure.id, marks=[pytest.mark.xfail(reason=reason)] if reason else [])


@pytest.mark.skipif(not FIGURES, reason=ABSENT)
def test_every_figure_has_its_place_in_our_tables() -> None:
    assert list(MAPPING["figures"]) == [figure.id for figure in FIGURES]


@pytest.mark.skipif(not FIGURES, reason=ABSENT)
@pytest.mark.parametrize("figure", [_case(figure) for figure in FIGURES])
def test_the_figure_comes_out(figure: Figure, run_of: RunOf) -> None:
    ours = found(run_of(figure.scenario), figure)
    if not figure.value:  # the document is silent: we only have to know it
        assert ours.isdigit()
    elif figure.kind == "percent_at_least":
        assert Decimal(ours) > Decimal(figure.value)
    else:
        assert ours == figure.value
