"""Build `two-level-2026`: an invented province from 1/9/2026 on, without an end.

Its departments, procedures and proportions stand in `two-level-2026.yaml`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from cchc_pipeline.sandbox.life.province_parts import Procedure, Unit, source_code, with_profiles
from cchc_pipeline.sandbox.life.scenario import Scenario
from cchc_pipeline.sandbox.scenarios import two_level_registers
from cchc_pipeline.sandbox.scenarios.two_level_figures import figures

NAME = "two-level-2026"
PROVINCE = "H99"


def _procedure(number: int, name: str, sector: tuple[str, str], level: str, unit: str, rng: random.Random) -> Procedure:
    service = rng.choices(("full", "partial", "information"), (46, 40, 14))[0]
    hours = level == "commune" and sector[1] in ("Hộ tịch", "Chứng thực") and rng.random() < 0.3
    fee = rng.choice((5_000, 8_000, 20_000, 50_000, 100_000, 150_000, 300_000)) if rng.random() < 0.58 else 0
    is_payable = bool(fee) and rng.random() < 0.8
    low, high = (1, 8) if level == "commune" else (2, 20)
    return Procedure(
        code=f"9.{number:06d}",
        name=name,
        sector_code=sector[0],
        sector_name=sector[1],
        service_level=service,
        executing_level=level,
        unit_code=unit,
        processing_time=8 if hours else rng.choice((low, low + 1, low + 2, low + 3, (low + high) // 2, high)),
        processing_time_unit="h" if hours else "d",
        fee_vnd=fee,
        is_payment_online=is_payable,
        is_citizen_data_connected=rng.random() < 0.32,
        is_content_full=rng.random() < 0.985,
        is_updated_on_time=rng.random() < 0.915,
        publication_decision=f"{rng.randint(100, 2500)}/QĐ-UBND",
        is_in_force=True,
        weight=rng.lognormvariate(0, 1.1)
        * (0.05 if service == "information" else 1.0)  # few file what has no online service
        * (0.1 if fee and not is_payable else 1.0),
    )


def procedures(rng: random.Random) -> list[Procedure]:
    """Draw about 120 procedures; the province is in charge of commune-level ones."""
    made: list[Procedure] = []
    for i, (_, _, weight, named) in enumerate(figures().departments):
        unit, sectors = f"{PROVINCE}.{i + 2:02d}", list(named.items())
        for j in range(8 if weight >= 6 else 6 if weight >= 3 else 5 if weight >= 1 else 4):
            sector = sectors[j % len(sectors)]
            name = f"{figures().acts[j]} hồ sơ lĩnh vực {sector[1].lower()}"
            made.append(_procedure(len(made) + 1, name, sector, "province", unit, rng))
    for code, by_name in figures().commune_procedures.items():
        for title, names in by_name.items():
            for name in names:
                made.append(_procedure(len(made) + 1, name, (code, title), "commune", PROVINCE, rng))
    retired = [
        replace(p, code=f"9.9{i:05d}", name=f"{p.name} (đã bãi bỏ)", is_in_force=False)
        for i, p in enumerate(rng.sample(made, 4))
    ]
    return made + retired


def with_attributes(made: Sequence[Procedure], rng: random.Random) -> list[Procedure]:
    """Return the procedures with drawn attributes, and six internal ones."""
    described = []
    for p in made:
        linked = rng.random()
        online = p.service_level != "information"
        integrated_on = (
            date(2022, 1, 1) + timedelta(days=rng.randrange(1_730)) if online and rng.random() < 0.6 else None
        )
        cut = rng.random() < 0.15
        described.append(
            replace(
                p,
                interlinked="same_level" if linked < 0.12 else "cross_level" if linked < 0.2 else None,
                is_paperless=online and rng.random() < 0.15,
                is_priority_early=p.executing_level == "province" and rng.random() < 0.05,
                is_essential=integrated_on is not None and rng.random() < 0.2,
                is_location_free=p.executing_level == "province" and rng.random() < 0.1,
                integrated_on=integrated_on,
                synced_on=date(2021, 1, 1) + timedelta(days=rng.randrange(2_100)) if rng.random() < 0.8 else None,
                time_cut_on=date(2025, 7, 1) + timedelta(days=rng.randrange(480)) if cut else None,
                simplified_on=date(2025, 7, 1) + timedelta(days=rng.randrange(480)) if cut or linked > 0.9 else None,
            )
        )
    for i in range(6):
        base = replace(described[i * 7], code=f"9.8{i + 1:05d}", name=f"Thủ tục hành chính nội bộ mẫu {i + 1}")
        described.append(replace(base, is_internal=True, is_essential=False, interlinked=None, integrated_on=None))
    return described


def units(rng: random.Random) -> list[Unit]:
    """Draw volumes and profiles of the province, 14 departments and 36 communes."""
    made = []
    for i, (name, notation, weight, _) in enumerate(figures().departments):
        code = f"{PROVINCE}.{i + 2:02d}"
        source = source_code(code, "department")
        made.append(Unit(code, f"{name} - Tỉnh Mẫu", "department", PROVINCE, source, notation, weight))
    for i in range(36):
        code = f"{PROVINCE}.{201 + i}"
        kind = "Phường" if i < 6 else "Xã"
        weight = rng.lognormvariate(0.35, 0.6) * (2.0 if i < 6 else 1.0)
        made.append(Unit(code, f"UBND {kind} Mẫu {i + 1:02d}", "commune", PROVINCE, code, "UBND", weight))
    top = Unit(PROVINCE, "UBND Tỉnh Mẫu", "province", None, source_code(PROVINCE, "province"), "UBND")
    return [top, *with_profiles(made, figures().traits, rng)]


def build(seed: int) -> Scenario:
    """Build the scenario for `seed`."""
    rng = random.Random(f"{NAME}|{seed}|catalogue")
    made = units(rng)
    return Scenario(
        name=NAME,
        title="Tỉnh Mẫu, chính quyền địa phương hai cấp / an invented two-level province",
        province_code=PROVINCE,
        province_name="Tỉnh Mẫu",
        go_live=date(2026, 9, 1),
        last_day=None,
        dossiers_per_day=240.0,
        units=tuple(made),
        procedures=tuple(with_attributes(procedures(rng), random.Random(f"{NAME}|{seed}|attributes"))),
        registers=two_level_registers.rows(made, seed),
    )
