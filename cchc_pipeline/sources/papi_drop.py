"""PAPI scores, and what is printed about totals, from a folder into which someone puts the published tables.

Belongs here: finding the files, and reading `YYYY.csv`. Not here: workbooks (`papi_workbook.py`), years in several
files (`papi_tables.py`). PAPI is published once a year as a spreadsheet; there is no interface to ask.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from cchc_pipeline.sources.errors import FileUnusable
from cchc_pipeline.sources.papi_labels import STANDARD_ERROR, WEIGHTED
from cchc_pipeline.sources.papi_tables import Figure, PapiTable, TableUnusable, join_years
from cchc_pipeline.sources.papi_workbook import read_workbook
from cchc_pipeline.sources.protocol import Batch, KnownState, Progress, Row, Window

SUBDIMENSIONS = "papi__subdimensions"
TOTALS = "papi__totals"
_NAME = re.compile(r"20\d\d\.csv\Z")
_TABLE_SUFFIXES = frozenset({".csv", ".xls", ".xlsx", ".xlsm", ".ods"})
_SLOT = re.compile(r"SC[1-8][1-9]\Z")
_PROVINCE = re.compile(r"P(?:0[1-9]|[1-5]\d|6[0-3])\Z")
_NO_SCORE = frozenset({"", "NA", "N/A", "-", "."})
_WORKBOOKS = frozenset({".xlsx", ".xlsm"})
_ZIP = b"PK\x03\x04"
_KINDS = (
    (_ZIP, "an Excel workbook (or another zip file)"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
)


class PapiDropSource:
    """Adapter for a drop folder. An absent or empty folder gives no rows.

    Args:
        folder: the drop folder.
    """

    name = "papi"
    tables = (SUBDIMENSIONS, TOTALS)

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def pull(self, window: Window, known: KnownState, progress: Progress) -> Iterator[Batch]:
        """Yield all years of the folder for the last day: the sub-dimensions, and what is printed about totals.

        Raises:
            FileUnusable: a file cannot be read with certainty, two files contradict each other, or a year repeats
                another one.
        """
        del known
        entries = sorted(self._folder.iterdir()) if self._folder.is_dir() else []
        files = [path for path in entries if path.is_file() and _is_table(path)]
        tables: list[PapiTable] = []
        try:
            for number, path in enumerate(files, 1):
                tables += self._read(path, window.last)
                progress(number, len(files), f"PAPI file {path.name}")
            joined = join_years(tables)
        except TableUnusable as error:
            raise FileUnusable(
                error.what, source=self.name, culprit=error.file, day=window.last, fix=error.fix
            ) from None
        if not files:
            progress(0, 0, "PAPI drop folder is empty")
        yield Batch(SUBDIMENSIONS, window.last, [row for table in joined for row in _rows(table)])
        yield Batch(TOTALS, window.last, [row for table in joined for row in _totals(table)])

    def _read(self, path: Path, day: date) -> list[PapiTable]:
        def unusable(what: str, fix: str | None = None) -> FileUnusable:
            return FileUnusable(what, source=self.name, culprit=path.name, day=day, fix=fix)

        content = path.read_bytes()
        is_workbook = path.suffix.lower() in _WORKBOOKS
        for magic, kind in _KINDS:
            if content.startswith(magic) and not (is_workbook and magic == _ZIP):
                raise unusable(f"the file is {kind}, not {'an .xlsx workbook' if is_workbook else 'a UTF-8 CSV'}")
        if (
            content[:512]
            .lstrip(b"\xef\xbb\xbf \t\r\n")
            .lower()
            .startswith((b"<html", b"<!doctype", b"<table", b"<?xml"))
        ):
            raise unusable("the file is a web page or XML, not a UTF-8 CSV")
        if is_workbook:
            return read_workbook(content, path.name)
        if not _NAME.match(path.name):
            raise unusable("the name of the file is not YYYY.csv, so its year is unknown")
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise unusable("the file is not UTF-8 text") from None
        head, _, _ = text.partition("\n")
        delimiter = max(",;\t", key=head.count)
        reader = csv.DictReader(io.StringIO(text), delimiter=delimiter)
        names = {name.strip().upper(): name for name in reader.fieldnames or () if name}
        slots = [name for name in names if _SLOT.match(name)]
        if "PROVINCE" not in names or not slots:
            raise unusable("the first line names no column Province and no slot SC11 to SC83")
        table = PapiTable(int(path.stem), path.name)
        for record in reader:
            province = (record.get(names["PROVINCE"]) or "").strip().upper()
            if not any((value or "").strip() for value in record.values() if not isinstance(value, list)):
                continue
            if not _PROVINCE.match(province):
                raise unusable(f"line {reader.line_num}: no province code P01 to P63 in column Province")
            for slot in slots:
                raw = (record.get(names[slot]) or "").strip()
                score = _score(raw, decimal_comma=delimiter != ",")
                if score is None and raw.upper() not in _NO_SCORE:
                    raise unusable(f"line {reader.line_num}: column {slot} holds no number")
                if (province, slot) in table.figures:
                    raise unusable(f"line {reader.line_num}: province {province} is in the file twice")
                table.enter(province, slot, Figure(score, f"line {reader.line_num} column {slot}"))
        return [table]


def _is_table(path: Path) -> bool:
    """Whether a file claims to be a table; the lock file that Excel keeps beside an open one is none."""
    return path.suffix.lower() in _TABLE_SUFFIXES and not path.name.startswith(("~$", "."))


def _rows(table: PapiTable) -> Iterator[Row]:
    for (province, slot), figure in table.figures.items():
        if slot.startswith("SC"):
            yield {"year": table.year, "province_code": province, "slot": slot, "score": figure.value}


def _totals(table: PapiTable) -> Iterator[Row]:
    for province in table.provinces():
        weighted, error = (
            figure.value if (figure := table.figures.get((province, code))) else None
            for code in (WEIGHTED, STANDARD_ERROR)
        )
        if weighted is not None or error is not None:
            yield {
                "year": table.year, "province_code": province, "weighted_total": weighted, "standard_error": error,
            }  # fmt: skip


def _score(raw: str, *, decimal_comma: bool) -> float | None:
    try:
        score = float(raw.replace(",", ".") if decimal_comma else raw)
    except ValueError:
        return None
    return score if 0 <= score <= 10 else None
