"""A month of a small province, pulled, judged and published by real runs of the main job."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from unittest import mock

import dagster as dg

from assets.instance import initialise
from assets.run import run_main_job
from cchc_pipeline.days import Window
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.sandbox.drop.papi import write_papi_table
from cchc_pipeline.sandbox.life import draws as fates
from cchc_pipeline.sandbox.life.province_parts import Unit
from cchc_pipeline.sandbox.province import Province
from cchc_pipeline.sandbox.scenarios import two_level_2026 as two_level
from cchc_pipeline.sandbox.scenarios.two_level_figures import figures
from cchc_pipeline.sandbox.servers.server import SandboxServer

VIETNAM = timezone(timedelta(hours=7))
FIRST, LOADED, LAST = date(2026, 9, 1), date(2026, 10, 6), date(2026, 10, 8)


@dataclass(frozen=True)
class Month:
    """What the runs left: the lake, the province that was pulled, and the last day of data."""

    lake: Lake
    province: Province
    until: date


def _few_units(rng: object) -> list[Unit]:
    units = _EVERY(rng)  # type: ignore[arg-type]
    return [unit for unit in units if unit.level != "commune" or int(unit.code.rpartition(".")[2]) <= 204]


_EVERY = two_level.units


@contextmanager
def loaded_month(folder: Path) -> Iterator[Month]:
    """September 2026 and some days in one load and two nights, with many defective records."""
    lake = Lake(folder / "lake")
    fewer = figures().model_copy(update={"departments": figures().departments[5:8]})
    with ExitStack() as stack:
        with (
            mock.patch.object(two_level, "figures", lambda: fewer),
            mock.patch.object(two_level, "units", _few_units),
        ):
            server = stack.enter_context(SandboxServer(size=0.6))
        with mock.patch.object(fates, "DEFECT_SHARE", 0.04):
            for _ in server.province.lives_between(FIRST, LAST + timedelta(days=4)):
                pass
        (folder / "empty.toml").touch()
        settings = {
            "CCHC_SETTINGS": str(folder / "empty.toml"),
            "CCHC_DATA_DIR": str(lake.root),
            "CCHC_ONE_STOP_URL": f"{server.base_url}/one-stop",
            "CCHC_DOCUMENTS_URL": f"{server.base_url}/documents",
            "CCHC_NATIONAL_PORTAL_URL": f"{server.base_url}/national-portal",
            "CCHC_PROVINCE_CODE": server.province.scenario.province_code,
            "CCHC_HISTORY_FROM": FIRST.isoformat(),
            "CCHC_SWEEP_NIGHTS": "1",  # the whole sweep each night: what a source corrected late is read
            "DAGSTER_HOME": str(folder / "dagster"),
            "DAGSTER_DISABLE_TELEMETRY": "yes",
        }
        write_papi_table(lake.root / "drop" / "papi", server.province.seed)
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("CCHC_")}
        stack.enter_context(mock.patch.dict(os.environ, {**inherited, **settings}, clear=True))
        initialise()
        instance = stack.enter_context(dg.DagsterInstance.get())
        for window in (Window(FIRST, LOADED), Window(LAST - timedelta(days=1), LAST)):
            night = datetime.combine(window.last + timedelta(days=1), datetime.min.time(), VIETNAM)
            server.set_clock(night + timedelta(hours=1))
            outcome = run_main_job(instance, window, lambda done, total, what: None)
            assert outcome.success, outcome.failures
        yield Month(lake, server.province, LAST)
