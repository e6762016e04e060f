"""Read registers that offices keep by hand, from a folder of files.

A register is a file `<table>.csv` or `<table>.xlsx`, or several: `plan_tasks-2025.xlsx`,
`plan_tasks-2026.xlsx`. A row takes the place of the row with the same key that was given before; what
is in no file any more stays as it was, until a row withdraws it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import ClassVar

from cchc_pipeline.contracts import Contract, load_contract
from cchc_pipeline.contracts.code_lists import OWN_COLUMNS, day_measures
from cchc_pipeline.contracts.parts import Column
from cchc_pipeline.days import Window
from cchc_pipeline.progress import Progress
from cchc_pipeline.sources.drop_folder import file_errors, table_files
from cchc_pipeline.sources.errors import FileUnusable
from cchc_pipeline.sources.protocol import Batch, KnownState, Row
from cchc_pipeline.sources.records import Problems
from cchc_pipeline.tabular.cells import CellError, comparable, read_cell
from cchc_pipeline.tabular.files import TableFileError
from cchc_pipeline.tabular.sheets import Sheet, read_sheets
from cchc_pipeline.text import mask_text

#: Sheets of a template that explain and hold no rows.
GUIDE_SHEETS = ("Hướng dẫn", "Danh mục")
#: Columns that people number their rows with.
_COUNTERS = frozenset({"stt", "tt", "no", "no.", "số tt", "#"})
#: Columns of free text: what names a person in them is masked.
_FREE_TEXT = frozenset({"name", "note", "source", "band", "scored_by", "evidence"})
#: Register -> the inbound table of its rows.
TABLES = {
    name: f"registers__{name}"
    for name in (
        *("observations", "plan_tasks", "inspections", "petitions", "external_indices", "unit_changes"),
        "appraisals",
    )
}
_FOLDER = "registers/"


def file_columns(contract: Contract) -> list[Column]:
    """Return the columns that a file of the register has."""
    return [column for column in contract.columns if column.name not in OWN_COLUMNS]


def header_names(contract: Contract) -> dict[str, str]:
    """Map every header of a column (labels and name, comparable) to its name."""
    kept = file_columns(contract)
    keys = ("label_vi", "label_en", "name")
    return {comparable(getattr(column, key)): column.name for key in keys for column in kept}


def register_rows(path: Path, contract: Contract) -> list[Row]:
    """Read the rows of a register file in the columns of the register's contract.

    A cell that cannot be read is None, with its reason in `parse_errors`. Free text is masked.

    Raises:
        TableFileError: the file is no table, is cut off, or has an unknown, doubled or missing column.
    """
    names = header_names(contract)
    guides = set(map(comparable, GUIDE_SHEETS))
    sheets = read_sheets(path, lambda text: comparable(text) in names)
    # A web page also has tables for its layout; every sheet of a workbook is meant to be read.
    sheets = [one for one in sheets if one.kind != "html" or one.header_at is not None]
    kept = [one for one in sheets if one.rows and comparable(one.name) not in guides]
    if not kept:
        fix = "start from `cchc registers template`"
        raise TableFileError(file=str(path), problem="it holds not even a header", fix=fix)
    found = [(sheet, _columns(sheet, contract, names)) for sheet in kept]
    return [row for sheet, columns in found for row in _rows(sheet, columns, contract)]


def _columns(sheet: Sheet, contract: Contract, names: Mapping[str, str]) -> list[str | None]:
    """Find the column of each header, and check that the rows fit below.

    A header that counts rows or is blank is None.
    """
    # Key columns have to be there, except the start of a period: a stock has only its day.
    required = [name for name in contract.key if name != "period_start"]
    if sheet.header_at is None:
        fix = f"the header needs {', '.join(_shown(required, names))}; start from `cchc registers template`"
        raise sheet.error("no row names the columns of this register", fix)
    at = f"row {sheet.header_row}"
    columns: list[str | None] = []
    for position, header in enumerate(sheet.headers, 1):
        text = comparable(header)
        if text and text not in _COUNTERS and text not in names:
            raise sheet.error(
                f"{at}, cell {position}: unknown column «{header[:40]}»",
                "remove it (registers hold nothing else, and nothing personal) or correct it to one of "
                f"{', '.join(_shown(dict.fromkeys(names.values()), names))}",
            )
        columns.append(names.get(text))
    known = [column for column in columns if column]
    if twice := sorted({column for column in known if known.count(column) > 1}):
        raise sheet.error(f"{at}: column {', '.join(twice)} stands there twice", "keep one of them")
    if missing := [column for column in required if column not in known]:
        fix = "add the column; `cchc registers template` writes a complete header"
        raise sheet.error(f"{at}: the header lacks {', '.join(_shown(missing, names))}", fix)
    sheet.require_rows_to_fit()
    return columns


def _shown(columns: Iterable[str], names: Mapping[str, str]) -> list[str]:
    """Show columns with the Vietnamese header that they also go by."""
    labels: dict[str, str] = {}
    for header, column in names.items():
        if header != column:
            labels.setdefault(column, header)
    return [f"{column} («{labels[column]}»)" if column in labels else column for column in columns]


def _rows(sheet: Sheet, columns: list[str | None], contract: Contract) -> Iterator[Row]:
    for number, cells in sheet.records:
        row: Row = dict.fromkeys(contract.column_names)
        problems = Problems()
        for name, cell in zip(columns, cells, strict=False):
            if name is None:
                continue
            column = contract.column(name)
            try:
                value = read_cell(column, cell)
                row[name] = mask_text(value) if value and name in _FREE_TEXT else value
            except CellError as error:
                problems.add(f"cột «{column.label_vi}»", error.vi, cell)
        row["source_row"] = f"{sheet.file.name}, {sheet.name + ', ' if sheet.name else ''}dòng {number}"
        if found := problems.text():
            row["parse_errors"] = f"{row['source_row']}: {found}"
        if row.get("measure_code") in day_measures():
            row["period_start"] = row["observed_on"]
        yield row


def read_register(path: Path, register: str, day: date, *, folder: str = "") -> list[Row]:
    """Read one register file in the columns of the register's contract.

    `register` is a key of `TABLES`, whatever the file is called. An error names `day`, and `folder` before the file.

    Raises:
        FileUnusable: the file is missing or is no such register.
    """
    with file_errors("registers", path.parent, day, folder):
        return register_rows(path, load_contract(TABLES[register]))


class RegistersSource:
    """Adapter for the registers of a drop folder. Absent files give no rows.

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
