"""The command `cchc site`: make the pages of the current version in a folder, or open them."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import click

from cchc_pipeline.cli import options
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.lake.publish import PublishError, published_version
from cchc_pipeline.scorecards.scoring.rubric_set import office_rubrics
from cchc_pipeline.site import FOLDER
from cchc_pipeline.site.build import write_site


@click.group()
def site() -> None:
    """Trang điểm số cho mọi người: the pages of scores, in Vietnamese and English, offline."""


@site.command()
@options.lake
@click.option("--out", type=options.FOLDER, help="Folder; default <data dir>/site.")
def build(lake: Lake, out: Path | None) -> None:
    """Make the site of the current version in a folder, for example to put it on a web server.

    Every published version already holds its site; this one stays when versions go. Pages of units
    that are gone are removed from the folder, other files in it are left alone.

    \b
    Example:
      cchc site build --out /srv/www/cchc
    """
    folder = out or lake.root / FOLDER
    count = write_site(lake.published, folder, office_rubrics(lake.root))
    version, address = published_version(lake.published).name, (folder / "index.html").resolve().as_uri()
    click.echo(f"{count} files of version {version}: {address}")


@site.command("open")
@options.lake
@click.option("--unit", help="Page of this unit, for example H99.14; default the overview.")
@click.option("--print", "only_print", is_flag=True, help="Print the address and open no browser.")
def open_(lake: Lake, unit: str | None, *, only_print: bool) -> None:
    """Open the site of the current version in the browser, and print its address."""
    pages = published_version(lake.published) / FOLDER
    if not pages.is_dir():
        raise PublishError(f"the current version in {lake.published} has no site. Run the main job: `cchc run`.")
    page = pages / ("index.html" if unit is None else f"units/{unit}.html")
    if not page.is_file():
        known = sorted(path.stem for path in (pages / "units").glob("*.html"))
        raise click.BadParameter(f"no page of unit {unit}. Units: {', '.join(known[:12])} …", param_hint="--unit")
    address = page.as_uri()
    click.echo(address)
    if not only_print and not webbrowser.open(address):
        click.echo("No browser could be started; open the address above.", err=True)
