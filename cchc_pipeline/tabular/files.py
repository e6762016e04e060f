"""Tables that people keep in files: CSV, Excel, HTML under the name .xls, Parquet, as cells with row numbers."""

from __future__ import annotations

import codecs
import csv
import io
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from cchc_pipeline.contracts.errors import ContractError

Cells = list[Any]
_DELIMITERS = (",", ";", "\t", "|")
#: Reports of one-stop systems have up to fourteen title rows before the headers.
_TITLE_ROWS = 40


class FileUnreadable(ContractError):  # noqa: N818 - says what happened
    """A file cannot be read as a table."""

    def __init__(self, *, file: str, problem: str, fix: str) -> None:
        super().__init__(f"File {file}: {problem}. Fix: {fix}.", file=file, problem=problem, fix=fix)
        self.file, self.problem, self.fix = file, problem, fix


@dataclass(frozen=True)
class SheetRows:
    """Rows of a file as they stand there.

    Attributes:
        kind: csv, xlsx or html.
        headers: texts of the header row.
        header_row: its number in the file, from 1.
        rows: (number in the file, cells) of every row below; cells are text, or what Excel holds.
        how: what was found out about the file, for people.
    """

    kind: str
    headers: list[str]
    header_row: int
    rows: list[tuple[int, Cells]]
    how: str


def file_kind(path: Path) -> str:
    """parquet, xlsx, html or csv, by the first bytes and never by the name.

    Raises:
        FileUnreadable: it is not there, empty, or of a kind that is not read.
    """
    if not path.is_file():
        raise FileUnreadable(file=str(path), problem="there is no such file", fix="correct the path")
    head = path.open("rb").read(4096)
    if not head.strip():
        raise FileUnreadable(file=str(path), problem="it is empty", fix="export it again")
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"PK"):
        return "xlsx"
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise FileUnreadable(
            file=str(path), problem="it is an Excel workbook of the old kind (.xls)", fix="save it as .xlsx"
        )
    text = head.lstrip(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"<") or head.startswith((b"<\x00", b"\xff\xfe<\x00")):
        return "html"
    return "csv"


def read_rows(path: Path, is_known: Callable[[str], bool], sheet: str | None = None) -> SheetRows:
    """The rows of a CSV, Excel or HTML file below its headers.

    The header row is the one among the first forty with most texts that are known.

    Args:
        path: the file.
        is_known: whether a text is the name of a column.
        sheet: name of an Excel sheet; the one with most known headers where None.

    Raises:
        FileUnreadable: with the problem and the fix.
    """
    kind = file_kind(path)
    if kind == "xlsx":
        return _excel(path, is_known, sheet)
    if kind == "html":
        return _html(path, is_known)
    if kind == "csv":
        return _csv(path, is_known)
    raise FileUnreadable(file=str(path), problem="Parquet has no rows of cells", fix="read it as Parquet")


def plain(text: Any) -> str:
    """A header or a word as it is compared: NFC, one space, no case, no star of a required field."""
    return " ".join(unicodedata.normalize("NFC", str(text)).replace("*", " ").split()).casefold()


def _headers(
    file: str, kind: str, rows: Iterable[tuple[int, Cells]], is_known: Callable[[str], bool], how: str
) -> SheetRows:
    stream: Iterator[tuple[int, Cells]] = iter(rows)
    first = list(islice(stream, _TITLE_ROWS))
    scores = [sum(is_known(str(cell)) for cell in cells if cell is not None) for _, cells in first]
    best = max(scores, default=0)
    if not best:
        raise FileUnreadable(
            file=file,
            problem=f"none of the first {len(first)} rows names a column of the contract",
            fix="write the columns' names or Vietnamese labels above the rows, as `cchc contract show` lists them",
        )
    place = scores.index(best)
    number, cells = first[place]
    headers = ["" if cell is None else " ".join(str(cell).split()) for cell in cells]
    while headers and not headers[-1]:
        headers.pop()
    body = [row for row in chain(first[place + 1 :], stream) if any(_holds(cell) for cell in row[1])]
    return SheetRows(kind, headers, number, body, f"{how}, headers in row {number}")


def _holds(cell: Any) -> bool:
    return cell is not None and (not isinstance(cell, str) or bool(cell.strip()))


def _csv(path: Path, is_known: Callable[[str], bool]) -> SheetRows:
    raw = path.read_bytes()
    encoding = "utf-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise FileUnreadable(
            file=str(path),
            problem=f"it is neither UTF-8 nor UTF-16 (line {line})",
            fix='save it as "CSV UTF-8", or as .xlsx',
        ) from error
    if "\x00" in text:
        raise FileUnreadable(file=str(path), problem="it is no text file", fix="save it as CSV, .xlsx or Parquet")

    def known(delimiter: str) -> tuple[int, int]:
        rows = list(islice(csv.reader(io.StringIO(text), delimiter=delimiter), _TITLE_ROWS))
        counts = [sum(is_known(cell) for cell in row) for row in rows]
        return max(counts, default=0), max(map(len, rows), default=0)

    delimiter = max(_DELIMITERS, key=known)
    named = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}[delimiter]
    marked = "UTF-8 with BOM" if raw.startswith(codecs.BOM_UTF8) else "UTF-8"
    how = f"CSV, {'UTF-16' if encoding == 'utf-16' else marked}"
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    try:
        rows: list[tuple[int, Cells]] = [(number, list(row)) for number, row in enumerate(reader, start=1)]
    except csv.Error as error:
        raise FileUnreadable(
            file=str(path), problem=f"line {reader.line_num}: {error}", fix="correct the quotes of that line"
        ) from error
    return _headers(str(path), "csv", rows, is_known, f"{how}, {named} between columns")


def _excel(path: Path, is_known: Callable[[str], bool], sheet: str | None) -> SheetRows:
    from openpyxl import load_workbook

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except Exception as error:  # the library lets through what zip and XML raise
        problem = f"it cannot be read as an Excel workbook ({type(error).__name__})"
        raise FileUnreadable(file=str(path), problem=problem, fix="open it in Excel and save it as .xlsx") from error
    try:
        if sheet is not None and sheet not in book.sheetnames:
            raise FileUnreadable(
                file=str(path),
                problem=f"there is no sheet {sheet}",
                fix=f"choose one of {', '.join(book.sheetnames)}",
            )
        found: list[SheetRows] = []
        refused: FileUnreadable | None = None
        for name in [sheet] if sheet is not None else book.sheetnames:
            rows = ((number, list(row)) for number, row in enumerate(book[name].iter_rows(values_only=True), start=1))
            try:
                found.append(_headers(str(path), "xlsx", rows, is_known, f"Excel, sheet {name}"))
            except FileUnreadable as error:
                refused = error
    finally:
        book.close()
    if not found:
        raise refused or FileUnreadable(file=str(path), problem="it has no sheet", fix="save it again")
    return max(found, key=lambda one: sum(map(is_known, one.headers)))


def _html(path: Path, is_known: Callable[[str], bool]) -> SheetRows:
    from lxml import etree, html

    raw = path.read_bytes()
    try:
        raw.decode("utf-8")
        parser = html.HTMLParser(encoding="utf-8")  # exports often do not name their encoding
    except UnicodeDecodeError:
        parser = html.HTMLParser()
    try:
        tree = html.fromstring(raw, parser=parser)
    except (etree.ParserError, ValueError) as error:
        raise FileUnreadable(
            file=str(path), problem=f"it cannot be read as HTML ({error})", fix="export it again"
        ) from error
    tables = [_rows_of(table) for table in tree.iter("table")]
    if not tables:
        raise FileUnreadable(
            file=str(path),
            problem="it is a web page without a table, perhaps a login page",
            fix="log in and export it again",
        )
    best = max(tables, key=lambda rows: max((sum(map(is_known, map(str, cells))) for _, cells in rows), default=0))
    return _headers(str(path), "html", best, is_known, "HTML table")


def _rows_of(table: Any) -> list[tuple[int, Cells]]:
    rows = []
    for number, row in enumerate(table.iter("tr"), start=1):
        cells: Cells = []
        for cell in row:
            if cell.tag in ("td", "th"):
                span = str(cell.get("colspan", "1"))
                cells += [cell.text_content(), *[None] * (int(span) - 1 if span.isdigit() else 0)]
        rows.append((number, cells))
    return rows


def footer(rows: Sequence[tuple[int, Cells]], key_places: Sequence[int]) -> int:
    """How many rows at the end are no records: totals and signatures of a report.

    Such a row has nothing in any key column, or a single cell in a table of three columns or more.
    """
    count = 0
    for _, cells in reversed(rows):
        filled = [place for place, cell in enumerate(cells) if _holds(cell)]
        alone = len(filled) == 1 and len(cells) >= 3
        if not alone and any(place in key_places for place in filled):
            break
        count += 1
    return count


class TableUnusable(Exception):  # noqa: N818 - says what a table is
    """A table that cannot be taken as it is.

    Attributes:
        file: name of the file.
        what: what is wrong, with sheet and cell.
        fix: what to do.
    """

    def __init__(self, file: str, what: str, fix: str) -> None:
        super().__init__(file, what, fix)
        self.file, self.what, self.fix = file, what, fix
