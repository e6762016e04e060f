"""The sheets of a register file: rows of cells under a header, from CSV or an Excel workbook."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from cchc_pipeline.tabular.registers_cells import plain
from cchc_pipeline.tabular.workbook_cells import WorkbookUnusable, workbook_rows

#: Sheets of a template that explain and hold no rows.
GUIDE_SHEETS = ("Hướng dẫn", "Danh mục")
#: Columns that people number their rows with.
_COUNTERS = frozenset({"stt", "tt", "no", "no.", "số tt"})
_ROWS_ABOVE_HEADER = 15
_NOT_TEXT = (
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (or a protected one): save it as .xlsx without a password"),
    (b"PK\x03\x04", "an Excel workbook under another name: give it the name .xlsx"),
    (b"\xff\xfe", "UTF-16 text: save it as CSV UTF-8"),
    (b"\xfe\xff", "UTF-16 text: save it as CSV UTF-8"),
)


class SheetUnusable(Exception):  # noqa: N818 - says what a file is
    """A file that is no register. `args` are what is wrong and what to do."""


@dataclass(frozen=True)
class Sheet:
    """A sheet with its header found.

    Attributes:
        name: name of the sheet; None for a CSV.
        columns: name of the contract's column for each cell, None where the cell counts rows or is blank.
        rows: (row number, cells), blank rows left out.
    """

    name: str | None
    columns: tuple[str | None, ...]
    rows: tuple[tuple[int, tuple[Any, ...]], ...]


def read_sheets(path: Path, names: dict[str, str], required: Sequence[str]) -> list[Sheet]:
    """All sheets of a file that hold rows.

    Args:
        path: a .csv or .xlsx file.
        names: contract column by each of its possible headers, as `plain` gives them.
        required: columns without which nothing can be read.

    Raises:
        SheetUnusable: the file is another kind of file, is being written, is cut off, or has an unknown, doubled or
            missing column.
    """
    before = path.stat()
    content = path.read_bytes()
    after = path.stat()
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or len(content) != after.st_size:
        raise SheetUnusable("the file is just being written", "wait until it is copied, then run the day again")
    if path.suffix.lower() == ".csv":
        sheets: list[tuple[str | None, list[tuple[int, tuple[Any, ...]]]]] = [(None, _csv_rows(content, names))]
    else:
        sheets = _workbook_rows(content)
    filled = [(name, rows) for name, rows in sheets if rows]
    if not filled:
        raise SheetUnusable("the file holds not even a header", "start from `cchc registers template`")
    return [_sheet(name, rows, names, required, is_csv=name is None) for name, rows in filled]


def _sheet(
    name: str | None,
    rows: list[tuple[int, tuple[Any, ...]]],
    names: dict[str, str],
    required: Sequence[str],
    *,
    is_csv: bool,
) -> Sheet:
    where = f"sheet «{name}», " if name else ""
    at = next((i for i, (_, cells) in enumerate(rows[:_ROWS_ABOVE_HEADER]) if _is_header(cells, names)), None)
    if at is None:
        raise SheetUnusable(
            f"{where}no row names the columns of this register",
            f"the header needs {', '.join(_shown(required, names))}; start from `cchc registers template`",
        )
    number, header = rows[at]
    columns: list[str | None] = []
    for position, cell in enumerate(header, 1):
        text = plain(str(cell)) if cell is not None else ""
        if not text or text in _COUNTERS:
            columns.append(None)
        elif text in names:
            columns.append(names[text])
        else:
            known = ", ".join(_shown(dict.fromkeys(names.values()), names))
            raise SheetUnusable(
                f"{where}row {number}, cell {position}: unknown column «{str(cell).strip()[:40]}»",
                f"remove it (registers hold nothing else, and nothing personal) or correct it to one of {known}",
            )
    known_columns = [column for column in columns if column]
    if twice := sorted({column for column in known_columns if known_columns.count(column) > 1}):
        raise SheetUnusable(f"{where}row {number}: column {', '.join(twice)} stands there twice", "keep one of them")
    if missing := [column for column in required if column not in known_columns]:
        raise SheetUnusable(
            f"{where}row {number}: the header lacks {', '.join(_shown(missing, names))}",
            "add the column; `cchc registers template` writes a complete header",
        )
    kept = []
    for line, cells in rows[at + 1 :]:
        if is_csv and len(cells) < len(columns):
            raise SheetUnusable(
                f"row {line} has {len(cells)} cells, the header has {len(columns)}: the file is cut off, "
                "or a separator is missing",
                "save the whole table again",
            )
        beyond = [
            position for position, cell in enumerate(cells, 1) if cell is not None and _unnamed(position, columns)
        ]
        if beyond:
            raise SheetUnusable(
                f"{where}row {line}, cell {beyond[0]} stands under no column",
                "remove the cell, or name its column; a text with the separator in it needs quotes",
            )
        kept.append((line, (*cells, *[None] * (len(columns) - len(cells)))))
    return Sheet(name, tuple(columns), tuple(kept))


def _unnamed(position: int, columns: Sequence[str | None]) -> bool:
    return position > len(columns)


def _is_header(cells: Sequence[Any], names: dict[str, str]) -> bool:
    texts = [plain(str(cell)) for cell in cells if cell is not None and str(cell).strip()]
    return len(texts) > 1 and sum(text in names for text in texts) * 2 > len(texts)


def _shown(columns: Sequence[str] | dict[str, None], names: dict[str, str]) -> list[str]:
    """Columns with the Vietnamese header that they also go by."""
    labels: dict[str, str] = {}
    for header, column in names.items():
        if header != column:
            labels.setdefault(column, header)
    return [f"{column} («{labels[column]}»)" if column in labels else column for column in columns]


def _csv_rows(content: bytes, names: dict[str, str]) -> list[tuple[int, tuple[Any, ...]]]:
    for magic, what in _NOT_TEXT:
        if content.startswith(magic):
            kind, _, fix = what.partition(": ")
            raise SheetUnusable(f"the file is {kind}", fix)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SheetUnusable("the file is not UTF-8 text", "save it as CSV UTF-8, or as .xlsx") from None
    if text.lstrip()[:200].lower().startswith(("<html", "<!doctype", "<table", "<?xml")):
        raise SheetUnusable("the file is a web page or XML", "save the table as CSV UTF-8, or as .xlsx")
    if "\0" in text:
        raise SheetUnusable("the file holds null characters: it was cut off or is no text", "save it again")
    try:
        return list(_csv_lines(text, _delimiter(text, names), strict=True))
    except csv.Error as error:
        raise SheetUnusable(f"the file is no whole CSV: {error}", "save the whole table again as CSV UTF-8") from None


def _delimiter(text: str, names: dict[str, str]) -> str:
    """The separator under which a row among the first names most columns."""

    def columns_found(delimiter: str) -> int:
        rows = islice(_csv_lines(text, delimiter, strict=False), _ROWS_ABOVE_HEADER)
        return max((sum(plain(cell) in names for cell in cells if cell) for _, cells in rows), default=0)

    return max(",;\t", key=columns_found)


def _csv_lines(text: str, delimiter: str, *, strict: bool) -> Iterator[tuple[int, tuple[Any, ...]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=strict)
    for record in reader:
        cells = tuple(cell.strip() or None for cell in record)
        if any(cells) and not (cells[0] or "").startswith("#"):
            yield reader.line_num, cells


def _workbook_rows(content: bytes) -> list[tuple[str | None, list[tuple[int, tuple[Any, ...]]]]]:
    try:
        sheets = workbook_rows(content)
    except WorkbookUnusable as error:
        raise SheetUnusable(*error.args) from None
    guides = set(map(plain, GUIDE_SHEETS))
    return [(title, rows) for title, rows in sheets if plain(title) not in guides]
