"""How a stated figure is held against the one that comes out of a run.

Belongs here: the comparison, and the figures of a file of tests. Each scenario has a file of its own, so that it runs
once, in one process. Not here: which figures there are (`published_figures.py`).
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from published_figures import FILE, MAPPING, Figure, figures, found
from published_files import absent
from scenario_runs import RunOf

FIGURES = figures()
MARKS = [pytest.mark.acceptance, pytest.mark.e2e]


def figures_of(*documents: str) -> list[object]:
    """The figures of documents (`scenarios` of figures.yaml), as cases of a test."""
    return cases([figure for figure in FIGURES if figure.id.partition(".")[0] in documents])


def cases(chosen: list[Figure]) -> list[object]:
    """Figures as cases of a test; one case that says what is absent where the file with them is."""
    if not FIGURES:
        return [pytest.param(None, id="absent", marks=pytest.mark.skip(reason=absent(FILE)))]
    assert chosen, "no figure is left to be tested"
    return [_case(figure) for figure in chosen]


def _case(figure: Figure) -> object:
    reason = figure.source.get("unreachable") if figure.id in MAPPING["figures"] else None
    return pytest.param(figure, id=figure.id, marks=[pytest.mark.xfail(reason=reason)] if reason else [])


def assert_comes_out(figure: Figure, run_of: RunOf) -> None:
    """The figure as printed: counts exact, percentages to the decimals of the document, "over 80 %" above it."""
    ours = found(run_of(figure.scenario), figure)
    if not figure.value:  # the document is silent: we only have to know it
        assert ours.isdigit()
    elif figure.kind == "percent_at_least":
        assert Decimal(ours) > Decimal(figure.value)
    else:
        assert ours == figure.value
