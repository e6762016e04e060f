"""Define a scenario: the units, procedures, volumes and registers of a province."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from cchc_pipeline.sandbox.life import workdays
from cchc_pipeline.sandbox.life.dossiers import Fate
from cchc_pipeline.sandbox.life.province_parts import Procedure, SandboxError, Unit

DossierPlan = dict[date, list[tuple[Unit, Procedure, Fate]]]
#: What a unit has of each measure; of a measure with several values (procedure codes, days), by (measure, value).
Counts = Counter[str | tuple[str, Any]]


def values_of(counts: Counts, measure: str) -> list[Any]:
    """Return the different values counted under `measure`."""
    return [key[1] for key, count in counts.items() if count and isinstance(key, tuple) and key[0] == measure]


@dataclass(frozen=True, slots=True)
class Publication:
    """A ministry's decision that arrives and the province's decision that answers it.

    `days` are the working days from arrival to publication; `internal` of the `procedures` are internal ones.
    `ministry` is its place in `letter_texts.yaml`, `number` that of its decision.
    """

    arrived_on: date
    days: int
    procedures: int
    internal: int = 0
    ministry: int = 0
    number: int = 0

    @property
    def promulgated_on(self) -> date:
        """Return the day of the province's decision."""
        return workdays.shift(self.arrived_on, self.days)


@dataclass(frozen=True, slots=True)
class PlannedLetter:
    """A letter that a plan fixes, sent on the day it is dated."""

    unit: Unit
    type_name: str
    kind: str
    subject: str
    is_signed: bool = True
    is_paper_copy: bool = False
    security: str = "normal"  # normal | secret
    field: str | None = None  # finance | personnel


@dataclass(frozen=True, slots=True)
class ExactPlan:
    """The dossiers, publication decisions and other letters of every day."""

    dossiers: DossierPlan
    publications: tuple[Publication, ...]
    letters: Mapping[date, list[PlannedLetter]] = field(default_factory=dict)


@dataclass(frozen=True)
class Scenario:
    """The description of a province that does not depend on the day.

    `plan` is what a scenario with exact figures prepares for its days (None for drawn scenarios), and
    `reported_on` the last day of the report that states the figures. `registers` are the rows of the registers
    that people keep, by table, in the columns of their contracts.
    """

    name: str
    title: str
    province_code: str
    province_name: str
    go_live: date
    last_day: date | None
    dossiers_per_day: float
    units: tuple[Unit, ...]
    procedures: tuple[Procedure, ...]
    plan: ExactPlan | None = None
    reported_on: date | None = None
    registers: Mapping[str, Sequence[Mapping[str, object]]] = field(default_factory=dict)

    def is_live(self, day: date) -> bool:
        """Return whether the systems hold data of `day`."""
        return self.go_live <= day and (self.last_day is None or day <= self.last_day)

    def unit(self, code: str) -> Unit:
        """Return the unit with this canonical code.

        Raises:
            SandboxError: no unit has it.
        """
        for unit in self.units:
            if unit.code == code:
                return unit
        raise SandboxError(f"scenario {self.name}: no unit {code}; see `cchc sandbox describe`", unit=code)

    def procedures_of(self, unit: Unit) -> list[Procedure]:
        """Return the procedures in force that `unit` takes dossiers for; none internal."""
        in_force = [p for p in self.procedures if p.is_in_force and not p.is_internal]
        if unit.level in ("department", "province"):
            return [p for p in in_force if p.unit_code == unit.code and p.executing_level == "province"]
        return [p for p in in_force if p.executing_level == unit.level]

    def ancestors(self, unit: Unit) -> list[Unit]:
        """Return the units above `unit`, nearest first."""
        above, parent = [], unit.parent_code
        while parent is not None:
            above.append(self.unit(parent))
            parent = above[-1].parent_code
        return above

    def inside(self, unit: Unit) -> list[Unit]:
        """Return the unit and all units below it."""
        return [one for one in self.units if unit in (one, *self.ancestors(one))]

    def summed(self, own: Mapping[str, Counts]) -> dict[str, Counts]:
        """Return the counts of every unit with those of all units below it added."""
        totals = {unit.code: Counts() for unit in self.units}
        for unit in self.units:
            for above in (unit, *self.ancestors(unit)):
                totals[above.code].update(own[unit.code])
        return totals
