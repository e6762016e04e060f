"""Define the units, profiles and procedures of a province."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from cchc_pipeline.errors import CchcError
from cchc_pipeline.reference.unit_codes import qcvn102_code


class SandboxError(CchcError):
    """A request that the sandbox cannot meet."""


@dataclass(frozen=True, slots=True)
class Profile:
    """The work of a unit as probabilities per dossier or per letter."""

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
    """A province, department, district or commune.

    `code` is canonical; `source_code` is what the source systems write. `valid_from` and `valid_to` are its first
    and last day, None without a limit.
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
        """Return whether the unit exists on `day`."""
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


def source_code(code: str, level: str) -> str:
    """Return the code as sources write it: QĐ 20 for communes, else QCVN 102."""
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
    """Return the units with drawn profiles.

    `targets` gives per trait the volume-weighted mean and the spread between units in logits.
    """
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
