"""Build a scenario that meets published figures exactly."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from cchc_pipeline.sandbox.exact.dossiers import DossierPlanner, Stratum
from cchc_pipeline.sandbox.exact.letters import LetterQuota, exact_letters
from cchc_pipeline.sandbox.exact.procedures import ProcedureQuota, exact_procedures
from cchc_pipeline.sandbox.exact.three_level_units import DEPARTMENTS, three_level_units
from cchc_pipeline.sandbox.life.plan import ExactPlan, PlannedLetter, Publication
from cchc_pipeline.sandbox.life.province_parts import Procedure, Profile, Unit
from cchc_pipeline.sandbox.life.scenario import Scenario

ORDINARY = Profile(
    online=0.4, late=0.01, early=0.3, digitised=0.3, reused=0.05, electronic=0.4, stored=0.005, citizen=0.1,
    synced=0.6, paid=0.2, rated=0.0, apology=0.0, paper=0.05, signed=0.95,
)  # fmt: skip
Registers = Mapping[str, Sequence[Mapping[str, object]]]


@dataclass(frozen=True)
class ExactSpec:
    """The figures that a scenario meets, and what they leave open.

    Attributes:
        name: name of the scenario.
        title: one line about it, Vietnamese / English.
        province: agency code.
        province_name: name as the portal writes it.
        go_live: first day of data.
        reported_on: last day of the report.
        last_day: last day of data.
        districts: number of districts.
        communes: number of communes of all districts.
        procedures: the catalogue in numbers.
        strata: the dossiers in numbers, window by window.
        publications: draws the publication decisions.
        letters: the other letters in numbers, window by window.
        registers: builds the rows of the registers for the units.
        ordinary: (first day, last day, dossiers, share online) of days outside any report.
        never_received: drafts and refusals from `go_live` to `reported_on`.
        profile: profile of every unit, used where the figures leave something open.
        departments: code suffix, name, notation and weight of each.
        district_weight: share of each district in the dossiers, on the departments' scale.
        commune_weight: the same for each commune.
        rename: changes the finished catalogue.
    """

    name: str
    title: str
    province: str
    province_name: str
    go_live: date
    reported_on: date
    last_day: date
    districts: int
    communes: int
    procedures: ProcedureQuota
    strata: Sequence[Stratum]
    publications: Callable[[random.Random], Sequence[Publication]]
    letters: Sequence[LetterQuota]
    registers: Callable[[Sequence[Unit]], Registers]
    ordinary: Sequence[tuple[date, date, int, float]] = ()
    never_received: tuple[int, int] = (60, 90)
    profile: Profile = ORDINARY
    departments: Sequence[tuple[str, str, str, float]] = DEPARTMENTS
    district_weight: float = 0.9
    commune_weight: float = 0.05
    rename: Callable[[Sequence[Procedure]], Sequence[Procedure]] = tuple


def build_exact(spec: ExactSpec, seed: int) -> Scenario:
    """Build the scenario of `spec`; each seed gives other records, same figures."""
    rng = random.Random(f"{spec.name}|{seed}|plan")
    units = three_level_units(
        spec.province,
        f"UBND {spec.province_name}",
        spec.profile,
        districts=spec.districts,
        communes=spec.communes,
        departments=spec.departments,
        district_weight=spec.district_weight,
        commune_weight=spec.commune_weight,
    )
    departments = {unit.code: unit.name for unit in units if unit.level == "department"}
    scenario = Scenario(
        name=spec.name,
        title=spec.title,
        province_code=spec.province,
        province_name=spec.province_name,
        go_live=spec.go_live,
        last_day=spec.last_day,
        dossiers_per_day=0.0,
        units=units,
        procedures=tuple(spec.rename(exact_procedures(spec.province, departments, spec.procedures, rng))),
        ignores_size=True,
        has_defects=False,
        reported_on=spec.reported_on,
        registers=spec.registers(units),
    )
    planner = DossierPlanner(scenario, rng)
    for stratum in spec.strata:
        planner.exactly(stratum)
    for start, end, count, online in spec.ordinary:
        planner.ordinary(start, end, count, online)
    planner.never_received(spec.go_live, spec.reported_on, *spec.never_received)
    publications = tuple(spec.publications(rng))
    letters: dict[date, list[PlannedLetter]] = {}
    for quota in spec.letters:
        for day, some in exact_letters(units, quota, planner.dossiers, publications, rng).items():
            letters.setdefault(day, []).extend(some)
    return replace(scenario, plan=ExactPlan(planner.dossiers, publications, letters))
