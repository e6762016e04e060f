"""From a cell of a register, typed by a person, to the value that a contract's column holds."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from cchc_pipeline.contracts import Column
from cchc_pipeline.contracts.register_lists import codes_by_name
from cchc_pipeline.reference.unit_codes import canonical_unit_code
from cchc_pipeline.text import mask_text

_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?)?\Z")
_DAY_FIRST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?:[T ]00:00(?::00)?)?\Z")
_PLAIN = re.compile(r"-?\d+(?:[.,]\d+)?\Z")
_GROUPED = re.compile(r"-?\d{1,3}([., ])\d{3}(?:\1\d{3})*(?:(?!\1)[.,]\d+)?\Z")
_AMBIGUOUS = re.compile(r"-?[1-9]\d{0,2}[.,]\d{3}\Z")
_YES = frozenset({"x", "có", "co", "1", "true", "yes", "đúng"})
#: Columns of free text: what names a person in them is masked.
_FREE_TEXT = ("name", "note", "source", "band", "scored_by", "evidence")
_NO = frozenset({"", "0", "không", "khong", "false", "no", "sai"})


class Unreadable(ValueError):  # noqa: N818 - says what a cell is
    """A cell that holds something else than its column asks for; the message is the reason, in Vietnamese."""


def plain(text: str) -> str:
    """Text for comparing names: NFC, one space between words, no case, no mark of a required column."""
    return " ".join(unicodedata.normalize("NFC", text).replace("*", " ").split()).casefold()


def read_cell(column: Column, cell: Any) -> Any:
    """The value of `cell` in the type of `column`; None for an empty cell.

    Args:
        column: of the register's contract.
        cell: text of a CSV, or text, number, bool, date or datetime of a workbook.

    Raises:
        Unreadable: it holds something else, or something that can be read in two ways.
    """
    if isinstance(cell, str):
        cell = unicodedata.normalize("NFC", cell).replace("\u00a0", " ").replace("\u202f", " ").strip() or None
    if cell is None:
        return None
    return _READERS[column.physical_type](column, cell)


def _text(column: Column, cell: Any) -> str:
    if isinstance(cell, (date, datetime)):
        raise Unreadable("ô là ngày, cần văn bản; hãy định dạng cột là Văn bản (Text) rồi nhập lại")
    if isinstance(cell, float) and not cell.is_integer():
        raise Unreadable(
            "ô là số lẻ, cần văn bản (1.1 và 1.10 là một số nhưng là hai mã); hãy định dạng cột là Văn bản"
        )
    text = str(int(cell)) if isinstance(cell, float) else str(cell)
    if column.name == "unit_code":
        return canonical_unit_code(text) or text
    if known := codes_by_name(column):
        return known.get(plain(text), text)
    return mask_text(text) if column.name in _FREE_TEXT else text


def _number(column: Column, cell: Any) -> float:
    del column
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return float(cell)
    if not isinstance(cell, str):
        raise Unreadable("không phải số")
    if _AMBIGUOUS.match(cell):
        whole, part = re.sub(r"[.,]", "", cell), cell.replace(".", ",")
        raise Unreadable(f"có thể là {whole} hoặc {part}0: hãy viết không có dấu phân cách hàng nghìn, như {whole}")
    if _PLAIN.match(cell):
        return float(cell.replace(",", "."))
    if match := _GROUPED.match(cell):
        separator = match[1]
        whole, _, decimals = cell.replace(separator, "").replace(",", ".").partition(".")
        return float(f"{whole}.{decimals or 0}")
    raise Unreadable("không phải số")


def _integer(column: Column, cell: Any) -> int:
    value = _number(column, cell)
    if not value.is_integer():
        raise Unreadable("không phải số nguyên")
    return int(value)


def _date(column: Column, cell: Any) -> date:
    del column
    if isinstance(cell, datetime):
        if (cell.hour, cell.minute, cell.second) != (0, 0, 0):
            raise Unreadable("có cả giờ, cần một ngày")
        return cell.date()
    if isinstance(cell, date):
        return cell
    if isinstance(cell, str):
        first = _YEAR_FIRST.match(cell)
        match = first or _DAY_FIRST.match(cell)
        if match:
            year, month, day = match.groups() if first else reversed(match.groups())
            try:
                return date(int(year), int(month), int(day))
            except ValueError:
                raise Unreadable("không có ngày này trong lịch") from None
    raise Unreadable("không phải ngày; hãy viết ngày/tháng/năm như 31/12/2025 hoặc 2025-12-31")


def _mark(column: Column, cell: Any) -> bool:
    del column
    text = plain(str(int(cell)) if isinstance(cell, (bool, float)) else str(cell))
    if text in _YES:
        return True
    if text in _NO:
        return False
    raise Unreadable("không phải dấu x; để trống nếu không")


_READERS: dict[str, Callable[[Column, Any], Any]] = {
    "VARCHAR": _text,
    "DOUBLE": _number,
    "INTEGER": _integer,
    "DATE": _date,
    "BOOLEAN": _mark,
}
