"""What a province is: its units, its procedures, its volumes, and the registry of the scenarios.

Belongs here: the shapes that every scenario fills and `load_scenario`. Not here: the catalogues themselves
(`two_level.py`, `dak_nong.py` and their like) and the lives of dossiers (`lives.py`).
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

from cchc_pipeline.errors import CchcError
from cchc_pipeline.reference.unit_codes import qcvn102_code

if TYPE_CHECKING:
    from cchc_pipeline.sandbox.exact import ExactPlan


class SandboxError(CchcError):
    """The sandbox was asked for something that no scenario offers."""


@dataclass(frozen=True, slots=True)
class Profile:
    """How well a unit works: probabilities per dossier or per letter."""

    online: float = 0.98
    late: float = 0.14
    early: float = 0.48
    digitised: float = 0.226
    reused: float = 0.165
    electronic: float = 0.73
    stored: float = 0.016
    citizen: float = 0.62
    synced: float = 0.86
    paid: float = 0.92
    rated: float = 0.2
    apology: float = 0.25
    paper: float = 0.04
    signed: float = 0.92


@dataclass(frozen=True, slots=True)
class Unit:
    """An agency or administrative unit. `code` is canonical; `source_code` is what the source systems write.

    `valid_from` and `valid_to` are its first and last day, None where it is of all time.
    """

    code: str
    name: str
    level: str  # province | department | district | commune
    parent_code: str | None
    source_code: str
    notation: str  # the abbreviation in document numbers: STP, UBND, VP
    weight: float = 0.0
    profile: Profile = field(default_factory=Profile)
    valid_from: date | None = None
    valid_to: date | None = None

    def exists_on(self, day: date) -> bool:
        """Whether the unit exists on `day`."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Procedure:
    """An administrative procedure with the unit in charge of it."""

    code: str
    name: str
    sector_code: str
    sector_name: str
    service_level: str  # full | partial | information
    executing_level: str  # province | district | commune
    unit_code: str
    processing_time: int
    processing_time_unit: str  # d | h
    fee_vnd: int
    is_payment_online: bool
    is_citizen_data_connected: bool
    is_content_full: bool
    is_updated_on_time: bool
    publication_decision: str | None
    is_in_force: bool = True
    weight: float = 1.0
    service_level_old: int | None = None  # 1-4 of the scale before NĐ 42/2022, where the system still shows it
    is_internal: bool = False  # between agencies (TTHC nội bộ), not for citizens
    interlinked: str | None = None  # same_level | cross_level
    is_paperless: bool = False
    is_priority_early: bool = False
    is_essential: bool = False  # one of the essential services of Đề án 06
    is_location_free: bool = False  # may be filed at any counter of the province
    integrated_on: date | None = None  # with the national portal
    synced_on: date | None = None  # with the national procedure database
    time_cut_on: date | None = None
    simplified_on: date | None = None


@dataclass(frozen=True)
class Scenario:
    """A province with everything that does not depend on the day.

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
    ignores_size: bool = False
    has_defects: bool = True
    plan: ExactPlan | None = None
    reported_on: date | None = None
    registers: Mapping[str, Sequence[Mapping[str, object]]] = field(default_factory=dict)

    def unit(self, code: str) -> Unit:
        """The unit with this canonical code."""
        for unit in self.units:
            if unit.code == code:
                return unit
        raise SandboxError(f"scenario {self.name}: no unit {code}; see `cchc sandbox describe`", unit=code)

    def procedures_of(self, unit: Unit) -> list[Procedure]:
        """The procedures in force for which `unit` receives dossiers."""
        in_force = [p for p in self.procedures if p.is_in_force and not p.is_internal]
        if unit.level in ("department", "province"):
            return [p for p in in_force if p.unit_code == unit.code and p.executing_level == "province"]
        return [p for p in in_force if p.executing_level == unit.level]

    def ancestors(self, unit: Unit) -> list[Unit]:
        """The units above `unit`, nearest first."""
        above, parent = [], unit.parent_code
        while parent is not None:
            above.append(self.unit(parent))
            parent = above[-1].parent_code
        return above


def source_code(code: str, level: str) -> str:
    """The code as the source systems write it: QCVN 102 above the commune, QĐ 20 for communes."""
    return code if level == "commune" else qcvn102_code(code) or code


def centred(values: Sequence[float], weights: Sequence[float], target: float) -> list[float]:
    """Shift probabilities in logit space so that their weighted mean is `target`."""
    logits = [math.log(v / (1 - v)) for v in values]
    total = sum(weights)
    low, high = -20.0, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        mean = sum(w / (1 + math.exp(-(x + middle))) for x, w in zip(logits, weights, strict=True)) / total
        low, high = (middle, high) if mean < target else (low, middle)
    return [1 / (1 + math.exp(-(x + low))) for x in logits]


def with_profiles(units: Sequence[Unit], targets: dict[str, tuple[float, float]], rng: random.Random) -> list[Unit]:
    """Units with drawn profiles: `targets` gives per trait the volume-weighted mean and the spread in logits."""
    weights = [max(unit.weight, 1e-6) for unit in units]
    traits: dict[str, list[float]] = {}
    for trait, (mean, spread) in targets.items():
        logit = math.log(mean / (1 - mean))
        drawn = [1 / (1 + math.exp(-rng.gauss(logit, spread))) for _ in units]
        traits[trait] = [min(0.999, max(0.001, v)) for v in centred(drawn, weights, mean)]
    return [
        replace(unit, profile=Profile(**{trait: values[i] for trait, values in traits.items()}))
        for i, unit in enumerate(units)
    ]


def load_scenario(name: str, seed: int) -> Scenario:
    """The scenario `name` for `seed`.

    Raises:
        SandboxError: no scenario has this name.
    """
    # The catalogues import this module.
    from cchc_pipeline.sandbox import dak_nong, dak_nong_2024, ha_giang, kon_tum, merger, nam_dinh, two_level

    builders = {
        one.NAME: one.build for one in (two_level, dak_nong, dak_nong_2024, ha_giang, kon_tum, nam_dinh, merger)
    }
    if name not in builders:
        raise SandboxError(f"no sandbox scenario {name!r}; choose one of {sorted(builders)}", scenario=name)
    return builders[name](seed)


SCENARIO_NAMES = (
    "two-level-2026",
    "dak-nong-2020",
    "dak-nong-2024",
    "ha-giang-2023",
    "kon-tum-2024",
    "nam-dinh-2019",
    "merger-2025",
)
