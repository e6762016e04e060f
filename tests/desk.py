"""Desks: a lake, a Dagster instance and a served province, driven by real runs, and the truth to hold them against.

Nothing here knows how the pipeline works inside: a desk is driven through `run_main_job` or the real
`cchc` command, and judged by what is published, by the Dagster instance and by the files on disk.
"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from unittest import mock

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq
from command_line import output
from prepared import kept_engines, prepare, quick

from assets.instance import initialise
from assets.run import Outcome, run_main_job
from cchc_pipeline.days import Window
from cchc_pipeline.lake import files
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.sandbox.drop import write_papi_table, write_registers
from cchc_pipeline.sandbox.life import draws
from cchc_pipeline.sandbox.life.province_parts import Unit
from cchc_pipeline.sandbox.province import Province
from cchc_pipeline.sandbox.scenarios import two_level_2026 as two_level
from cchc_pipeline.sandbox.scenarios.two_level_figures import figures
from cchc_pipeline.sandbox.servers.server import SandboxServer

VIETNAM = timezone(timedelta(hours=7))
CCHC = Path(sys.executable).with_name("cchc")
INBOUND = (
    "documents__documents",
    "documents__statuses",
    "national_portal__metrics",
    "national_portal__procedures",
    "national_portal__provinces",
    "one_stop__dossiers",
    "one_stop__procedures",
    "papi__subdimensions",
    "papi__totals",
    "registers__appraisals",
    "registers__external_indices",
    "registers__inspections",
    "registers__observations",
    "registers__petitions",
    "registers__plan_tasks",
    "registers__unit_changes",
)
#: `cchc run` in a process of its own, as quick as in this one.
RUN = """
import sys
from command_line import output
from prepared import kept_engines, quick

with kept_engines(), quick():
    print(output("run", *sys.argv[1:]))
"""
#: A pull that gives up soon; a night that looks as far back as the default.
IMPATIENT = {"CCHC_RETRIES": "1", "CCHC_BACKOFF_S": "0.05", "CCHC_TIMEOUT_S": "20"}


@dataclass(frozen=True)
class Release:
    """One published version; it stays as it is while later ones are published."""

    folder: Path

    @property
    def manifest(self) -> dict[str, Any]:
        return json.loads((self.folder / "datapackage.json").read_text(encoding="utf-8"))

    @property
    def as_of_on(self) -> date:
        return date.fromisoformat(self.manifest["data_until"])

    @property
    def hashes(self) -> dict[str, str]:
        """sha256 of the bytes on disk, by table."""
        return {path.stem: files.sha256(path) for path in sorted(self.folder.glob("*.parquet"))}

    def table(self, name: str) -> pa.Table:
        return pq.read_table(self.folder / f"{name}.parquet", partitioning=None)

    def rows(self, name: str) -> list[dict[str, Any]]:
        return self.table(name).to_pylist()

    def problems(self) -> list[str]:
        """What of the manifest does not hold; empty where the version is complete and whole."""
        found = []
        for resource in self.manifest["resources"]:
            path = self.folder / resource["path"]
            if not path.exists():
                found.append(f"{resource['path']} is not there")
            elif f"sha256:{files.sha256(path)}" != resource["hash"]:
                found.append(f"{resource['path']} is not the file of the manifest")
            elif pq.read_metadata(path).num_rows != resource["rows"]:
                found.append(f"{resource['path']} has other rows than the manifest says")
        return found


@dataclass(frozen=True)
class Night:
    """One run and what was published after it (None before the first publication)."""

    window: Window
    outcome: Outcome
    release: Release | None

    @property
    def published(self) -> Release:
        assert self.release is not None, f"nothing is published after {self.window}: {self.outcome.failures}"
        return self.release


@dataclass
class Desk:
    """A province's machine: a data folder, DAGSTER_HOME, settings, and the source systems over HTTP."""

    folder: Path
    sandbox: SandboxServer
    environment: dict[str, str] = field(default_factory=dict)
    nights: list[Night] = field(default_factory=list)

    def __post_init__(self) -> None:
        base, scenario = self.sandbox.base_url, self.sandbox.province.scenario
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = self.folder / "empty.toml"
        settings.touch()  # so that no cchc.toml of the working folder is read
        self.environment = {
            "CCHC_SETTINGS": str(settings),
            "CCHC_DATA_DIR": str(self.folder / "lake"),
            "CCHC_ONE_STOP_URL": f"{base}/one-stop",
            "CCHC_DOCUMENTS_URL": f"{base}/documents",
            "CCHC_NATIONAL_PORTAL_URL": f"{base}/national-portal",
            "CCHC_PROVINCE_CODE": scenario.province_code,
            "CCHC_HISTORY_FROM": scenario.go_live.isoformat(),
            "DAGSTER_HOME": str(self.folder / "dagster"),
            "DAGSTER_DISABLE_TELEMETRY": "yes",
            "GX_ANALYTICS_ENABLED": "false",
            **IMPATIENT,
            **self.environment,
        }
        write_papi_table(self.drop_folder, self.province.seed)
        write_registers(self.registers_folder, scenario.registers, datetime.now(VIETNAM).date())

    @property
    def lake(self) -> Lake:
        return Lake(self.folder / "lake")

    @property
    def drop_folder(self) -> Path:
        return self.folder / "lake" / "drop" / "papi"

    @property
    def registers_folder(self) -> Path:
        return self.folder / "lake" / "drop" / "registers"

    @property
    def province(self) -> Province:
        return self.sandbox.province

    def current(self) -> Release | None:
        """What the pointer resolves to now."""
        pointer = self.lake.published / "current"
        return Release(pointer.resolve(strict=True)) if pointer.is_symlink() else None

    def set_clock_after(self, day: date) -> None:
        """01:00 of the night after `day`, when the schedule fires."""
        self.sandbox.set_clock(datetime(day.year, day.month, day.day, 1, tzinfo=VIETNAM) + timedelta(days=1))

    def variables(self, **settings: str) -> dict[str, str]:
        """The whole environment of a process at this desk."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("CCHC_")}
        return {**inherited, **self.environment, **settings}

    @contextmanager
    def instance(self, **settings: str) -> Iterator[dg.DagsterInstance]:
        """The desk's Dagster instance, in the desk's environment."""
        with mock.patch.dict(os.environ, self.variables(**settings), clear=True), kept_engines():
            initialise()
            with dg.DagsterInstance.get() as instance:
                yield instance

    def run(self, first: date, last: date | None = None, *, cross_checked: bool = False, **settings: str) -> Night:
        """The main job in this process, on the real instance.

        Args:
            first, last: the window.
            cross_checked: whether Great Expectations judges beside the verdict, a fifth of a small run, and pictures
                are rendered: for tests that are about it. A run of the `cchc` command always is.
            settings: variables of the environment.
        """
        window = Window(first, last or first)
        with self.instance(**settings) as instance, nullcontext() if cross_checked else quick():
            outcome = run_main_job(instance, window, lambda done, total, what: None)
        self.nights.append(Night(window, outcome, self.current()))
        return self.nights[-1]

    def start(self, *arguments: str, **settings: str) -> subprocess.Popen[str]:
        """The real `cchc` command, running."""
        return subprocess.Popen(
            [str(CCHC), *arguments],
            cwd=self.folder,
            env=self.variables(**settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def start_run(self, *arguments: str, **settings: str) -> subprocess.Popen[str]:
        """`cchc run` without Great Expectations and pictures, running in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-c", RUN, *arguments],
            cwd=Path(__file__).parents[1],
            env=self.variables(PYTHONPATH=os.pathsep.join(sys.path), **settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def cchc(self, *arguments: str, seconds: float = 600, **settings: str) -> subprocess.CompletedProcess[str]:
        """The real `cchc` command, to its end."""
        return subprocess.run(
            [str(CCHC), *arguments],
            cwd=self.folder,
            env=self.variables(**settings),
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def output(self, *arguments: str, code: int = 0, **settings: str) -> str:
        """What the command prints, called in this process; a run without Great Expectations and pictures."""
        with mock.patch.dict(os.environ, self.variables(**settings), clear=True), kept_engines(), quick():
            return output(*arguments, code=code)

    def checks(self, run_id: str) -> dict[tuple[str, str], dg.AssetCheckEvaluation]:
        """(asset, check) -> its evaluation in a run, read from the instance's event log."""
        with self.instance() as instance:
            records = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION).records
        found = [record.event_log_entry.dagster_event.asset_check_evaluation_data for record in records]
        return {(one.asset_key.to_user_string(), one.check_name): one for one in found}

    def steps(self, run_id: str) -> dict[str, str]:
        """Step -> SUCCESS, FAILURE or SKIPPED in a run."""
        with self.instance() as instance:
            stats = instance.get_run_step_stats(run_id)
        return {one.step_key: one.status.value for one in stats if one.status is not None}


@contextmanager
def small_province() -> Iterator[None]:
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


@dataclass
class Desks:
    """Builds desks in a folder, each with its own served province.

    Attributes:
        folder: of all desks.
        open: the servers that run, until it closes.
    """

    folder: Path
    open: ExitStack

    def __call__(
        self,
        name: str,
        *,
        size: float,
        scenario: str = "two-level-2026",
        small: bool = True,
        defects: float | None = None,
        days: int = 0,
        nights: Sequence[tuple[date, date]] = (),
        clock_after: date | None = None,
        **settings: str,
    ) -> Desk:
        """Build a desk.

        Args:
            name: of its folder, and of what is kept of its nights.
            size: of the province.
            scenario: of the province.
            small: whether the two-level province has 8 units instead of 51.
            defects: share of defective records; None for the scenario's own.
            days: so many days from go-live are drawn with that share.
            nights: windows that were run at the desk already, without Great Expectations. They are run once for all
                tests and processes that ask for the same, and copied.
            clock_after: the day at whose end the sources stand in all of them; None for the last day of each.
            settings: variables of the environment of these runs.
        """
        with small_province() if small else nullcontext():
            server = SandboxServer(scenario, size=size)
        go_live = server.province.scenario.go_live
        if defects is not None:
            with mock.patch.object(draws, "DEFECT_SHARE", defects):
                for day in range(days):
                    server.province.lives(go_live + timedelta(days=day))
        self.open.enter_context(server)
        folder = Path(mkdtemp(prefix=f"{name}-", dir=self.folder)) / "desk"
        if not nights:
            return Desk(folder, server)

        def make(made: Path) -> None:
            desk = Desk(made, server)
            for first, last in nights:
                desk.set_clock_after(clock_after or last)
                night = desk.run(first, last, **settings)
                assert night.outcome.success, night.outcome.failures
            held = [(one.window, one.outcome, one.published.folder.name) for one in desk.nights]
            (made / "nights.pickle").write_bytes(pickle.dumps(held))

        prepare(name, (size, scenario, small, defects, days, tuple(nights), clock_after, settings), make, folder)
        desk = Desk(folder, server)
        for window, outcome, version in pickle.loads((folder / "nights.pickle").read_bytes()):  # noqa: S301 - our own
            desk.nights.append(Night(window, outcome, Release(desk.lake.published / "versions" / version)))
        desk.set_clock_after(clock_after or nights[-1][1])
        return desk
