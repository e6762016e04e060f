"""The command `cchc versions`: list the published versions, or go back to one."""

from __future__ import annotations

import click

from cchc_pipeline.cli import options
from cchc_pipeline.cli.printing import print_rows
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.lake.publish import current_version, read_manifest, roll_back, version_names


@click.command()
@click.option("--use", help="Make this version the current one again.")
@options.lake
def versions(use: str | None, lake: Lake) -> None:
    """List the published versions, or go back to one with --use."""
    published = lake.published
    if use:
        click.echo(f"current is now {roll_back(published, use).name}")
        return
    current = current_version(published)
    rows = [
        {
            **read_manifest(published / "versions" / name),
            "version": name,
            "is_current": "●" if current is not None and current.name == name else "",
        }
        for name in version_names(published)
    ]
    heads = {"version": "version", "created": "created", "data_until": "data until", "is_current": "current"}
    print_rows(rows, heads)
