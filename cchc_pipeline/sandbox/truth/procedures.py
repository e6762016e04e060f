"""Count the indicators of procedures and units from the catalogue.

A procedure counts for the unit in charge and the units above it. What a district or a commune executes without being
in charge of it counts for every unit of that level. Internal procedures are counted apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from cchc_pipeline.sandbox.life.province_parts import Procedure, Unit
from cchc_pipeline.sandbox.province import Province
from cchc_pipeline.sandbox.truth.definitions import definitions

Value = tuple[float, float | None]
BELOW = ("district", "commune")


def of_unit(province: Province, unit: Unit) -> list[Procedure]:
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


def procedure_counts(procedures: Sequence[Procedure]) -> dict[str, float]:
    """Count the procedures for citizens, by the measures of `truth.indicators`."""
    public = [p for p in procedures if not p.is_internal]
    counts = {f"procedures_{level}": 0.0 for level in ("full", "partial", "information")}
    for p in public:
        counts[f"procedures_{p.service_level}"] += 1
    return counts | {
        "procedures": len(public),
        "procedures_online": sum(p.service_level != "information" for p in public),
        "procedures_connected": sum(p.is_citizen_data_connected for p in public),
        "procedures_updated": sum(p.is_updated_on_time for p in public),
        "procedures_content_full": sum(p.is_content_full for p in public),
    }


def procedure_truth(
    province: Province, unit: Unit, procedures: Sequence[Procedure], as_of_on: date, start: date, end: date
) -> dict[str, Value]:
    """Return (numerator, denominator) per procedure indicator of one unit.

    Unknown indicators are left out. A single day (start = end) has no counts of units and no total to date.
    """
    last = min(end, as_of_on)
    found: dict[str, Value] = {}
    public = [p for p in procedures if not p.is_internal]
    holding = {
        name: float(sum(all(getattr(p, what) in values for what, values in condition.items()) for p in public))
        for name, condition in (definitions().standing | definitions().said).items()
    }
    if procedures:
        found |= {name: (holding[name], None) for name in definitions().standing}
        found["procedures_internal_count"] = len(procedures) - len(public), None
        found["procedures_online_rate"] = sum(p.service_level != "information" for p in public), len(public)
        found["procedures_full_rate"] = sum(p.service_level == "full" for p in public), len(public)
    if public:
        has_old_scale = any(p.service_level_old is not None for p in public)
        for name in definitions().said:
            if has_old_scale or not name.startswith("services_level_"):
                found[name] = holding[name], None
        essential = [p for p in public if p.is_essential]
        integrated = [p for p in essential if p.integrated_on is not None and p.integrated_on <= as_of_on]
        found["essential_services_rate"] = len(integrated), len(essential)
    if procedures:
        found |= _by_day(province, procedures, as_of_on, start, last)
    if start < end:
        units = definitions().units
        below = province.scenario.inside(unit)
        found |= {name: (float(sum(one.level == level for one in below)), None) for name, level in units.items()}
    else:
        found.pop("procedures_integrated_to_date_count", None)
    return found


def _by_day(
    province: Province, procedures: Sequence[Procedure], as_of_on: date, start: date, last: date
) -> dict[str, Value]:
    """Count by the days of the catalogue; unknown if it states none by `as_of_on`."""
    found: dict[str, Value] = {}
    for name, (column, only_internal) in definitions().by_day.items():
        every = [getattr(p, column) for p in province.procedures if p.is_in_force]
        if not any(day is not None and day <= as_of_on for day in every):
            continue
        days = [getattr(p, column) for p in procedures if p.is_internal or not only_internal]
        found[name] = sum(day is not None and start <= day <= last for day in days), None
        if column == "integrated_on":
            so_far = sum(day is not None and day <= last for day in days)
            found["procedures_integrated_to_date_count"] = so_far, None
    return found
