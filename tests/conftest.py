"""What every test shares: how hypothesis runs, the switches of the process that must change nothing, a small lake.

Belongs here: settings of tools for all tests, and fixtures that several folders use.
"""

import shutil
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import settings

from cchc_pipeline.lake.layout import Lake

# how long an example takes says something about the machine, and nothing about the code
settings.register_profile("project", deadline=None)
settings.load_profile("project")


@pytest.fixture(params=["kept", "dropped"])
def zones_in_arrow(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Arrow as it is, and as a library may leave it: dropping the zone of Python moments."""
    monkeypatch.delenv("PYARROW_IGNORE_TIMEZONE", raising=False)
    if request.param == "dropped":
        monkeypatch.setenv("PYARROW_IGNORE_TIMEZONE", "1")
    noon = datetime(2026, 9, 1, 12, tzinfo=UTC)
    held = pa.array([noon.astimezone(timezone(timedelta(hours=7)))], pa.timestamp("us", tz="UTC"))
    assert (held[0].as_py() == noon) is (request.param == "kept"), "the switch has no effect: it proves nothing"


@pytest.fixture(scope="session")
def published_lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A published lake that tests only read."""
    from small_lake import fill, publish

    lake = Lake(tmp_path_factory.mktemp("published"))
    fill(lake)
    publish(lake)
    return lake


@pytest.fixture
def own_lake(published_lake: Lake, tmp_path: Path) -> Lake:
    """A copy that a test may change."""
    return Lake(Path(shutil.copytree(published_lake.root, tmp_path / "lake", symlinks=True)))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that run the pipeline: begun last, one of them would be waited for alone."""
    items.sort(key=lambda item: not {"e2e", "browser"} & set(item.keywords))
