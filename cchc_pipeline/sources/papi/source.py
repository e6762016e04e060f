"""Read PAPI scores and printed totals from a folder of published tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from cchc_pipeline.days import Window
from cchc_pipeline.progress import Progress
from cchc_pipeline.sources.drop_folder import file_errors, table_files
from cchc_pipeline.sources.papi.files import papi_tables, unusable
from cchc_pipeline.sources.papi.labels import STANDARD_ERROR, WEIGHTED
from cchc_pipeline.sources.papi.standard_errors import add_printed_totals, standard_error_rows
from cchc_pipeline.sources.papi.tables import PapiTable, join_years
from cchc_pipeline.sources.protocol import Batch, KnownState, Row

SUBDIMENSIONS = "papi__subdimensions"
TOTALS = "papi__totals"


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
