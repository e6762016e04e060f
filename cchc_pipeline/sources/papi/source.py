"""PAPI scores, and what is printed about totals, from a folder into which someone puts the published tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from cchc_pipeline.days import Window
from cchc_pipeline.progress import Progress
from cchc_pipeline.sources.errors import FileUnusable
from cchc_pipeline.sources.papi.labels import STANDARD_ERROR, WEIGHTED
from cchc_pipeline.sources.papi.standard_errors import beside_printed, files_of, read_standard_errors
from cchc_pipeline.sources.papi.tables import Figure, PapiTable, join_years
from cchc_pipeline.sources.papi.workbook import read_workbook
from cchc_pipeline.sources.protocol import Batch, KnownState, Row
from cchc_pipeline.tabular.files import TableUnusable
from cchc_pipeline.tabular.papi_csv import NO_FIGURE, PROVINCE, read_csv, refuse_other_kinds, unusable

SUBDIMENSIONS = "papi__subdimensions"
TOTALS = "papi__totals"
_TABLE_SUFFIXES = frozenset({".csv", ".xls", ".xlsx", ".xlsm", ".ods"})
_SLOT = re.compile(r"SC[1-8][1-9]\Z")
_WORKBOOKS = frozenset({".xlsx", ".xlsm"})


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
        errors: list[Row] = []
        try:
            for number, path in enumerate(files, 1):
                tables += _read(path)
                progress(number, len(files), f"PAPI file {path.name}")
            joined = join_years(tables)
            for path in files_of(self._folder):
                errors += read_standard_errors(path.read_bytes(), path.name)
        except TableUnusable as error:
            raise FileUnusable(
                error.what, source=self.name, culprit=error.file, day=window.last, fix=error.fix
            ) from None
        if not files:
            progress(0, 0, "PAPI drop folder is empty")
        yield Batch(SUBDIMENSIONS, window.last, [row for table in joined for row in _rows(table)])
        printed = [row for table in joined for row in _totals(table)]
        yield Batch(TOTALS, window.last, list(beside_printed(printed, errors)))


def _read(path: Path) -> list[PapiTable]:
    """Raises: TableUnusable."""
    content = path.read_bytes()
    if path.suffix.lower() in _WORKBOOKS:
        refuse_other_kinds(content, path.name, is_workbook=True)
        return read_workbook(content, path.name)
    given = read_csv(content, path.name)
    slots = [name for name in given.columns if _SLOT.match(name)]
    if "PROVINCE" not in given.columns or not slots:
        raise unusable(given, "the first line names no column Province and no slot SC11 to SC83")
    table = PapiTable(given.year, path.name)
    for line, cells in given.records:
        province = cells["PROVINCE"].upper()
        if not PROVINCE.match(province):
            raise unusable(given, f"line {line}: no province code P01 to P63 in column Province")
        for slot in slots:
            raw = cells[slot]
            score = given.number(raw)
            if score is None or not 0 <= score <= 10:
                if raw.upper() not in NO_FIGURE:
                    raise unusable(given, f"line {line}: column {slot} holds no number")
                score = None
            if (province, slot) in table.figures:
                raise unusable(given, f"line {line}: province {province} is in the file twice")
            table.enter(province, slot, Figure(score, f"line {line} column {slot}"))
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
