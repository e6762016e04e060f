"""Count the indicators of procedures and units from the catalogue.

A procedure counts for the unit in charge and the units above it. What a district or a commune executes without being
in charge of it counts for every unit of that level. Internal procedures are counted apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from cchc_pipeline.sandbox.life.province_parts import Procedure, Unit
from cchc_pipeline.sandbox.province import Province

Value = tuple[float, float | None]
BELOW = ("district", "commune")

Rule = Callable[[Procedure], bool]
# indicator -> the procedures for citizens that it counts, as the catalogue stands
STANDING: dict[str, Rule] = {
    "procedures_count": lambda _: True,
    "procedures_province_level_count": lambda p: p.executing_level == "province",
    "procedures_district_level_count": lambda p: p.executing_level == "district",
    "procedures_commune_level_count": lambda p: p.executing_level == "commune",
    "procedures_online_count": lambda p: p.service_level != "information",
}
# the same, by attributes that a source may not give
SAID: dict[str, Rule] = {
    "services_level_1_2_count": lambda p: p.service_level_old in (1, 2),
    "services_level_3_count": lambda p: p.service_level_old == 3,
    "services_level_4_count": lambda p: p.service_level_old == 4,
    "procedures_interlinked_count": lambda p: p.interlinked is not None,
    "procedures_interlinked_same_level_count": lambda p: p.interlinked == "same_level",
    "procedures_interlinked_cross_level_count": lambda p: p.interlinked == "cross_level",
    "procedures_paperless_count": lambda p: p.is_paperless,
    "procedures_priority_early_count": lambda p: p.is_priority_early,
    "procedures_location_free_count": lambda p: p.is_location_free,
}
# indicator -> (column of the day that it counts by, whether of internal procedures only)
BY_DAY = {
    "procedures_integrated_count": ("integrated_on", False),
    "procedures_synced_count": ("synced_on", False),
    "procedures_time_cut_count": ("time_cut_on", False),
    "procedures_simplified_count": ("simplified_on", False),
    "internal_procedures_simplified_count": ("simplified_on", True),
}
UNITS = {
    "portal_departments_count": "department",
    "portal_districts_count": "district",
    "portal_communes_count": "commune",
}
# known only as of the day on which the catalogue is read
PROCEDURES_STANDING = (
    *STANDING,
    *SAID,
    "procedures_internal_count",
    "procedures_online_rate",
    "procedures_full_rate",
    "essential_services_rate",
)
PROCEDURE_INDICATORS = (
    *PROCEDURES_STANDING,
    *BY_DAY,
    "procedures_integrated_to_date_count",
    *UNITS,
)


def of_unit(province: Province, unit: Unit, inside: set[str]) -> list[Procedure]:
    """Return the procedures in force that count for `unit`.

    `inside` holds the codes of the unit and of the units below it.
    """
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
    if procedures:
        found |= {name: (float(sum(map(rule, public))), None) for name, rule in STANDING.items()}
        found["procedures_internal_count"] = len(procedures) - len(public), None
        found["procedures_online_rate"] = sum(p.service_level != "information" for p in public), len(public)
        found["procedures_full_rate"] = sum(p.service_level == "full" for p in public), len(public)
    if public:
        has_old_scale = any(p.service_level_old is not None for p in public)
        for name, rule in SAID.items():
            if has_old_scale or not name.startswith("services_level_"):
                found[name] = float(sum(map(rule, public))), None
        essential = [p for p in public if p.is_essential]
        integrated = [p for p in essential if p.integrated_on is not None and p.integrated_on <= as_of_on]
        found["essential_services_rate"] = len(integrated), len(essential)
    if procedures:
        found |= _by_day(province, procedures, as_of_on, start, last)
    if start < end:
        below = [one for one in province.units if unit in (one, *province.scenario.ancestors(one))]
        found |= {name: (float(sum(one.level == level for one in below)), None) for name, level in UNITS.items()}
    else:
        found.pop("procedures_integrated_to_date_count", None)
    return found


def _by_day(
    province: Province, procedures: Sequence[Procedure], as_of_on: date, start: date, last: date
) -> dict[str, Value]:
    """Count by the days of the catalogue; unknown if it states none by `as_of_on`."""
    found: dict[str, Value] = {}
    for name, (column, only_internal) in BY_DAY.items():
        every = [getattr(p, column) for p in province.procedures if p.is_in_force]
        if not any(day is not None and day <= as_of_on for day in every):
            continue
        days = [getattr(p, column) for p in procedures if p.is_internal or not only_internal]
        found[name] = sum(day is not None and start <= day <= last for day in days), None
        if column == "integrated_on":
            so_far = sum(day is not None and day <= last for day in days)
            found["procedures_integrated_to_date_count"] = so_far, None
    return found
