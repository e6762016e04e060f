"""Build `merger-2025`: an invented province that loses its districts.

Until 30/6/2025: 3 departments, 2 districts, 7 communes. Since then 4 communes: six of the old ones go into three
as a whole, one is divided between two. The code H99.201 was a township's and is another commune's since.
Dossiers of former communes keep their codes, and are closed under them after the change.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta

from cchc_pipeline.sandbox.drop import Row, register_row
from cchc_pipeline.sandbox.life.province_parts import Unit, source_code, with_profiles
from cchc_pipeline.sandbox.life.scenario import Scenario
from cchc_pipeline.sandbox.scenarios import two_level_2026 as two_level
from cchc_pipeline.sandbox.scenarios.two_level_figures import figures

NAME = "merger-2025"
PROVINCE = two_level.PROVINCE
MERGED_ON = date(2025, 7, 1)
LAST_BEFORE = MERGED_ON - timedelta(days=1)
LEGAL_BASIS = "Nghị quyết mẫu về sắp xếp đơn vị hành chính cấp xã năm 2025"
#: code, name, district
FORMER = (
    ("H99.41.01", "UBND Xã Cũ 01", "H99.41"),
    ("H99.41.02", "UBND Xã Cũ 02", "H99.41"),
    ("H99.41.03", "UBND Xã Cũ 03", "H99.41"),
    ("H99.42.01", "UBND Xã Cũ 04", "H99.42"),
    ("H99.42.02", "UBND Xã Cũ 05", "H99.42"),
    ("H99.42.03", "UBND Xã Cũ 06", "H99.42"),
    ("H99.201", "UBND Thị trấn Cũ 07", "H99.41"),
)
DISTRICTS = (("H99.41", "UBND huyện Cũ 01"), ("H99.42", "UBND huyện Cũ 02"))
#: code, name, former communes merged into it as a whole
COMMUNES = (
    ("H99.201", "UBND Xã Mới 01", ("H99.41.01", "H99.41.02")),
    ("H99.202", "UBND Xã Mới 02", ("H99.201",)),
    ("H99.203", "UBND Phường Mới 03", ("H99.42.01", "H99.42.02")),
    ("H99.204", "UBND Xã Mới 04", ("H99.42.03",)),
)
DIVIDED = ("H99.41.03", ("H99.201", "H99.202"))


def units(rng: random.Random) -> list[Unit]:
    """Return the units before and after the change, with last or first day."""
    every = two_level.units(random.Random(f"{NAME}|departments"))
    top, *departments = [unit for unit in every if unit.level != "commune"][:4]
    made = [replace(unit, weight=2.0) for unit in departments]
    made += [
        Unit(code, name, "district", PROVINCE, source_code(code, "district"), "UBND", valid_to=LAST_BEFORE)
        for code, name in DISTRICTS
    ]
    made += [
        Unit(code, name, "commune", district, code, "UBND", 1.0, valid_to=LAST_BEFORE)
        for code, name, district in FORMER
    ]
    made += [
        Unit(code, name, "commune", PROVINCE, code, "UBND", 1.5, valid_from=MERGED_ON) for code, name, _ in COMMUNES
    ]
    return [top, *with_profiles(made, figures().traits, rng)]


def register() -> list[Row]:
    """Build the rows of the register `unit_changes`, one per pair of units."""
    former = {code: (name, "commune", district) for code, name, district in FORMER}
    former |= {code: (name, "district", PROVINCE) for code, name in DISTRICTS}
    new_names = {code: name for code, name, _ in COMMUNES}

    def row(old: str, new: str, kind: str) -> Row:
        became = new, new_names.get(new, "UBND Tỉnh Mẫu"), MERGED_ON, kind, "x" if kind == "split" else None
        return register_row("unit_changes", old, *former[old], *became, LEGAL_BASIS)[1]

    whole = [row(old, new, "merged") for new, _, olds in COMMUNES for old in olds]
    return [
        *whole,
        *(row(DIVIDED[0], new, "split") for new in DIVIDED[1]),
        *(row(code, PROVINCE, "dissolved") for code, _ in DISTRICTS),
    ]


def build(seed: int) -> Scenario:
    """Build the scenario for `seed`."""
    rng = random.Random(f"{NAME}|{seed}|catalogue")
    made = units(rng)
    held = {unit.code for unit in made}
    return Scenario(
        name=NAME,
        title="Tỉnh Mẫu, sắp xếp đơn vị hành chính ngày 01/7/2025 / an invented province that loses its districts",
        province_code=PROVINCE,
        province_name="Tỉnh Mẫu",
        go_live=date(2025, 6, 23),
        last_day=date(2025, 8, 31),
        dossiers_per_day=120.0,
        units=tuple(made),
        procedures=tuple(p for p in two_level.procedures(rng) if p.unit_code in held),
        registers={"registers__unit_changes": register()},
    )
