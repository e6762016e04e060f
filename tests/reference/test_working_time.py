"""Working hours: properties that hold for all spans, and the cases that people argue about."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from working_time_by_day import add_seconds, seconds_between

from cchc_pipeline.reference.calendar import is_public_holiday, is_working_day
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


@QUICK
@given(UNITS, DAYS)
def test_nobody_is_open_on_a_holiday(unit, day):
    if is_public_holiday(day):
        assert HOURS.spans(unit, day) == ()
    if is_working_day(day):
        assert HOURS.spans(unit, day)


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
    assert passed(end) - passed(start) == seconds_between(HOURS, unit, start, end)


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
    assert add_seconds(HOURS, unit, at(start), hours * 3600) == at(due)


def test_a_province_s_own_file_replaces_by_unit(tmp_path):
    own = tmp_path / "working_hours.csv"
    own.write_text(HEAD + "H99.201,6,07:30,11:00,,,x\n", encoding="utf-8")
    found = working_hours(own)
    assert {one.unit_code for one in found.openings} == {"*", "H99.201"}
    assert len(found.spans("H99.201", date(2026, 9, 5))) == 1  # Saturday
    assert len(found.spans("H99.201", date(2026, 9, 4))) == 2  # its Fridays are everybody's
    assert {one.unit_code for one in working_hours(tmp_path / "absent.csv").openings} == {"*"}


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
