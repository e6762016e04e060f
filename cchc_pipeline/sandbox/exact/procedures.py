"""Draw a catalogue of procedures that meets published counts."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cchc_pipeline.sandbox.life import workdays
from cchc_pipeline.sandbox.life.province_parts import Procedure, SandboxError
from cchc_pipeline.yaml_files import QuotedDay, Strict

SECTORS = ("A", "B", "C")
FEES = (10_000, 50_000, 100_000, 200_000)
DAYS = (1, 3, 5, 5, 7, 10, 10, 15)


class Dated(Strict):
    """`count` procedures with a day in [first, last] and `other` ones before it."""

    column: str  # integrated_on | synced_on | time_cut_on | simplified_on
    first: QuotedDay
    last: QuotedDay
    count: int
    other: int = 0


class ServiceCount(Strict):
    """The number of procedures of a service level, and its number on the old scale."""

    level: str
    old_level: int | None = None
    count: int


class NamedProcedure(Strict):
    """What the first procedure of this unit and service level is, a late group's."""

    unit_code: str
    service_level: str
    name: str
    processing_time: int
    weight: float


class ProcedureQuota(Strict):
    """The number of procedures by level, service and attribute.

    Attributes:
        levels: executing level -> procedures; they add up to all procedures for citizens.
        services: procedures by service level; the same sum.
        marks: column that is true or false -> procedures.
        essential: essential services of Đề án 06, all of them integrated with the national portal.
        same_level: interlinked between agencies of one level.
        cross_level: interlinked between levels of government.
        dated: procedures by a day that the catalogue states.
        internal: internal procedures, beside those for citizens.
        internal_simplified: those of them that are simplified, and when.
        in_charge: unit code -> procedures that it is in charge of, where reported.
        citizen_data: share of procedures connected to the population database.
        named: procedures with a name of their own.
    """

    levels: Mapping[str, int]
    services: tuple[ServiceCount, ...]
    marks: Mapping[str, int] = {}
    essential: int = 0
    same_level: int = 0
    cross_level: int = 0
    dated: tuple[Dated, ...] = ()
    internal: int = 0
    internal_simplified: Dated | None = None
    in_charge: Mapping[str, int] = {}
    citizen_data: float = 0.0
    named: tuple[NamedProcedure, ...] = ()


# Columns that only procedures with an online service, or executed by the province, can have.
_ONLINE = {"is_paperless", "integrated_on"}
_PROVINCIAL = {"is_priority_early", "is_location_free"}


def exact_procedures(
    province: str, departments: Mapping[str, str], quota: ProcedureQuota, rng: random.Random
) -> tuple[Procedure, ...]:
    """Draw the catalogue of a province.

    Args:
        province: its code; in charge of what districts and communes execute.
        departments: code -> name; in charge of what the province executes, in turn.
        quota: the counts to meet.
        rng: draws which procedure gets which attribute.

    Raises:
        SandboxError: the numbers of the quota contradict each other.
    """
    levels = [level for level, count in quota.levels.items() for _ in range(count)]
    services = [(one.level, one.old_level) for one in quota.services for _ in range(one.count)]
    if len(levels) != len(services):
        raise SandboxError(f"{len(levels)} procedures by level, {len(services)} by service: make them equal")
    rng.shuffle(services)
    others = itertools.cycle(code for code in departments if code not in quota.in_charge)
    turn = itertools.chain((code for code, count in quota.in_charge.items() for _ in range(count)), others)
    units = [next(turn) if level == "province" else province for level in levels]
    names = {**departments, province: "UBND"}
    made = [
        _procedure(i, level, service, unit, names[unit], rng)
        for i, (level, service, unit) in enumerate(zip(levels, services, units, strict=True))
    ]
    changes: dict[int, dict[str, Any]] = {i: {} for i in range(len(made))}
    for column, count in quota.marks.items():
        for i in _draw(rng, made, column, count):
            changes[i][column] = True
    linked = rng.sample(range(len(made)), quota.same_level + quota.cross_level)
    for position, i in enumerate(linked):
        changes[i]["interlinked"] = "same_level" if position < quota.same_level else "cross_level"
    for dated in quota.dated:
        chosen = _draw(rng, made, dated.column, dated.count + dated.other)
        days = workdays.spread(rng, dated.first, dated.last, dated.count)
        days += [dated.first.replace(year=dated.first.year - 1)] * dated.other
        for i, day in zip(chosen, days, strict=True):
            changes[i][dated.column] = day
    integrated = [i for i, change in changes.items() if "integrated_on" in change]
    for i in rng.sample(integrated, quota.essential):
        changes[i]["is_essential"] = True
    for i in range(len(made)):
        changes[i]["is_citizen_data_connected"] = rng.random() < quota.citizen_data
    public = [replace(p, **changes[i]) for i, p in enumerate(made)]
    for one in quota.named:
        asked = one.unit_code, one.service_level
        i = next(i for i, p in enumerate(public) if (p.unit_code, p.service_level) == asked)
        public[i] = replace(public[i], name=one.name, processing_time=one.processing_time, weight=one.weight)
    return (*public, *_internal(list(departments), quota, rng))


def _procedure(
    i: int, level: str, service: tuple[str, int | None], unit: str, name: str, rng: random.Random
) -> Procedure:
    letter = SECTORS[i % 3]
    area = name.partition(" ")[2] or name
    fee = rng.choice(FEES) if rng.random() < 0.4 else 0
    return Procedure(
        code=f"9.1{i + 1:05d}",
        name=f"Thủ tục mẫu {i + 1:04d} lĩnh vực {area}",
        sector_code=f"G{i % 19 + 1:02d}-M{letter}01",
        sector_name=f"Lĩnh vực mẫu {area} {letter}",
        service_level=service[0],
        service_level_old=service[1],
        executing_level=level,
        unit_code=unit,
        processing_time=rng.choice(DAYS),
        processing_time_unit="d",
        fee_vnd=fee,
        is_payment_online=service[0] == "full" and bool(fee),
        is_citizen_data_connected=False,
        is_content_full=rng.random() < 0.97,
        is_updated_on_time=rng.random() < 0.85,
        publication_decision=f"{rng.randint(100, 2400)}/QĐ-UBND",
        weight=rng.lognormvariate(0, 1.2),
    )


def _draw(rng: random.Random, made: list[Procedure], column: str, count: int) -> list[int]:
    """Draw `count` positions of procedures that can have this mark or day.

    Raises:
        SandboxError: too few procedures can have it.
    """
    fit = [
        i
        for i, p in enumerate(made)
        if (column not in _ONLINE or p.service_level != "information")
        and (column not in _PROVINCIAL or p.executing_level == "province")
    ]
    if count > len(fit):
        raise SandboxError(f"{count} procedures with {column}, but only {len(fit)} can have it")
    return rng.sample(fit, count)


def _internal(departments: list[str], quota: ProcedureQuota, rng: random.Random) -> list[Procedure]:
    """Draw the internal procedures, which no dossier is filed for."""
    dated = quota.internal_simplified
    days = workdays.spread(rng, dated.first, dated.last, dated.count) if dated else []
    made = []
    for i, day in zip(range(quota.internal), itertools.chain(days, itertools.repeat(None)), strict=False):
        base = _procedure(i, "province", ("information", None), departments[i % len(departments)], "nội bộ", rng)
        code, name = f"9.8{i + 1:05d}", f"Thủ tục hành chính nội bộ mẫu {i + 1:03d}"
        made.append(replace(base, code=code, name=name, fee_vnd=0, is_internal=True, simplified_on=day))
    return made
