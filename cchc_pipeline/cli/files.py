"""Files that the `score` commands read and write."""

from __future__ import annotations

from pathlib import Path

import click
import pandas as pd

from cchc_pipeline.scorecards.scoring.errors import MeasureError

FILE = click.Path(path_type=Path, dir_okay=False)


def write(table: pd.DataFrame, out: Path | None) -> None:
    """Write `table` as CSV where `out` is given.

    Raises:
        MeasureError: the file cannot be written.
    """
    if out is None:
        return
    try:
        table.to_csv(out, index=False, encoding="utf-8")
    except OSError as error:
        raise MeasureError(
            f"{out}: cannot be written ({error.strerror or error}); choose another --out", file=str(out)
        ) from error


def say_where(table: pd.DataFrame, out: Path | None) -> None:
    """Say how many rows went where."""
    if out is not None:
        click.echo(f"{len(table)} dòng / rows: {out}")
