"""A rubric from the spreadsheet that an office has: STT, lĩnh vực/tiêu chí/tiêu chí thành phần, điểm tối đa, cách chấm.

Belongs here: reading the sheet into the content of a rubric file, with errors that name the cell. Not here: what a
rubric may hold (`rubric_file.py`, which checks the result), and guessing at points that the sheet does not state.

A row with a number in STT is a domain, a criterion or a part of one, by the depth of its number (I or 1, 1.1, 1.1.1);
a row without a number goes on with the scoring text of the row above. What has parts is a group, what has none is
scored. Where the scoring text has a form that is known it becomes a rule; everything else is scored by a person, and
the text stays as its note.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from cchc_pipeline.scorecards.errors import RubricError

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
_ROMAN = re.compile(r"^[IVX]+$")
_NUMBER = re.compile(r"^\d+(\.\d+)*$")
_TOTAL = ("tong", "tong cong", "tong diem", "cong")
_SURVEY = ("dieu tra xa hoi hoc", "khao sat", "xhh", "sipas")
_PERCENT = r"(\d+(?:[.,]\d+)?)\s*%"
_RATIO = r"ty le[^;.]*?(?:x|\*|×)\s*diem toi da|diem toi da\s*(?:x|\*|×)[^;.]*?ty le"


@dataclass
class _Line:
    """A numbered row of the sheet with what continues it."""

    row: int
    number: str
    name: str
    max: Fraction
    texts: list[str]
    parts: list[_Line] = field(default_factory=list)

    @property
    def depth(self) -> int:
        return self.number.count(".") + 1


@dataclass(frozen=True)
class Imported:
    """Content for a rubric file, and what the reader has to know about it: cells and sentences."""

    content: dict[str, Any]
    remarks: tuple[str, ...]


def read_sheet(path: Path, *, sheet: str | None = None) -> list[tuple[int, list[Any]]]:
    """Rows of an .xlsx or .csv file with their numbers from 1; empty rows are left out.

    Raises:
        RubricError: the file cannot be read, or has no such sheet.
    """
    if path.suffix.lower() == ".csv":
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                rows = [list(row) for row in csv.reader(file)]
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise RubricError(
                f"{path.name}: not a CSV file in UTF-8 ({error}); save the sheet as 'CSV UTF-8' or as .xlsx"
            ) from error
        return [(number, row) for number, row in enumerate(rows, start=1) if any(str(cell).strip() for cell in row)]
    from openpyxl import load_workbook  # only where a sheet is read

    try:
        workbook = load_workbook(path, data_only=True)
    except Exception as error:
        raise RubricError(f"{path.name}: not an .xlsx workbook that can be read ({error})") from error
    if sheet is not None and sheet not in workbook.sheetnames:
        raise RubricError(f"{path.name}: no sheet {sheet!r}; it has {', '.join(workbook.sheetnames)}")
    chosen = workbook[sheet] if sheet else workbook.active
    every = enumerate(chosen.iter_rows(values_only=True), start=1)
    return [(number, list(row)) for number, row in every if any(cell not in (None, "") for cell in row)]


def import_sheet(path: Path, about: dict[str, Any], *, sheet: str | None = None) -> Imported:
    """The rubric in a spreadsheet.

    Args:
        path: .xlsx or .csv.
        about: the head of the rubric file: id, version, name_vi, name_en, legal_basis, valid_from and the like.
        sheet: name of the sheet; the one the workbook opens with where None.

    Raises:
        RubricError: with the cell, what is wrong and the fix.
    """
    rows = read_sheet(path, sheet=sheet)
    head, columns = _head(path, rows)
    lines = _lines(path, [row for row in rows if row[0] > head], columns)
    roots = _tree(path, lines, columns)
    remarks: list[str] = []
    for root in roots:
        _check_sums(path, root, columns)
    groups = [_group(path, root, columns, remarks) for root in roots]
    return Imported({**about, "groups": groups}, tuple(remarks))


def _plain(text: Any) -> str:
    """Lower case without accents, đ as d, one space between words."""
    base = unicodedata.normalize("NFD", str(text or "").replace("Đ", "D").replace("đ", "d"))
    return " ".join("".join(c for c in base if not unicodedata.combining(c)).lower().split())


def _head(path: Path, rows: list[tuple[int, list[Any]]]) -> tuple[int, dict[str, int]]:
    """Row of the headings, and the position of each column."""
    for number, row in rows[:30]:
        cells = [_plain(cell) for cell in row]
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
            return number, found
    wanted = ", ".join(_HEADING_NAMES.values())
    raise RubricError(f"{path.name}: none of the first 30 rows has the headings {wanted}; add a heading row")


def _cell(path: Path, row: int, column: int) -> str:
    from openpyxl.utils import get_column_letter

    return f"{path.name}, cell {get_column_letter(column + 1)}{row}"


def _lines(path: Path, rows: list[tuple[int, list[Any]]], columns: dict[str, int]) -> list[_Line]:
    lines: list[_Line] = []
    for row, cells in rows:
        number, name, most, text = (_value(cells, columns[what]) for what in ("number", "name", "max", "text"))
        if _plain(name or number).rstrip(":. ") in _TOTAL:
            continue
        if not number:
            if not lines:
                raise RubricError(
                    f"{_cell(path, row, columns['number'])}: the first row below the headings has no STT; number it"
                )
            if most:
                raise RubricError(
                    f"{_cell(path, row, columns['max'])}: {most} points in a row without STT; give the row a number, "
                    f"or move the points into the text of {lines[-1].number}"
                )
            lines[-1].texts += [part for part in (name, text) if part]
            continue
        numbered = number.rstrip(".")
        if _ROMAN.match(numbered):
            numbered = str(_roman(numbered))
        if not _NUMBER.match(numbered):
            raise RubricError(
                f"{_cell(path, row, columns['number'])}: STT {number!r} is neither I, II, … nor 1, 1.1, 1.1.1; "
                "correct it"
            )
        if not name:
            raise RubricError(f"{_cell(path, row, columns['name'])}: {number} has no name; write it")
        lines.append(_Line(row, numbered, name, _points(path, row, columns["max"], most), [text] if text else []))
    if not lines:
        raise RubricError(f"{path.name}: no row below the headings; give the table its rows")
    return lines


def _value(cells: list[Any], column: int) -> str:
    value = cells[column] if column < len(cells) else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return " ".join(str(value).split()) if value is not None else ""


def _roman(text: str) -> int:
    values = [{"I": 1, "V": 5, "X": 10}[letter] for letter in text]
    return sum(-one if one < after else one for one, after in zip(values, [*values[1:], 0], strict=True))


def _points(path: Path, row: int, column: int, text: str) -> Fraction:
    try:
        points = Fraction(text.replace(",", "."))
    except (ValueError, ZeroDivisionError):
        shown = f"{text!r} is no number" if text else "empty"
        raise RubricError(
            f"{_cell(path, row, column)}: Điểm tối đa is {shown}; write points such as 1 or 0,5"
        ) from None
    if points <= 0 or (points * 100).denominator != 1:
        raise RubricError(
            f"{_cell(path, row, column)}: Điểm tối đa {text} is not above 0 with at most two decimals; correct it"
        )
    return points


def _tree(path: Path, lines: list[_Line], columns: dict[str, int]) -> list[_Line]:
    known: dict[str, _Line] = {}
    roots = []
    for line in lines:
        place = _cell(path, line.row, columns["number"])
        if line.number in known:
            raise RubricError(f"{place}: STT {line.number} is in row {known[line.number].row} already; renumber one")
        known[line.number] = line
        if line.depth == 1:
            roots.append(line)
            continue
        above = line.number.rpartition(".")[0]
        if above not in known:
            raise RubricError(f"{place}: STT {line.number} stands below no {above}; add that row or renumber this one")
        known[above].parts.append(line)
    return roots


def _check_sums(path: Path, line: _Line, columns: dict[str, int]) -> None:
    if not line.parts:
        return
    total = sum((part.max for part in line.parts), Fraction(0))
    if total != line.max:
        first, last = line.parts[0].row, line.parts[-1].row
        raise RubricError(
            f"{_cell(path, line.row, columns['max'])}: {line.number} has {_shown(line.max)} points, but its parts "
            f"(rows {first} to {last}) add up to {_shown(total)}; correct one of them"
        )
    for part in line.parts:
        _check_sums(path, part, columns)


def _shown(points: Fraction) -> str:
    return f"{float(points):g}"


def _group(path: Path, line: _Line, columns: dict[str, int], remarks: list[str]) -> dict[str, Any]:
    head = {"code": f"G{line.number}", "name_vi": line.name, "name_en": line.name}
    if not line.parts:  # a domain that is one criterion
        return {**head, "criteria": [_criterion(path, line, columns, remarks)]}
    groups = [_group(path, part, columns, remarks) for part in line.parts if part.parts]
    criteria = [_criterion(path, part, columns, remarks) for part in line.parts if not part.parts]
    return {**head, **({"groups": groups} if groups else {}), **({"criteria": criteria} if criteria else {})}


def _criterion(path: Path, line: _Line, columns: dict[str, int], remarks: list[str]) -> dict[str, Any]:
    text = "; ".join(line.texts)
    rule = rule_of_text(text, line.max)
    is_survey = any(word in _plain(f"{line.name} {text}") for word in _SURVEY)
    if rule is None:
        how = "khảo sát" if is_survey else "người chấm"
        said = text or "(trống)"
        remarks.append(
            f"{_cell(path, line.row, columns['text'])}: {line.number} không có công thức nhận ra được, điểm do {how} "
            f"nhập: {said[:120]}"
        )
    criterion: dict[str, Any] = {
        "code": f"C{line.number}",
        "name_vi": line.name,
        "name_en": line.name,
        "max": float(line.max) if line.max.denominator != 1 else int(line.max),
        "source": "survey" if is_survey else "self_assessment",
        "rule": rule or "carried",
    }
    return {**criterion, **({"note": text} if text else {})}


def rule_of_text(text: str, most: Fraction) -> dict[str, Any] | None:
    """The rule that a scoring text states, or None where it has no form that is known.

    Known forms (accents and case aside): a ratio times the maximum, with the share from which on it is full and the
    share below which it is nothing; all or nothing at a share; a list of shares with points.
    """
    plain = _plain(text)
    below = re.search(rf"duoi\s*{_PERCENT}[^;]*?:?\s*(?:0(?:[.,]0+)?\s*diem|khong (?:co |duoc )?diem|0$)", plain)
    floor = _share(below[1]) if below else None
    if re.search(_RATIO, plain):
        over = re.search(rf"/\s*{_PERCENT}", plain)
        full_at = _share(over[1]) if over else Fraction(1)
        if floor is not None:
            return {"kind": "linear_above_floor", "floor": _number(floor), "full_at": _number(full_at)}
        return {"kind": "linear", "full_at": _number(full_at)}
    steps = [
        (_share(share), Fraction(points.replace(",", ".")))
        for share, points in re.findall(
            rf"(?:tu|dat|>=|≥)\s*(?:tu\s*)?{_PERCENT}[^;:]*:\s*(\d+(?:[.,]\d+)?)\s*diem", plain
        )
    ]
    steps = [(share, points) for share, points in dict(steps).items() if points > 0]
    if not steps:
        return None
    ordered = sorted(steps)
    if any(points > most for _, points in ordered) or [p for _, p in ordered] != sorted({p for _, p in ordered}):
        return None  # more than the maximum, or more ratio for fewer points: not read right
    if len(ordered) == 1 and ordered[0][1] == most:
        return {"kind": "all_or_nothing", "full_at": _number(ordered[0][0])}
    return {"kind": "steps", "steps": [{"at": _number(share), "points": _number(points)} for share, points in ordered]}


def _share(percent: str) -> Fraction:
    return Fraction(percent.replace(",", ".")) / 100


def _number(value: Fraction) -> float | int:
    return int(value) if value.denominator == 1 else float(value)
