from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from small_lake import fill, publish

from cchc_pipeline.lake.layout import Lake


@pytest.fixture(scope="session")
def published_lake(tmp_path_factory) -> Lake:
    """A published lake that tests only read."""
    lake = Lake(tmp_path_factory.mktemp("published"))
    fill(lake)
    publish(lake)
    return lake


@pytest.fixture
def own_lake(published_lake, tmp_path) -> Lake:
    """A copy that a test may change."""
    folder: Path = shutil.copytree(published_lake.root, tmp_path / "lake", symlinks=True)
    return Lake(folder)
