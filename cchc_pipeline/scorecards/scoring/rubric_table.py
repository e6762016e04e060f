"""The table of criteria in an office's workbook: its rows, its headings, and how a cell is named in an error."""

from __future__ import annotations

import csv
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cchc_pipeline.scorecards.scoring.errors import RubricError

Row = tuple[int, list[Any]]
#: Headings of the four columns, without accents, as they begin in the sheets of several provinces.
_HEADINGS = {
    "number": ("stt", "tt", "so tt"),
    "name": ("linh vuc", "tieu chi", "noi dung", "ten tieu chi"),
    "max": ("diem toi da", "thang diem", "diem chuan", "diem"),
    "text": ("cach cham", "cach tinh", "noi dung thang diem", "huong dan cham", "phuong phap", "ghi chu"),
}
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


def read_sheet(path: Path, *, sheet: str | None = None) -> list[Row]:
    """Rows of an .xlsx or .csv file with their numbers from 1; empty rows are left out.

    Cells of a .csv file are divided by commas, semicolons (as Excel writes in Vietnamese) or tabs.

    Raises:
        RubricError: the file cannot be read, or has no such sheet.
    """
    if path.suffix.lower() == ".csv":
        try:
            text = path.read_text(encoding="utf-8-sig")
            rows = [list(row) for row in csv.reader(text.splitlines(keepends=True), delimiter=_delimiter(text))]
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise RubricError(
                f"{path.name}: not a CSV file in UTF-8 ({error}); save the sheet as 'CSV UTF-8' or as .xlsx"
            ) from error
        return [(number, row) for number, row in enumerate(rows, start=1) if any(str(cell).strip() for cell in row)]
    workbook = _workbook(path)
    if sheet is not None and sheet not in workbook.sheetnames:
        raise RubricError(f"{path.name}: no sheet {sheet!r}; it has {', '.join(workbook.sheetnames)}")
    chosen = workbook[sheet] if sheet else workbook.active
    every = enumerate(chosen.iter_rows(values_only=True), start=1)
    return [(number, list(row)) for number, row in every if any(cell not in (None, "") for cell in row)]


def find_columns(path: Path, rows: list[Row]) -> Columns:
    """The columns of the table, by its headings in one or two lines.

    Raises:
        RubricError: there are no such headings; naming the other sheets where there are some.
    """
    for place, (number, row) in enumerate(rows[:_FIRST_ROWS]):
        cells = [plain(cell) for cell in row]
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
            return _below(Columns(number, **found), rows[place + 1 : place + 3])
    wanted = ", ".join(_HEADING_NAMES.values())
    others = [] if path.suffix.lower() == ".csv" else _workbook(path).sheetnames
    sheets = f", or choose the sheet: {', '.join(others)}" if len(others) > 1 else ""
    raise RubricError(
        f"{path.name}: none of the first {_FIRST_ROWS} rows has the headings {wanted}; add a heading row{sheets}"
    )


def cell_name(path: Path, row: int, column: int) -> str:
    """A cell as a person finds it: file, letter of the column, number of the row."""
    from openpyxl.utils import get_column_letter

    return f"{path.name}, cell {get_column_letter(column + 1)}{row}"


def plain(text: Any) -> str:
    """Lower case without accents, đ as d, one space between words."""
    base = unicodedata.normalize("NFD", str(text or "").replace("Đ", "D").replace("đ", "d"))
    return " ".join("".join(c for c in base if not unicodedata.combining(c)).lower().split())


def value(cells: list[Any], column: int) -> str:
    """A cell as text with single spaces; whole numbers without a fraction, nothing as ''."""
    held = cells[column] if column < len(cells) else None
    if isinstance(held, float):
        held = round(held, 9)  # what formulas add up to: 0.1 + 0.2
        held = int(held) if held.is_integer() else held
    return " ".join(str(held).split()) if held is not None else ""


def _workbook(path: Path) -> Any:
    from openpyxl import load_workbook  # only where a sheet is read

    try:
        return load_workbook(path, data_only=True)
    except Exception as error:
        raise RubricError(f"{path.name}: not an .xlsx workbook that can be read ({error})") from error


def _delimiter(text: str) -> str:
    """What divides the line of headings; a comma where there is none."""
    for line in text.splitlines()[:_FIRST_ROWS]:
        if plain(line).lstrip('"').startswith(_HEADINGS["number"]):
            return max(",;\t", key=line.count)
    return ","


def _below(columns: Columns, rows: list[Row]) -> Columns:
    """The columns with what a second line of headings says, and a line that numbers the columns passed over."""
    for number, row in rows:
        held = value(row, columns.number), value(row, columns.name)
        if tuple(plain(one).strip("()") for one in held) in _COLUMN_NUMBERS:
            return Columns(number, columns.number, columns.name, columns.max, columns.text)
        maxima = [i for i, cell in enumerate(row) if plain(cell) in _MAX_BELOW]
        if held[0] or held[1] or not maxima:
            break
        columns = Columns(number, columns.number, columns.name, maxima[0], columns.text)
    return columns
