"""Find the table of criteria in an office's workbook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cchc_pipeline.scorecards.scoring.rubric import RubricError
from cchc_pipeline.tabular.cells import Formula, without_marks
from cchc_pipeline.tabular.files import Row, TableFileError
from cchc_pipeline.tabular.sheets import read_sheets

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
class CriteriaTable:
    """An office's table of criteria.

    Attributes:
        file: name of the file.
        columns: position from 0 of number, name, max and text.
        rows: number of the row and its cells by column as text, below the headings.
    """

    file: str
    columns: dict[str, int]
    rows: list[tuple[int, dict[str, str]]]

    def cell(self, row: int, column: str) -> str:
        """Name a cell as a person finds it: file, letter of the column, number of the row."""
        from openpyxl.utils import get_column_letter

        return f"{self.file}, cell {get_column_letter(self.columns[column] + 1)}{row}"

    def error(self, row: int, column: str, problem: str) -> RubricError:
        """Return the error that a cell is wrong; `problem` says what is, and the fix."""
        return RubricError(f"{self.cell(row, column)}: {problem}")


def read_criteria_table(path: Path, *, sheet: str | None = None) -> CriteriaTable:
    """Read an office's table of criteria.

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
        columns = _headings(row)
        if not {"number", "name", "max"} <= set(columns):
            continue
        if "text" not in columns:
            raise RubricError(
                f"{path.name}, row {number}: no column '{_HEADING_NAMES['text']}' among "
                f"{', '.join(str(cell) for cell in row if cell)}; add it, empty where nothing is said"
            )
        last, columns = _below(number, columns, chosen.rows[place + 1 : place + 3])
        rows = [(at, {what: _text(cells, i) for what, i in columns.items()}) for at, cells in chosen.rows if at > last]
        return CriteriaTable(path.name, columns, rows)
    wanted = ", ".join(_HEADING_NAMES.values())
    others = f", or choose the sheet: {names}" if len(sheets) > 1 else ""
    raise RubricError(
        f"{path.name}: none of the first {_FIRST_ROWS} rows has the headings {wanted}; add a heading row{others}"
    )


def _headings(row: Sequence[Any]) -> dict[str, int]:
    """Find the positions of the columns that a row heads."""
    cells = [without_marks(cell or "") for cell in row]
    found: dict[str, int] = {}
    for what, beginnings in _HEADINGS.items():
        places = (i for beginning in beginnings for i, cell in enumerate(cells) if cell.startswith(beginning))
        if (place := next((i for i in places if i not in found.values()), None)) is not None:
            found[what] = place
    return found


def _below(last: int, columns: dict[str, int], rows: Sequence[Row]) -> tuple[int, dict[str, int]]:
    """Take a second line of headings and a line of column numbers into account."""
    for number, row in rows:
        held = _text(row, columns["number"]), _text(row, columns["name"])
        if tuple(without_marks(one).strip("()") for one in held) in _COLUMN_NUMBERS:
            return number, columns
        maxima = [i for i, cell in enumerate(row) if without_marks(cell or "") in _MAX_BELOW]
        if held[0] or held[1] or not maxima:
            break
        last, columns = number, {**columns, "max": maxima[0]}
    return last, columns


def _text(cells: Sequence[Any], column: int) -> str:
    """Return a cell as text with single spaces; '' for a blank one."""
    held = cells[column] if column < len(cells) else None
    if isinstance(held, Formula):
        return ""
    if isinstance(held, float):
        held = round(held, 9)  # what formulas add up to: 0.1 + 0.2
        held = int(held) if held.is_integer() else held
    return " ".join(str(held).split()) if held is not None else ""
