"""Read the cells of an Excel workbook, sheet by sheet."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path
from typing import Any

from cchc_pipeline.tabular.cells import Formula
from cchc_pipeline.tabular.files import MAX_BYTES, Row, TableFileError, filled_rows, too_large

LAST_ROW = 1_048_576
_FORMULA = re.compile(rb"<(?:\w+:)?f[ />]")


def workbook_rows(path: Path, content: bytes) -> list[tuple[str, bool, list[Row]]]:
    """Read every sheet of a workbook.

    A cell is text, number, bool, date or datetime; None where it is blank; a `Formula` where one has no value.

    Returns:
        Of each sheet its name, whether the workbook opens with it, and its filled rows with their numbers from 1.

    Raises:
        TableFileError: the content is no .xlsx workbook, is cut off, has a password or is too large.
    """
    from openpyxl import load_workbook  # half a second that a night without workbooks need not pay

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(member.file_size for member in archive.infolist())
            if size > MAX_BYTES:
                raise too_large(path, f"{size // 2**20} MB when unpacked")
            sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/")]
            has_formulas = any(_FORMULA.search(archive.read(name)) for name in sheets)
        values = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        formulas = load_workbook(io.BytesIO(content), read_only=True) if has_formulas else None
        first = values.active
        return [
            (sheet.title, sheet is first, filled_rows(path, _rows(path, sheet, formulas and formulas[sheet.title])))
            for sheet in values.worksheets
        ]
    except TableFileError:
        raise
    except Exception as error:  # the library lets through what zip and XML raise
        raise TableFileError(
            path,
            f"it is no whole Excel workbook ({type(error).__name__})",
            "open it in a spreadsheet program and save it again as .xlsx without a password",
        ) from error


def _rows(path: Path, values: Any, formulas: Any) -> Iterator[Row]:
    number = 0
    written = repeat(None) if formulas is None else _cells(formulas)
    for number, (row, texts) in enumerate(zip(_cells(values), written, strict=False), 1):
        if row:
            yield number, tuple(map(_value, row, texts or row))
    if number > LAST_ROW:
        raise TableFileError(
            path,
            f"sheet «{values.title}» has a row below {LAST_ROW:,}, the last that Excel knows",
            "open it in a spreadsheet program, delete the stray row and save it again",
        )


def _cells(sheet: Any) -> Iterator[Any]:
    sheet.reset_dimensions()  # some programs write wrong ones
    return iter(sheet.iter_rows(max_row=LAST_ROW + 1))


def _value(cell: Any, written: Any) -> Any:
    value, text = cell.value, written.value
    if cell.data_type == "e" or (value is None and isinstance(text, str) and text.startswith("=")):
        return Formula(str(value or text))
    return value
