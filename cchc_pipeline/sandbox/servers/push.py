"""Simulate the push of dossiers to the national portal, with its distortions.

Distortions, numbered as in the software that pushes: 1 statuses 5, 6 and 8 arrive as 9, closed when the supplement was
asked for; 2 a dossier without a due date is closed at reception; 3 status 9 or 10 without an end date ends at
reception; 4 a legacy code is replaced; 5 converted dossiers and those without a reception date are never sent;
6 without a result file the first application file is sent as the result; 7 the first attachment is marked as reused;
12 a dossier arrives only when the portal has accepted its steps too. Records without a code are not sent. 8 to 11
change no figure.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cchc_pipeline.sandbox.life import workdays
from cchc_pipeline.sandbox.life.dossiers import Life, Seen

#: Time of day at which the portal's figures move on to the new day.
STATISTICS_AT = timedelta(hours=6)


@dataclass(slots=True)
class Push:
    """A dossier as the national portal holds it.

    Attributes:
        closed_on: day on which it is finished for the portal.
        is_on_time: whether it counts as not late.
        marks: distortions that changed it, as `D01`.
    """

    closed_on: date | None
    is_on_time: bool
    is_result_electronic: bool
    is_data_reused: bool
    marks: tuple[str, ...]


def statistics_day(clock: datetime) -> date:
    """Return the day whose state the portal shows at `clock`; it changes at 06:00."""
    return workdays.local(clock - STATISTICS_AT).date()


def withheld(life: Life, seen: Seen) -> str | None:
    """Return why the portal does not hold a dossier, None where it does.

    One of `draft`, `no_code`, `D05` (converted), `not_synced`.
    """
    if seen.received_at is None:
        return "draft"
    if life.dossier_code is None:
        return "no_code"
    if life.is_converted:
        return "D05"
    return None if seen.is_synced_national else "not_synced"


def push(life: Life, seen: Seen, today: date) -> Push | None:
    """Return what the portal holds of a dossier at the end of `today`, else None."""
    if withheld(life, seen) is not None or seen.received_at is None:
        return None
    marks = ["D04"] if life.is_legacy_code else []
    received = seen.received_at.date()
    due, finished = (instant.date() if instant else None for instant in life.told(seen))
    status = seen.status
    if status in (5, 6, 8):
        marks.append("D01")
        if seen.suspended_at is not None and seen.resumed_at is None:
            finished = seen.suspended_at.date()
        status = 9
    if due is None and finished != received:
        marks.append("D02")
        status, finished = 9, received
    if status in (9, 10) and finished is None:
        marks.append("D03")
        finished = received
    if seen.is_digitised and status in (9, 10) and not seen.is_result_electronic:
        marks.append("D06")
    if seen.is_digitised and not seen.is_data_reused:
        marks.append("D07")
    is_on_time = due is None or status == 7 or (finished or today) <= due
    is_electronic, is_reused = seen.is_result_electronic or "D06" in marks, seen.is_data_reused or "D07" in marks
    return Push(finished, is_on_time, is_electronic, is_reused, tuple(marks))
