"""Find the table of criteria in an office's workbook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cchc_pipeline.scorecards.scoring.errors import RubricError
from cchc_pipeline.tabular.cells import Formula
from cchc_pipeline.tabular.files import Row, TableFileError
from cchc_pipeline.tabular.sheets import read_sheets
from cchc_pipeline.tabular.words import without_marks

#: Headings of the four columns, without accents, as they begin in the sheets of several provinces.
_HEADINGS = {
    "number": ("stt", "tt", "so tt"),
    "name": ("linh vuc", "tieu chi", "noi dung", "ten tieu chi"),
    "max": ("diem toi da", "thang diem", "diem chuan", "diem"),
    "text": ("cach cham", "cach tinh", "noi dung thang diem", "huong dan cham", "phuong phap", "ghi chu"),
}
_ALL_HEADINGS = tuple(beginning for beginnings in _HEADINGS.values() for beginning in beginnings)
_HEADING_NAMES = {
    "number": "STT",
    "name": "Lĩnh vực/Tiêu chí/Tiêu chí thành phần",
    "max": "Điểm tối đa",
    "text": "Cách chấm",
}
#: A second line of headings, below a cell that spans several columns: which of them is the maximum.
_MAX_BELOW = ("toi da", "diem toi da", "diem chuan")
#: How a line begins that only numbers the columns: (1) (2) (3) (4), or A B 1 2.
_COLUMN_NUMBERS = (("1", "2"), ("a", "b"))
_FIRST_ROWS = 30


@dataclass(frozen=True)
class Columns:
    """Where the table begins, and the position of each of its columns from 0."""

    last_heading: int
    number: int
    name: int
    max: int
    text: int


def read_criteria_table(path: Path, *, sheet: str | None = None) -> tuple[list[Row], Columns]:
    """Read the rows of an office's table of criteria, and find its columns.

    Args:
        path: a workbook or CSV file.
        sheet: name of the sheet; the one that the workbook opens with where None.

    Raises:
        RubricError: the file cannot be read, has no such sheet or no such headings; naming the other sheets.
    """
    try:
        sheets = read_sheets(path, lambda text: any(map(without_marks(text).startswith, _ALL_HEADINGS)))
    except TableFileError as error:
        raise RubricError(f"{path.name}: {error.problem}; {error.fix}") from error
    names = ", ".join(str(one.name) for one in sheets)
    chosen = next((one for one in sheets if (one.is_first if sheet is None else one.name == sheet)), None)
    if chosen is None:
        raise RubricError(f"{path.name}: no sheet {sheet!r}; it has {names}")
    for place, (number, row) in enumerate(chosen.rows[:_FIRST_ROWS]):
        cells = [without_marks(cell or "") for cell in row]
        found: dict[str, int] = {}
        for what, beginnings in _HEADINGS.items():
            for beginning in beginnings:
                places = [i for i, cell in enumerate(cells) if cell.startswith(beginning) and i not in found.values()]
                if places:
                    found[what] = places[0]
                    break
        if {"number", "name", "max"} <= set(found):
            if "text" not in found:
                raise RubricError(
                    f"{path.name}, row {number}: no column '{_HEADING_NAMES['text']}' among "
                    f"{', '.join(str(cell) for cell in row if cell)}; add it, empty where nothing is said"
                )
            return chosen.rows, _below(Columns(number, **found), chosen.rows[place + 1 : place + 3])
    wanted = ", ".join(_HEADING_NAMES.values())
    others = f", or choose the sheet: {names}" if len(sheets) > 1 else ""
    raise RubricError(
        f"{path.name}: none of the first {_FIRST_ROWS} rows has the headings {wanted}; add a heading row{others}"
    )


def cell_name(path: Path, row: int, column: int) -> str:
    """Name a cell as a person finds it: file, letter of the column, number of the row."""
    from openpyxl.utils import get_column_letter

    return f"{path.name}, cell {get_column_letter(column + 1)}{row}"


def cell_text(cells: Sequence[Any], column: int) -> str:
    """Return a cell as text with single spaces; '' for a blank one."""
    held = cells[column] if column < len(cells) else None
    if isinstance(held, Formula):
        return ""
    if isinstance(held, float):
        held = round(held, 9)  # what formulas add up to: 0.1 + 0.2
        held = int(held) if held.is_integer() else held
    return " ".join(str(held).split()) if held is not None else ""


def _below(columns: Columns, rows: Sequence[Row]) -> Columns:
    """Take a second line of headings and a line of column numbers into account."""
    for number, row in rows:
        held = cell_text(row, columns.number), cell_text(row, columns.name)
        if tuple(without_marks(one).strip("()") for one in held) in _COLUMN_NUMBERS:
            return Columns(number, columns.number, columns.name, columns.max, columns.text)
        maxima = [i for i, cell in enumerate(row) if without_marks(cell or "") in _MAX_BELOW]
        if held[0] or held[1] or not maxima:
            break
        columns = Columns(number, columns.number, columns.name, maxima[0], columns.text)
    return columns
