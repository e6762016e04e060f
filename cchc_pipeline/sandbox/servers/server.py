"""Serve the sandbox over HTTP with its clock, faults and true indicators, by itself or for a command."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cchc_pipeline.days import today
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.sandbox.drop import write_papi_table, write_registers
from cchc_pipeline.sandbox.life import workdays
from cchc_pipeline.sandbox.life.province_parts import SandboxError
from cchc_pipeline.sandbox.province import Province
from cchc_pipeline.sandbox.servers.documents import DocumentRoutes
from cchc_pipeline.sandbox.servers.faults import Fault, FaultLayer, in_force
from cchc_pipeline.sandbox.servers.national_portal import PortalRoutes
from cchc_pipeline.sandbox.servers.one_stop import OneStopRoutes
from cchc_pipeline.sandbox.servers.web import CLIENT_ID, CLIENT_SECRET, Refused, World, refusal, reply
from cchc_pipeline.sandbox.truth.indicators import indicator_truth
from cchc_pipeline.settings import load_settings

START_SECONDS = 30.0


class _Admin:
    """The routes under `/sandbox`: clock, faults, description, true indicators."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def clock(self, request: Request) -> Response:
        if request.method == "POST":
            try:
                self.world.set_clock(datetime.fromisoformat(json.loads(await request.body())["as_of"]))
            except (ValueError, KeyError, TypeError) as error:
                raise Refused(400, f'expected {{"as_of": "<ISO instant>"}}: {error}') from None
        return reply({"as_of": self.world.clock().isoformat()})

    async def faults(self, request: Request) -> Response:
        if request.method == "DELETE":
            self.world.faults.clear()
        elif request.method == "POST":
            try:
                self.world.faults += [Fault(**one) for one in json.loads(await request.body())]
            except (SandboxError, TypeError, ValueError) as error:
                raise Refused(400, f"expected a list of faults: {error}") from None
        return reply(in_force(self.world.faults))

    def truth(self, request: Request) -> Response:
        """Answer with the true indicators; query: from, to, optional as-of and unit."""
        query = request.query_params
        try:
            start, end = date.fromisoformat(query["from"]), date.fromisoformat(query["to"])
            as_of = date.fromisoformat(query["as-of"]) if "as-of" in query else self.world.clock().date()
        except (KeyError, ValueError) as error:
            raise Refused(400, f"from and to have to be ISO dates: {error}") from None
        with self.world.lock:
            values = indicator_truth(self.world.province, as_of, start, end)
        return reply(
            [
                {"indicatorId": indicator, "unitCode": code, "numerator": numerator, "denominator": denominator}
                for (indicator, code), (numerator, denominator) in values.items()
                if query.get("unit") in (None, code)
            ]
        )


def build_app(world: World) -> FaultLayer:
    """Build the ASGI application of a world, faults included."""
    one_stop, documents, admin = OneStopRoutes(world), DocumentRoutes(world), _Admin(world)
    portal, reporting = PortalRoutes(world), "/national-portal/api/v1/reporting"
    routes = [
        Route("/one-stop/auth/realms/digo/protocol/openid-connect/token", one_stop.token, methods=["POST"]),
        Route("/one-stop/pa/dossier/search", one_stop.dossiers),
        Route("/one-stop/bd/procedure", one_stop.procedures),
        Route("/documents/v1/syncReceivedEdocList", documents.listing),
        Route("/documents/v1/getEdoc", documents.single),
        Route(f"{reporting}/evaluation/{{report}}", portal.report, methods=["POST"]),
        Route(f"{reporting}/formalities", portal.formalities, methods=["POST"]),
        Route("/sandbox/clock", admin.clock, methods=["GET", "POST"]),
        Route("/sandbox/faults", admin.faults, methods=["GET", "POST", "DELETE"]),
        Route("/sandbox/describe", lambda _: reply(world.describe())),
        Route("/sandbox/truth", admin.truth),
    ]
    return FaultLayer(Starlette(routes=routes, exception_handlers={Refused: refusal}), world.faults)


class SandboxServer(World):
    """A province served on a loopback port by a thread of this process.

    `identity` tells its data from others'; the lake is marked with it.

    Example:
        with SandboxServer(size=0.1, as_of=datetime(2026, 10, 10, 23)) as sandbox:
            requests.get(f"{sandbox.base_url}/sandbox/describe")

    Args:
        scenario, seed, size: as in `Province`.
        as_of: what the clock shows; None as in `Province.default_clock`. A naive instant is local.
        port: 0 takes a free one.

    Raises:
        SandboxError: on entry, where the port is taken or the server does not start.
    """

    def __init__(
        self,
        scenario: str = "two-level-2026",
        seed: int = 766,
        size: float = 1.0,
        as_of: datetime | None = None,
        port: int = 0,
    ) -> None:
        super().__init__(Province(scenario, seed, size), as_of)
        code = self.province.scenario.province_code
        self.identity = {"province_code": code, "scenario": scenario, "seed": seed, "size": size}
        self._port = port
        config = uvicorn.Config(
            build_app(self), log_level="critical", lifespan="off", access_log=False, timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        self.base_url = ""

    def __enter__(self) -> SandboxServer:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", self._port))
        except OSError as error:
            listener.close()
            raise SandboxError(
                f"port {self._port} of 127.0.0.1 is taken: choose another one", port=self._port
            ) from error
        self.base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listener]}, name="sandbox", daemon=True
        )
        self._thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise SandboxError(f"the sandbox did not start at {self.base_url}", base_url=self.base_url)
            time.sleep(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=10)

    def wait(self) -> None:
        """Serve until the thread ends or the process is interrupted."""
        while self._thread.is_alive():
            self._thread.join(timeout=0.5)

    def set_clock_after(self, day: date) -> None:
        """Set the clock to 01:00 of the night after `day`."""
        self.set_clock(workdays.moment(day + timedelta(days=1), 3600))

    def whole_range(self, until: date) -> tuple[date, date]:
        """Return the first and the last day of the province's data, at most `until`."""
        scenario = self.province.scenario
        return scenario.go_live, min(until, scenario.last_day or until)

    def add_fault(self, path: str, kind: str, times: int | None = None, **details: Any) -> None:
        """Put a fault in force; see `faults.Fault` for the arguments."""
        self.faults.append(Fault(path=path, kind=kind, times=times, **details))


@contextmanager
def province_environment(scenario: str | None, seed: int, size: float) -> Iterator[SandboxServer]:
    """Serve a built-in province and point the process's settings at it.

    The environment variables that name the sources are replaced and restored on exit; they take precedence over
    the settings file. The lake is marked as the province's, and PAPI and register files are written to the drop folder.
    `scenario` None means the default.

    Raises:
        LakeError: the lake holds another province; nothing was written.
    """
    with SandboxServer(scenario or "two-level-2026", seed, size) as server:
        made = server.province.scenario
        addresses = {
            "CCHC_ONE_STOP_URL": f"{server.base_url}/one-stop",
            "CCHC_DOCUMENTS_URL": f"{server.base_url}/documents",
            "CCHC_NATIONAL_PORTAL_URL": f"{server.base_url}/national-portal",
            "CCHC_ONE_STOP_CLIENT_ID": CLIENT_ID,
            "CCHC_ONE_STOP_CLIENT_SECRET": CLIENT_SECRET,
            "CCHC_DOCUMENTS_SYSTEM_ID": CLIENT_ID,
            "CCHC_DOCUMENTS_SECRET_KEY": CLIENT_SECRET,
            "CCHC_PROVINCE_CODE": made.province_code,
            "CCHC_HISTORY_FROM": made.go_live.isoformat(),
        }
        before = {variable: os.environ[variable] for variable in addresses if variable in os.environ}
        os.environ.update(addresses)
        try:
            settings = load_settings()
            Lake(settings.data_dir).claim(server.identity)  # before anything is written beside real data
            drop = settings.drop_folder
            write_papi_table(drop / "papi", seed)
            write_registers(drop / "registers", made.registers, today())
            yield server
        finally:
            for variable in addresses:
                os.environ.pop(variable, None)
            os.environ.update(before)
