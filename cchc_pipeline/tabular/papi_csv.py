"""CSV files of the PAPI drop folder: what is refused, and their records with line numbers."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from cchc_pipeline.tabular.files import TableUnusable

PROVINCE = re.compile(r"P(?:0[1-9]|[1-5]\d|6[0-3])\Z")
NO_FIGURE = frozenset({"", "NA", "N/A", "-", "."})
ZIP = b"PK\x03\x04"
_FIX = "save the table as a UTF-8 CSV named YYYY.csv, or as an .xlsx workbook, and put it into the drop folder again"
_NAME = re.compile(r"(?:.*/)?(20\d\d)\.csv\Z")
_KINDS = (
    (ZIP, "an Excel workbook (or another zip file)"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
)
_MARKUP = (b"<html", b"<!doctype", b"<table", b"<?xml")


@dataclass(frozen=True)
class CsvTable:
    """A CSV file that could be read.

    Attributes:
        name: name of the file.
        year: the year that the name says.
        columns: names of the columns, stripped and in capitals.
        records: number of the line and cells by name of the column; lines without any cell are left out.
        has_decimal_comma: whether numbers may be written with a comma, since another sign parts the cells.
    """

    name: str
    year: int
    columns: tuple[str, ...]
    records: tuple[tuple[int, dict[str, str]], ...]
    has_decimal_comma: bool

    def number(self, cell: str) -> float | None:
        """The cell as a number; None where it is none."""
        try:
            return float(cell.replace(",", ".") if self.has_decimal_comma else cell)
        except ValueError:
            return None


def refuse_other_kinds(content: bytes, name: str, *, is_workbook: bool = False) -> None:
    """Refuse what is no table, or another kind than its name says.

    Raises:
        TableUnusable: names the kind.
    """
    for magic, kind in _KINDS:
        if content.startswith(magic) and not (is_workbook and magic == ZIP):
            wanted = "an .xlsx workbook" if is_workbook else "a UTF-8 CSV"
            raise TableUnusable(name, f"the file is {kind}, not {wanted}", _FIX)
    if content[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_MARKUP):
        raise TableUnusable(name, "the file is a web page or XML, not a UTF-8 CSV", _FIX)


def read_csv(content: bytes, name: str) -> CsvTable:
    """A file whose name is YYYY.csv, with a column Province.

    Raises:
        TableUnusable: another name, kind or encoding, or no such column.
    """
    refuse_other_kinds(content, name)
    named = _NAME.match(name)
    if named is None:
        raise TableUnusable(name, "the name of the file is not YYYY.csv, so its year is unknown", _FIX)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise TableUnusable(name, "the file is not UTF-8 text", _FIX) from None
    head, _, _ = text.partition("\n")
    delimiter = max(",;\t", key=head.count)
    records = tuple(_records(text, delimiter))
    header = next(csv.reader(io.StringIO(text), delimiter=delimiter), [])
    columns = tuple(cell.strip().upper() for cell in header)
    return CsvTable(name, int(named[1]), columns, records, delimiter != ",")


def unusable(table: CsvTable, what: str) -> TableUnusable:
    """The table cannot be taken: what is wrong, with the line, and the usual fix."""
    return TableUnusable(table.name, what, _FIX)


def _records(text: str, delimiter: str) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter)
    for record in reader:
        cells = {name.strip().upper(): (cell or "").strip() for name, cell in record.items() if name}
        if any(cells.values()):
            yield reader.line_num, cells
