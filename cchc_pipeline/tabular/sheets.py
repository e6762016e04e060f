"""Read a table file as sheets: rows of cells with the row of headers found."""

from __future__ import annotations

import codecs
import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, repeat
from pathlib import Path
from typing import Any

from cchc_pipeline.tabular.cells import Formula
from cchc_pipeline.tabular.files import (
    MAX_BYTES,
    Kind,
    Row,
    TableFileError,
    file_kind,
    filled_rows,
    read_bytes,
    too_large,
)

LAST_ROW = 1_048_576
_FORMULA = re.compile(rb"<(?:\w+:)?f[ />]")
_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
#: Reports of one-stop systems have up to fourteen title rows before the headers.
_TITLE_ROWS = 40
_MOST_COLUMNS = 16_384
IsHeader = Callable[[str], bool]


def workbook_rows(path: Path, content: bytes) -> list[tuple[str, bool, list[Row]]]:
    """Read every sheet of a workbook.

    A cell is text, number, bool, date or datetime; None where it is blank; a `Formula` where one has no value.

    Returns:
        Of each sheet its name, whether the workbook opens with it, and its filled rows with their numbers from 1.

    Raises:
        TableFileError: the content is no .xlsx workbook, is cut off, has a password or is too large.
    """
    from openpyxl import load_workbook  # half a second that a night without workbooks need not pay

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(member.file_size for member in archive.infolist())
            if size > MAX_BYTES:
                raise too_large(path, f"{size // 2**20} MB when unpacked")
            sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/")]
            has_formulas = any(_FORMULA.search(archive.read(name)) for name in sheets)
        values = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        formulas = load_workbook(io.BytesIO(content), read_only=True) if has_formulas else None
        first = values.active
        return [
            (sheet.title, sheet is first, filled_rows(path, _rows(path, sheet, formulas and formulas[sheet.title])))
            for sheet in values.worksheets
        ]
    except TableFileError:
        raise
    except Exception as error:  # the library lets through what zip and XML raise
        raise TableFileError(
            path,
            f"it is no whole Excel workbook ({type(error).__name__})",
            "open it in a spreadsheet program and save it again as .xlsx without a password",
        ) from error


def _rows(path: Path, values: Any, formulas: Any) -> Iterator[Row]:
    number = 0
    written = repeat(None) if formulas is None else _cells(formulas)
    for number, (row, texts) in enumerate(zip(_cells(values), written, strict=False), 1):
        if row:
            yield number, tuple(map(_value, row, texts or row))
    if number > LAST_ROW:
        raise TableFileError(
            path,
            f"sheet «{values.title}» has a row below {LAST_ROW:,}, the last that Excel knows",
            "open it in a spreadsheet program, delete the stray row and save it again",
        )


def _cells(sheet: Any) -> Iterator[Any]:
    sheet.reset_dimensions()  # some programs write wrong ones
    return iter(sheet.iter_rows(max_row=LAST_ROW + 1))


def _value(cell: Any, written: Any) -> Any:
    value, text = cell.value, written.value
    if cell.data_type == "e" or (value is None and isinstance(text, str) and text.startswith("=")):
        return Formula(str(value or text))
    return value


@dataclass(frozen=True)
class Sheet:
    """Rows of a CSV file, of a sheet of a workbook or of a table of a web page.

    Attributes:
        file: the file.
        kind: csv, xlsx or html.
        name: name of the sheet of a workbook, otherwise None.
        rows: the filled rows. Lines of a CSV that begin with # and a text are comments and left out.
        how: format, encoding and delimiter, for people.
        is_first: whether the workbook opens with this sheet.
        header_at: place of the row of headers among the rows; None where no row names a column that is known.
    """

    file: Path
    kind: Kind
    name: str | None
    rows: list[Row]
    how: str
    is_first: bool = True
    header_at: int | None = None

    @property
    def header_row(self) -> int:
        """Return the number of the row of headers, from 1; 0 where there is none."""
        return 0 if self.header_at is None else self.rows[self.header_at][0]

    @property
    def headers(self) -> list[str]:
        """Return the texts of the row of headers, without blank cells at its end."""
        cells = () if self.header_at is None else self.rows[self.header_at][1]
        texts = ["" if cell is None else " ".join(str(cell).split()) for cell in cells]
        return texts[: max((place for place, text in enumerate(texts, 1) if text), default=0)]

    @property
    def records(self) -> list[Row]:
        """Return the rows below the headers; all rows where there are none."""
        return self.rows if self.header_at is None else self.rows[self.header_at + 1 :]

    def error(self, problem: str, fix: str) -> TableFileError:
        """Build an error that names the file and the sheet."""
        where = f"sheet «{self.name}», " if self.name else ""
        return TableFileError(self.file, where + problem, fix)

    def require_rows_to_fit(self) -> None:
        """Refuse a CSV record shorter than the headers, and a filled cell beyond them.

        Raises:
            TableFileError: names the row.
        """
        width = len(self.headers)
        for number, cells in self.records:
            if self.kind == "csv" and len(cells) < width:
                what = f"row {number} has {len(cells)} cells, the header has {width}"
                cause = "the file is cut off, or a separator is missing"
                raise self.error(f"{what}: {cause}", "save the whole table again")
            beyond = next((place for place in range(width, len(cells)) if cells[place] is not None), None)
            if beyond is not None:
                what = f"row {number}, cell {beyond + 1} stands under no column"
                fix = "remove the cell, or name its column; a text or number with the separator in it needs quotes"
                raise self.error(what, fix)


def read_sheets(path: Path, is_header: IsHeader = lambda _: False) -> list[Sheet]:
    """Read every sheet of a CSV, Excel or HTML file, as its content tells.

    The row of headers is the one among the first forty with most texts that are headers of a column that is looked for.

    Raises:
        TableFileError: the file cannot be read as a table; with the problem and the fix.
    """
    kind = file_kind(path)
    if kind == "parquet":
        raise TableFileError(path, "Parquet has no rows of cells", "save it as CSV or .xlsx")
    content = read_bytes(path)
    if kind == "csv":
        sheets = [_csv_sheet(path, content, is_header)]
    elif kind == "xlsx":
        found = workbook_rows(path, content)
        sheets = [Sheet(path, kind, name, rows, f"Excel, sheet {name}", first) for name, first, rows in found]
    else:
        sheets = [Sheet(path, kind, None, rows, "HTML table") for rows in _html_tables(path, content)]
    return [replace(sheet, header_at=_header_at(sheet.rows, is_header)) for sheet in sheets]


def read_table(path: Path, is_header: IsHeader, *, sheet: str | None = None, expected: str) -> Sheet:
    """Read the table of a CSV, Excel or HTML file: the sheet with most of the headers.

    `is_header` is as in `read_sheets`, which `expected` says in words for the fix; `sheet` names one of an Excel
    workbook.

    Raises:
        TableFileError: the file cannot be read as a table, there is no such sheet, or none has such headers.
    """
    sheets = read_sheets(path, is_header)
    if sheet is not None:
        names = ", ".join(str(one.name) for one in sheets)
        sheets = [one for one in sheets if one.name == sheet]
        if not sheets:
            raise TableFileError(path, f"there is no sheet {sheet}", f"choose one of {names}")
    best = max(sheets, key=lambda one: sum(map(is_header, one.headers)))
    if best.header_at is None:
        raise TableFileError(
            path,
            f"none of the first {min(len(best.rows), _TITLE_ROWS)} rows names its columns",
            f"write above the rows {expected}",
        )
    return best


def footer_length(rows: Sequence[Row], key_places: Sequence[int]) -> int:
    """Count the rows at the end that are no records: totals and signatures.

    Such a row has nothing in any key column, or a single cell in a table of three columns or more.
    """
    width = max((len(cells) for _, cells in rows), default=0)
    count = 0
    for _, cells in reversed(rows):
        filled = [place for place, cell in enumerate(cells) if cell is not None]
        alone = len(filled) == 1 and width >= 3
        if not alone and any(place in key_places for place in filled):
            break
        count += 1
    return count


def _header_at(rows: Sequence[Row], is_header: IsHeader) -> int | None:
    scores = [sum(is_header(str(cell)) for cell in cells if cell is not None) for _, cells in rows[:_TITLE_ROWS]]
    best = max(scores, default=0)
    return scores.index(best) if best else None


def _csv_sheet(path: Path, content: bytes, is_header: IsHeader) -> Sheet:
    is_wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    marked = "UTF-16" if is_wide else "UTF-8 with BOM" if content.startswith(codecs.BOM_UTF8) else "UTF-8"
    try:
        text = content.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise TableFileError(
            path, f"it is neither UTF-8 nor UTF-16 (line {line})", 'save it as "CSV UTF-8", or as .xlsx'
        ) from error
    if "\0" in text:
        raise TableFileError(path, "it is no text file", "save it as CSV, .xlsx or Parquet")

    def columns_found(delimiter: str) -> tuple[int, int]:
        try:
            rows = [cells for _, cells in islice(_csv_rows(text, delimiter, strict=False), _TITLE_ROWS)]
        except csv.Error:
            return 0, 0
        return max((sum(map(is_header, cells)) for cells in rows), default=0), max(map(len, rows), default=0)

    delimiter = max(_DELIMITERS, key=columns_found)
    try:
        rows = filled_rows(path, _csv_rows(text, delimiter, strict=True), is_ragged=True)
    except csv.Error as error:
        raise TableFileError(
            path, f"it is no whole CSV: {error}", "correct the quotes there, or save it again"
        ) from error
    return Sheet(path, "csv", None, rows, f"CSV, {marked}, {_DELIMITERS[delimiter]} between columns")


def _csv_rows(text: str, delimiter: str, *, strict: bool) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=strict)
    try:
        for number, cells in enumerate(reader, 1):
            first = cells[0].strip() if cells else ""
            if not first.startswith("#") or first == "#":  # a column of numbers may be called #
                yield number, cells
    except csv.Error as error:
        raise csv.Error(f"line {reader.line_num}: {error}") from error


def _html_tables(path: Path, content: bytes) -> list[list[Row]]:
    from lxml import etree, html

    try:
        content.decode("utf-8")
        parser = html.HTMLParser(encoding="utf-8")  # exports often do not name their encoding
    except UnicodeDecodeError:
        parser = html.HTMLParser()
    try:
        tree = html.fromstring(content, parser=parser)
    except (etree.ParserError, ValueError) as error:
        raise TableFileError(path, f"it cannot be read as HTML ({error})", "export it again") from error
    tables = [rows for table in tree.iter("table") if (rows := filled_rows(path, _html_rows(table)))]
    if not tables:
        raise TableFileError(
            path, "it is a web page without a table, perhaps a login page", "log in and export it again"
        )
    return tables


def _html_rows(table: Any) -> Iterator[tuple[int, list[Any]]]:
    own = (row for row in table.iter("tr") if next(row.iterancestors("table")) is table)
    for number, row in enumerate(own, 1):
        cells: list[Any] = []
        for cell in row:
            if cell.tag in ("td", "th"):
                span = str(cell.get("colspan", "1"))
                wide = int(span) if span.isdecimal() and len(span) < 6 else _MOST_COLUMNS if span.isdecimal() else 1
                cells += [cell.text_content(), *[None] * (min(wide, _MOST_COLUMNS - len(cells)) - 1)]
        yield number, cells
