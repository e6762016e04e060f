"""Run a command against the built-in province: server, settings, drop files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from cchc_pipeline.days import LOCAL_ZONE, today
from cchc_pipeline.sandbox.drop import write_papi_table, write_registers
from cchc_pipeline.sandbox.servers.server import SandboxServer
from cchc_pipeline.sandbox.servers.web import CLIENT_ID, CLIENT_SECRET
from cchc_pipeline.settings import load_settings

DEFAULT = "two-level-2026"
HOUR_OF_THE_NIGHT = 1


@dataclass(frozen=True)
class RunningProvince:
    """A running sandbox server and the identity of its data.

    Attributes:
        server: the running server.
        identity: province code, scenario, seed and size; the lake is marked with them.
    """

    server: SandboxServer
    identity: dict[str, Any]

    def whole_range(self, until: date) -> tuple[date, date]:
        """Return the first and the last day of the province's data, at most `until`."""
        scenario = self.server.province.scenario
        return scenario.go_live, min(until, scenario.last_day or until)

    def set_clock_after(self, day: date) -> None:
        """Set the clock to 01:00 of the night after `day`."""
        night = datetime.combine(day + timedelta(days=1), datetime.min.time(), LOCAL_ZONE)
        self.server.set_clock(night + timedelta(hours=HOUR_OF_THE_NIGHT))


@contextmanager
def province_environment(scenario: str | None, seed: int, size: float) -> Iterator[RunningProvince]:
    """Serve a built-in province and point the process's settings at it.

    The environment variables that name the sources are replaced and restored on exit; they take precedence over
    the settings file. PAPI and register files are written to the drop folder. `scenario` None means `DEFAULT`.
    """
    name = scenario or DEFAULT
    with SandboxServer(scenario=name, seed=seed, size=size) as server:
        code = server.province.scenario.province_code
        addresses = {
            "CCHC_ONE_STOP_URL": f"{server.base_url}/one-stop",
            "CCHC_DOCUMENTS_URL": f"{server.base_url}/documents",
            "CCHC_NATIONAL_PORTAL_URL": f"{server.base_url}/national-portal",
            "CCHC_ONE_STOP_CLIENT_ID": CLIENT_ID,
            "CCHC_ONE_STOP_CLIENT_SECRET": CLIENT_SECRET,
            "CCHC_DOCUMENTS_SYSTEM_ID": CLIENT_ID,
            "CCHC_DOCUMENTS_SECRET_KEY": CLIENT_SECRET,
            "CCHC_PROVINCE_CODE": code,
            "CCHC_HISTORY_FROM": server.province.scenario.go_live.isoformat(),
        }
        before = {variable: os.environ.get(variable) for variable in addresses}
        os.environ.update(addresses)
        try:
            drop = load_settings().drop_folder
            write_papi_table(drop / "papi", seed)
            write_registers(drop / "registers", server.province.scenario.registers, today())
            yield RunningProvince(server, {"province_code": code, "scenario": name, "seed": seed, "size": size})
        finally:
            for variable, value in before.items():
                if value is None:
                    os.environ.pop(variable, None)
                else:
                    os.environ[variable] = value
