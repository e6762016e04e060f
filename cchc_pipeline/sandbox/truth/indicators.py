"""Count every indicator of every unit, one dossier at a time, from the lives.

Rules: a dossier counts once it is received and its status is neither 1 nor 3; a closed one (7, 8, 9, 10) is
early, on time or late by comparing dates, where 7, 8 and a missing due date are on time; an open one is
overdue from the day after its due date unless it is suspended. Defective records never count. A procedure counts for
the unit in charge and the units above it. What a district or a commune executes without being in charge of it counts
for every unit of that level. Internal procedures are counted apart.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Any

from cchc_pipeline.sandbox.life import workdays
from cchc_pipeline.sandbox.life.dossiers import Life, Seen
from cchc_pipeline.sandbox.life.province_parts import Procedure, Unit
from cchc_pipeline.sandbox.life.scenario import Counts, values_of
from cchc_pipeline.sandbox.province import Province
from cchc_pipeline.sandbox.truth.definitions import definitions
from cchc_pipeline.sandbox.truth.registers import register_truth

Value = tuple[float, float | None]
Truth = dict[tuple[str, str], Value]
BELOW = ("district", "commune")


@dataclass(frozen=True, slots=True)
class _Window:
    """A period clipped to the last day of data, `as_of_on`."""

    as_of_on: date
    start: date
    last: date

    def holds(self, day: date | None) -> bool:
        return day is not None and self.start <= day <= self.last


def indicator_truth(province: Province, as_of_on: date, start: date, end: date) -> Truth:
    """Count every indicator of every unit for the period [start, end].

    Args:
        province: the province whose lives are counted.
        as_of_on: last civil day of data; records are taken as they stand at its end, and nothing after it counts.
        start: first day of the period.
        end: last day of the period.

    Returns:
        (indicator id, unit code) -> (numerator, denominator); the denominator is None for counts. The numerator of
        `handling_time_median_days` is the median itself (0.0 where no dossier was done) and its denominator their
        number. Register and procedure indicators are missing where unknown.
    """
    window = _Window(as_of_on, start, min(end, as_of_on))
    own = {unit.code: Counts() for unit in province.units}
    apologies = _count_letters(province, window, own)
    clock = workdays.end_of(as_of_on)
    for life in province.lives_between(province.scenario.go_live, as_of_on):
        if life.defect is None:
            seen = life.seen(clock)
            if seen is not None:
                _count_dossier(own[life.unit.code], life, seen, window, apologies)
    truth: Truth = {}
    totals = province.scenario.summed(own)
    for unit in province.units:
        total = totals[unit.code]
        procedures = _procedures_of(province, unit)
        public = [p for p in procedures if not p.is_internal]
        levels = Counter(p.service_level for p in public)
        online = {p.code for p in public if p.service_level != "information"}
        counts: defaultdict[Any, float] = defaultdict(
            float, {measure: float(count) for measure, count in total.items()}
        )
        counts |= {f"procedures_{level}": float(levels[level]) for level in ("full", "partial", "information")}
        counts |= {
            "procedures": len(public),
            "procedures_online": len(online),
            "procedures_connected": sum(p.is_citizen_data_connected for p in public),
            "procedures_updated": sum(p.is_updated_on_time for p in public),
            "procedures_content_full": sum(p.is_content_full for p in public),
            "procedures_online_used": len(online.intersection(values_of(total, "received_online"))),
            "procedures_with_fee_used": len(values_of(total, "with_fee")),
            "procedures_paid": len(values_of(total, "paid_online")),
        }
        for indicator, measure in definitions().counts.items():
            truth[indicator, unit.code] = counts[measure], None
        for indicator, (numerator, denominator) in definitions().rates.items():
            truth[indicator, unit.code] = counts[numerator], counts[denominator]
        for indicator, value in _procedure_truth(province, unit, procedures, window, end).items():
            truth[indicator, unit.code] = value
        days = [day for day in values_of(total, "handled_days") for _ in range(total["handled_days", day])]
        truth["handling_time_median_days", unit.code] = float(median(days)) if days else 0.0, float(len(days))
    return truth | register_truth(province, as_of_on, start, end)


def _count_dossier(counts: Counts, life: Life, seen: Seen, window: _Window, apologies: set[str]) -> None:
    finished_on = seen.finished_at.date() if seen.finished_at else None
    if seen.status == 3:
        counts["refused"] += window.holds(finished_on)
    if seen.status in (1, 3) or seen.received_at is None:
        return
    received_on = seen.received_at.date()
    due_on, suspended_on, resumed_on = (
        instant.date() if instant else None for instant in (seen.due_at, seen.suspended_at, seen.resumed_at)
    )
    closed_on = finished_on if seen.status in (7, 8, 9, 10) else None
    is_paused = seen.status in (5, 6) and suspended_on is not None

    outcome = None
    if closed_on is not None:
        outcome = "on_time"
        if seen.status in (9, 10) and due_on is not None and closed_on != due_on:
            outcome = "early" if closed_on < due_on else "late"

    def is_open(day: date) -> bool:
        return received_on <= day and (closed_on is None or closed_on > day)

    def is_overdue(day: date) -> bool:
        paused = is_paused and suspended_on is not None and suspended_on <= day
        return is_open(day) and due_on is not None and due_on < day and not paused

    if window.holds(received_on):
        not_late = outcome != "late" if closed_on is not None else not is_overdue(window.as_of_on)
        _count_received(counts, life, seen, not_late=not_late)
    if window.holds(closed_on) and outcome is not None and closed_on is not None:
        counts["resolved"] += 1
        counts[outcome] += 1
        counts["timely"] += outcome != "late"
        counts["late_district"] += outcome == "late" and life.unit.level == "district"
        counts["withdrawn"] += seen.status == 7
        if seen.status in (9, 10):
            days = workdays.between(received_on, closed_on)
            if suspended_on is not None and resumed_on is not None:
                days -= workdays.between(suspended_on, resumed_on)
            counts["done"] += 1
            counts["done_electronic"] += seen.is_result_electronic
            level = "province" if life.unit.level == "department" else life.unit.level
            counts[f"done_{level}"] += 1
            counts[f"done_electronic_{level}"] += seen.is_result_electronic
            counts["handled_days"] += days
            counts["handled_days", days] += 1
        if outcome == "late":
            has_apology = life.dossier_code in apologies
            counts["late_with_apology"] += has_apology
            counts[f"late_{life.late_cause}"] += 1
            counts[f"late_{life.late_cause}_apology"] += has_apology
    counts["suspended"] += window.holds(suspended_on)
    if seen.rated_at is not None and window.holds(seen.rated_at.date()):
        counts["rated"] += 1
        counts[f"rated_{seen.rating}"] += 1
    counts["carried_over"] += is_open(window.start - timedelta(days=1))
    if is_open(window.last):
        overdue = is_overdue(window.last)
        counts["pending"] += 1
        counts["pending_overdue"] += overdue
        counts["pending_in_time"] += not overdue


def _count_received(counts: Counts, life: Life, seen: Seen, *, not_late: bool) -> None:
    """Add the measures of a dossier received in the period."""
    code = life.procedure.code
    counts["received"] += 1
    counts[f"received_{life.channel}"] += 1
    if life.channel == "online":
        counts["received_online", code] += 1
        counts["received_full_online"] += life.procedure.service_level == "full"
    if life.procedure.fee_vnd:
        counts["with_fee"] += 1
        counts["with_fee", code] += 1
        if seen.is_paid_online:
            counts["paid_online"] += 1
            counts["paid_online", code] += 1
    counts["digitised"] += seen.is_digitised
    counts["reused"] += seen.is_data_reused
    counts["result_electronic"] += seen.is_result_electronic
    counts["personal_storage"] += seen.is_in_personal_storage
    counts["citizen_data"] += seen.is_citizen_data_used
    counts["synced_national"] += seen.is_synced_national
    counts["not_late"] += not_late
    counts["satisfied_not_late"] += not_late and seen.rating != 1


def _count_letters(province: Province, window: _Window, own: dict[str, Counts]) -> set[str]:
    """Count the units' letters; return the codes of dossiers with an apology."""
    apologies: set[str] = set()
    for day in workdays.days(province.scenario.go_live, window.as_of_on):
        for letter in province.letters.letters(day):
            if letter.dossier_code is not None:
                apologies.add(letter.dossier_code)
            if letter.unit is None:
                continue
            counts = own[letter.unit.code]
            if window.holds(letter.sent_at.date()):
                is_open = letter.security == "normal"
                is_judged = is_open and letter.field is None
                counts["documents"] += 1
                counts["documents_open"] += is_open
                counts["documents_electronic"] += is_open and not letter.is_paper_copy
                counts["documents_to_sign"] += is_judged
                counts["documents_signed"] += is_judged and letter.is_signed
            if letter.answers_due_on is not None and window.holds(letter.promulgated_on):
                counts["replies"] += 1
                counts["replies_late"] += letter.promulgated_on > letter.answers_due_on
            if letter.kind == "publication_decision" and window.holds(letter.promulgated_on):
                late = letter.due_on is not None and letter.promulgated_on > letter.due_on
                counts["decisions"] += 1
                counts["decisions_late"] += late
                counts["decisions_in_time"] += not late
                counts["published_procedures"] += letter.procedures_count or 0
                counts["published_internal"] += letter.internal_count or 0
                if letter.responds_to is not None:
                    counts["decisions_answering"] += 1
                    counts["publication_days"] += workdays.between(letter.responds_to[2], letter.promulgated_on)
    return apologies


def _procedures_of(province: Province, unit: Unit) -> list[Procedure]:
    """Return the procedures in force that count for `unit`."""
    inside = {one.code for one in province.scenario.inside(unit)}
    levels = {one.code: one.level for one in province.units}
    return [
        p
        for p in province.procedures
        if p.is_in_force
        and (
            p.unit_code in inside
            or (unit.level in BELOW and p.executing_level == unit.level and levels[p.unit_code] not in BELOW)
        )
    ]


def _procedure_truth(
    province: Province, unit: Unit, procedures: Sequence[Procedure], window: _Window, end: date
) -> dict[str, Value]:
    """Return (numerator, denominator) per procedure indicator of one unit.

    Unknown indicators are left out. A single day has no counts of units and no total to date.
    """
    found: dict[str, Value] = {}
    public = [p for p in procedures if not p.is_internal]
    holding: dict[str, Value] = {
        name: (float(sum(all(getattr(p, what) in some for what, some in condition.items()) for p in public)), None)
        for name, condition in (definitions().standing | definitions().said).items()
    }
    if procedures:
        found |= {name: holding[name] for name in definitions().standing}
        found["procedures_internal_count"] = len(procedures) - len(public), None
        found["procedures_online_rate"] = sum(p.service_level != "information" for p in public), len(public)
        found["procedures_full_rate"] = sum(p.service_level == "full" for p in public), len(public)
    if public:
        has_old_scale = any(p.service_level_old is not None for p in public)
        said = [name for name in definitions().said if has_old_scale or not name.startswith("services_level_")]
        found |= {name: holding[name] for name in said}
        essential = [p for p in public if p.is_essential]
        integrated = [p for p in essential if p.integrated_on is not None and p.integrated_on <= window.as_of_on]
        found["essential_services_rate"] = len(integrated), len(essential)
    if procedures:
        found |= _procedures_by_day(province, procedures, window, is_day=window.start == end)
    if window.start < end:
        below = province.scenario.inside(unit)
        units = definitions().units
        found |= {name: (float(sum(one.level == level for one in below)), None) for name, level in units.items()}
    return found


def _procedures_by_day(
    province: Province, procedures: Sequence[Procedure], window: _Window, *, is_day: bool
) -> dict[str, Value]:
    """Count by the days of the catalogue; unknown if it states none by `as_of_on`."""
    found: dict[str, Value] = {}
    for name, (column, only_internal) in definitions().by_day.items():
        every = [getattr(p, column) for p in province.procedures if p.is_in_force]
        if not any(day is not None and day <= window.as_of_on for day in every):
            continue
        days = [getattr(p, column) for p in procedures if p.is_internal or not only_internal]
        found[name] = sum(map(window.holds, days)), None
        if column == "integrated_on" and not is_day:
            so_far = sum(day is not None and day <= window.last for day in days)
            found["procedures_integrated_to_date_count"] = so_far, None
    return found
