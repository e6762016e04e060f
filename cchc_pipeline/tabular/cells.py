"""Cells of files that people keep, as values of a contract's types."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from typing import Any, Literal
from zoneinfo import ZoneInfo

from cchc_pipeline.contracts.model import TIME_ZONE, Column

Decimal = Literal["auto", "comma", "point"]
_LOCAL = ZoneInfo(TIME_ZONE)
_DAY = re.compile(r"(?:(\d{4})-(\d{1,2})-(\d{1,2})|(\d{1,2})([/.-])(\d{1,2})\5(\d{4}))", re.ASCII)
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?", re.ASCII)
_OFFSET = re.compile(r"(?:Z|[+-]\d{2}:?\d{2})\Z", re.ASCII)
_PLAIN = re.compile(r"[+-]?\d+\Z", re.ASCII)
_GROUPS = {mark: re.compile(rf"[+-]?[1-9]\d{{0,2}}(?:[{mark}]\d{{3}})+\Z", re.ASCII) for mark in (".", ",")}
_FRACTION = {mark: re.compile(rf"[+-]?\d+[{mark}]\d+\Z", re.ASCII) for mark in (".", ",")}
_BOTH = {
    "comma": re.compile(r"[+-]?[1-9]\d{0,2}(?:[.]\d{3})+,\d+\Z", re.ASCII),
    "point": re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+[.]\d+\Z", re.ASCII),
}
_SCIENTIFIC = re.compile(r"[+-]?\d+(?:[.]\d+)?[eE][+-]?\d+\Z", re.ASCII)
_TRUTH = {
    **dict.fromkeys(("true", "1", "có", "đúng", "yes", "x"), True),
    **dict.fromkeys(("false", "0", "không", "sai", "no"), False),
}
#: What an unreadable cell is told to be, by physical type: (Vietnamese, English).
FORMS = {
    "INTEGER": ("số nguyên, như 1234 hoặc 1.234", "a whole number, as 1234 or 1.234"),
    "BIGINT": ("số nguyên, như 1234 hoặc 1.234", "a whole number, as 1234 or 1.234"),
    "DOUBLE": ("số, như 12,5 hoặc 12.5", "a number, as 12,5 or 12.5"),
    "BOOLEAN": ("có hoặc không", "true or false (có, không, 1, 0)"),
    "DATE": ("ngày dd/MM/yyyy hoặc yyyy-MM-dd", "a day dd/MM/yyyy or yyyy-MM-dd"),
    "TIMESTAMP_TZ": ("thời điểm dd/MM/yyyy HH:mm hoặc ISO 8601", "an instant dd/MM/yyyy HH:mm or ISO 8601"),
    "VARCHAR": ("chữ", "text"),
}


class Unreadable(ValueError):  # noqa: N818 - says what is
    """A cell does not hold a value of its column's type."""


def reader(column: Column, cells: Sequence[Any], decimal: Decimal = "auto") -> Callable[[Any], Any]:
    """What turns the cells of one column into values; None for an empty cell.

    Args:
        column: the column.
        cells: all its cells: whether `1.234` is 1234 or 1,234 is told by the others of the column.
        decimal: what stands before decimals; auto looks at the column.

    Returns:
        A function that raises Unreadable for a cell that is no value.
    """
    convert = {
        "VARCHAR": as_text,
        "INTEGER": lambda cell: as_integer(cell, 31),
        "BIGINT": lambda cell: as_integer(cell, 63),
        "DOUBLE": _number_reader(decimal_mark(cells) if decimal == "auto" else decimal),
        "BOOLEAN": as_boolean,
        "DATE": as_day,
        "TIMESTAMP_TZ": as_instant,
    }[column.physical_type]

    def read(cell: Any) -> Any:
        cell = clean(cell)
        return None if cell is None else convert(cell)

    return read


def clean(cell: Any) -> Any:
    """Text in NFC without outer white space; None for an empty cell; anything else as it is."""
    if isinstance(cell, str):
        return unicodedata.normalize("NFC", cell).replace("\xa0", " ").strip() or None
    return cell


def as_text(cell: Any) -> str:
    """Text; a whole number that Excel keeps as a float loses its `.0`."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ")
    text = str(cell)
    if any(unicodedata.category(sign) == "Cc" and sign not in "\t\n\r" for sign in text):
        raise Unreadable  # a legacy font, or a damaged file
    return text


def as_integer(cell: Any, bits: int) -> int:
    """A whole number; in text points or commas may stand between groups of three digits."""
    if isinstance(cell, bool):
        raise Unreadable
    if isinstance(cell, float):
        if not cell.is_integer():
            raise Unreadable
        cell = int(cell)
    if isinstance(cell, str):
        if any(pattern.match(cell) for pattern in _GROUPS.values()):
            cell = cell.replace(".", "").replace(",", "")
        elif re.fullmatch(r"[+-]?\d+[.,]0+", cell, re.ASCII):
            cell = re.split("[.,]", cell)[0]
        if not _PLAIN.match(cell):
            raise Unreadable
        cell = int(cell)
    if not isinstance(cell, int) or not -(2**bits) <= cell < 2**bits:
        raise Unreadable
    return cell


def decimal_mark(cells: Sequence[Any]) -> Decimal:
    """What stands before decimals in a column: comma or point where a cell shows it, else auto."""
    texts = [cell for cell in map(clean, cells) if isinstance(cell, str)]
    shown = set()
    for text in texts:
        for mark, name in ((",", "comma"), (".", "point")):
            grouped = _GROUPS[mark].match(text)
            repeated = grouped and text.count(mark) > 1
            if repeated:
                shown.add("point" if name == "comma" else "comma")
            elif _FRACTION[mark].match(text) and not grouped:
                shown.add(name)
        shown |= {name for name, pattern in _BOTH.items() if pattern.match(text)}
    if shown == {"comma"}:
        return "comma"
    return "point" if shown == {"point"} else "auto"


def _number_reader(mark: Decimal) -> Callable[[Any], float]:
    def read(cell: Any) -> float:
        return as_number(cell, mark)

    return read


def as_number(cell: Any, mark: Decimal) -> float:
    """A number; `1.234` or `1,234` is none while the column does not tell what the mark means."""
    if isinstance(cell, bool):
        raise Unreadable
    if isinstance(cell, int | float):
        return float(cell)
    if not isinstance(cell, str):
        raise Unreadable
    if _PLAIN.match(cell) or _SCIENTIFIC.match(cell):
        return float(cell)
    for name, decimals, groups in (("comma", ",", "."), ("point", ".", ",")):
        if mark == name or (mark == "auto" and not any(pattern.match(cell) for pattern in _GROUPS.values())):
            grouped = _GROUPS[groups].match(cell)
            if grouped or _BOTH[name].match(cell) or _FRACTION[decimals].match(cell):
                return float(cell.replace(groups, "").replace(decimals, "."))
    raise Unreadable


def as_boolean(cell: Any) -> bool:
    """true/false, 1/0, có/không, đúng/sai, yes/no, x."""
    if isinstance(cell, bool):
        return cell
    if isinstance(cell, int | float) and cell in (0, 1):
        return bool(cell)
    if isinstance(cell, str) and (found := _TRUTH.get(cell.casefold())) is not None:
        return found
    raise Unreadable


def as_day(cell: Any) -> date:
    """A civil day; of an instant its day in Vietnam."""
    if isinstance(cell, date) and not isinstance(cell, datetime):
        return cell
    if isinstance(cell, str) and (match := _DAY.fullmatch(cell)):
        return _day(match)
    return as_instant(cell).date()


def as_instant(cell: Any) -> datetime:
    """An instant; without an offset it is civil time of Vietnam, the zone that contracts name."""
    if isinstance(cell, datetime):
        return cell.astimezone(_LOCAL) if cell.tzinfo else cell.replace(tzinfo=_LOCAL)
    if isinstance(cell, date):
        return datetime.combine(cell, time(), _LOCAL)
    if not isinstance(cell, str):
        raise Unreadable
    if _OFFSET.search(cell) and "T" in cell.upper():
        try:
            return datetime.fromisoformat(cell).astimezone(_LOCAL)
        except (ValueError, OverflowError) as error:
            raise Unreadable from error
    parts = re.split(r"[T ,]+", cell)
    days = [match for part in parts if (match := _DAY.fullmatch(part))]
    times = [match for part in parts if (match := _TIME.fullmatch(part))]
    if len(days) != 1 or len(times) > 1 or len(days) + len(times) != len(parts):
        raise Unreadable
    clock = time()
    if times:
        hour, minute, second, fraction = times[0].groups()
        try:
            clock = time(int(hour), int(minute), int(second or 0), int((fraction or "").ljust(6, "0")))
        except ValueError as error:
            raise Unreadable from error
    return datetime.combine(_day(days[0]), clock, _LOCAL)


def _day(match: re.Match[str]) -> date:
    year, month, day, first, _, second, last = match.groups()
    try:
        return date(int(year), int(month), int(day)) if year else date(int(last), int(second), int(first))
    except ValueError as error:
        raise Unreadable from error
