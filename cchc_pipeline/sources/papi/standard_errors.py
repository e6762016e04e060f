"""Standard errors of PAPI totals from the folder `standard_errors` beside the tables, one `YYYY.csv` per year.

A file that cannot be read is refused by its name. A line that is wrong becomes a row with its reason, and waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from cchc_pipeline.sources.protocol import Row
from cchc_pipeline.tabular.papi_csv import NO_FIGURE, read_csv, unusable

FOLDER = "standard_errors"


def files_of(folder: Path) -> list[Path]:
    """The files of the folder, in order; none where there is no folder."""
    entries = sorted((folder / FOLDER).iterdir()) if (folder / FOLDER).is_dir() else []
    return [path for path in entries if path.is_file() and not path.name.startswith(("~$", "."))]


def read_standard_errors(content: bytes, name: str) -> list[Row]:
    """Rows of one file: year, province_code, standard_error and parse_errors, in the order of its lines.

    Blank and 0 mean that there is none: published sheets write 0. Such a row takes back what was given before.

    Raises:
        TableUnusable: the file is no such CSV.
    """
    table = read_csv(content, f"{FOLDER}/{name}")
    if not {"PROVINCE", "SE"} <= set(table.columns):
        raise unusable(table, "the first line names no columns Province and SE")
    rows: list[Row] = []
    for line, cells in table.records:
        cell = cells["SE"]
        error = table.number(cell)
        is_unread = cell.upper() not in NO_FIGURE and (error is None or error != error or abs(error) == float("inf"))
        rows.append(
            {
                "year": table.year,
                "province_code": cells["PROVINCE"].upper() or None,
                "standard_error": None if is_unread or not error else error,
                "parse_errors": f"{table.name}, dòng {line}: cột SE không phải là số." if is_unread else None,
            }
        )
    return rows


def beside_printed(printed: Iterable[Row], given: Iterable[Row]) -> Iterator[Row]:
    """What is known about totals: a row of `given` carries the printed figures along, and its own error goes before.

    Every row of `given` is yielded, also such as have the same key.
    """
    weighted = {(row["year"], row["province_code"]): row["weighted_total"] for row in printed}
    errors = {(row["year"], row["province_code"]): row["standard_error"] for row in printed}
    named = set()
    for row in given:
        key = row["year"], row["province_code"]
        named.add(key)
        error = row["standard_error"]
        if error is None and row["parse_errors"] is None:
            error = errors.get(key)
        yield {**row, "weighted_total": weighted.get(key), "standard_error": error}
    for key, total in weighted.items():
        if key not in named:
            yield {
                "year": key[0], "province_code": key[1], "weighted_total": total, "standard_error": errors[key],
                "parse_errors": None,
            }  # fmt: skip
