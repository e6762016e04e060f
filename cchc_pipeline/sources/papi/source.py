"""Read PAPI scores, printed totals and their standard errors from a folder of tables.

Standard errors stand in `standard_errors/YYYY.csv`. A file that cannot be read is refused by its name; a line of them
that is wrong becomes a row with its reason, and waits.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import ClassVar

import pandas as pd

from cchc_pipeline.days import Window
from cchc_pipeline.progress import Progress
from cchc_pipeline.reference.papi_instrument import PROVINCES, PapiTableError, all_slots, instrument
from cchc_pipeline.sources.drop_folder import file_errors, files_in, table_files
from cchc_pipeline.sources.errors import FileUnusable
from cchc_pipeline.sources.papi.tables import Figure, PapiTable, join_years
from cchc_pipeline.sources.papi.workbook import NO_SCORE, STANDARD_ERROR, WEIGHTED, tables_of_sheets
from cchc_pipeline.sources.protocol import Batch, KnownState, Row
from cchc_pipeline.tabular.cells import CellError, read_number
from cchc_pipeline.tabular.files import TableFileError, file_kind
from cchc_pipeline.tabular.sheets import read_sheets, read_table

PROVINCE = "PROVINCE"
_SLOT = re.compile(r"SC\d+\Z")
SUBDIMENSIONS = "papi__subdimensions"
TOTALS = "papi__totals"
#: Folder of the standard errors, and their column beside Province.
FOLDER, _COLUMN = "standard_errors", "SE"


def papi_tables(path: Path, year: int | None = None) -> list[PapiTable]:
    """Read every year that a file holds, in order.

    Args:
        path: a workbook as the publisher lays it out, or a CSV file with columns Province (P01 to P63) and SC11 to
            SC83, separated by commas, semicolons or tabs.
        year: the year of a CSV file; the one that its name YYYY.csv says where None.

    Raises:
        TableFileError: nothing can be read with certainty; with the line or cell, and the fix.
    """
    if file_kind(path) == "xlsx":
        return tables_of_sheets([(str(sheet.name), sheet.rows) for sheet in read_sheets(path)], path.name)
    table = PapiTable(year_of(path) if year is None else year, path.name)
    seen: dict[str, int] = {}
    for line, cells in province_rows(path, "SC11 to SC83", _SLOT):
        province = cells.pop(PROVINCE).upper()
        if unknown := sorted(cells.keys() - set(all_slots())):
            raise unusable(path, f"column {', '.join(unknown)} is no PAPI sub-dimension; remove it")
        if province not in PROVINCES:
            raise unusable(path, f"line {line}: no province code P01 to P63 in column Province, but {province!r}")
        if province in seen:
            what = f"line {line}: province {province} is in the file twice, already in line {seen[province]}"
            raise unusable(path, what)
        seen[province] = line
        for slot, cell in cells.items():
            try:
                score = None if cell.upper() in NO_SCORE else read_number(cell, "either")
            except CellError:
                what = f"line {line}: column {slot} holds no number: {cell!r} ({province})"
                raise unusable(path, f"{what}; write it such as 1.25, or leave it blank") from None
            table.enter(province, slot, Figure(score, f"line {line} column {slot}"))
    return [table]


def read_wide(path: Path, year: int) -> pd.DataFrame:
    """Read the scores of one year from a table in hand.

    Args:
        path: a workbook as the publisher lays it out, or a CSV file with the columns Province and SC11 to SC83; columns
            of sub-dimensions that the year does not have may be absent, and must be blank where they are present.
        year: the year of the survey.

    Returns:
        Columns year, province_code, slot, score, one row per province of the table and sub-dimension in force, in the
        order of the provinces. Blank cells are NaN; a 0 stays 0 (some editions code a missing value that way;
        `papi.compose` treats it as missing).

    Raises:
        PapiTableError: the file is no such table, a column or the year is missing or unknown, a score stands for a
            sub-dimension that the year does not have, or the year repeats another year of the workbook.
    """
    wanted = instrument(year)

    def refused(said: str) -> PapiTableError:
        return PapiTableError(said, file=str(path))

    try:
        tables = {table.year: table for table in join_years(papi_tables(path, year))}
    except TableFileError as error:
        raise refused(f"{error.file}: {error.problem}. Fix: {error.fix}.") from error
    if year not in tables:
        raise refused(f"{path.name} holds {', '.join(map(str, tables))}, not {year}; give --year one of these")
    figures, codes = tables[year].figures, tables[year].codes()
    if not figures:
        raise refused(f"{path.name}: has no rows below a header; drop the full table")
    if absent := [slot for slot in wanted.slots if slot not in codes]:
        said = f"{path.name}: column {', '.join(absent)} is missing, which the instrument of {year} has; "
        raise refused(said + "add it (blank where there is no figure) or check the year")
    for (province, slot), figure in figures.items():
        if figure.value and slot in all_slots() and slot not in wanted.slots:
            said = f"{path.name}, {figure.where} ({province}): holds {figure.value:g}, but the instrument of {year} "
            raise refused(f"{said}has no {slot}; is this the table of another year?")
    records = [
        (year, province, slot, math.nan if (value := figures[province, slot].value) is None else value)
        for province in PROVINCES
        for slot in wanted.slots
        if (province, slot) in figures
    ]
    return pd.DataFrame(records, columns=["year", "province_code", "slot", "score"])


def province_rows(path: Path, others: str, other: re.Pattern[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Read the lines of a table with a column Province and further columns.

    Their names match `other`, and `others` says them in words; columns that are called otherwise are left out.

    Returns:
        Number of the line, and cells by name of the column in capitals, '' for a blank one.

    Raises:
        TableFileError: there are no such columns, one stands there twice, or a line has cells too many or too few.
    """

    def is_header(text: str) -> bool:
        return text.strip().upper() == PROVINCE or other.match(text.strip().upper()) is not None

    sheet = read_table(path, is_header, expected=f"Province, {others}")
    names = [header.upper() if is_header(header) else "" for header in sheet.headers]
    known = [name for name in names if name]
    if PROVINCE not in known or len(set(known)) < 2:
        what = f"row {sheet.header_row} names no columns Province and {others}"
        raise sheet.error(what, "write their names above the cells; the file may be separated by , ; or tabs")
    if twice := sorted({name for name in known if known.count(name) > 1}):
        raise sheet.error(f"column {', '.join(twice)} stands there twice", "keep one of them")
    sheet.require_rows_to_fit()
    for line, cells in sheet.records:
        texts = ["" if cell is None else str(cell) for cell in cells] + [""] * (len(names) - len(cells))
        yield line, {name: text for name, text in zip(names, texts, strict=False) if name}


def year_of(path: Path) -> int:
    """Tell the year of a file from its name YYYY.csv. Raises TableFileError."""
    if not re.fullmatch(r"20\d\d", path.stem):
        raise unusable(path, "the name of the file is not YYYY.csv, so its year is unknown")
    return int(path.stem)


def unusable(path: Path, problem: str) -> TableFileError:
    """Build the error of a file that is no such table, with the usual fix."""
    return TableFileError(str(path), problem, FileUnusable.default_fix)


class PapiDropSource:
    """Adapter for a drop folder. An absent or empty folder gives no rows."""

    name: ClassVar[str] = "papi"
    tables: ClassVar[tuple[str, ...]] = (SUBDIMENSIONS, TOTALS)

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def pull(self, window: Window, known: KnownState, progress: Progress) -> Iterator[Batch]:
        """Yield the scores and the printed totals of all years, for the last day.

        Raises:
            FileUnusable: a file cannot be read with certainty, two files contradict each other, or a year repeats
                another one.
        """
        del known
        files = table_files(self._folder)
        tables: list[PapiTable] = []
        with file_errors(self.name, self._folder, window.last):
            for number, path in enumerate(files, 1):
                tables += _read(path)
                progress(number, len(files), f"PAPI file {path.name}")
            joined = join_years(tables)
            errors = standard_error_rows(self._folder)
        if not files:
            progress(0, 0, "PAPI drop folder is empty")
        yield Batch(SUBDIMENSIONS, window.last, [row for table in joined for row in _rows(table)])
        printed = [row for table in joined for row in _totals(table)]
        yield Batch(TOTALS, window.last, list(add_printed_totals(errors, printed)))


def _read(path: Path) -> list[PapiTable]:
    tables = papi_tables(path)
    for table in tables:
        for (_, slot), figure in table.figures.items():
            if slot.startswith("SC") and figure.value is not None and not 0 <= figure.value <= 10:
                raise unusable(path, f"{figure.where}: {figure.value:g} is no score between 0 and 10")
    return tables


def _rows(table: PapiTable) -> Iterator[Row]:
    for (province, slot), figure in table.figures.items():
        if slot.startswith("SC"):
            yield {"year": table.year, "province_code": province, "slot": slot, "score": figure.value}


def _totals(table: PapiTable) -> Iterator[Row]:
    for province in table.provinces():
        found = (table.figures.get((province, code)) for code in (WEIGHTED, STANDARD_ERROR))
        weighted, error = (figure.value if figure else None for figure in found)
        if weighted is not None or error is not None:
            keyed = {"year": table.year, "province_code": province}
            yield {**keyed, "weighted_total": weighted, "standard_error": error}


def standard_error_rows(folder: Path) -> list[Row]:
    """Read the standard errors of every file of a drop folder.

    Blank and 0 mean that there is none: published sheets write 0. Such a row takes back what was given before.

    Returns:
        Rows with year, province_code, standard_error and parse_errors, in the order of files and lines.

    Raises:
        TableFileError: a file is no such table.
    """
    rows: list[Row] = []
    for path in files_in(folder / FOLDER):
        year = year_of(path)
        for line, cells in province_rows(path, _COLUMN, re.compile(rf"{_COLUMN}\Z")):
            row = {"year": year, "province_code": cells[PROVINCE].upper() or None, "parse_errors": None}
            try:
                value = None if cells[_COLUMN].upper() in NO_SCORE else read_number(cells[_COLUMN], "either")
            except CellError:
                value = None
                row["parse_errors"] = f"{FOLDER}/{path.name}, dòng {line}: cột SE không phải là số."
            rows.append({**row, "standard_error": value or None})
    return rows


def add_printed_totals(given: Iterable[Row], printed: Iterable[Row]) -> Iterator[Row]:
    """Yield rows of `papi__totals`: given standard errors joined with printed totals.

    Every row of `given` (see `standard_error_rows`) is yielded, also such as have the same key; its error goes before
    that of `printed`, rows with year, province_code, weighted_total and standard_error.
    """
    totals = {(row["year"], row["province_code"]): row for row in printed}
    named = set()
    for row in given:
        key = row["year"], row["province_code"]
        named.add(key)
        total, error = totals.get(key, {}), row["standard_error"]
        if error is None and row["parse_errors"] is None:
            error = total.get("standard_error")
        yield {**row, "weighted_total": total.get("weighted_total"), "standard_error": error}
    yield from ({**row, "parse_errors": None} for key, row in totals.items() if key not in named)
