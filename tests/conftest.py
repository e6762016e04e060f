"""What every test shares: how hypothesis runs, the switches of the process that must change nothing, a small lake.

Belongs here: settings of tools for all tests, and fixtures that several folders use.
"""

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from hypothesis import settings

from cchc_pipeline.lake.engine import _database
from cchc_pipeline.lake.layout import Lake

if TYPE_CHECKING:
    from desk import Desks

MEMORY = Path("/dev/shm")  # noqa: S108 - only where it is there and large enough
ENOUGH_BYTES = 2 * 1024**3

# Every write of a lake and of an instance is synced: on a disk, tests would wait for it two minutes in five.
if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ENOUGH_BYTES:
    os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)

# What tests make lives long or goes at once: the collector would look through it again and again, a seventh of a run.
gc.set_threshold(100_000, 50, 50)

# A process has a core for itself: more threads only wait for each other over small tables.
pa.set_cpu_count(1)
_database().execute("SET GLOBAL threads = 1")

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
def make_desk(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Desks]":
    """Builds desks, each with its own served province; their servers run to the end."""
    from desk import Desks

    with ExitStack() as running:
        yield Desks(tmp_path_factory.mktemp("desks"), running)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """An empty lake; modules that need one with something in it override it."""
    return Lake(tmp_path)


@pytest.fixture(scope="session")
def published_lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A published lake that tests only read."""
    from prepared import prepare
    from small_lake import published

    folder = tmp_path_factory.mktemp("published") / "lake"
    prepare("small-lake", None, published, folder)
    return Lake(folder)


@pytest.fixture(scope="session")
def scored_lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The same with years of PAPI and an appraisal."""
    from prepared import prepare
    from small_lake import scored

    folder = tmp_path_factory.mktemp("scored") / "lake"
    prepare("scored-lake", None, scored, folder)
    return Lake(folder)


@pytest.fixture
def own_lake(published_lake: Lake, tmp_path: Path) -> Lake:
    """A copy that a test may change."""
    from small_lake import copy_of

    return copy_of(published_lake, tmp_path)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that run the pipeline, of each folder one in turn.

    Begun last, one of them would be waited for alone; those of one folder share desks, and a process would wait for
    what another prepares. Within such a file a desk goes on from night to night: tests keep the order of the file, also
    where the others are shuffled.
    """
    turns: dict[Path, int] = {}
    for item in items:
        runs = any(item.get_closest_marker(name) for name in ("e2e", "browser", "acceptance"))
        if runs and item.path not in turns:
            turns[item.path] = sum(path.parent == item.path.parent for path in turns)
    folders = list(dict.fromkeys(path.parent for path in turns))

    def place(item: pytest.Item) -> tuple[int, int, int]:
        if item.path not in turns:
            return len(turns), 0, 0
        return turns[item.path], folders.index(item.path.parent), item.reportinfo()[1] or 0

    items.sort(key=place)
