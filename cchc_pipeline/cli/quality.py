"""The command `cchc quality`: where the quality report is, and Great Expectations' Data Docs."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from cchc_pipeline.cli import options
from cchc_pipeline.cli.printing import console, step_progress
from cchc_pipeline.cli.quarantine import inbound
from cchc_pipeline.contracts.errors import NothingLanded
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.lake.publish import PublishError, published_version
from cchc_pipeline.site.quality_page import FOLDER
from cchc_pipeline.validation.expectations import build_data_docs, landed_days


@click.group()
def quality() -> None:
    """Chất lượng dữ liệu: the pages for people, and Great Expectations' Data Docs."""


@quality.command()
@options.lake
def pages(lake: Lake) -> None:
    """Print where the quality pages of the current version lie."""
    if not (published_version(lake.published) / FOLDER).is_dir():
        raise PublishError(
            f"the current version in {lake.published} has no quality pages. Run the main job: `cchc run`."
        )
    for path in sorted((lake.published / "current" / FOLDER).iterdir()):
        click.echo(str(path))


@quality.command("data-docs")
@click.option("--table", "tables", multiple=True, help="Only this inbound table; can be repeated. Default: all.")
@click.option("--day", type=options.DAY, help="Civil day; default the last landed one.")
@click.option("--out", type=options.FOLDER, help="Folder; default <data dir>/data-docs.")
@options.lake
def data_docs(tables: tuple[str, ...], day: date | None, out: Path | None, lake: Lake) -> None:
    """Validate again what was landed for a day and build Great Expectations' Data Docs.

    The site opens without a network and loads nothing from anywhere. It holds counts, no values of
    records. A few seconds per table.

    \b
    Example:
      cchc quality data-docs --table one_stop__dossiers --day 2026-09-30
    """
    names = [contract.name for table in tables or (None,) for contract in inbound(table)]
    days = landed_days(lake, names)
    if not days:
        problem = f"nothing was landed in {lake.root} yet"
        raise NothingLanded("Data Docs", problem, "pull a day first: `cchc run --day D`")
    chosen = day or max(days)
    as_of_on, folder = max(lake.span().as_of_on, chosen), out or lake.root / "data-docs"
    with step_progress(console(stderr=True)) as progress:
        done = build_data_docs(lake, names, chosen, as_of_on, folder, progress)
    for name in done.held:
        click.echo(f"{name}: every rule holds")
    for name, broken in done.failed.items():
        click.echo(f"{name}: {broken} rules broken")
    for name, why in done.refused.items():
        click.echo(f"{name}: refused whole. {why}")
    click.echo(f"{chosen}: {done.index}")
