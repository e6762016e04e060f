"""Read the date forms of the source systems as civil time of Vietnam.

A form that is not listed is not guessed at: the caller gets None and says so in `parse_errors`.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from cchc_pipeline.days import LOCAL_ZONE

MILLISECOND = timedelta(milliseconds=1)

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:?\d\d)\Z", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)
_SLASHED_DAY = re.compile(r"\d{4}/\d\d/\d\d\Z", re.ASCII)
_SLASHED_TIME = re.compile(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\Z", re.ASCII)


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


def parse_iso_day(text: Any) -> date | None:
    """Parse `YYYY-MM-DD`; None for all else."""
    return (found := _civil(text, _DAY, "%Y-%m-%d")) and found.date()


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
    """Return a civil day that is written as such or as an ISO instant."""
    return parse_iso_day(text) or local_day(text)


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
