"""Read PAPI scores, printed totals and their standard errors from a folder of tables.

Standard errors stand in `standard_errors/YYYY.csv`. A file that cannot be read is refused by its name; a line of them
that is wrong becomes a row with its reason, and waits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import ClassVar

from cchc_pipeline.days import Window
from cchc_pipeline.progress import Progress
from cchc_pipeline.sources.drop_folder import file_errors, files_in, table_files
from cchc_pipeline.sources.papi.files import PROVINCE, papi_tables, province_rows, unusable, year_of
from cchc_pipeline.sources.papi.labels import NO_SCORE, STANDARD_ERROR, WEIGHTED
from cchc_pipeline.sources.papi.tables import PapiTable, join_years
from cchc_pipeline.sources.protocol import Batch, KnownState, Row
from cchc_pipeline.tabular.cells import CellError, read_number

SUBDIMENSIONS = "papi__subdimensions"
TOTALS = "papi__totals"
#: Folder of the standard errors, and their column beside Province.
FOLDER, _COLUMN = "standard_errors", "SE"


class PapiDropSource:
    """Adapter for a drop folder. An absent or empty folder gives no rows.

    Args:
        folder: the drop folder.
    """

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
    """Join given standard errors with printed totals; a given error goes first.

    Args:
        given: rows as `standard_error_rows` returns them; every one is yielded, also such as have the same key.
        printed: rows with year, province_code, weighted_total and standard_error.

    Returns:
        Rows of `papi__totals`.
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
