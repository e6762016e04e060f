"""Compute with working days and local instants, by lookup in tables."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random

from cchc_pipeline.days import LOCAL_ZONE
from cchc_pipeline.reference.calendar import is_working_day

_FIRST_YEAR = 2018
_BASE = date(_FIRST_YEAR, 1, 1).toordinal()
_numbers: list[int] = []  # working days from the base to this day, by ordinal - base
_worked: list[int] = []  # ordinals of the working days, in order


def _extend(ordinal: int) -> None:
    """Fill the tables up to the end of the year after `ordinal`."""
    last = date(date.fromordinal(ordinal).year + 1, 12, 31).toordinal()
    for day in range(_BASE + len(_numbers), last + 1):
        worked = is_working_day(date.fromordinal(day))
        if worked:
            _worked.append(day)
        _numbers.append((_numbers[-1] if _numbers else 0) + worked)


def number(day: date) -> int:
    """Return the number of working days from 1/1/2018 to `day`, included."""
    index = day.toordinal() - _BASE
    while index >= len(_numbers):
        _extend(day.toordinal())
    return _numbers[index]


def between(start: date, end: date) -> int:
    """Return the working days in (start, end]; negative if `end` is before `start`."""
    return number(end) - number(start)


def shift(day: date, count: int) -> date:
    """Return the working day `count` working days after `day`; before if negative.

    With 0, `day` itself or the next working day.
    """
    position = number(day) - 1 + count
    if count <= 0 and not works(day):
        position += 1
    while position >= len(_worked):
        _extend(_worked[-1] + 366)
    return date.fromordinal(_worked[position])


def works(day: date) -> bool:
    """Return whether offices work on `day`."""
    index = day.toordinal() - _BASE
    return number(day) > (_numbers[index - 1] if index else 0)


def days(start: date, end: date) -> list[date]:
    """Return the civil days in [start, end]."""
    first = start.toordinal()
    return [date.fromordinal(first + i) for i in range(end.toordinal() - first + 1)]


def working_days(start: date, end: date) -> list[date]:
    """Return the working days in [start, end]."""
    return [day for day in days(start, end) if works(day)]


def spread(rng: Random, start: date, end: date, count: int) -> list[date]:
    """Return `count` working days of [start, end], sorted, about evenly spread."""
    worked = working_days(start, end)
    shares = list(itertools.accumulate(1 + rng.uniform(-0.15, 0.15) for _ in worked))
    bounds = [round(count * share / shares[-1]) for share in shares]
    return [day for day, low, high in zip(worked, [0, *bounds], bounds, strict=False) for _ in range(high - low)]


def months(start: date, end: date) -> Iterator[tuple[date, date]]:
    """Yield (first day, last day) of each month of [start, end]."""
    while start <= end:
        following = (start.replace(day=1) + timedelta(days=32)).replace(day=1)
        yield start, min(end, following - timedelta(days=1))
        start = following


def moment(day: date, seconds: float) -> datetime:
    """Return the local instant `seconds` after the start of `day`."""
    return datetime(day.year, day.month, day.day, tzinfo=LOCAL_ZONE) + timedelta(seconds=int(seconds))


def office_seconds(share: float) -> int:
    """Return the seconds since midnight at a share 0..1 of the office day.

    Office hours are 07:00-11:30 and 13:30-17:00.
    """
    worked = int(share * 28800)
    return 25200 + worked if worked < 16200 else 48600 + worked - 16200


def end_of(day: date) -> datetime:
    """Return the last second of `day`, local time."""
    return moment(day, 86399)


def local(instant: datetime) -> datetime:
    """Return `instant` in local time; a naive one is taken as local."""
    return instant.replace(tzinfo=LOCAL_ZONE) if instant.tzinfo is None else instant.astimezone(LOCAL_ZONE)
