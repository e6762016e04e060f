"""Compute the opening hours of units.

Opening hours stand in `working_hours.csv`: unit_code (`*` is everybody; a unit goes before those above it, and what
is listed for a unit on a day replaces what holds above it), weekdays (1 Monday to 7 Sunday, as in `1-5` or `6`),
opens, closes, valid_from, valid_to (both included, empty is open-ended). On a public holiday nobody works; on a
make-up day, which lies on a day off, the hours of a Monday hold. A unit that lists Saturday is open on Saturdays for
deadlines in hours; a deadline in working days counts the calendar's days only (Labour Code 2019, Articles 111, 112).

All instants are naive civil times of Asia/Ho_Chi_Minh, all amounts of time whole seconds.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib import resources
from itertools import pairwise
from pathlib import Path

import pyarrow as pa

from cchc_pipeline.arrow import table_from_rows
from cchc_pipeline.errors import CchcError
from cchc_pipeline.reference.calendar import is_public_holiday, is_working_day

EVERYBODY = "*"
_ANY_DAY = 1
_COLUMNS = ("unit_code", "weekdays", "opens", "closes", "valid_from", "valid_to")
_AT = pa.timestamp("us")
SPANS = pa.schema({"schedule": pa.string(), "begins_at": _AT, "ends_at": _AT, "seconds_before": pa.int64()})

Span = tuple[datetime, datetime]


class WorkingHoursError(CchcError):
    """A wrong table of working hours."""


@dataclass(frozen=True, slots=True)
class Opening:
    """Hours of a unit, `opens` to `closes`, on weekdays (1..7) from `first` to `last`."""

    unit_code: str
    weekdays: frozenset[int]
    opens: time
    closes: time
    first: date
    last: date

    def holds(self, day: date, weekday: int) -> bool:
        """Return whether the row applies to `day`, which counts as `weekday`."""
        return weekday in self.weekdays and self.first <= day <= self.last


class WorkingHours:
    """Opening hours of all units."""

    def __init__(self, openings: Iterable[Opening]) -> None:
        #: The rows of the table.
        self.openings = list(openings)
        self._by_unit: dict[str, list[Opening]] = {}
        for opening in self.openings:
            self._by_unit.setdefault(opening.unit_code, []).append(opening)
        if EVERYBODY not in self._by_unit:
            raise WorkingHoursError(f"working hours: no row for {EVERYBODY!r}, the hours of everybody. Add one.")
        self._days: dict[tuple[str, date], tuple[Span, ...]] = {}

    def schedule_of(self, unit_code: str) -> str:
        """Return the unit whose hours apply: itself, the nearest listed above it, or `*`."""
        while unit_code not in self._by_unit:
            unit_code, _, _ = unit_code.rpartition(".")
            if not unit_code:
                return EVERYBODY
        return unit_code

    def spans(self, unit_code: str, day: date) -> tuple[Span, ...]:
        """Return when the unit is open on `day`: (begin, end), in order, not overlapping."""
        key = self.schedule_of(unit_code), day
        if key not in self._days:
            self._days[key] = self._spans_of(*key)
        return self._days[key]

    def _spans_of(self, schedule: str, day: date) -> tuple[Span, ...]:
        if is_public_holiday(day):
            return ()
        weekday = day.isoweekday()
        if weekday > 5 and is_working_day(day):  # a make-up day stands in for a worked weekday
            weekday = _ANY_DAY
        while True:
            rows = [one for one in self._by_unit[schedule] if one.holds(day, weekday)]
            if rows or schedule == EVERYBODY:
                break
            schedule = self.schedule_of(schedule.rpartition(".")[0])
        spans = sorted((datetime.combine(day, row.opens), datetime.combine(day, row.closes)) for row in rows)
        for (_, end), (begin, _) in pairwise(spans):
            if begin < end:
                raise WorkingHoursError(f"working hours of {schedule}: two rows overlap on {day}. Correct their hours.")
        return tuple(spans)

    def table(self, first: date, last: date) -> pa.Table:
        """Return every span of every schedule from `first` to `last`.

        Columns: schedule, begins_at, ends_at, seconds_before (working seconds before the span); ordered by schedule and
        begin.
        """
        rows = []
        for schedule in sorted(self._by_unit):
            before, day = 0, first
            while day <= last:
                for begin, end in self.spans(schedule, day):
                    rows.append((schedule, begin, end, before))
                    before += int((end - begin).total_seconds())
                day += timedelta(days=1)
        return table_from_rows(rows, SPANS)


def read_working_hours(text: str, origin: str) -> list[Opening]:
    """Read the rows of a table of working hours.

    Args:
        text: the CSV file.
        origin: its name, for messages.

    Raises:
        WorkingHoursError: a column is missing or a row cannot be read; the message names the line.
    """
    reader = csv.DictReader(text.splitlines())
    if missing := [name for name in _COLUMNS if name not in (reader.fieldnames or ())]:
        raise WorkingHoursError(f"{origin}: column {', '.join(missing)} is missing. Expected {', '.join(_COLUMNS)}.")
    openings = []
    for number, row in enumerate(reader, 2):
        try:
            low, _, high = row["weekdays"].partition("-")
            opening = Opening(
                row["unit_code"].strip(),
                frozenset(range(int(low), int(high or low) + 1)),
                time.fromisoformat(row["opens"].strip()),
                time.fromisoformat(row["closes"].strip()),
                date.fromisoformat(row["valid_from"]) if row["valid_from"] else date.min,
                date.fromisoformat(row["valid_to"]) if row["valid_to"] else date.max,
            )
        except (ValueError, AttributeError, TypeError) as error:
            raise WorkingHoursError(
                f"{origin}, line {number}: {error}. Write weekdays as 1-5 or 6, hours as 07:00, days as 2026-01-31."
            ) from error
        bad = not opening.unit_code or not opening.weekdays <= set(range(1, 8)) or opening.opens >= opening.closes
        if bad or not opening.weekdays:
            raise WorkingHoursError(
                f"{origin}, line {number}: unit {row['unit_code']!r}, weekdays {row['weekdays']}, "
                f"{row['opens']}-{row['closes']} is no opening. Weekdays go from 1 to 7, hours from early to late."
            )
        openings.append(opening)
    return openings


@cache
def _shipped() -> WorkingHours:
    text = resources.files(__package__).joinpath("working_hours.csv").read_text(encoding="utf-8")
    return WorkingHours(read_working_hours(text, "working_hours.csv"))


def working_hours(own: Path | None = None) -> WorkingHours:
    """Return the shipped table of opening hours with a province's own rows in it.

    Own rows replace the shipped ones of the units that they list.

    Args:
        own: a CSV file of the same form; none, or one that does not exist, is the shipped table alone.

    Raises:
        WorkingHoursError: the file cannot be read as opening hours.
    """
    if own is None or not own.exists():
        return _shipped()
    rows = read_working_hours(own.read_text(encoding="utf-8-sig"), str(own))
    listed = {row.unit_code for row in rows}
    return WorkingHours([*(row for row in _shipped().openings if row.unit_code not in listed), *rows])
