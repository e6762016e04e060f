"""Define the plan of a scenario with exact figures, and compute exact counts."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from cchc_pipeline.sandbox.life import workdays
from cchc_pipeline.sandbox.life.dossiers import Fate
from cchc_pipeline.sandbox.life.province_parts import Procedure, SandboxError, Unit

DossierPlan = dict[date, list[tuple[Unit, Procedure, Fate]]]


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


def working_days(start: date, end: date) -> list[date]:
    """Return the working days in [start, end]."""
    return [day for day in workdays.days(start, end) if workdays.works(day)]


def spread(rng: random.Random, start: date, end: date, count: int) -> list[date]:
    """Return `count` working days of [start, end], sorted, about evenly spread."""
    worked = working_days(start, end)
    shares = list(itertools.accumulate(1 + rng.uniform(-0.15, 0.15) for _ in worked))
    bounds = [round(count * share / shares[-1]) for share in shares]
    return [day for day, low, high in zip(worked, [0, *bounds], bounds, strict=False) for _ in range(high - low)]


def printed(part: int, whole: int, decimals: int) -> Decimal:
    """Return 100 x part / whole, rounded half up as a report prints it."""
    return (Decimal(100 * part) / Decimal(whole)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def part_of(whole: int, percent: str) -> int:
    """Return the count whose share of `whole` prints as `percent`.

    Raises:
        SandboxError: no count prints like that; choose another `whole`.
    """
    decimals = len(percent.partition(".")[2])
    part = round(float(percent) * whole / 100)
    if printed(part, whole, decimals) != Decimal(percent):
        raise SandboxError(f"no part of {whole} is {percent} %: choose another whole", whole=whole)
    return part


def shares_of(rng: random.Random, total: int, parts: int, least: int = 1) -> list[int]:
    """Draw `parts` whole numbers of at least `least` that add up to `total`."""
    cuts = sorted(rng.choices(range(total - parts * least + 1), k=parts - 1))
    return [high - low + least for low, high in itertools.pairwise([0, *cuts, total - parts * least])]
