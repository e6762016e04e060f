"""The cells of an Excel workbook as they stand there, sheet by sheet."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Rows = list[tuple[int, tuple[Any, ...]]]


class WorkbookUnusable(Exception):  # noqa: N818 - says what a file is
    """A file that is no whole workbook. `args` are what is wrong and what to do."""


@dataclass(frozen=True)
class Formula:
    """A cell whose formula was never calculated, or ended in an error."""

    text: str


def workbook_rows(content: bytes) -> list[tuple[str, Rows]]:
    """Every sheet's name with its (row number from 1, cells), rows without anything left out.

    A cell is text, number, bool, date or datetime; None where it is blank; a `Formula` where one has no value.

    Raises:
        WorkbookUnusable: the content is no .xlsx workbook, is cut off or has a password.
    """
    from openpyxl import load_workbook  # half a second that a night without workbooks need not pay

    try:
        values = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        formulas = load_workbook(io.BytesIO(content), read_only=True, data_only=False)
        found: list[tuple[str, Rows]] = []
        for sheet in values.worksheets:
            pairs = zip(_cells(sheet), _cells(formulas[sheet.title]), strict=True)
            merged = enumerate(map(_merged, pairs), 1)
            found.append((sheet.title, [(n, cells) for n, cells in merged if any(c is not None for c in cells)]))
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, EOFError, SyntaxError) as error:
        raise WorkbookUnusable(
            f"the file is no whole Excel workbook ({type(error).__name__})",
            "open it in a spreadsheet program and save it again as .xlsx without a password",
        ) from None
    return found


def _cells(sheet: Any) -> Iterator[tuple[Any, ...]]:
    sheet.reset_dimensions()  # some programs write wrong ones
    for row in sheet.iter_rows():
        yield tuple((cell.value, cell.data_type) if cell.value is not None else (None, "n") for cell in row)


def _merged(pair: tuple[tuple[Any, ...], tuple[Any, ...]]) -> tuple[Any, ...]:
    """Values, with a mark where a formula has none or ended in an error."""
    merged: list[Any] = []
    for (value, kind), (formula, _) in zip(*pair, strict=True):
        is_formula = isinstance(formula, str) and formula.startswith("=")
        if kind == "e" or (value is None and is_formula):
            merged.append(Formula(str(value or formula)))
        else:
            merged.append(None if isinstance(value, str) and not value.strip() else value)
    return tuple(merged)
