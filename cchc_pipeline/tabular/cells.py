"""Read cells that people write as values of a contract's types."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Literal

from cchc_pipeline.contracts.code_lists import codes_by_name
from cchc_pipeline.contracts.parts import Column
from cchc_pipeline.days import LOCAL_ZONE
from cchc_pipeline.reference.unit_codes import canonical_unit_code

#: Mark before decimals: told by each cell (auto), always one of them, or either (a number that has no groups).
DecimalMark = Literal["auto", "comma", "point", "either"]
_MARKS = {"auto": ",.", "either": ",.", "comma": ",", "point": "."}
_DAY = re.compile(r"(?:(\d{4})([-/.])(\d{1,2})\2(\d{1,2})|(\d{1,2})([-/.])(\d{1,2})\6(\d{4}))", re.ASCII)
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?", re.ASCII)
_OFFSET = re.compile(r"(?:Z|[+-]\d{2}:?\d{2})\Z", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d+(?:[.,]0+)?\Z", re.ASCII)
_PLAIN = re.compile(r"[+-]?\d+(?:([.,])\d+)?(?:[eE][+-]?\d+)?\Z", re.ASCII)
_GROUPED = re.compile(
    r"[+-]?[1-9]\d{0,2}(?P<separator>[., ])\d{3}(?P<more>(?:(?P=separator)\d{3})*)"
    r"(?:(?!(?P=separator))(?P<mark>[.,])(?P<decimals>\d+))?\Z",
    re.ASCII,
)
_TRUTH = {
    **dict.fromkeys(("true", "1", "có", "co", "đúng", "yes", "x"), True),
    **dict.fromkeys(("false", "0", "không", "khong", "sai", "no"), False),
}
#: Reason why a cell cannot be read, by physical type: (Vietnamese, English).
NOT_READABLE = {
    "INTEGER": ("không phải số nguyên", "is no whole number; write 1234"),
    "BIGINT": ("không phải số nguyên", "is no whole number; write 1234"),
    "DOUBLE": ("không phải số", "is no number; write 12,5 or 12.5"),
    "BOOLEAN": ("không phải dấu x; để trống nếu không", "is neither có, x, 1, true nor không, 0, false"),
    "DATE": (
        "không phải ngày; hãy viết ngày/tháng/năm như 31/12/2025 hoặc 2025-12-31",
        "is no day; write 31/12/2025 or 2025-12-31",
    ),
    "TIMESTAMP_TZ": (
        "không phải thời điểm; hãy viết như 31/12/2025 08:00 hoặc theo ISO 8601",
        "is no instant; write 31/12/2025 08:00 or ISO 8601",
    ),
    "VARCHAR": ("có ký tự điều khiển hoặc bị hỏng", "holds control characters, or is damaged"),
}


def comparable(text: Any) -> str:
    """Return the text in NFC with single spaces, without case and stars."""
    return " ".join(unicodedata.normalize("NFC", str(text)).replace("*", " ").split()).casefold()


def without_marks(text: Any) -> str:
    """Return the text without accents and case, `đ` as `d`, with single spaces."""
    base = unicodedata.normalize("NFD", str(text).replace("Đ", "D").replace("đ", "d"))
    return " ".join("".join(sign for sign in base if unicodedata.category(sign) != "Mn").casefold().split())


class CellError(ValueError):
    """Cell without a value of its column's type; `vi` and `en` say why."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(vi)
        self.vi, self.en = vi, en


@dataclass(frozen=True)
class Formula:
    """Cell whose formula was never calculated, or ended in an error."""

    text: str

    def __str__(self) -> str:
        return self.text


def read_cell(column: Column, cell: Any, decimal: DecimalMark = "auto") -> Any:
    """Turn a cell into the value of its column; None for an empty cell.

    A cell is text, or number, bool, date, datetime or `Formula` of a workbook. Codes are known by code and by label,
    agency codes by their canonical and QCVN 102 form.

    Raises:
        CellError: it holds something else, or something that can be read in two ways.
    """
    if isinstance(cell, Formula):
        raise CellError("công thức chưa có kết quả hoặc bị lỗi", "is a formula without a result, or with an error")
    if isinstance(cell, str):
        cell = unicodedata.normalize("NFC", cell).replace("\u00a0", " ").replace("\u202f", " ").strip()
        codes = codes_by_name(column.code_list) if column.code_list else {}
        cell = codes.get(comparable(cell), cell) or None
    if cell is None:
        return None
    if column.physical_type == "DOUBLE":
        return read_number(cell, decimal)
    value = _READERS[column.physical_type](cell)
    return canonical_unit_code(value) or value if column.name == "unit_code" else value


def read_text(cell: Any) -> str:
    """Read a text; a whole number kept as a float loses its `.0`. Raises CellError."""
    if isinstance(cell, (date, datetime)):
        raise CellError(
            "ô là ngày, cần văn bản; hãy định dạng cột là Văn bản (Text) rồi nhập lại",
            "is a date, not a text; format the column as Text and enter it again",
        )
    if isinstance(cell, float) and not cell.is_integer():
        raise CellError(
            "ô là số lẻ, cần văn bản (1.1 và 1.10 là một số nhưng là hai mã); hãy định dạng cột là Văn bản",
            "is a number with decimals, not a text (1.1 and 1.10 are one number and two codes); format it as Text",
        )
    text = str(int(cell)) if isinstance(cell, float) else str(cell)
    if any(unicodedata.category(sign) in ("Cc", "Cs") and sign not in "\t\n\r" for sign in text):
        raise CellError(*NOT_READABLE["VARCHAR"])
    return text


def read_integer(cell: Any, bits: int = 31) -> int:
    """Read a whole number, with or without groups of three digits. Raises CellError."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    if isinstance(cell, str):
        grouped = _GROUPED.match(cell)
        if grouped and not (grouped["decimals"] or "").strip("0"):
            cell = re.sub("[., ]", "", cell[: grouped.start("mark")] if grouped["mark"] else cell)
        if _WHOLE.match(cell) and len(cell) < 40:
            cell = int(re.split("[.,]", cell)[0])
    if isinstance(cell, bool) or not isinstance(cell, int) or not -(2**bits) <= cell < 2**bits:
        raise CellError(*NOT_READABLE["INTEGER"])
    return cell


def read_number(cell: Any, decimal: DecimalMark = "auto") -> float:
    """Read a finite number; `1.234` is none unless `decimal` says what the mark is.

    Raises:
        CellError: it is no number, or can be two.
    """
    if isinstance(cell, str):
        cell = _as_python_writes(cell, decimal)
    if isinstance(cell, bool) or not isinstance(cell, (int, float, str)):
        raise CellError(*NOT_READABLE["DOUBLE"])
    try:
        value = float(cell)
    except (ValueError, OverflowError):
        value = math.nan
    if not math.isfinite(value):
        raise CellError(*NOT_READABLE["DOUBLE"])
    return value


def _as_python_writes(cell: str, decimal: DecimalMark) -> str:
    marks = _MARKS[decimal]
    if decimal != "either" and (grouped := _GROUPED.match(cell)):
        separator, mark = grouped["separator"], grouped["mark"]
        if decimal == "auto" and not mark and separator != " " and not grouped["more"]:
            whole, part = re.sub(r"[.,]", "", cell), cell.replace(".", ",")
            raise CellError(
                f"có thể là {whole} hoặc {part}0: hãy viết không có dấu phân cách hàng nghìn, như {whole}",
                f"can be {whole} or {part.replace(',', '.')}0; write it without a separator of thousands, as {whole}",
            )
        before_decimals = mark or {".": ",", ",": ".", " ": marks[0]}[separator]
        if before_decimals in marks:
            return cell.replace(separator, "").replace(before_decimals, ".")
    plain = _PLAIN.match(cell)
    return cell.replace(",", ".") if plain and (plain[1] is None or plain[1] in marks) else ""


def read_boolean(cell: Any) -> bool:
    """Read có/không, x, 1/0, true/false, đúng/sai or yes/no. Raises CellError."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    found = _TRUTH.get(comparable(cell))
    if found is None:
        raise CellError(*NOT_READABLE["BOOLEAN"])
    return found


def read_day(cell: Any) -> date:
    """Read a civil day; of an instant its day in Vietnam. Raises CellError."""
    if isinstance(cell, date) and not isinstance(cell, datetime):
        return cell
    if (moment := _moment(cell)) is None:
        raise CellError(*NOT_READABLE["DATE"])
    return moment.date()


def read_instant(cell: Any) -> datetime:
    """Read an instant; civil time of Vietnam without an offset. Raises CellError."""
    if (moment := _moment(cell)) is None:
        raise CellError(*NOT_READABLE["TIMESTAMP_TZ"])
    return moment


def _moment(cell: Any) -> datetime | None:
    if isinstance(cell, datetime):
        return cell.astimezone(LOCAL_ZONE) if cell.tzinfo else cell.replace(tzinfo=LOCAL_ZONE)
    if isinstance(cell, date):
        return datetime.combine(cell, time(), LOCAL_ZONE)
    if not isinstance(cell, str):
        return None
    if _OFFSET.search(cell) and "T" in cell.upper():
        try:
            return datetime.fromisoformat(cell).astimezone(LOCAL_ZONE)
        except (ValueError, OverflowError):
            return None
    parts = re.split(r"[T ,]+", cell)
    days = [match for part in parts if (match := _DAY.fullmatch(part))]
    times = [match for part in parts if (match := _TIME.fullmatch(part))]
    if len(days) != 1 or len(times) > 1 or len(days) + len(times) != len(parts):
        return None
    year, _, month, day, first, _, second, last = days[0].groups()
    try:
        civil = date(int(year), int(month), int(day)) if year else date(int(last), int(second), int(first))
    except ValueError:
        raise CellError("không có ngày này trong lịch", "is no day of the calendar") from None
    hour, minute, second_of, fraction = times[0].groups() if times else (0, 0, 0, "")
    try:
        clock = time(int(hour), int(minute), int(second_of or 0), int((fraction or "").ljust(6, "0")))
    except ValueError:
        return None
    return datetime.combine(civil, clock, LOCAL_ZONE)


_READERS: dict[str, Callable[[Any], Any]] = {
    "VARCHAR": read_text,
    "INTEGER": read_integer,
    "BIGINT": lambda cell: read_integer(cell, 63),
    "BOOLEAN": read_boolean,
    "DATE": read_day,
    "TIMESTAMP_TZ": read_instant,
}
