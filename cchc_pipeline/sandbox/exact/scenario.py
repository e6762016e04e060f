"""Read the figures that a scenario meets, and build the scenario from them."""

from __future__ import annotations

import csv
import random
from dataclasses import replace
from datetime import date
from pathlib import Path

from cchc_pipeline.sandbox.drop import rows_by_table
from cchc_pipeline.sandbox.exact.dossiers import DossierPlanner, Stratum
from cchc_pipeline.sandbox.exact.letters import LetterQuota, PublicationQuota, exact_letters, exact_publications
from cchc_pipeline.sandbox.exact.procedures import ProcedureQuota, exact_procedures
from cchc_pipeline.sandbox.exact.registers import Figure
from cchc_pipeline.sandbox.life.province_parts import Profile, SandboxError, Unit, source_code
from cchc_pipeline.sandbox.life.scenario import ExactPlan, PlannedLetter, Publication, Scenario
from cchc_pipeline.yaml_files import QuotedDay, Strict, read_yaml

ORDINARY = Profile(
    online=0.4, late=0.01, early=0.3, digitised=0.3, reused=0.05, electronic=0.4, stored=0.005, citizen=0.1,
    synced=0.6, paid=0.2, rated=0.0, apology=0.0, paper=0.05, signed=0.95,
)  # fmt: skip


class Ordinary(Strict):
    """Days outside any report: dossiers and the share of them filed online."""

    start: QuotedDay
    end: QuotedDay
    count: int
    online: float


class ExactFigures(Strict):
    """The figures that a scenario meets, and what they leave open.

    Attributes:
        title: one line about it, Vietnamese / English.
        province: agency code.
        province_name: name as the portal writes it.
        go_live: first day of data.
        reported_on: last day of the report.
        last_day: last day of data.
        districts: number of districts.
        communes: number of communes of all districts.
        district_weight: share of each district in the dossiers, on the departments' scale.
        commune_weight: the same for each commune.
        profile: profile of every unit, used where the figures leave something open.
        procedures: the catalogue in numbers.
        strata: the dossiers in numbers, window by window.
        ordinary: dossiers of days outside any report.
        never_received: drafts and refusals from `go_live` to `reported_on`.
        publications: the publication decisions, one by one or in numbers.
        letters: the other letters in numbers, window by window.
        registers: the figures of the registers.
    """

    title: str
    province: str
    province_name: str
    go_live: QuotedDay
    reported_on: QuotedDay
    last_day: QuotedDay
    districts: int
    communes: int
    district_weight: float = 0.9
    commune_weight: float = 0.05
    profile: Profile = ORDINARY
    procedures: ProcedureQuota
    strata: tuple[Stratum, ...]
    ordinary: tuple[Ordinary, ...] = ()
    never_received: tuple[int, int] = (60, 90)
    publications: tuple[PublicationQuota | Publication, ...]
    letters: tuple[LetterQuota, ...]
    registers: tuple[Figure, ...]


def build_exact(path: Path, seed: int) -> Scenario:
    """Build the scenario of a file; each seed gives other records, same figures.

    Raises:
        SandboxError: the file holds a mistake, or its figures contradict each other.
    """
    name, figures = path.stem, read_yaml(path.read_bytes(), ExactFigures, path.name, SandboxError)
    rng = random.Random(f"{name}|{seed}|plan")
    units = _units(figures)
    departments = {unit.code: unit.name for unit in units if unit.level == "department"}
    scenario = Scenario(
        name=name,
        title=figures.title,
        province_code=figures.province,
        province_name=figures.province_name,
        go_live=figures.go_live,
        last_day=figures.last_day,
        dossiers_per_day=0.0,
        units=units,
        procedures=exact_procedures(figures.province, departments, figures.procedures, rng),
        reported_on=figures.reported_on,
        registers=rows_by_table(row for figure in figures.registers for row in figure.rows(units)),
    )
    planner = DossierPlanner(scenario, rng)
    for stratum in figures.strata:
        planner.exactly(stratum)
    for days in figures.ordinary:
        planner.ordinary(days.start, days.end, days.count, days.online)
    planner.never_received(figures.go_live, figures.reported_on, *figures.never_received)
    publications: list[Publication] = []
    for one in figures.publications:
        publications += [one] if isinstance(one, Publication) else exact_publications(rng, one)
    letters: dict[date, list[PlannedLetter]] = {}
    for quota in figures.letters:
        for day, some in exact_letters(units, quota, planner.dossiers, publications, rng).items():
            letters.setdefault(day, []).extend(some)
    return replace(scenario, plan=ExactPlan(planner.dossiers, tuple(publications), letters))


def _units(figures: ExactFigures) -> tuple[Unit, ...]:
    """Return the province, its departments, and each district followed by its communes.

    They stand as they were until 30 June 2025; the communes are spread evenly.
    """
    province, districts, communes = figures.province, figures.districts, figures.communes
    top = source_code(province, "province")
    made = [Unit(province, f"UBND {figures.province_name}", "province", None, top, "UBND")]
    listed = Path(__file__).with_name("departments.csv").read_text(encoding="utf-8").splitlines()
    for suffix, title, notation, weight in list(csv.reader(listed))[1:]:
        code = f"{province}.{suffix}"
        made.append(Unit(code, title, "department", province, source_code(code, "department"), notation, float(weight)))
    number = 0
    for i in range(districts):
        code = f"{province}.{41 + i}"
        title = f"UBND huyện Mẫu {i + 1:02d}" if i else "UBND thành phố Mẫu 01"
        source = source_code(code, "district")
        made.append(Unit(code, title, "district", province, source, "UBND", figures.district_weight))
        for j in range(communes // districts + (i < communes % districts)):
            number += 1
            below, title = f"{code}.{j + 1:02d}", f"UBND Xã Mẫu {number:03d}"
            made.append(Unit(below, title, "commune", code, below, "UBND", figures.commune_weight))
    return tuple(replace(unit, profile=figures.profile) for unit in made)
