"""Turn the objects of a reply into values of flat records.

A form of a date that is not listed is not guessed at: the caller gets None and says so in `parse_errors`.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, TypeAlias

from cchc_pipeline.days import LOCAL_ZONE
from cchc_pipeline.reference.unit_codes import canonical_unit_code
from cchc_pipeline.sources.protocol import Row
from cchc_pipeline.text import mask_text

VIETNAMESE = 228
_RAW_LIMIT = 60
_HALF_SIGN = re.compile("[\ud800-\udfff]")  # JSON may hold one; UTF-8 cannot
unit_code = lru_cache(maxsize=4096)(canonical_unit_code)
MILLISECOND = timedelta(milliseconds=1)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:?\d\d)\Z", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)
_SLASHED_DAY = re.compile(r"\d{4}/\d\d/\d\d\Z", re.ASCII)
_SLASHED_TIME = re.compile(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\Z", re.ASCII)


def _encodable(text: str) -> str:
    return _HALF_SIGN.sub("\ufffd", text)


def text_or_none(value: Any) -> str | None:
    """Return text in NFC, trimmed; None for blank, null and what is no text or number."""
    if isinstance(value, str):
        return unicodedata.normalize("NFC", _encodable(value)).strip() or None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return None


def local_name(value: Any) -> str | None:
    """Return a name from text, `{name}` or a list of `{languageId, name}`."""
    if isinstance(value, Mapping):
        return local_name(value.get("name"))
    if isinstance(value, list):
        entries = [entry for entry in value if isinstance(entry, Mapping)]
        entries.sort(key=lambda entry: entry.get("languageId") != VIETNAMESE)
        return next((name for entry in entries if (name := local_name(entry.get("name")))), None)
    return text_or_none(value)


def mapping_or_empty(value: Any) -> Mapping[str, Any]:
    """Return the object itself, or an empty one."""
    return value if isinstance(value, Mapping) else {}


def unblank(value: Any) -> Any:
    """Return the value, None for an empty text."""
    return None if value == "" else value


def number_or_none(value: Any) -> float | None:
    """Return a finite number as float; None for null, NaN and what is no number."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def bool_or_none(value: Any) -> bool | None:
    """Return a truth value given as bool or as 0/1; None for all else."""
    if isinstance(value, bool):
        return value
    return bool(value) if value in (0, 1) and isinstance(value, int) else None


class Problems:
    """Reasons of one record, for its column `parse_errors`."""

    __slots__ = ("_sentences",)

    def __init__(self) -> None:
        self._sentences: list[str] = []

    def add(self, column: str, reason: str, raw: Any = None) -> None:
        """Note that `column` could not be read; the raw text is masked and cut."""
        quoted = "" if raw is None else f" '{mask_text(_encodable(str(raw)))[:_RAW_LIMIT]}'"
        self._sentences.append(f"{column}: {reason}{quoted}")

    def text(self) -> str | None:
        """Return all sentences, or None where the record is clean."""
        return "; ".join(self._sentences) or None


#: Reads the raw value of a column; what cannot be read is None, with its reason among the problems.
Reader: TypeAlias = Callable[[Any, str, Problems], Any]
#: Column -> path of its field in a record (`a.b`), and its reader.
Fields: TypeAlias = Mapping[str, tuple[str, Reader]]


def reader(parse: Callable[[Any], Any], reason: str | None = None, clean: Callable[[Any], Any] | None = None) -> Reader:
    """Return a reader by `parse`, which returns None for what it does not know.

    Args:
        parse: makes the value of the column.
        reason: problem of a raw value that is not known; None: it counts as blank.
        clean: applied before; where it returns None the field is blank.
    """

    def read(raw: Any, column: str, problems: Problems) -> Any:
        raw = clean(raw) if clean else raw
        value = None if raw is None else parse(raw)
        if reason and raw is not None and value is None:
            problems.add(column, reason, raw)
        return value

    return read


def value_at(record: Any, path: str) -> Any:
    """Return the value at a path (`a.b`) of nested objects; None where there is none."""
    for key in path.split("."):
        record = mapping_or_empty(record).get(key)
    return record


def read_fields(record: Mapping[str, Any], fields: Fields, problems: Problems) -> Row:
    """Read the columns of `fields` from a record; nothing else of it is kept."""
    return {column: read(value_at(record, path), column, problems) for column, (path, read) in fields.items()}


#: Reader of the canonical code of a unit.
read_unit = reader(unit_code, "not an agency code", text_or_none)


class ColumnWatch:
    """Columns that a source no longer delivers: their fields are in no record.

    Args:
        needs: column to the groups of paths it is made from. A group is satisfied by any of its
            paths (`a.b`), a column by all of its groups. Columns not listed are never missing.
    """

    def __init__(self, needs: Mapping[str, tuple[tuple[str, ...], ...]]) -> None:
        self._pending = {
            (column, number): [path.split(".") for path in group]
            for column, groups in needs.items()
            for number, group in enumerate(groups)
        }
        self._records = 0

    def add(self, record: Mapping[str, Any]) -> None:
        """Note the keys of one record."""
        self._records += 1
        if self._pending:
            seen = [key for key, paths in self._pending.items() if any(_has(record, path) for path in paths)]
            for key in seen:
                del self._pending[key]

    def missing_columns(self) -> frozenset[str]:
        """Return the columns whose fields were in none of the records added so far."""
        return frozenset(column for column, _ in self._pending) if self._records else frozenset()

    def drop_missing(self, rows: Iterable[Row]) -> list[Row]:
        """Return the rows without the missing columns."""
        missing = self.missing_columns()
        if not missing:
            return list(rows)
        return [{column: value for column, value in row.items() if column not in missing} for row in rows]


def _has(record: Any, path: list[str]) -> bool:
    for key in path:
        if record is None:
            return True  # the parent is there and empty: nothing is known about the child
        if isinstance(record, list):
            record = record[0] if record else None
            if record is None:
                return True
        if not isinstance(record, Mapping) or key not in record:
            return False
        record = record[key]
    return True


def parse_instant(text: Any) -> datetime | None:
    """Parse ISO 8601 with an offset (`+0000`, `+07:00`, `Z`) as local time, or None.

    >>> parse_instant("1989-12-31T17:00:00.000+0000").date()
    datetime.date(1990, 1, 1)
    >>> parse_instant("2024-01-31 08:00") is None
    True
    """
    if not isinstance(text, str) or not _INSTANT.match(text):
        return None
    try:
        return datetime.fromisoformat(text).astimezone(LOCAL_ZONE)
    except (ValueError, OverflowError):
        return None


def parse_slashed_day(text: Any) -> date | None:
    """Parse `yyyy/MM/dd`, the form of edXML; None for all else."""
    return (found := _civil(text, _SLASHED_DAY, "%Y/%m/%d")) and found.date()


def parse_slashed_time(text: Any) -> datetime | None:
    """Parse `yyyy/MM/dd HH:mm:ss` in local time (edXML), or an ISO instant."""
    found = _civil(text, _SLASHED_TIME, "%Y/%m/%d %H:%M:%S")
    return found.replace(tzinfo=LOCAL_ZONE) if found else parse_instant(text)


def local_day(text: Any) -> date | None:
    """Return the civil day of an ISO instant; None for all else."""
    return (moment := parse_instant(text)) and moment.date()


def any_day(text: Any) -> date | None:
    """Return a civil day that is written as YYYY-MM-DD or as an ISO instant."""
    found = _civil(text, _DAY, "%Y-%m-%d")
    return found.date() if found else local_day(text)


def _civil(text: Any, pattern: re.Pattern[str], form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form) if isinstance(text, str) and pattern.match(text) else None  # noqa: DTZ007 - civil time
    except ValueError:
        return None


def day_start(day: date) -> datetime:
    """Return the first instant of a civil day."""
    return datetime.combine(day, time(), tzinfo=LOCAL_ZONE)


def day_end(day: date) -> datetime:
    """Return the last millisecond of a civil day."""
    return day_start(day + timedelta(days=1)) - MILLISECOND


def utc_millis(instant: datetime) -> str:
    """Format as `YYYY-MM-DDTHH:mm:ss.SSSZ`; some gateways turn a plus into a space."""
    moment = instant.astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
