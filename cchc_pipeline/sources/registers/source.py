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
from cchc_pipeline.sources.errors import FileUnusable
from cchc_pipeline.sources.protocol import Batch, KnownState, Row
from cchc_pipeline.sources.registers.rows import register_rows
from cchc_pipeline.tabular.files import TableFileError

#: Register -> the inbound table of its rows.
TABLES = {
    name: f"registers__{name}"
    for name in (
        *("observations", "plan_tasks", "inspections", "petitions", "external_indices", "unit_changes"),
        "appraisals",
    )
}
_FOLDER = "registers/"
#: Suffixes of table files; the kind of a file is found by its content.
_SUFFIXES = frozenset({".csv", ".tsv", ".xls", ".xlsx", ".xlsm", ".xlsb", ".ods"})


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
    try:
        return register_rows(path, load_contract(TABLES[register]))
    except TableFileError as error:
        raise _unusable(f"{folder}{path.name}", day, error.problem, error.fix) from None


def _unusable(culprit: str, day: date, problem: str, fix: str) -> FileUnusable:
    return FileUnusable(problem, source=RegistersSource.name, culprit=culprit, day=day, fix=fix)


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
        for path in sorted(self._folder.iterdir()) if self._folder.is_dir() else []:
            if path.name.startswith((".", "~$")) or path.suffix.lower() not in _SUFFIXES or not path.is_file():
                continue
            register = path.stem.partition("-")[0].strip().lower()
            if register not in found:
                fix = f"rename the file to one of {', '.join(TABLES)} (a dash and more may follow), or remove it"
                raise _unusable(_FOLDER + path.name, day, f"no register is called «{register}»", fix)
            found[register].append(path)
        return found
