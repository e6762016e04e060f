"""A PAPI table as an operator drops it: one row per province, one column per sub-dimension."""

from __future__ import annotations

import csv
import math
import re
from pathlib import Path

import pandas as pd

from cchc_pipeline.reference.papi_instrument import PROVINCES, PapiTableError, all_slots, instrument
from cchc_pipeline.sources.papi.tables import join_years
from cchc_pipeline.sources.papi.workbook import read_workbook
from cchc_pipeline.tabular.files import TableUnusable

PROVINCE_COLUMN = "Province"
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def read_wide(path: Path, year: int) -> pd.DataFrame:
    """A wide table as rows of `papi__subdimensions`.

    Args:
        path: an .xlsx workbook as the publisher lays it out, or a CSV file in UTF-8 with columns Province (P01 to
            P63) and SC11 to SC83; columns of sub-dimensions that the year does not have may be absent, and must be
            blank where they are present.
        year: the year of the survey.

    Returns:
        Columns year, province_code, slot, score, one row per province and sub-dimension in force. Blank cells are NaN;
        a 0 stays 0 (some editions code a missing value that way; `papi.compose` treats it as missing).

    Raises:
        PapiTableError: neither a CSV file nor a workbook, a column or the year is missing or unknown, a province is
            unknown or occurs twice, a cell holds text, or the year repeats another year of the workbook; with the
            cell and the fix.
    """
    path = Path(path)
    wanted = instrument(year)
    if _is_workbook(path):
        return _from_workbook(path, year)
    header, rows = _cells(path)
    if PROVINCE_COLUMN not in header:
        raise PapiTableError(
            f"{path.name}: no column {PROVINCE_COLUMN!r} in the first line (found: {', '.join(header)[:120]}); "
            "the table needs Province, SC11 to SC83, separated by commas",
            file=str(path),
        )
    if twice := sorted({name for name in header if name and header.count(name) > 1}):
        raise PapiTableError(f"{path.name}: column {', '.join(twice)} occurs twice; keep one", file=str(path))
    if strange := [name for name in header if re.fullmatch(r"SC\d+", name) and name not in all_slots()]:
        raise PapiTableError(
            f"{path.name}: column {', '.join(strange)} is no PAPI sub-dimension; remove it", file=str(path)
        )
    if absent := [slot for slot in wanted.slots if slot not in header]:
        raise PapiTableError(
            f"{path.name}: column {', '.join(absent)} is missing, which the instrument of {year} has; "
            "add it (blank where there is no figure) or check the year",
            file=str(path),
        )
    records: list[tuple[int, str, str, float]] = []
    seen: dict[str, int] = {}
    for line, row in rows:
        cells = dict(zip(header, row, strict=True))
        province = _province(path, line, cells[PROVINCE_COLUMN], seen)
        for slot in all_slots():
            score = _score(path, line, province, slot, cells.get(slot, ""))
            if slot in wanted.slots:
                records.append((year, province, slot, score))
            elif score and not math.isnan(score):
                raise PapiTableError(
                    f"{path.name}, line {line} ({province}), column {slot}: holds {score:g}, but the instrument of "
                    f"{year} has no {slot}; is this the table of another year?",
                    file=str(path),
                )
    return pd.DataFrame(records, columns=["year", "province_code", "slot", "score"])


def _is_workbook(path: Path) -> bool:
    return path.is_file() and path.suffix.lower() in (".xlsx", ".xlsm")


def _from_workbook(path: Path, year: int) -> pd.DataFrame:
    """One year of a workbook, in the order of provinces; provinces that it lacks are left out."""
    try:
        tables = {table.year: table for table in join_years(read_workbook(path.read_bytes(), path.name))}
    except TableUnusable as error:
        raise PapiTableError(f"{error.file}: {error.what}. Fix: {error.fix}", file=str(path)) from error
    if year not in tables:
        held = ", ".join(map(str, tables))
        raise PapiTableError(f"{path.name} holds {held}, not {year}; give --year one of these", file=str(path))
    figures = tables[year].figures
    records = [
        (year, province, slot, math.nan if (value := figures[province, slot].value) is None else value)
        for province in PROVINCES
        for slot in instrument(year).slots
        if (province, slot) in figures
    ]
    return pd.DataFrame(records, columns=["year", "province_code", "slot", "score"])


def _cells(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = [(number, [cell.strip() for cell in row]) for number, row in enumerate(csv.reader(file), start=1)]
    except FileNotFoundError as error:
        raise PapiTableError(f"{path}: there is no such file; check the path", file=str(path)) from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise PapiTableError(
            f"{path.name}: not a CSV file in UTF-8; save the sheet as 'CSV UTF-8 (comma delimited)'", file=str(path)
        ) from error
    lines = [(number, row) for number, row in lines if any(row)]
    if len(lines) < 2:
        raise PapiTableError(f"{path.name}: has no rows below a header; drop the full table", file=str(path))
    (_, header), rows = lines[0], lines[1:]
    for number, row in rows:
        if len(row) != len(header) and PROVINCE_COLUMN in header:
            raise PapiTableError(
                f"{path.name}, line {number}: {len(row)} cells, but the header has {len(header)}; "
                "a decimal comma splits a cell: write 1.25",
                file=str(path),
            )
    return header, rows


def _province(path: Path, line: int, code: str, seen: dict[str, int]) -> str:
    if code not in PROVINCES:
        raise PapiTableError(
            f"{path.name}, line {line}, column {PROVINCE_COLUMN}: {code!r} is no province code; use P01 to P63 "
            "(the 63 provinces of before 1/7/2025, in the order of the statistics office's codes)",
            file=str(path),
        )
    if code in seen:
        raise PapiTableError(
            f"{path.name}, line {line}: {code} is already in line {seen[code]}; keep one of the two", file=str(path)
        )
    seen[code] = line
    return code


def _score(path: Path, line: int, province: str, slot: str, cell: str) -> float:
    if not cell:
        return math.nan
    if not _NUMBER.fullmatch(cell):
        raise PapiTableError(
            f"{path.name}, line {line} ({province}), column {slot}: {cell!r} is not a number; "
            "write it with a decimal point, such as 1.25, or leave the cell blank",
            file=str(path),
        )
    return float(cell)
