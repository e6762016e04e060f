"""Define the commands that need the orchestrator: `cchc run` and `cchc ui`."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import click
import dagster as dg
from rich.console import Console
from rich.markup import escape

from assets import instance as dagster_instance
from assets.failures import remember, run_command
from cchc_pipeline.cli import options
from cchc_pipeline.cli.printing import step_progress
from cchc_pipeline.cli.run_summary import closing_table
from cchc_pipeline.days import Window, today
from cchc_pipeline.errors import SettingsError
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.lake.publish import what_stays
from cchc_pipeline.sandbox.province import SCENARIO_NAMES
from cchc_pipeline.sandbox.servers.server import SandboxServer, province_environment
from cchc_pipeline.settings import load_settings
from cchc_pipeline.sources.registry import SOURCES

#: Exit status of a command that was stopped with Ctrl-C (128 and the number of SIGINT).
STOPPED = 130
_sandbox = options.province(
    click.option("--sandbox", type=click.Choice(SCENARIO_NAMES), help="Start this built-in province for the command.")
)


def yesterday() -> date:
    """Return the last civil day that is over in Vietnam."""
    return today() - timedelta(days=1)


@click.command()
@click.option("--day", type=options.DAY, help="One civil day (yyyy-mm-dd); default yesterday.")
@options.days("First day of a range that runs as one run.", "Last day of the range.")
@options.data_dir
@_sandbox
def run(
    day: date | None, first: date | None, last: date | None, data_dir: Path | None, sandbox: str | None, seed: int,
    size: float,
) -> None:  # fmt: skip
    """Run the main job without a UI: pull, validate, compute, publish.

    What runs is what the settings name: each source system may be left out, and what needs it is then
    missing, with its reason. Where they name none at all, or with --sandbox, the built-in province
    is started for the run and pulled from its first day on. The first line says which. The run is
    recorded in the Dagster instance (DAGSTER_HOME, default .dagster) and shows in `cchc ui`.

    \b
    Examples:
      cchc run                                  the built-in province, from its first day to yesterday
      cchc run --day 2026-10-10                 one night again
      cchc run --from 2026-10-01 --to 2026-10-10
      cchc run --sandbox dak-nong-2020 --data-dir data-dak-nong

    Exit status: 0 published, also where the portal, PAPI or the registers could not be read: pages and
    checks then say of which day their figures are. 1 something failed, or days of the one-stop or the
    document system are missing: what is complete is published, and the message says which days to run
    again. 130 stopped with Ctrl-C.
    """  # noqa: D301 - the backspace is how click is told to keep lines
    if day and (first or last):
        raise click.UsageError("--day and --from/--to exclude each other.")
    if bool(first) != bool(last):
        raise click.UsageError("--from and --to go together.")
    _same_again(data_dir, sandbox, seed, size)
    begin, end = day or first, day or last
    window = Window(begin, end) if begin and end else Window(yesterday(), yesterday())
    with _sources(sandbox, seed, size) as province:
        if province and begin is None:
            window = Window(*province.whole_range(yesterday()))
        if province:
            province.set_clock_after(window.last)
        if not _run(Console(stderr=True), window, load_settings().data_dir):
            sys.exit(1)


def _run(console: Console, window: Window, data_dir: Path) -> bool:
    """Run the main job and print how it ended; return whether it ended well."""
    dagster_instance.initialise()
    from assets.run import run_main_job

    console.print(f"[bold]Main job[/] for {window}; lake {data_dir}")
    started = time.monotonic()
    try:
        with dg.DagsterInstance.get() as instance, step_progress(console) as progress:
            outcome = run_main_job(instance, window, progress)
    except KeyboardInterrupt:
        stays = what_stays(Lake(data_dir).published)
        console.print(
            f"\n[bold]stopped[/]; what was read is kept, {stays}. Run again: {run_command(window)}",
            highlight=False,
            soft_wrap=True,
        )
        sys.exit(STOPPED)
    seconds = time.monotonic() - started
    Console().print(closing_table(Lake(data_dir), window, seconds, outcome.run_id, success=outcome.success))
    for check in outcome.failed_checks:
        console.print(f"[yellow]check did not pass[/] {escape(check)}", soft_wrap=True)
    for step, message in outcome.failures.items():
        console.print(f"\n[bold red]failed[/] {step}\n{escape(message)}", highlight=False, soft_wrap=True)
    if outcome.skipped:
        console.print(f"\nnot run because of it: {', '.join(outcome.skipped)}", soft_wrap=True)
    return outcome.success


@click.command()
@click.option("--port", default=3000, help="Port of the web UI on 127.0.0.1.")
@options.data_dir
@_sandbox
def ui(port: int, data_dir: Path | None, sandbox: str | None, seed: int, size: float) -> None:
    """Start the Dagster UI and daemon on this machine; Ctrl-C stops both.

    Where the settings name no source at all, or with --sandbox, the built-in province
    is served beside them with today's clock, so that a run started in the UI, or by the schedule
    `nightly_0100` once it is switched on, has sources to pull.
    """
    _same_again(data_dir, sandbox, seed, size)
    os.environ["CCHC_DATA_DIR"] = str(load_settings().data_dir.resolve())
    console = Console(stderr=True)
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise SettingsError(f"ui: port {port} is taken. Choose another: `cchc ui --port {port + 1}`.")
    folder = dagster_instance.initialise()
    with dg.DagsterInstance.get() as instance:
        for run_id in dagster_instance.end_dead_runs(instance):  # they would block runs from the UI
            console.print(f"[yellow]ended[/] run {run_id}: its process was killed. Run its days again.")
    scripts, workspace = Path(sys.executable).parent, str(Path("workspace.yaml").resolve())
    commands = [
        [str(scripts / "dagster-daemon"), "run", "-w", workspace],
        [str(scripts / "dagster-webserver"), "-h", "127.0.0.1", "-p", str(port), "-w", workspace],
    ]
    with _sources(sandbox, seed, size):
        lake = load_settings().data_dir
        with _children(commands) as children:
            console.print(f"Dagster UI: [bold]http://127.0.0.1:{port}[/]   instance {folder}   lake {lake}")
            console.print("Switch the schedule on under Automation → nightly_0100. Ctrl-C stops.")
            while all(child.poll() is None for child in children):
                time.sleep(0.5)
            raise SettingsError("ui: the webserver or the daemon ended by itself; its message stands above.")


@contextmanager
def _sources(sandbox: str | None, seed: int, size: float) -> Iterator[SandboxServer | None]:
    """Serve the built-in province where it is asked for or no source is configured; mark the lake as its.

    Files in the drop folder of a lake that is a built-in province's configure nothing: it wrote them itself.
    """
    settings, console = load_settings(), Console(stderr=True)
    lake = Lake(settings.data_dir)
    lacking = {kind.title_en: kind.lacks(settings) for kind in SOURCES.values()}
    is_built_in = "scenario" in lake.identity() and not any(settings.addresses().values())
    if sandbox or is_built_in or all(lacking.values()):
        why = "--sandbox asks for it" if sandbox else "the settings name no source"
        with province_environment(sandbox, seed, size) as province:
            scenario = province.province.scenario.name
            console.print(f"[bold]Sources[/]: the built-in province {scenario} ({why}).", highlight=False)
            yield province
        return
    lake.claim({"province_code": settings.province_code})
    held = "; ".join(f"{title}: {lack or 'configured'}" for title, lack in lacking.items())
    console.print(f"[bold]Sources[/] of {settings.province_code}: {escape(held)}.", highlight=False, soft_wrap=True)
    if any(lacking.values()):
        console.print("What a source that is left out would give is missing, with this reason.", soft_wrap=True)
    yield None


def _same_again(data_dir: Path | None, sandbox: str | None, seed: int, size: float) -> None:
    """Use the lake that was asked for, and keep the options for commands in messages."""
    if data_dir is not None:
        os.environ["CCHC_DATA_DIR"] = str(data_dir)
    size_given = None if size == options.DEFAULT_SIZE else size
    seed_given = None if seed == options.DEFAULT_SEED else seed
    remember({"--sandbox": sandbox, "--size": size_given, "--seed": seed_given, "--data-dir": data_dir})


@contextmanager
def _children(commands: list[list[str]]) -> Iterator[list[subprocess.Popen[Any]]]:
    """Start child processes that end with this one, also when it is terminated."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    children = [subprocess.Popen(command) for command in commands]
    try:
        yield children
    except KeyboardInterrupt:
        click.echo("\nstopping", err=True)
    finally:
        for child in children:
            child.terminate()
        for child in children:
            try:
                child.wait(timeout=15)
            except subprocess.TimeoutExpired:
                child.kill()
