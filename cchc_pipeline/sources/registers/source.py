"""Registers that offices keep by hand, from a folder into which they put CSV files or workbooks.

A register is a file `<table>.csv` or `<table>.xlsx`, or several: `plan_tasks-2025.xlsx`,
`plan_tasks-2026.xlsx`. A row takes the place of the row with the same key that was given before; what
is in no file any more stays as it was, until a row withdraws it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from cchc_pipeline.contracts import Contract, load_contract
from cchc_pipeline.contracts.register_lists import measures
from cchc_pipeline.days import Window
from cchc_pipeline.progress import Progress
from cchc_pipeline.sources.errors import FileUnusable
from cchc_pipeline.sources.protocol import Batch, KnownState, Row
from cchc_pipeline.sources.records import Problems
from cchc_pipeline.tabular.registers_cells import Unreadable, plain, read_cell
from cchc_pipeline.tabular.sheets import Sheet, SheetUnusable, read_sheets
from cchc_pipeline.tabular.workbook_cells import Formula

#: Register -> the inbound table of its rows.
TABLES = {
    name: f"registers__{name}"
    for name in (
        *("observations", "plan_tasks", "inspections", "petitions", "external_indices", "unit_changes"),
        "appraisals",
    )
}
#: Columns that the adapter fills itself.
OWN_COLUMNS = ("source_row", "parse_errors")
_SUFFIXES = (".csv", ".xlsx")
_OTHER_TABLES = (".xls", ".xlsm", ".xlsb", ".ods", ".tsv")


def headers(contract: Contract) -> dict[str, str]:
    """Column by every header that it goes by: Vietnamese and English label, and its name."""
    kept = [column for column in contract.columns if column.name not in OWN_COLUMNS]
    return {plain(getattr(column, key)): column.name for key in ("label_vi", "label_en", "name") for column in kept}


def read_register(path: Path, register: str, day: date) -> list[Row]:
    """The rows of one register file, outside of any pull, in the columns of the register's contract.

    Args:
        path: a CSV file or a workbook, under whatever name.
        register: which register it is, a key of `TABLES`.
        day: the day that an error names.

    Raises:
        FileUnusable: the file is missing or is no such register.
    """
    if path.suffix.lower() not in _SUFFIXES or not path.is_file():
        what = "there is no such file" if not path.is_file() else f"a register is no {path.suffix or 'such'} file"
        fix = "check the path" if not path.is_file() else "save it as .xlsx, or as CSV UTF-8"
        raise FileUnusable(what, source=RegistersSource.name, culprit=path.name, day=day, fix=fix)
    return RegistersSource(path.parent)._read(path, load_contract(TABLES[register]), day)


class RegistersSource:
    """Adapter for the registers of a drop folder. Absent files give no rows.

    Args:
        folder: the folder of the registers.

    Attributes:
        notes: after a pull, what was found of each table, in words.
    """

    name = "registers"
    tables = tuple(TABLES.values())

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.notes: dict[str, str] = {}

    def pull(self, window: Window, known: KnownState, progress: Progress) -> Iterator[Batch]:
        """Yield every register as one batch for the last day; the rows as the files have them now."""
        del known
        found = self._files(window.last)
        for number, (register, files) in enumerate(found.items(), 1):
            table = TABLES[register]
            rows: list[Row] = []
            for path in files:
                rows += self._read(path, load_contract(table), window.last)
            names = ", ".join(path.name for path in files)
            self.notes[table] = f"{names}: {len(rows)} rows" if files else f"no file {register}.csv or {register}.xlsx"
            progress(number, len(found), f"register {register}: {self.notes[table]}")
            yield Batch(table, window.last, rows)

    def _files(self, day: date) -> dict[str, list[Path]]:
        """Files by register, in the order of their names."""
        found: dict[str, list[Path]] = {register: [] for register in TABLES}
        entries = sorted(self._folder.iterdir()) if self._folder.is_dir() else []
        for path in entries:
            suffix = path.suffix.lower()
            if not path.is_file() or path.name.startswith((".", "~$")) or suffix not in _SUFFIXES + _OTHER_TABLES:
                continue
            register = path.stem.partition("-")[0].strip().lower()
            if suffix in _OTHER_TABLES:
                fix = "save it as .xlsx, or as CSV UTF-8, and put it into the drop folder again"
                raise self._unusable(path, day, f"a register is no {suffix} file", fix)
            if register not in found:
                fix = f"rename the file to one of {', '.join(TABLES)} (a dash and more may follow), or remove it"
                raise self._unusable(path, day, f"no register is called «{register}»", fix)
            found[register].append(path)
        return found

    def _unusable(self, path: Path, day: date, what: str, fix: str) -> FileUnusable:
        return FileUnusable(what, source=self.name, culprit=f"registers/{path.name}", day=day, fix=fix)

    def _read(self, path: Path, contract: Contract, day: date) -> list[Row]:
        # What the key is made of has to be there; a stock says its day alone.
        required = [name for name in contract.key if name != "period_start"]
        try:
            sheets = read_sheets(path, headers(contract), required)
        except SheetUnusable as error:
            raise self._unusable(path, day, *error.args) from None
        except OSError as error:
            what = f"the file cannot be read ({error.strerror})"
            raise self._unusable(
                path, day, what, "give this user the right to read it, then run the day again"
            ) from None
        return [row for sheet in sheets for row in _rows(path.name, sheet, contract)]


def _rows(file: str, sheet: Sheet, contract: Contract) -> Iterator[Row]:
    stocks = {measure.code for measure in measures() if measure.kind != "flow"}
    for number, cells in sheet.rows:
        row: Row = dict.fromkeys(contract.column_names)
        problems = Problems()
        for name, cell in zip(sheet.columns, cells, strict=True):
            if name is None:
                continue
            column = contract.column(name)
            try:
                if isinstance(cell, Formula):
                    raise Unreadable("công thức chưa có kết quả hoặc bị lỗi")
                row[name] = read_cell(column, cell)
            except Unreadable as error:
                raw = cell.text if isinstance(cell, Formula) else cell
                problems.add(f"cột «{column.label_vi}»", str(error), raw)
        row["source_row"] = f"{file}, {sheet.name + ', ' if sheet.name else ''}dòng {number}"
        if found := problems.text():
            row["parse_errors"] = f"{row['source_row']}: {found}"
        if row.get("measure_code") in stocks:
            row["period_start"] = row["observed_on"]
        yield row
