"""Build the steps of a dossier: who holds it from when to when, why it is late.

A dossier is late in fact, late only in the software (the paper was signed in time, the hand-over recorded late),
late waiting for another authority, or late for an unknown cause (an older record without steps and without the
date of its result).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from cchc_pipeline.sandbox.life import workdays
from cchc_pipeline.sandbox.life.dossiers import Life

CAUSES = ("in_fact", "other_authority", "software_only", "unknown")
OTHER_AUTHORITY = "G01"  # the Ministry of Public Security, which verifies criminal records
RECEPTION, APPRAISAL, TOGETHER = "Tiếp nhận", "Thẩm định hồ sơ", "Phối hợp thẩm định"
SIGNING, HANDOVER = "Ký duyệt kết quả", "Chuyển trả kết quả"
WAITING = "Chờ kết quả xác minh của cơ quan khác"
SUSPENDED = {5: "Chờ bổ sung hồ sơ", 6: "Chờ nộp nghĩa vụ tài chính"}
#: One in 12 dossiers that are late in fact is an older record without steps and result date.
WITHOUT_EVIDENCE = 12


@dataclass(frozen=True, slots=True)
class Step:
    """A step in which `unit_code` holds the dossier; `ended_at` None: without an end."""

    name: str
    unit_code: str
    begun_at: datetime
    ended_at: datetime | None
    limit_days: int


def last_due_on(life: Life) -> date | None:
    """Return the due date in force at the end, extension included."""
    due = _last_due_at(life)
    return due.date() if due is not None else None


def _last_due_at(life: Life) -> datetime | None:
    return (life.extended_due_at if life.resumed_at is not None else None) or life.due_at


def settle_cause(life: Life) -> None:
    """Make cause and result date of a late dossier agree; leave all others as is."""
    due, closed = last_due_on(life), life.closed_at
    if due is None or closed is None or life.closed_status != 9 or closed.date() <= due:
        return
    paper = life.result_issued_on or closed.date()
    base = life.resumed_at or life.processing_at
    if life.late_cause == "software_only":
        if life.resumed_at is not None:
            paper = max(paper, life.resumed_at.date())
        if paper > due:
            life.late_cause = None
    if life.late_cause == "other_authority":
        paper = closed.date()
        if base is None or base.date() >= due:  # no time before the due date in which to wait
            life.late_cause = None
    if life.late_cause is None:
        life.late_cause = "in_fact" if int(life.dossier_id[:4], 16) % WITHOUT_EVIDENCE or life.slow_units else "unknown"
    if life.late_cause == "in_fact":
        paper = min(max(paper, workdays.shift(due, 1)), closed.date())
    life.result_issued_on = None if life.late_cause == "unknown" else paper


def steps(life: Life) -> list[Step]:
    """Return the steps in order; none if never received or of unknown cause."""
    start, begun = life.received_at, life.processing_at
    if start is None or begun is None or life.late_cause == "unknown":
        return []
    unit, days = life.unit.code, life.procedure.processing_time if life.procedure.processing_time_unit == "d" else 1
    half = max(1, days // 2)
    made = [Step(RECEPTION, unit, start, begun, 1)]
    if life.suspended_at is not None:
        made.append(Step(APPRAISAL, unit, begun, life.suspended_at, half))
        until = life.resumed_at or life.closed_at
        made.append(Step(SUSPENDED[life.suspended_status], unit, life.suspended_at, until, 10))
        if life.resumed_at is None:
            return made
        begun = life.resumed_at
    paper, due = _paper_at(life, begun), _last_due_at(life)
    if life.closed_at is not None and life.closed_status != 9:
        return [*made, Step(APPRAISAL, unit, begun, life.closed_at, half)]
    second = life.slow_units[-1] if life.late_cause == "in_fact" and len(life.slow_units) > 1 else unit
    is_joint = second not in (unit, life.unit.parent_code)
    if life.late_cause == "other_authority" and due is not None and begun < due:
        asked = _office(begun + (due - begun) * 0.3, begun, due)
        told = None if paper is None else paper - (paper - paper.replace(hour=7, minute=0, second=0)) / 2
        made += [Step(APPRAISAL, unit, begun, asked, half), Step(WAITING, OTHER_AUTHORITY, asked, told, half)]
        if told is None:
            return made
        begun = told
    else:
        until = paper or due
        if until is None or until <= begun:
            until = begun + timedelta(days=1)
        passed = _office(begun + (until - begun) * 0.6, begun, until)
        made.append(Step(APPRAISAL, unit, begun, passed, half))
        begun = passed
    made.append(Step(TOGETHER if is_joint else SIGNING, second, begun, paper, max(1, days // 4)))
    if paper is not None:
        clicker = life.slow_units[-1] if life.late_cause == "software_only" and life.slow_units else unit
        made.append(Step(HANDOVER, clicker, paper, life.closed_at, 1))
    return made


def _paper_at(life: Life, begun: datetime) -> datetime | None:
    """Return when the result was signed: on its date, at the latest when closed."""
    closed = life.closed_at
    if closed is None:
        return None
    issued = life.result_issued_on or closed.date()
    if issued >= closed.date():
        return closed - (closed - max(begun, closed.replace(hour=7, minute=0, second=0))) / 2
    return min(max(begun, workdays.moment(issued, 50_400)), closed)


def _office(instant: datetime, first: datetime, last: datetime) -> datetime:
    """Return `instant` moved into office hours, between `first` and `last`."""
    day = instant.date()
    if not workdays.works(day):
        instant = workdays.moment(workdays.shift(day, -1), 61_200)
    moved = min(max(instant, instant.replace(hour=7, minute=0, second=0)), instant.replace(hour=17, minute=0, second=0))
    return min(max(moved.replace(microsecond=0), first), last)


def seen_steps(made: list[Step], clock: datetime) -> list[Step]:
    """Return the steps begun by `clock`, without the ends that lie after it."""
    return [
        step if step.ended_at is None or step.ended_at <= clock else replace(step, ended_at=None)
        for step in made
        if step.begun_at <= clock
    ]
