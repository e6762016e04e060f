"""Desks for the end-to-end tests: provinces that are served, and folders that are quick to write."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from unittest import mock

import pytest
from e2e_desk import Desk, MakeDesk, Night, TwoRanges

from cchc_pipeline.sandbox.life import draws as fates
from cchc_pipeline.sandbox.life.province_parts import Unit
from cchc_pipeline.sandbox.scenarios import two_level_2026 as two_level
from cchc_pipeline.sandbox.scenarios.two_level_figures import figures
from cchc_pipeline.sandbox.servers.server import SandboxServer

MEMORY = Path("/dev/shm")  # noqa: S108 - only where it is there and large enough
ENOUGH_BYTES = 2 * 1024**3


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for lakes and instances: in memory where that is possible, since every write is synced."""
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ENOUGH_BYTES:
        folder = Path(tempfile.mkdtemp(prefix="cchc-e2e-", dir=MEMORY))
        yield folder
        shutil.rmtree(folder, ignore_errors=True)
    else:
        yield tmp_path_factory.mktemp("desks")


@contextmanager
def a_small_province() -> Iterator[None]:
    """Within: the two-level scenario has 3 departments and 4 communes, so that a run asks little of the portal."""
    every = two_level.units

    def few(rng: object) -> list[Unit]:
        units = every(rng)  # type: ignore[arg-type]
        return [unit for unit in units if unit.level != "commune" or int(unit.code.rpartition(".")[2]) <= 204]

    fewer = figures().model_copy(update={"departments": figures().departments[5:8]})
    with (
        mock.patch.object(two_level, "figures", lambda: fewer),
        mock.patch.object(two_level, "units", few),
    ):
        yield


@pytest.fixture(scope="session")
def make_desk(folders: Path) -> Iterator[MakeDesk]:
    """Build desks, each with its own served province."""
    running: list[SandboxServer] = []

    def make(name: str, *, size: float, small: bool = True, defects: float | None = None, days: int = 0) -> Desk:
        """A desk.

        Args:
            name: of its folder.
            size: of the province.
            small: whether the province has 8 units instead of 51.
            defects: share of defective records; None for the scenario's own.
            days: so many days from go-live are drawn with that share.
        """
        if small:
            with a_small_province():
                server = SandboxServer(size=size)
        else:
            server = SandboxServer(size=size)
        if defects is not None:
            go_live = server.province.scenario.go_live
            with mock.patch.object(fates, "DEFECT_SHARE", defects):
                for ordinal in range(days):
                    server.province.lives(go_live.fromordinal(go_live.toordinal() + ordinal))
        running.append(server.__enter__())
        return Desk(folders / name, server)

    yield make
    for server in running:
        server.__exit__(None, None, None)


@pytest.fixture(scope="session")
def two_ranges(make_desk: MakeDesk) -> TwoRanges:
    """September 2026 to the 16th in two ranges, while the sources are already at the end of the second."""
    desk = make_desk("two-ranges", size=0.1, small=True)
    desk.set_clock_after(date(2026, 9, 16))
    # A short overlap: the second range does not read the whole first one again.
    first = desk.run(date(2026, 9, 1), date(2026, 9, 8), CCHC_OVERLAP_DAYS="2")
    second = desk.run(date(2026, 9, 9), date(2026, 9, 16), CCHC_OVERLAP_DAYS="2")
    return TwoRanges(desk, first, second)


@pytest.fixture(scope="session")
def judged_anew(two_ranges: TwoRanges) -> Night:
    """The next run after a change of the contracts: every day that was ever landed is judged again."""
    shutil.rmtree(two_ranges.desk.lake.root / "ledgers")
    return two_ranges.desk.run(two_ranges.second.window.last, CCHC_OVERLAP_DAYS="2")
