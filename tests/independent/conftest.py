"""The month that every test of this folder looks at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from independent_month import Month, loaded_month


@pytest.fixture(scope="session")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    with loaded_month(tmp_path_factory.mktemp("month")) as loaded:
        yield loaded


@pytest.fixture(scope="session")
def current(month: Month) -> Path:
    """The published version."""
    return (month.lake.published / "current").resolve(strict=True)
