"""The source's due date and ours side by side: every reason, and the SQL against counting one day after the other."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import built_dossiers
import pyarrow as pa
from built_dossiers import NO_LETTERS
from dossier_lives import row
from hypothesis import given, settings
from hypothesis import strategies as st
from working_time_by_day import add_seconds, add_working_days, seconds_between, working_days_between

from cchc_pipeline.reference.working_time import WorkingHours, read_working_hours

LOCAL = ZoneInfo("Asia/Ho_Chi_Minh")
HOURS = WorkingHours(
    read_working_hours(
        "unit_code,weekdays,opens,closes,valid_from,valid_to\n"
        "*,1-5,07:00,11:30,,\n*,1-5,13:30,17:00,,\nH99.201,6,07:30,11:30,2026-09-01,\n",
        "test",
    )
)


def built(*rows, letters=NO_LETTERS, hours=None):
    return built_dossiers.built(rows, date(2027, 1, 31), letters, hours).to_pylist()


def received(day: str, limit: float | None, unit: str | None = "d", number: int = 1, **values):
    at = datetime.fromisoformat(day).replace(tzinfo=LOCAL)
    return row(
        number, received_at=at, received_on=at.date(), applied_on=at.date(), processing_time=limit,
        processing_time_unit=unit, **values,
    )  # fmt: skip


def one(*arguments, letters=NO_LETTERS, **values):
    found = built(received(*arguments, **values), letters=letters)[0]
    return found["due_on_computed"], found["due_difference_reason"], found["due_difference_working_days"]


REASONS = [
    ("2026-09-07T08:00", 5, "d", date(2026, 9, 14), date(2026, 9, 14), "same", 0),
    ("2026-09-07T08:00", 5, "d", None, date(2026, 9, 14), "no_due_date", None),
    ("2026-09-07T08:00", None, "d", date(2026, 9, 14), None, "no_time_limit", None),
    ("2026-09-07T08:00", 5, "tuần", date(2026, 9, 14), None, "no_time_limit", None),
    # National Day 1 and 2/9/2026 counted as if it were worked
    ("2026-08-28T08:00", 5, "d", date(2026, 9, 4), date(2026, 9, 9), "holiday_not_skipped", -3),
    # Saturday 22/8/2026 makes up for Monday the 31st
    ("2026-08-20T08:00", 3, "d", date(2026, 8, 25), date(2026, 8, 24), "make_up_day_not_counted", 1),
    ("2026-09-09T08:00", 5, "d", date(2026, 9, 14), date(2026, 9, 16), "calendar_days", -2),
    ("2026-09-09T08:00", 7, "d", date(2026, 9, 17), date(2026, 9, 18), "first_day_counted", -1),
    ("2026-09-07T07:00", 8, "h", date(2026, 9, 8), date(2026, 9, 7), "hours_as_days", 1),
    ("2026-09-07T09:00", 8, "h", date(2026, 9, 8), date(2026, 9, 8), "same", 0),
    ("2026-09-07T15:30", 5, "d", date(2026, 9, 15), date(2026, 9, 14), "received_late_in_day", 1),
    ("2026-09-07T08:00", 5, "d", date(2026, 9, 15), date(2026, 9, 14), "later_unexplained", 1),
    ("2026-09-07T08:00", 10, "d", date(2026, 9, 9), date(2026, 9, 21), "earlier_unexplained", -8),
]


def test_each_reason():
    rows = [received(day, limit, unit, n, due_on=due) for n, (day, limit, unit, due, *_) in enumerate(REASONS)]
    for found, (day, limit, unit, due, *expected) in zip(built(*rows), REASONS, strict=True):
        said = ("due_on_computed", "due_difference_reason", "due_difference_working_days")
        assert [found[name] for name in said] == expected, f"{limit} {unit} after {day}, said to be due on {due}"


def test_suspension():
    pause = {"suspended_on": date(2026, 9, 9), "resumed_on": date(2026, 9, 15)}  # four working days
    assert one("2026-09-07T08:00", 5, due_on=date(2026, 9, 18), **pause) == (date(2026, 9, 18), "same", 0)
    not_added = one("2026-09-07T08:00", 5, due_on=date(2026, 9, 14), **pause)
    assert not_added == (date(2026, 9, 18), "suspension_not_added", -4)
    still = one("2026-09-07T08:00", 5, due_on=date(2026, 9, 15), suspended_on=date(2026, 9, 9), status_code=5)
    assert still[1] == "suspended_now"
    in_hours = one("2026-09-07T08:00", 8, "h", due_on=date(2026, 9, 14), **pause)
    assert in_hours == (date(2026, 9, 14), "same", 0)


def test_a_letter_that_promises_anew():
    letters = pa.table({"dossier_code": ["H99.02-260901-0001"]})
    assert one("2026-09-07T08:00", 5, due_on=date(2026, 9, 21), letters=letters)[1] == "extended_by_letter"


def test_drafts_have_no_deadline():
    (draft,) = built(received("2026-09-07T08:00", 5, status_code=1))
    assert (draft["due_on_computed"], draft["due_difference_reason"]) == (None, None)


LIMITS = st.integers(1, 40)
DAYS = st.dates(date(2026, 1, 1), date(2027, 6, 30))
#: Dossiers do not meet: many in few examples say as much.
QUICK = settings(max_examples=8, deadline=None)


@QUICK
@given(st.lists(st.tuples(DAYS, LIMITS, st.integers(0, 15), st.integers(0, 15)), min_size=20, max_size=40))
def test_days_are_counted_as_the_calendar_counts_them(cases):
    rows = []
    for number, (day, limit, pause, length) in enumerate(cases, 1):
        paused = day + timedelta(days=pause)
        values = {"suspended_on": paused, "resumed_on": paused + timedelta(days=length)} if length else {}
        rows.append(received(f"{day}T08:00", limit, number=number, due_on=day, **values))
    for (day, limit, pause, length), found in zip(cases, built(*rows), strict=True):
        paused = day + timedelta(days=pause)
        extra = working_days_between(paused, paused + timedelta(days=length))
        assert found["due_on_computed"] == add_working_days(day, limit + extra)
        assert found["due_on_source"] == found["due_on"] == day


INSTANTS = st.datetimes(datetime.fromisoformat("2026-01-01"), datetime.fromisoformat("2027-06-30"))
UNITS = st.sampled_from(["H99.02", "H99.201"])


@QUICK
@given(st.lists(st.tuples(INSTANTS, LIMITS, UNITS, st.integers(0, 15), st.integers(0, 15)), min_size=15, max_size=30))
def test_hours_are_counted_as_the_opening_hours_count_them(cases):
    """A suspension stands still from the beginning of its day to the beginning of the day of resumption."""
    rows, expected = [], []
    for number, (moment, limit, unit, pause, length) in enumerate(cases, 1):
        at = moment.replace(microsecond=0)
        paused = at.date() + timedelta(days=pause)
        resumed = paused + timedelta(days=length)
        values = {"suspended_on": paused, "resumed_on": resumed} if length else {}
        rows.append(received(at.isoformat(), limit, "h", number=number, unit_code=unit, **values))
        still = seconds_between(HOURS, unit, *(datetime.combine(day, time()) for day in (paused, resumed)))
        expected.append(add_seconds(HOURS, unit, at, limit * 3600 + still).date())
    assert [found["due_on_computed"] for found in built(*rows, hours=HOURS)] == expected
