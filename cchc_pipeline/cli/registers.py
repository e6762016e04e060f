"""The command `cchc registers`: write empty files for the registers that offices keep."""

from __future__ import annotations

from pathlib import Path

import click

from cchc_pipeline.cli import options
from cchc_pipeline.settings import load_settings
from cchc_pipeline.sources.registers.source import TABLES
from cchc_pipeline.sources.registers.template import write_templates


@click.group()
def registers() -> None:
    """Sổ theo dõi: registers that offices keep by hand, and no system gives.

    Reform plan, inspections, petitions and questions, external indices, and figures such as guidance given,
    followers on Zalo or budget revenue. Filled files go into the drop folder: <data-dir>/drop/registers.
    """


@registers.command()
@click.option("--out", type=options.FOLDER, help="Folder of the files. Default: the drop folder of the registers.")
@options.form("xlsx", "csv", text="Excel workbooks with drop-down lists, or CSV files.")
def template(out: Path | None, form: str) -> None:
    """Write empty files with Vietnamese headers and an explanation, for an office to fill in.

    A file that is there already is never touched. Example: cchc registers template --out so-theo-doi
    """
    folder = out or load_settings().drop_folder / "registers"
    written = write_templates(folder, form)
    for path in written:
        click.echo(path)
    for name in TABLES:
        path = folder / f"{name}.{form}"
        if path not in written:
            click.echo(f"{path}: đã có, giữ nguyên / is there already, left as it is", err=True)
