"""Import a rubric from the spreadsheet of an office.

Its columns: STT, lĩnh vực/tiêu chí/tiêu chí thành phần, điểm tối đa, cách chấm.

A row with a number in STT is a domain, a criterion or a part of one, by the depth of its number (I or 1, 1.1, 1.1.1);
a row without a number goes on with the scoring text of the row above. Where Roman domains count their criteria from 1
again, these become 2.1 and 2.1.1 in domain II. A line of sums is held against the domains above it. What has parts is a
group, what has none is scored. Where the scoring text has a form that is known it becomes a rule; everything else is
scored by a person, and the text stays as its note.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from cchc_pipeline.scorecards.scoring.rubric import RubricError
from cchc_pipeline.tabular.cells import Formula, without_marks
from cchc_pipeline.tabular.files import Row, TableFileError
from cchc_pipeline.tabular.sheets import read_sheets

#: The four columns: what each is called, and how its heading begins, without accents, in sheets of several provinces.
_HEADINGS = {
    "number": ("STT", ("stt", "tt", "so tt")),
    "name": ("Lĩnh vực/Tiêu chí/Tiêu chí thành phần", ("linh vuc", "tieu chi", "noi dung", "ten tieu chi")),
    "max": ("Điểm tối đa", ("diem toi da", "thang diem", "diem chuan", "diem")),
    "text": (
        "Cách chấm", ("cach cham", "cach tinh", "noi dung thang diem", "huong dan cham", "phuong phap", "ghi chu")
    ),
}  # fmt: skip
#: A second line of headings, below a cell that spans several columns: which of them is the maximum.
_MAX_BELOW = ("toi da", "diem toi da", "diem chuan")
#: How a line begins that only numbers the columns: (1) (2) (3) (4), or A B 1 2.
_COLUMN_NUMBERS = (("1", "2"), ("a", "b"))
_FIRST_ROWS = 30
_ROMAN = re.compile(r"^[IVX]+$")
_NUMBER = re.compile(r"^\d+(\.\d+)*$")
#: A line of sums: Tổng, Tổng cộng, Tổng điểm (I+II), Cộng mục I.
_TOTAL = re.compile(
    r"^(?:tong(?: cong| diem| so diem| diem toi da)?|cong(?: muc| phan)?(?: [ivx\d.]+)?)(?: ?\(.*\))?[:. ]*$"
)
_SURVEY = ("dieu tra xa hoi hoc", "khao sat", "xhh", "sipas")
_PERCENT = r"(\d+(?:[.,]\d+)?)\s*%"
_RATIO = r"ty le[^;.]*?(?:x|\*|×)\s*diem toi da|diem toi da\s*(?:x|\*|×)[^;.]*?ty le"


@dataclass(frozen=True)
class _Table:
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


@dataclass
class _Line:
    """A numbered row of the sheet with what continues it."""

    row: int
    number: str
    name: str
    max: Fraction
    texts: list[str]
    is_roman: bool = False
    parts: list[_Line] = field(default_factory=list)

    @property
    def depth(self) -> int:
        return self.number.count(".") + 1


def import_sheet(path: Path, about: dict[str, Any], *, sheet: str | None = None) -> tuple[dict[str, Any], list[str]]:
    """Return content for a rubric file from a spreadsheet, and remarks about its cells.

    Args:
        path: .xlsx or .csv.
        about: the head of the rubric file: id, version, name_vi, name_en, legal_basis, valid_from and the like.
        sheet: name of the sheet; the one the workbook opens with where None.

    Raises:
        RubricError: with the cell, what is wrong and the fix.
    """
    table = _criteria_table(path, sheet)
    sums = [(row, cells) for row, cells in table.rows if _TOTAL.match(without_marks(cells["number"] or cells["name"]))]
    roots = _tree(table, _below_their_domain(_lines(table, [one for one in table.rows if one not in sums])))
    for root in roots:
        _check_sums(table, root)
    for row, cells in sums:
        _check_total(table, row, cells["max"], [root for root in roots if root.row < row])
    remarks: list[str] = []
    return {**about, "groups": [_group(table, root, remarks) for root in roots]}, remarks


def _check_total(table: _Table, row: int, text: str, above: list[_Line]) -> None:
    """Check a sum against all domains above it, or the domain that it closes."""
    if not text or not above:
        return
    given, whole = _points(table, row, text), sum((root.max for root in above), Fraction(0))
    if given not in (whole, above[-1].max):
        shown = f"the total is {_shown(given)}, but the domains above add up to {_shown(whole)}"
        raise table.error(row, "max", f"{shown}; correct one of them")


def _below_their_domain(lines: list[_Line]) -> list[_Line]:
    """Prefix criteria with their Roman domain where each domain counts from 1 again."""
    if not any(line.is_roman for line in lines) or all(line.is_roman or line.depth > 1 for line in lines):
        return lines
    domain = ""
    for line in lines:
        if line.is_roman:
            domain = line.number
        elif domain:
            line.number = f"{domain}.{line.number}"
    return lines


def _lines(table: _Table, rows: list[tuple[int, dict[str, str]]]) -> list[_Line]:
    lines: list[_Line] = []
    for row, cells in rows:
        number, name, most, text = (cells[column] for column in ("number", "name", "max", "text"))
        if not number:
            if not lines:
                raise table.error(row, "number", "the first row below the headings has no STT; number it")
            if most:
                fix = f"give the row a number, or move the points into the text of {lines[-1].number}"
                raise table.error(row, "max", f"{most} points in a row without STT; {fix}")
            lines[-1].texts += [part for part in (name, text) if part]
            continue
        numbered = number.rstrip(".")
        is_roman = _ROMAN.match(numbered) is not None
        if is_roman:
            numbered = str(_roman(numbered))
        if not _NUMBER.match(numbered):
            raise table.error(row, "number", f"STT {number!r} is neither I, II, … nor 1, 1.1, 1.1.1; correct it")
        if not name:
            raise table.error(row, "name", f"{number} has no name; write it")
        lines.append(_Line(row, numbered, name, _points(table, row, most), [text] if text else [], is_roman))
    if not lines:
        raise RubricError(f"{table.file}: no row below the headings; give the table its rows")
    return lines


def _roman(text: str) -> int:
    values = [{"I": 1, "V": 5, "X": 10}[letter] for letter in text]
    return sum(-one if one < after else one for one, after in zip(values, [*values[1:], 0], strict=True))


def _points(table: _Table, row: int, text: str) -> Fraction:
    try:
        points = Fraction(text.replace(",", "."))
    except (ValueError, ZeroDivisionError):
        why = f"{text!r} is no number" if text else "empty, merged with another, or a formula that was never calculated"
        raise table.error(row, "max", f"Điểm tối đa is {why}; write points such as 1 or 0,5") from None
    if points <= 0 or (points * 100).denominator != 1:
        raise table.error(row, "max", f"Điểm tối đa {text} is not above 0 with at most two decimals; correct it")
    return points


def _tree(table: _Table, lines: list[_Line]) -> list[_Line]:
    known: dict[str, _Line] = {}
    for line in lines:
        if line.number in known:
            excel = "(Excel takes 1.10 for 1.1 unless the cell is text)"
            twice = f"STT {line.number} is in row {known[line.number].row} already; renumber one {excel}"
            raise table.error(line.row, "number", twice)
        known[line.number] = line
        above = line.number.rpartition(".")[0]
        if above in known:
            known[above].parts.append(line)
        elif above:
            fix = "add that row or renumber this one"
            raise table.error(line.row, "number", f"STT {line.number} stands below no {above}; {fix}")
    return [line for line in lines if line.depth == 1]


def _check_sums(table: _Table, line: _Line) -> None:
    total = sum((part.max for part in line.parts), Fraction(0))
    if line.parts and total != line.max:
        rows = f"rows {line.parts[0].row} to {line.parts[-1].row}"
        wrong = f"{line.number} has {_shown(line.max)} points, but its parts ({rows}) add up to {_shown(total)}"
        raise table.error(line.row, "max", f"{wrong}; correct one of them")
    for part in line.parts:
        _check_sums(table, part)


def _shown(points: Fraction) -> str:
    return f"{float(points):g}"


def _group(table: _Table, line: _Line, remarks: list[str]) -> dict[str, Any]:
    head = {"code": f"G{line.number}", "name_vi": line.name, "name_en": line.name}
    parts = line.parts or [line]  # a domain without parts is one criterion
    groups = [_group(table, part, remarks) for part in parts if part.parts]
    criteria = [_criterion(table, part, remarks) for part in parts if not part.parts]
    return {**head, **({"groups": groups} if groups else {}), **({"criteria": criteria} if criteria else {})}


def _criterion(table: _Table, line: _Line, remarks: list[str]) -> dict[str, Any]:
    text = "; ".join(line.texts)
    rule = rule_of_text(text, line.max)
    is_survey = any(word in without_marks(f"{line.name} {text}") for word in _SURVEY)
    if rule is None:
        by = "khảo sát" if is_survey else "người chấm"
        said = f"{line.number} không có công thức nhận ra được, điểm do {by} nhập: {(text or '(trống)')[:120]}"
        remarks.append(f"{table.cell(line.row, 'text')}: {said}")
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
    """Return the rule that a scoring text states; None for an unknown form.

    Known forms (accents and case aside): a ratio times the maximum, with the share from which on it is full and the
    share below which it is nothing; all or nothing at a share; a list of shares with points.
    """
    words = without_marks(text)
    below = re.search(rf"duoi\s*{_PERCENT}[^;]*?:?\s*(?:0(?:[.,]0+)?\s*diem|khong (?:co |duoc )?diem|0$)", words)
    floor = _share(below[1]) if below else None
    if re.search(_RATIO, words):
        over = re.search(rf"/\s*{_PERCENT}", words)
        full_at = _share(over[1]) if over else Fraction(1)
        if floor is not None:
            return {"kind": "linear_above_floor", "floor": _number(floor), "full_at": _number(full_at)}
        return {"kind": "linear", "full_at": _number(full_at)}
    steps = [
        (_share(share), Fraction(points.replace(",", ".")))
        for share, points in re.findall(
            rf"(?:tu|dat|>=|≥)\s*(?:tu\s*)?{_PERCENT}[^;:]*:\s*(\d+(?:[.,]\d+)?)\s*diem", words
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


def _criteria_table(path: Path, sheet: str | None) -> _Table:
    """Find the table of criteria in an office's file; see `import_sheet`."""
    beginnings = tuple(one for _, some in _HEADINGS.values() for one in some)
    try:
        sheets = read_sheets(path, lambda text: without_marks(text).startswith(beginnings))
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
                f"{path.name}, row {number}: no column '{_HEADINGS['text'][0]}' among "
                f"{', '.join(str(cell) for cell in row if cell)}; add it, empty where nothing is said"
            )
        last, columns = _below(number, columns, chosen.rows[place + 1 : place + 3])
        rows = [(at, {what: _text(cells, i) for what, i in columns.items()}) for at, cells in chosen.rows if at > last]
        return _Table(path.name, columns, rows)
    wanted = ", ".join(name for name, _ in _HEADINGS.values())
    others = f", or choose the sheet: {names}" if len(sheets) > 1 else ""
    raise RubricError(
        f"{path.name}: none of the first {_FIRST_ROWS} rows has the headings {wanted}; add a heading row{others}"
    )


def _headings(row: Sequence[Any]) -> dict[str, int]:
    """Find the positions of the columns that a row heads."""
    cells = [without_marks(cell or "") for cell in row]
    found: dict[str, int] = {}
    for what, (_, beginnings) in _HEADINGS.items():
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
