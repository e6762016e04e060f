"""Count working time day by day, without the numbers and tables that SQL counts by."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from cchc_pipeline.reference.calendar import is_working_day
from cchc_pipeline.reference.working_time import WorkingHours


def add_working_days(day: date, count: int) -> date:
    """Return the `count`-th working day after `day`; with 0 `day` itself if worked, else the next one."""
    while count > 0 or not is_working_day(day):
        day += timedelta(days=1)
        if is_working_day(day):
            count = max(count - 1, 0)
            if count == 0:
                return day
    return day


def working_days_between(start: date, end: date) -> int:
    """Count the working days in (start, end]."""
    return sum(is_working_day(start + timedelta(days=i)) for i in range(1, (end - start).days + 1))


def seconds_between(hours: WorkingHours, unit_code: str, start: datetime, end: datetime) -> int:
    """Count working seconds in [start, end)."""
    total, day = 0, start.date()
    while day <= end.date():
        for begin, close in hours.spans(unit_code, day):
            total += max(0, int((min(close, end) - max(begin, start)).total_seconds()))
        day += timedelta(days=1)
    return total


def add_seconds(hours: WorkingHours, unit_code: str, start: datetime, seconds: int) -> datetime:
    """Return the instant at which `seconds` of working time have passed since `start`."""
    day = start.date()
    while True:
        for begin, close in hours.spans(unit_code, day):
            begin = max(begin, start)
            length = int((close - begin).total_seconds())
            if length >= 0 and seconds <= length:
                return begin + timedelta(seconds=seconds)
            seconds -= max(length, 0)
        day += timedelta(days=1)
