"""Read standard errors of PAPI totals from `standard_errors/YYYY.csv`.

A file that cannot be read is refused by its name. A line that is wrong becomes a row with its reason, and waits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from cchc_pipeline.sources.drop_folder import files_in
from cchc_pipeline.sources.papi.files import PROVINCE, province_rows, year_of
from cchc_pipeline.sources.papi.labels import NO_SCORE
from cchc_pipeline.sources.protocol import Row
from cchc_pipeline.tabular.cells import CellError, read_number

FOLDER = "standard_errors"
_COLUMN = "SE"


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
