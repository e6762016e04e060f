"""Every figure that the five documents state has its place in our tables, and a test that reads it from a run."""

from __future__ import annotations

from pathlib import Path

import pytest
from figure_checks import FIGURES
from published_figures import FILE, MAPPING, SCENARIOS
from published_files import needs

pytestmark = [pytest.mark.acceptance]


@needs(FILE)
def test_every_figure_has_its_place_in_our_tables() -> None:
    assert list(MAPPING["figures"]) == [figure.id for figure in FIGURES]


def test_every_document_is_read_by_the_file_of_its_scenario() -> None:
    for document, scenario in SCENARIOS.items():
        tests = Path(__file__).with_name(f"test_{scenario.name.replace('-', '_')}.py")
        assert f'"{document}"' in tests.read_text(encoding="utf-8"), f"{document}: not in {tests.name}"
