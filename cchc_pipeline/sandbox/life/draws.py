"""Draw the outcome and the timestamps of dossiers."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random

from cchc_pipeline.sandbox.life import people, workdays
from cchc_pipeline.sandbox.life.dossiers import DEFECTS, Course, Fate, Life
from cchc_pipeline.sandbox.life.province_parts import Procedure, Unit
from cchc_pipeline.sandbox.life.steps import settle_cause

DEFECT_SHARE = 0.003
LEGACY_SHARE = 0.005
WAITING_SECTORS = frozenset({"G15-LT01"})  # judicial records: late ones wait for the police
LONGEST_DELAY = 60  # working days
MINUTE = timedelta(minutes=1)


def draw_fate(rng: Random, unit: Unit, procedure: Procedure, day: date, *, has_defects: bool) -> Fate:
    """Draw the fate of a dossier that reaches `unit` on `day`."""
    profile = unit.profile
    fate = Fate()
    if workdays.works(day) and rng.random() >= profile.online:
        fate.channel = "direct" if rng.random() < 0.7 else "postal"
    if procedure.service_level == "information" and fate.channel == "online":
        fate.channel = "direct"  # an information-only service takes no online filing
    chance = rng.random()
    if chance < 0.035:
        fate.kind = "draft" if chance < 0.015 else "refused"
        return fate
    if has_defects and rng.random() < DEFECT_SHARE:
        fate.defect = rng.choice(DEFECTS)
    fate.is_legacy_code = rng.random() < LEGACY_SHARE
    days = procedure.processing_time if procedure.processing_time_unit == "d" else 1
    fate.due_on = workdays.shift(day, days)
    if fate.defect in ("finished_missing", "finished_before_received"):
        fate.closed_on = day
    else:
        _draw_course(rng, fate, unit, day, days, procedure_waits=procedure.sector_code in WAITING_SECTORS)
    if fate.closed_on is not None and fate.closed_status == 9:
        draw_aftermath(rng, fate, unit, day, day)
    return fate


def _draw_course(rng: Random, fate: Fate, unit: Unit, day: date, days: int, *, procedure_waits: bool) -> None:
    """Draw suspension, due date and end of a dossier into `fate`."""
    shift, profile = workdays.shift, unit.profile
    start, due = day, fate.due_on
    assert due is not None  # noqa: S101 - every course starts with a due date
    if rng.random() < 0.04:
        fate.suspended_status = 5 if rng.random() < 0.8 else 6
        fate.suspended_on = shift(day, rng.randint(1, days + (5 if rng.random() < 0.1 else 0)))
        if rng.random() < 0.1:
            chance = rng.random()  # never resumed: withdrawn, stopped, or still open
            if chance < 0.8:
                fate.closed_status = 7 if chance < 0.55 else 8
                fate.closed_on = shift(fate.suspended_on, rng.randint(5, 30))
            return
        gap = rng.randint(2, 15)
        start = fate.resumed_on = shift(fate.suspended_on, gap)
        due = fate.extended_due_on = shift(due, gap)
    elif rng.random() < 0.01:
        fate.due_on = None
    chance = rng.random()
    if chance < 0.016:
        fate.closed_status = 7 if chance < 0.01 else 8
        fate.closed_on = shift(start, rng.randint(0, max(days, 2)))
    elif chance < 0.016 + profile.late and fate.due_on is not None:
        fate.late_cause = "other_authority" if procedure_waits else None
        _draw_lateness(rng, fate, unit, day, max(due, start))
    else:
        slack = workdays.between(start, due) - 1
        is_early = slack >= 0 and rng.random() < profile.early + 0.1
        fate.closed_on = shift(start, rng.randint(0, slack)) if is_early else max(due, start)
        if fate.closed_on < start:
            fate.closed_on = start


def _draw_lateness(rng: Random, fate: Fate, unit: Unit, day: date, due: date) -> None:
    shift = workdays.shift
    delay = min(1 + int(rng.expovariate(0.25)), LONGEST_DELAY)
    if rng.random() < 0.99:
        fate.closed_on = shift(due, delay)
    if rng.random() < unit.profile.apology:
        fate.apology_on = max(day, shift(due, rng.randint(-1, 1)))
    if fate.closed_on is None:
        return
    if rng.random() < 0.3:  # signed in time, closed late in the software
        fate.late_cause = "software_only"
        fate.result_issued_on = max(day, shift(due, -rng.randint(0, 1)))
        if rng.random() < 0.4:
            fate.corrected_closed_on = due
            fate.correction_on = shift(fate.closed_on, rng.randint(1, 4))


def draw_aftermath(rng: Random, fate: Fate, unit: Unit, day: date, earliest: date) -> None:
    """Draw what follows a result: its date on paper, the hand-over, the rating."""
    closed = fate.closed_on
    if closed is None:
        return
    if fate.result_issued_on is None:
        fate.result_issued_on = max(day, earliest, workdays.shift(closed, -1)) if rng.random() < 0.2 else closed
    chance = rng.random()
    if chance < 0.97 and fate.defect != "finished_missing":
        fate.returned_on = workdays.shift(closed, rng.randint(0, 2) if chance < 0.72 else rng.randint(1, 8))
    if rng.random() < unit.profile.rated:
        chance = rng.random()
        fate.rating = 1 if chance < 0.012 else 2 if chance < 0.06 else 3
        fate.first_rating = 2 if fate.rating == 3 and rng.random() < 0.02 else None
        fate.rated_on = (fate.returned_on or closed) + timedelta(days=rng.choice((0, 0, 0, 1, 3)))


def _at(rng: Random, day: date, after: datetime | None) -> datetime:
    """Draw an office-hour instant of `day`, moved behind `after` where needed."""
    instant = workdays.moment(day, workdays.office_seconds(rng.random()))
    if after is not None and instant <= after:
        close = workdays.moment(day, 63000)
        instant = after + (close - after) * rng.random() if after < close else after
        instant = instant.replace(microsecond=0) + MINUTE
    return instant


def live(rng: Random, fate: Fate, unit: Unit, procedure: Procedure, day: date, sequence: int, floor: datetime) -> Life:
    """Build the life of a fate; nothing in it happens before `floor`."""
    worked = workdays.works(day)
    start = workdays.moment(day, workdays.office_seconds(rng.random() * 0.75) if worked else rng.randint(28800, 75600))
    if fate.channel == "online":
        lag = rng.randint(36_000, 172_800) if worked and fate.defect is None and rng.random() < 0.25 else 0
        applied = start - timedelta(seconds=lag or rng.randint(60, 5400))
        if not 23400 <= applied.hour * 3600 + applied.minute * 60 <= 81000:  # outside 06:30-22:30
            applied = applied.replace(hour=20 if applied.hour >= 22 else 7)
    else:
        applied = start - timedelta(seconds=rng.randint(30, 600))
    applied = min(max(applied, floor), start)
    person = rng.randrange(people.PEOPLE)
    stamp = f"{day:%y%m%d}"
    code: str | None = f"{unit.source_code}-{stamp}-{sequence:04d}"
    if fate.is_legacy_code:
        code = f"HS{stamp}/{sequence:05d}.{unit.code.replace('.', '')}"
    life = Life(
        dossier_id=f"{rng.getrandbits(96):024x}",
        dossier_code=None if fate.defect == "code_missing" else code,
        national_code=f"G22.99.08-{stamp}-{rng.randint(100000, 999999)}" if rng.random() < 0.1 else None,
        unit=unit,
        procedure=procedure,
        channel=fate.channel,
        person=person,
        day=day,
        applied_at=applied,
        **{name: getattr(fate, name) for name in Course.__slots__},
    )
    if fate.kind == "draft":
        return life
    if fate.kind == "refused":
        refused_on = workdays.shift(day, rng.randint(0, 2))
        life.refused_at = _at(rng, refused_on, applied)
        return life
    life.received_at = start
    _fill_course(rng, life, fate, start)
    _fill_flags(rng, life, start)
    if fate.closed_on is not None and life.closed_at is not None and fate.closed_status == 9:
        _fill_result(rng, life, fate, fate.closed_on, life.closed_at)
    return life


def _fill_course(rng: Random, life: Life, fate: Fate, start: datetime) -> None:
    moment, last = workdays.moment, start
    life.processing_at = start + timedelta(seconds=rng.randint(300, 5400))
    if fate.due_on is not None:
        hours = life.procedure.processing_time_unit == "h"
        life.due_at = moment(fate.due_on, start.hour * 3600 + start.minute * 60 if hours else 61200)
    if fate.suspended_on is not None:
        last = life.suspended_at = _at(rng, fate.suspended_on, life.processing_at)
        if fate.resumed_on is not None:
            last = life.resumed_at = _at(rng, fate.resumed_on, last)
            if fate.extended_due_on is not None:
                life.extended_due_at = moment(fate.extended_due_on, 61200)
    if fate.closed_on is not None:
        life.closed_at = _at(rng, fate.closed_on, last)
        if life.processing_at > life.closed_at:
            life.processing_at = start + (life.closed_at - start) / 2
    if fate.correction_on is not None and fate.corrected_closed_on is not None and life.closed_at is not None:
        life.corrected_closed_at = min(life.closed_at, max(last, moment(fate.corrected_closed_on, 60300)))
        life.correction_at = _at(rng, fate.correction_on, life.closed_at)
    settle_cause(life)


def _fill_flags(rng: Random, life: Life, start: datetime) -> None:
    profile = life.unit.profile
    if life.procedure.is_payment_online and rng.random() < profile.paid * (1.0 if life.channel == "online" else 0.3):
        life.paid_at = start if rng.random() < 0.8 else _at(rng, workdays.shift(life.day, 1), start)
    if rng.random() < profile.digitised:
        life.digitised_at = (
            start if rng.random() < 0.9 else _at(rng, workdays.shift(life.day, rng.randint(1, 5)), start)
        )
    life.is_reused = rng.random() < profile.reused
    life.is_citizen_data_used = rng.random() < profile.citizen
    if rng.random() < profile.synced:
        life.synced_at = _at(rng, workdays.shift(life.day, rng.choice((0, 0, 0, 0, 1, 2))), start)


def _fill_result(rng: Random, life: Life, fate: Fate, closed_on: date, closed: datetime) -> None:
    profile = life.unit.profile
    if fate.returned_on is not None:
        life.returned_at = _at(rng, fate.returned_on, closed)
    drawn = rng.random() < profile.electronic
    if drawn if fate.is_electronic is None else fate.is_electronic:
        late_flag = fate.is_electronic is None and rng.random() < 0.12  # a correction a few days later
        life.electronic_at = _at(rng, workdays.shift(closed_on, rng.randint(1, 5)), closed) if late_flag else closed
        if rng.random() < profile.stored / profile.electronic:
            life.stored_at = _at(rng, workdays.shift(closed_on, rng.randint(0, 3)), closed)
    if fate.rating is not None and fate.rated_on is not None:
        returned_first = fate.returned_on is not None and fate.returned_on <= fate.rated_on
        life.rated_at = _at(rng, fate.rated_on, life.returned_at if returned_first else closed)
        if fate.first_rating is not None:
            life.rating_correction_at = _at(rng, fate.rated_on + timedelta(days=2), life.rated_at)
