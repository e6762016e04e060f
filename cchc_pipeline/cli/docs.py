"""The command `cchc docs`: render the data dictionary and the list of indicators."""

from __future__ import annotations

from pathlib import Path

import click

from cchc_pipeline.cli import options
from cchc_pipeline.reports.docs.pages import check_pages, write_pages


@click.command()
@click.option("--out", type=options.FOLDER, default=Path("docs"), help="Folder of the pages.")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if the files there are not current.")
def docs(out: Path, *, check: bool) -> None:
    """Render the data dictionary and the list of indicators as Markdown."""
    if check:
        check_pages(out)
        click.echo(f"{out}: current")
        return
    for path in write_pages(out):
        click.echo(path)
