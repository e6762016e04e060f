"""Read PAPI tables from workbooks as their publisher lays them out.

Two layouts are in use. Until 2017: a row per province, a column per dimension (`1: …`) and sub-dimension (`1.1: …`),
with further sheets of indicators. Since 2018: a row per indicator with labels in one or two languages and the scale, a
column per province, some header rows above, rows for totals, intervals and errors, and sheets of earlier years. Both
are read as provinces by measures; which it is follows from where the names of the provinces stand.

Labels are recognised by their number, never by their words: re-issued tables put today's words on old columns.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from cchc_pipeline.reference.papi_instrument import Instrument, PapiTableError, former_provinces, instrument
from cchc_pipeline.sources.papi.tables import Figure, PapiTable
from cchc_pipeline.tabular.cells import CellError, Formula, read_number, without_marks
from cchc_pipeline.tabular.files import Row, TableFileError

#: Texts of a cell without a figure.
NO_SCORE = frozenset({"", "NA", "N/A", "#N/A", "-", "–", "."})
WEIGHTED, UNWEIGHTED, STANDARD_ERROR = "TOTAL_WEIGHTED", "TOTAL_UNWEIGHTED", "TOTAL_STANDARD_ERROR"

_PREFIXES = re.compile(r"^(?:tinh|thanh pho|tp|t p|province of|city of)\s+|\s+(?:province|city)$")
#: Spellings that differ by more than marks, spaces and prefixes, as letters only.
_OTHER_NAMES = {
    "hue": "thuathienhue",
    "tthue": "thuathienhue",
    "hcm": "hochiminh",
    "hcmc": "hochiminh",
    "tphcm": "hochiminh",
    "brvt": "bariavungtau",
    "vungtau": "bariavungtau",
    "baccan": "backan",
    "daclac": "daklak",
    "dacnong": "daknong",
    "contum": "kontum",
    "dienbienphu": "dienbien",
}
#: Lines of a table that are about no single province.
_SUMMARIES = (
    "trung binh", "cao nhat", "thap nhat", "lon nhat", "nho nhat", "trung vi", "ca nuoc", "toan quoc", "do lech chuan",
    "highest", "lowest", "mean", "median", "average", "maximum", "minimum", "national", "standard deviation",
    "thang diem", "scale",
)  # fmt: skip
_SUMMARY_WORDS = frozenset({"stt", "tt", "no", "no.", "ma", "id", "code", "papi id", "max", "min", "sd", "vung", "nam"})
#: Statistics about a score that stand in lines of their own beside it.
_ABOUT_A_SCORE = re.compile(
    r"\bci\b|confidence|tin cay|sai so|standard error|\bs\.?e\.?\b|diem thap|diem cao|so nguoi tra loi|\bn ?="
)
_WEIGHTED = re.compile(r"(?<!khong )(?<!khong co )co trong so|(?<!un)weighted")
_UNWEIGHTED = re.compile(r"khong (?:co )?trong so|unweighted")
_ERROR = re.compile(r"sai so chuan|standard error")
_SLOT_WORDS = r"(?:sub-? ?dimension|(?:chi so|truc|noi dung|thanh phan)(?: (?:noi dung|thanh phan|con))*)"
_SLOT = re.compile(rf"^(?:{_SLOT_WORDS}\s*)?([1-8])\.([1-9])(?![\d.]*\d)(?![a-z])")
_SLOT_CODE = re.compile(r"^sc ?([1-8])\.?([1-9])(?!\d)")
_DIMENSION = re.compile(
    r"^(?:dimension|chi so noi dung|truc noi dung|noi dung|truc|linh vuc|d)\s*([1-8])(?!\d)(?!\.\d)"
    r"|^([1-8])\s*[:.](?!\s*\d)"
)
#: Fewest provinces in the line of names of a table; tables of today's map have 34, earlier ones 60 to 63.
FEWEST_PROVINCES = 40
#: Lines, or columns, from the first in which the names are looked for.
_HEADER_LINES = 15
#: Largest difference in points of a dimension from the sum of its parts; published ones reach 0.0007.
SUM_TOLERANCE = 0.01
_YEAR = re.compile(r"(?<!\d)20[0-4]\d(?!\d)")


def province_code(text: object) -> str | None:
    """Return P01 to P63 for any spelling of a province of before 1/7/2025, or None."""
    if not isinstance(text, str):
        return None
    return _by_name().get(_letters(text))


def is_new_map(names: list[str]) -> bool:
    """Tell whether names are those of the 34 provinces since 1/7/2025."""
    today = {_letters(province.successor_name_vi) for province in former_provinces().values()}
    found = {_letters(name) for name in names}
    return bool(found) and len(found) <= len(today) and found <= today


def is_summary(text: object) -> bool:
    """Tell whether a line is a summary (mean, maximum, scale, number), no province."""
    words = without_marks(text)
    return words in _SUMMARY_WORDS or any(re.search(rf"\b{one}\b", words) for one in _SUMMARIES)


def measure_code(texts: list[object]) -> str | None:
    """Return the code of the figures labelled by these texts, the nearest text last.

    Returns:
        SC11 to SC89, D1 to D8, one of the three totals, or None where it is none of these: an indicator, a
        confidence interval, a heading.
    """
    words = [without_marks(text) for text in texts if isinstance(text, str) and text.strip()]
    whole = " | ".join(words)
    if total := _total(whole):
        return total
    if _ABOUT_A_SCORE.search(whole) or _WEIGHTED.search(whole):
        return None
    for text in reversed(words):
        if found := _SLOT_CODE.match(text) or _SLOT.match(text):
            return f"SC{found[1]}{found[2]}"
        if found := _DIMENSION.match(text):
            return f"D{found[1] or found[2]}"
    return None


def _total(words: str) -> str | None:
    if "papi" not in words:
        return None
    plain = _UNWEIGHTED.search(words)
    if _ERROR.search(words):
        return STANDARD_ERROR if plain else None
    if _ABOUT_A_SCORE.search(words):
        return None
    return UNWEIGHTED if plain else WEIGHTED if _WEIGHTED.search(words) else None


def _letters(text: str) -> str:
    words = " ".join(re.sub(r"[^a-z0-9]+", " ", without_marks(text)).split())
    shorter = _PREFIXES.sub("", _PREFIXES.sub("", words))
    letters = shorter.replace(" ", "")
    return _OTHER_NAMES.get(letters, letters)


@cache
def _by_name() -> dict[str, str]:
    """Map names in letters only, and codes, to province codes."""
    names: dict[str, str] = {}
    for code, province in former_provinces().items():
        for name in (province.name_vi, province.name_en, code):
            names[_letters(name)] = code
    return names


def tables_of_sheets(sheets: Iterable[tuple[str, Sequence[Row]]], file: str) -> list[PapiTable]:
    """Find the table of every year in sheets (name, rows) of the workbook `file`, in order.

    The name of the file may say the year.

    Raises:
        TableFileError: nothing can be read with certainty; with sheet, cell and fix.
    """
    tables: dict[int, PapiTable] = {}
    passed: list[str] = []
    found: list[_Sheet] = []
    for name, rows in sheets:
        sheet = _find(name, rows, file)
        passed.append(sheet) if isinstance(sheet, str) else found.append(sheet)
    if not found:
        raise TableFileError(
            file,
            "no sheet holds provinces by sub-dimensions" + (f" ({'; '.join(passed)})" if passed else ""),
            "put the publisher's workbook there unchanged, or a sheet with the columns Province, SC11 to SC83",
        )
    of_file = _only_year(file)
    named = {year for sheet in found if (year := _only_year(sheet.name))}
    if of_file is not None and named and of_file not in named:
        raise TableFileError(
            file,
            f"sheet «{found[0].name}» says {min(named)}, but the name of the file says {of_file}",
            "find out which is right and rename the sheet or the file, so that they agree",
        )
    for sheet in found:
        year = _only_year(sheet.name) or of_file
        if year is None:
            what = f"neither sheet «{sheet.name}» nor the name of the file says which year it is"
            raise TableFileError(file, what, "name the file YYYY.xlsx")
        table = tables.setdefault(year, PapiTable(year, file, is_main=of_file in (None, year)))
        sheet.read_into(table)
    for table in tables.values():
        _check(table)
    return [tables[year] for year in sorted(tables)]


@dataclass(frozen=True)
class _Sheet:
    """Sheet turned so that provinces stand below each other, measures side by side.

    Attributes:
        lines: cells by (line of a province, place of a measure).
        names: place of the names of provinces.
        first: line of the first province.
        is_turned: whether a line is a column of the sheet.
    """

    file: str
    name: str
    lines: dict[int, dict[int, Any]]
    names: int
    first: int
    is_turned: bool

    def read_into(self, table: PapiTable) -> None:
        places = self._measures()
        seen: dict[str, int] = {}
        for line in sorted(line for line in self.lines if line >= self.first):
            cells = self.lines[line]
            name = cells.get(self.names)
            province = province_code(name)
            if province is None:
                self._refuse_unknown(line, name, places)
                continue
            if province in seen:
                raise self._unusable(
                    f"{self._cell(line, self.names)}: «{name}» also stands in {self._cell(seen[province], self.names)}",
                    "keep one of the two, or correct the name",
                )
            seen[province] = line
            for code, place in places.items():
                value = self._score(line, place, str(name), code, cells.get(place))
                table.enter(province, code, Figure(value, f"sheet «{self.name}», {self._cell(line, place)}"))

    def _measures(self) -> dict[str, int]:
        """Find the place of every measure that the labels name."""
        found: dict[str, list[int]] = defaultdict(list)
        for place in sorted({place for cells in self.lines.values() for place in cells}):
            labels = [self.lines[line].get(place) for line in sorted(self.lines) if line < self.first]
            if place != self.names and (code := measure_code(labels)):
                found[code].append(place)
        for code, places in found.items():
            scores = [cells for line, cells in self.lines.items() if line >= self.first]
            others = [p for p in places[1:] if any(cells.get(places[0]) != cells.get(p) for cells in scores)]
            if others:
                raise self._unusable(
                    f"{self._label(places[0])} and {self._label(others[0])} both say that they hold {code}",
                    "keep the score and rename what is an indicator",
                )
        return {code: places[0] for code, places in found.items()}

    def _refuse_unknown(self, line: int, name: Any, places: dict[str, int]) -> None:
        """Refuse a line of figures that is neither a province nor a known summary."""
        held = [place for place in places.values() if isinstance(self.lines[line].get(place), int | float)]
        if not held or (name is not None and is_summary(name)):
            return
        shown = f"«{name}»" if name is not None else "no name"
        raise self._unusable(
            f"{self._cell(line, self.names)}: {shown} is no province of before 1/7/2025, but figures stand with it",
            "correct the name, or remove the line if it is about no province",
        )

    def _score(self, line: int, place: int, province: str, code: str, cell: Any) -> float | None:
        at = f"{self._cell(line, place)} ({province}, {code})"
        text = cell.text if isinstance(cell, Formula) else cell.strip() if isinstance(cell, str) else None
        if cell is None or (text is not None and text.upper() in NO_SCORE):
            return None
        if isinstance(cell, Formula):
            what = f"{at}: the formula {cell.text[:40]!r} has no value"
            raise self._unusable(what, "open and save the workbook in Excel, or write it")
        fix = "write the score, or leave it blank"
        try:
            cell = cell if text is None else read_number(text, "either")
        except CellError:
            raise self._unusable(f"{at}: {str(text)[:40]!r} is no number", fix) from None
        most = 100 if code.startswith("TOTAL") else 10
        if isinstance(cell, bool) or not isinstance(cell, int | float) or not 0 <= cell <= most:
            raise self._unusable(f"{at}: {str(cell)[:40]} is no score between 0 and {most}", fix)
        return float(cell)

    def _cell(self, line: int, place: int) -> str:
        row, column = (place, line) if self.is_turned else (line, place)
        return f"cell {_column_letters(column)}{row}"

    def _label(self, place: int) -> str:
        return f"row {place}" if self.is_turned else f"column {_column_letters(place)}"

    def _unusable(self, what: str, fix: str) -> TableFileError:
        return TableFileError(self.file, f"sheet «{self.name}», {what}", fix)


def _find(name: str, rows: Sequence[Row], file: str) -> _Sheet | str:
    """Find the table on a sheet, or say why there is none."""
    upright: dict[int, dict[int, Any]] = {
        number: {place: cell for place, cell in enumerate(cells, 1) if cell is not None} for number, cells in rows
    }
    turned: dict[int, dict[int, Any]] = defaultdict(dict)
    for number, cells in upright.items():
        for place, cell in cells.items():
            turned[place][number] = cell
    found = [
        (len(set(where.values())), _Sheet(file, name, lines, place, min(where), is_turned))
        for lines, is_turned in ((upright, False), (dict(turned), True))
        for place in range(1, _HEADER_LINES + 1)
        if (where := {line: code for line, cells in lines.items() if (code := province_code(cells.get(place)))})
    ]
    if not found:
        return f"«{name}»: no names of provinces"
    count, sheet = max(found, key=lambda one: one[0])
    if not any(code.startswith("SC") for code in sheet._measures()):
        return f"«{name}»: no label 1.1, 1.2 … or SC11, SC12 … of a sub-dimension"
    if count < FEWEST_PROVINCES:
        names = [str(cells[sheet.names]) for cells in sheet.lines.values() if province_code(cells.get(sheet.names))]
        if is_new_map(names):
            raise TableFileError(
                file,
                f"sheet «{name}» holds {count} provinces of the map since 1/7/2025; its codes and scores are others",
                "put the table of the 63 provinces there: PAPI until 2024 was surveyed in them",
            )
        raise TableFileError(
            file,
            f"sheet «{name}» holds only {count} of the 63 provinces",
            "put the whole table there; leave the scores of a province without figures blank",
        )
    return sheet


def _check(table: PapiTable) -> None:
    """Check that all sub-dimensions of the year are there, and that sums are right."""
    try:
        wanted = instrument(table.year)
    except PapiTableError as error:
        raise TableFileError(table.file, f"holds the year {table.year}", str(error)) from None
    held = table.codes()
    if absent := [slot for slot in wanted.slots if slot not in held]:
        named = ", ".join(f"{slot[2]}.{slot[3]} ({wanted.slots[slot].name_vi})" for slot in absent)
        raise TableFileError(
            table.file,
            f"{', '.join(table.sheets())}: no label for {named}, which the instrument of {table.year} has",
            "check the year of the sheet, or label the row or column by its number such as 1.1",
        )
    for (_, code), figure in table.figures.items():
        if code.startswith("SC") and code not in wanted.slots and figure.value:
            what = f"{figure.where}: {figure.value:g} stands for {code}, which the instrument of {table.year} has not"
            raise TableFileError(table.file, what, "check the year of the sheet")
    for province in table.provinces():
        _check_sums(table, wanted, province)


def _check_sums(table: PapiTable, wanted: Instrument, province: str) -> None:
    for dimension, slots in (*wanted.dimensions.items(), (UNWEIGHTED, tuple(wanted.slots))):
        published = table.figures.get((province, dimension))
        parts = [table.figures[province, slot].value for slot in slots if (province, slot) in table.figures]
        if published is None or not published.value or len(parts) < len(slots) or not all(parts):
            continue
        total = sum(part for part in parts if part is not None)
        if abs(total - published.value) > SUM_TOLERANCE:
            raise TableFileError(
                table.file,
                f"{published.where}: {dimension} of {province} is {published.value:.4f}, "
                f"but its sub-dimensions add up to {total:.4f}",
                "look for a column or row that is shifted, or for rows of another year",
            )


def _only_year(text: str) -> int | None:
    years = set(_YEAR.findall(text))
    return int(years.pop()) if len(years) == 1 else None


def _column_letters(column: int) -> str:
    from openpyxl.utils import get_column_letter

    return str(get_column_letter(column))
