"""The push: what the province's software sends to the national portal, dossier by dossier, with its distortions.

Distortions, numbered as that code shows them: 1 statuses 5, 6 and 8 arrive as 9, closed when the supplement was asked
for; 2 a dossier without a due date is closed at reception; 3 status 9 or 10 without an end date ends at reception;
4 a legacy code is replaced; 5 converted dossiers and those without a reception date are never sent; 6 without a result
file the first application file is sent as the result; 7 the first attachment is marked as reused; 12 a dossier arrives
only when the portal has accepted its steps too. Records without a code are not sent. 8 to 11 touch no figure.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cchc_pipeline.sandbox.life import workdays
from cchc_pipeline.sandbox.life.dossiers import Life, Seen

#: Until then a night's figures are those of the day before.
STATISTICS_AT = timedelta(hours=6)


@dataclass(slots=True)
class Push:
    """What the national side holds of one dossier.

    Attributes:
        closed_on: day on which the portal takes it for finished.
        is_on_time: whether the portal counts it as not late.
        marks: the distortions that touched it.
    """

    closed_on: date | None
    is_on_time: bool
    is_result_electronic: bool
    is_data_reused: bool
    marks: tuple[str, ...]


def statistics_day(clock: datetime) -> date:
    """The civil day as of which the portal judges at `clock`: its figures are made once a night."""
    return workdays.local(clock - STATISTICS_AT).date()


def withheld(life: Life, seen: Seen) -> str | None:
    """Why a dossier is not on the national side: `draft`, `no_code`, `D05`, `not_synced`; None where it is."""
    if seen.received_at is None:
        return "draft"
    if life.dossier_code is None:
        return "no_code"
    if life.is_converted:
        return "D05"
    return None if seen.is_synced_national else "not_synced"


def push(life: Life, seen: Seen, today: date) -> Push | None:
    """What the portal holds of a dossier at the end of `today`; None where it holds nothing."""
    if withheld(life, seen) is not None or seen.received_at is None:
        return None
    marks = ["D04"] if life.is_legacy_code else []
    received = seen.received_at.date()
    due = seen.due_at.date() if seen.due_at else None
    finished = seen.finished_at.date() if seen.finished_at else None
    status = seen.status
    if life.defect == "due_before_received":
        due = received - timedelta(days=3)
    elif life.defect == "finished_missing" and status in (9, 10):
        finished = None
    elif life.defect == "finished_before_received" and finished is not None:
        finished = received - timedelta(days=2)
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
    is_electronic, is_reused = seen.is_result_electronic, seen.is_data_reused
    if seen.is_digitised and status in (9, 10) and not is_electronic:
        marks.append("D06")
        is_electronic = True
    if seen.is_digitised and not is_reused:
        marks.append("D07")
        is_reused = True
    is_on_time = due is None or status == 7 or (finished or today) <= due
    return Push(finished, is_on_time, is_electronic, is_reused, tuple(marks))
