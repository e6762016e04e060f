"""Rows on the console: as a table with Vietnamese heads, or as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from cchc_pipeline.reports.scope import Rows

#: Columns whose numbers are points or percentages: two decimals.
FINE = ("points_lost", "value")


#: Columns of a page that is no terminal: a file, a pipe.
WIDE = 160


def console() -> Console:
    """The console of the standard output; wide where it is no terminal, so that tables in files do not fold."""
    plain = Console()
    return plain if plain.is_terminal else Console(width=WIDE)


def as_csv(rows: Rows) -> str:
    """Rows as CSV with their keys as header; nothing where there is no row."""
    stream = io.StringIO()
    if rows:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return stream.getvalue()


def as_table(rows: Rows, heads: Mapping[str, str], title: str) -> Table:
    """Rows as a table: key -> head of the column, in this order."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for key, head in heads.items():
        is_number = any(isinstance(row[key], (int, float)) for row in rows)
        table.add_column(head, justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(key, row[key]) for key in heads))
    if not rows:
        table.caption = "không có / none"
    return table


def _cell(key: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "có" if value else "không"
    if isinstance(value, (int, float)):
        return f"{value:,.2f}" if key in FINE else f"{value:,.10g}"
    return str(value)
