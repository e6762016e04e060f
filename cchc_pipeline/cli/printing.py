"""Print rows as a table, CSV or JSON, and the progress of a long step."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click
from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from cchc_pipeline.errors import CchcError
from cchc_pipeline.progress import Progress

if TYPE_CHECKING:
    import pandas as pd

Rows = Sequence[Mapping[Any, Any]]
#: Columns of an output that goes into a file or a pipe, so that tables in it do not fold.
WIDE = 160
SECONDS_BETWEEN_LINES = 5.0


@dataclass(frozen=True)
class Column:
    """How a table shows a column.

    Attributes:
        head: heading.
        show: format of numbers, or a function that turns a value into what is shown.
        missing: text where a value is unknown (None or NaN).
        justify: left or right; None is right where numbers stand.
        style: rich style of the cells.
        no_wrap: whether the cells never fold.
    """

    head: str
    show: str | Callable[[Any], Any] = ",.10g"
    missing: str = ""
    justify: Literal["left", "right"] | None = None
    style: str | None = None
    no_wrap: bool = False


#: key of the rows -> heading, or a `Column`
Columns = Mapping[str, object]


def console(*, stderr: bool = False) -> Console:
    """Return the console of standard output (or error); wide where it is no terminal."""
    plain = Console(stderr=stderr)
    return plain if plain.is_terminal else Console(stderr=stderr, width=WIDE)


def table(rows: Rows, columns: Columns, title: str | None = None) -> RenderableType:
    """Return rows as a table, below its title; the title does not fold where the table is narrow.

    `columns` is key of the rows -> heading or `Column`, in the order shown.
    """
    shown = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    known = {key: one if isinstance(one, Column) else Column(str(one)) for key, one in columns.items()}
    for key, column in known.items():
        justify = column.justify or ("right" if any(isinstance(row[key], (int, float)) for row in rows) else "left")
        shown.add_column(
            column.head, justify=justify, style=column.style, no_wrap=column.no_wrap,
            overflow="ellipsis" if column.no_wrap else "fold",
        )  # fmt: skip
    for row in rows:
        shown.add_row(*(_cell(row[key], column) for key, column in known.items()))
    if not rows:
        shown.caption = "không có / none"
    return shown if title is None else Group(Text(title, style="table.title"), shown)


def _cell(value: Any, column: Column) -> Text:
    if value is None or value != value:  # NaN is not itself
        return Text(column.missing)
    if callable(column.show):
        value = column.show(value)
    elif isinstance(value, bool):
        value = "có" if value else "không"
    elif isinstance(value, (int, float)):
        value = format(value, column.show)
    elif isinstance(value, datetime):
        value = f"{value:%Y-%m-%d %H:%M}"
    return value if isinstance(value, Text) else Text(str(value))


def csv_text(rows: Rows, names: Sequence[str] = ()) -> str:
    """Return rows as CSV with a header: the keys of the first row, or `names` where there is no row."""
    names = list(rows[0]) if rows else names
    stream = io.StringIO()
    writer = csv.DictWriter(stream, names, lineterminator="\n")
    if names:
        writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def print_json(document: Any) -> None:
    """Print a document as indented JSON; days and moments as text."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2, default=str, allow_nan=False))


def print_rows(
    rows: Rows, columns: Columns, form: str = "table", title: str | None = None, document: object = None
) -> None:
    """Print rows as `form`: a table of `columns`, every key of the rows as csv, `document` or the rows as json."""
    if form == "json":
        print_json(rows if document is None else document)
    elif form == "csv":
        click.echo(csv_text(rows, list(columns)), nl=False)
    else:
        console().print(table(rows, columns, title))


def write_file(path: Path, write: Callable[[Path], object], option: str = "--out") -> None:
    """Write a file that `option` names.

    Raises:
        CchcError: it cannot be written.
    """
    try:
        write(path)
    except OSError as error:
        raise CchcError(
            f"{path}: cannot be written ({error.strerror or error}); choose another {option}", file=str(path)
        ) from error


def write_csv(rows: pd.DataFrame, out: Path | None) -> None:
    """Write a data frame as CSV where `out` is given, and say how many rows went there.

    Raises:
        CchcError: the file cannot be written.
    """
    if out is not None:
        write_file(out, lambda path: rows.to_csv(path, index=False, encoding="utf-8"))
        click.echo(f"{len(rows)} dòng / rows: {out}")


@contextmanager
def step_progress(where: Console) -> Iterator[Progress]:
    """Show a progress bar that follows what is done; where there is no terminal, a line every few seconds."""
    from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bars(*columns, TimeElapsedColumn(), console=where, transient=True) as bars:
        task = bars.add_task("starting", total=None)
        told_at = 0.0

        def report(done: int, total: int | None, what: str) -> None:
            nonlocal told_at
            bars.update(task, description=what, completed=done, total=total)
            if not where.is_terminal and time.monotonic() - told_at >= SECONDS_BETWEEN_LINES:
                told_at = time.monotonic()
                where.print(f"· {what}" + (f" ({done:,} of {total:,})" if total else ""), highlight=False)

        yield report
