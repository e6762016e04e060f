"""Working hours: properties that hold for all spans, and the cases that people argue about."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cchc_pipeline.reference.calendar import (
    add_working_days,
    calendar_rows,
    is_public_holiday,
    is_working_day,
    working_days_between,
)
from cchc_pipeline.reference.working_time import WorkingHours, WorkingHoursError, read_working_hours, working_hours

HEAD = "unit_code,weekdays,opens,closes,valid_from,valid_to,source\n"
EVERYBODY = "*,1-5,07:00,11:30,,,x\n*,1-5,13:30,17:00,,,x\n"
#: Saturday mornings from October on, in a commune; a department in one shift; what is below a unit has its hours
OWN = (
    "H99.201,1-5,07:30,11:30,,,x\nH99.201,1-5,13:00,17:00,,,x\nH99.201,6,07:30,11:00,2026-10-01,,x\n"
    "H99.05,1-5,08:00,16:00,2026-09-01,2026-09-30,x\n"
)
HOURS = WorkingHours(read_working_hours(HEAD + EVERYBODY + OWN, "test"))
UNITS = st.sampled_from(["H99", "H99.02", "H99.05", "H99.05.01", "H99.201"])
INSTANTS = st.datetimes(datetime.fromisoformat("2026-01-01"), datetime.fromisoformat("2027-03-01")).map(
    lambda at: at.replace(microsecond=0)
)
DAYS = st.dates(date(2024, 1, 1), date(2027, 12, 31))
QUICK = settings(max_examples=60, deadline=None)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


# -- days -----------------------------------------------------------------------------------------------------------


@QUICK
@given(DAYS, st.integers(0, 60))
def test_adding_days_then_counting_gives_them_back(day, count):
    due = add_working_days(day, count)
    assert is_working_day(due)
    assert working_days_between(day, due) == (count if count or is_working_day(day) else 1)


@QUICK
@given(DAYS, st.integers(0, 40), st.integers(0, 40))
def test_more_days_are_never_earlier(day, few, more):
    assert add_working_days(day, few) <= add_working_days(day, few + more)
    assert add_working_days(day, few) <= add_working_days(day + timedelta(days=more), few)


@QUICK
@given(DAYS, st.integers(0, 100), st.integers(0, 100))
def test_splitting_a_span_of_days_adds_up(day, first, second):
    middle, end = day + timedelta(days=first), day + timedelta(days=first + second)
    assert working_days_between(day, middle) + working_days_between(middle, end) == working_days_between(day, end)
    assert working_days_between(day, day) == 0
    numbers = {on: number for on, _, number in calendar_rows(day, end)}
    assert numbers[end] - numbers[day] == working_days_between(day, end)


@QUICK
@given(DAYS)
def test_holidays_are_never_worked(day):
    assert not (is_public_holiday(day) and is_working_day(day))
    assert is_public_holiday(day) or is_working_day(day) or day.weekday() >= 5


@pytest.mark.parametrize(
    "first, last, worked",
    [
        (date(2026, 2, 13), date(2026, 2, 23), 1),  # Tết: nothing between Friday the 13th and Monday the 23rd
        (date(2025, 4, 25), date(2025, 5, 5), 4),  # 26/4 made up for 2/5; 30/4 and 1/5 off
        (date(2026, 8, 21), date(2026, 9, 3), 7),  # 22/8 made up for 31/8; 1/9 and 2/9 off
        (date(2026, 1, 1), date(2026, 1, 12), 7),  # 2/1 off, 10/1 made up: decided after the library was written
        (date(2021, 4, 30), date(2021, 5, 4), 1),  # 3/5 in lieu of Saturday 1/5
    ],
)
def test_swapped_and_in_lieu_days(first, last, worked):
    assert working_days_between(first, last) == worked


# -- hours ----------------------------------------------------------------------------------------------------------


@QUICK
@given(UNITS, INSTANTS, st.integers(0, 40 * 3600))
def test_adding_hours_then_counting_gives_them_back(unit, start, seconds):
    end = HOURS.add_seconds(unit, start, seconds)
    assert end >= start
    assert HOURS.seconds_between(unit, start, end) == seconds


@QUICK
@given(UNITS, INSTANTS, st.integers(0, 20 * 3600), st.integers(0, 20 * 3600))
def test_more_hours_are_never_earlier(unit, start, few, more):
    assert HOURS.add_seconds(unit, start, few) <= HOURS.add_seconds(unit, start, few + more)
    assert HOURS.add_seconds(unit, start, few) <= HOURS.add_seconds(unit, start + timedelta(seconds=more), few)


@QUICK
@given(UNITS, INSTANTS, st.integers(0, 400), st.integers(0, 400))
def test_splitting_a_span_of_hours_adds_up(unit, start, first, second):
    middle, end = start + timedelta(hours=first), start + timedelta(hours=first + second)
    parts = HOURS.seconds_between(unit, start, middle), HOURS.seconds_between(unit, middle, end)
    assert sum(parts) == HOURS.seconds_between(unit, start, end)
    assert HOURS.seconds_between(unit, start, start) == 0
    assert HOURS.seconds_between(unit, end, start) == 0 or first + second == 0


@QUICK
@given(UNITS, DAYS)
def test_nobody_is_open_on_a_holiday(unit, day):
    if is_public_holiday(day):
        midnight = datetime.combine(day, datetime.min.time())
        assert HOURS.seconds_between(unit, midnight, midnight + timedelta(days=1)) == 0
    if is_working_day(day):
        assert HOURS.spans(unit, day)


@QUICK
@given(UNITS, INSTANTS, st.integers(1, 30 * 3600), st.integers(0, 200), st.integers(0, 200))
def test_a_suspension_shifts_by_exactly_its_working_time(unit, start, seconds, pause, length):
    plain = HOURS.add_seconds(unit, start, seconds)
    pause_from = start + timedelta(hours=pause)
    pause_to = pause_from + timedelta(hours=length)
    shifted = HOURS.add_seconds(unit, start, seconds, [(pause_from, pause_to)])
    if pause_from >= plain:  # over before the citizen was asked
        assert shifted == plain
    else:
        paused = HOURS.seconds_between(unit, pause_from, pause_to)
        assert HOURS.seconds_between(unit, start, shifted) == seconds + paused
    assert HOURS.add_seconds(unit, start, seconds, [(pause_from, pause_from)]) == plain


@QUICK
@given(UNITS, INSTANTS, INSTANTS)
def test_the_table_counts_as_the_function_does(unit, one, other):
    """`seconds_before` of the span plus what has passed of it is what SQL computes with."""
    table = HOURS.table(date(2025, 12, 31), date(2027, 3, 2)).to_pylist()
    spans = [row for row in table if row["schedule"] == HOURS.schedule_of(unit)]

    def passed(instant):
        before = [row for row in spans if row["begins_at"] <= instant]
        if not before:
            return 0
        span = before[-1]
        return span["seconds_before"] + (min(instant, span["ends_at"]) - span["begins_at"]).total_seconds()

    start, end = sorted((one, other))
    assert passed(end) - passed(start) == HOURS.seconds_between(unit, start, end)


@pytest.mark.parametrize(
    "unit, start, hours, due",
    [
        ("H99", "2026-09-04T08:00", 8, "2026-09-07T08:00"),  # over a weekend; lunch does not count
        ("H99", "2026-09-04T18:00", 8, "2026-09-07T17:00"),  # after closing: the next morning
        ("H99", "2026-09-04T12:00", 1, "2026-09-04T14:30"),  # at lunch
        ("H99", "2026-08-21T16:00", 2, "2026-08-22T08:00"),  # the made-up Saturday is worked
        ("H99", "2026-09-01T09:00", 1, "2026-09-03T08:00"),  # National Day
        ("H99.201", "2026-10-02T16:00", 2, "2026-10-03T08:30"),  # open on Saturday mornings
        ("H99.201", "2026-09-25T16:00", 2, "2026-09-28T08:30"),  # not yet in September
        ("H99.05.01", "2026-09-25T15:00", 2, "2026-09-28T09:00"),  # the hours of the unit above it
        ("H99.05", "2026-10-02T15:00", 3, "2026-10-05T08:00"),  # whose own hours ended with September
    ],
)
def test_cases(unit, start, hours, due):
    assert HOURS.add_seconds(unit, at(start), hours * 3600) == at(due)


def test_a_province_s_own_file_replaces_by_unit(tmp_path):
    own = tmp_path / "working_hours.csv"
    own.write_text(HEAD + "H99.201,6,07:30,11:00,,,x\n", encoding="utf-8")
    found = working_hours(own)
    assert found.schedules == ["*", "H99.201"]
    assert len(found.spans("H99.201", date(2026, 9, 5))) == 1  # Saturday
    assert len(found.spans("H99.201", date(2026, 9, 4))) == 2  # its Fridays are everybody's
    assert working_hours(tmp_path / "absent.csv").schedules == ["*"]


@pytest.mark.parametrize(
    "row, message",
    [
        ("*,1-5,7h,11:30,,,x", r"line 4: .*07:00"),
        ("*,0-5,07:00,11:30,,,x", r"line 4: .*1 to 7"),
        ("*,6,11:00,07:00,,,x", r"line 4: .*early to late"),
        ("*,6,07:00,11:00,1/10/2026,,x", r"line 4: .*2026-01-31"),
        (",6,07:00,11:00,,,x", "line 4"),
    ],
)
def test_a_wrong_row_is_named(row, message):
    with pytest.raises(WorkingHoursError, match=message):
        read_working_hours(HEAD + EVERYBODY + row + "\n", "own.csv")


def test_a_wrong_table_is_refused():
    with pytest.raises(WorkingHoursError, match="closes, valid_from, valid_to is missing"):
        read_working_hours("unit_code,weekdays,opens\n", "own.csv")
    with pytest.raises(WorkingHoursError, match="no row for"):
        WorkingHours([])
    overlapping = WorkingHours(read_working_hours(HEAD + EVERYBODY + "*,3,11:00,12:00,,,x\n", "own.csv"))
    with pytest.raises(WorkingHoursError, match="overlap"):
        overlapping.spans("H99", date(2026, 9, 9))
