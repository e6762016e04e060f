"""What a run says on the console: progress while it pulls, a table when it is over."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich import progress as bars
from rich.console import Console, Group
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.days import Window
from cchc_pipeline.lake.engine import run_sql
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.lake.publish import current_version, read_manifest, read_published, what_stays
from cchc_pipeline.progress import Progress
from cchc_pipeline.site import FOLDER

SECONDS_BETWEEN_LINES = 5.0


@contextmanager
def step_progress(console: Console) -> Iterator[Progress]:
    """A progress bar that follows what is being done; a line every few seconds where there is no terminal."""
    with bars.Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    ) as bar:
        task = bar.add_task("starting", total=None)
        said = 0.0

        def report(done: int, total: int | None, what: str) -> None:
            nonlocal said
            bar.update(task, description=what, completed=done, total=total)
            if not console.is_terminal and time.monotonic() - said >= SECONDS_BETWEEN_LINES:
                said = time.monotonic()
                console.print(f"· {what}" + (f" ({done:,} of {total:,})" if total else ""), highlight=False)

        yield report


def closing_table(lake: Lake, window: Window, success: bool, seconds: float, run_id: str) -> Group:  # noqa: FBT001 - a fact, not a switch
    """What the run did, table by table, and where the files are."""
    pulled = Table(title=f"Nguồn / sources, {window}", title_justify="left")
    for name in ("table", "rows pulled", "valid", "quarantined"):
        pulled.add_column(name, justify="left" if name == "table" else "right")
    for row in _pulled(lake, window):
        pulled.add_row(row[0], *(f"{value:,}" for value in row[1:]))
    parts: list[object] = [pulled]
    version = current_version(lake.published)
    if success and version is not None:
        manifest = read_manifest(version)
        rows = {resource["name"]: resource["rows"] for resource in manifest["resources"]}
        told = Table(title="Bản công bố / published", title_justify="left", show_header=False)
        told.add_column()
        told.add_column(justify="right")
        told.add_row("units", f"{rows['units']:,}")
        told.add_row("dossiers", f"{rows['dossiers']:,}")
        told.add_row("indicators × units × periods", f"{rows['indicators']:,} → {rows['indicator_values']:,} values")
        for name in ("scorecard_index766", "scorecard_par_index", "scorecard_papi"):
            scored = read_published(lake.published, name)
            points = scored["points"]
            told.add_row(
                f"scores {name.removeprefix('scorecard_')}", f"{len(points) - points.null_count:,} of {len(points):,}"
            )
        told.add_row("data", f"{manifest['data_from']} … {manifest['data_until']}")
        told.add_row("version", manifest["version"])
        told.add_row("files", str(lake.published / "current"))
        told.add_row("pages", str(lake.published / "current" / FOLDER / "index.html"))
        parts.append(told)
    state = "[bold green]published[/]" if success else f"[bold red]failed; {what_stays(lake.published)}[/]"
    parts.append(f"{state} after {seconds:.0f} s, run {run_id}")
    return Group(*parts)  # type: ignore[arg-type]


def _pulled(lake: Lake, window: Window) -> list[tuple[str, int, int, int]]:
    """Per inbound table the rows of the window's days by their fate."""
    schema = load_contract("data_quality").arrow_schema()
    found = []
    for name in (name for name in lake.store.parts("core") if name.startswith("quality_")):
        table = name.removeprefix("quality_")
        quality = lake.store.read(f"core/{name}", schema=schema)
        (row,) = run_sql(
            "SELECT COALESCE(SUM(rows_in), 0)::BIGINT AS landed, COALESCE(SUM(rows_valid), 0)::BIGINT AS valid, "
            "COALESCE(SUM(rows_quarantined), 0)::BIGINT AS quarantined "
            "FROM quality WHERE rule_id = 'TOTAL' AND pulled_for_on BETWEEN ? AND ?",
            params=[window.first, window.last],
            quality=quality,
        ).to_pylist()
        found.append((table, *row.values()))
    return found
