"""Read registers that offices keep by hand, from a folder of files.

A register is a file `<table>.csv` or `<table>.xlsx`, or several: `plan_tasks-2025.xlsx`,
`plan_tasks-2026.xlsx`. A row takes the place of the row with the same key that was given before; what
is in no file any more stays as it was, until a row withdraws it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import ClassVar

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.days import Window
from cchc_pipeline.progress import Progress
from cchc_pipeline.sources.drop_folder import file_errors, table_files
from cchc_pipeline.sources.errors import FileUnusable
from cchc_pipeline.sources.protocol import Batch, KnownState, Row
from cchc_pipeline.sources.registers.rows import register_rows

#: Register -> the inbound table of its rows.
TABLES = {
    name: f"registers__{name}"
    for name in (
        *("observations", "plan_tasks", "inspections", "petitions", "external_indices", "unit_changes"),
        "appraisals",
    )
}
_FOLDER = "registers/"


def read_register(path: Path, register: str, day: date, *, folder: str = "") -> list[Row]:
    """Read one register file in the columns of the register's contract.

    Args:
        path: a table file, under whatever name.
        register: which register it is, a key of `TABLES`.
        day: the day that an error names.
        folder: the folder that an error names before the file.

    Raises:
        FileUnusable: the file is missing or is no such register.
    """
    with file_errors("registers", path.parent, day, folder):
        return register_rows(path, load_contract(TABLES[register]))


class RegistersSource:
    """Adapter for the registers of a drop folder. Absent files give no rows.

    Args:
        folder: the folder of the registers.

    Attributes:
        notes: after a pull, what was found of each table, in words.
    """

    name: ClassVar[str] = "registers"
    tables: ClassVar[tuple[str, ...]] = tuple(TABLES.values())

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.notes: dict[str, str] = {}

    def pull(self, window: Window, known: KnownState, progress: Progress) -> Iterator[Batch]:
        """Yield every register as one batch for the last day, as its files are now."""
        del known
        found = self._files(window.last)
        for number, (register, files) in enumerate(found.items(), 1):
            table = TABLES[register]
            rows = [row for path in files for row in read_register(path, register, window.last, folder=_FOLDER)]
            names = ", ".join(path.name for path in files)
            self.notes[table] = f"{names}: {len(rows)} rows" if files else f"no file {register}.csv or {register}.xlsx"
            progress(number, len(found), f"register {register}: {self.notes[table]}")
            yield Batch(table, window.last, rows)

    def _files(self, day: date) -> dict[str, list[Path]]:
        """Find the files of each register, in the order of their names."""
        found: dict[str, list[Path]] = {register: [] for register in TABLES}
        for path in table_files(self._folder):
            register = path.stem.partition("-")[0].strip().lower()
            if register not in found:
                what = f"no register is called «{register}»"
                fix = f"rename the file to one of {', '.join(TABLES)} (a dash and more may follow), or remove it"
                raise FileUnusable(what, source=self.name, culprit=_FOLDER + path.name, day=day, fix=fix)
            found[register].append(path)
        return found
