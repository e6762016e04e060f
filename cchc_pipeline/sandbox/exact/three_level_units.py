"""Build the units of a three-level province as it was until 30 June 2025."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

from cchc_pipeline.sandbox.life.province_parts import Profile, Unit, source_code


def three_level_units(
    province: str,
    name: str,
    profile: Profile,
    *,
    districts: int,
    communes: int,
    district_weight: float,
    commune_weight: float,
) -> tuple[Unit, ...]:
    """Return the province, its departments, and its districts with their communes.

    Each district is followed by its communes; they are spread evenly.

    Args:
        province: agency code such as H16.
        name: name of the province's own unit.
        profile: profile of every unit.
        districts: number of districts.
        communes: number of communes of all districts together.
        district_weight: share of each district in the dossiers, on the departments' scale.
        commune_weight: the same for each commune.
    """
    made = [Unit(province, name, "province", None, source_code(province, "province"), "UBND")]
    listed = Path(__file__).with_name("departments.csv").read_text(encoding="utf-8").splitlines()
    for suffix, title, notation, weight in list(csv.reader(listed))[1:]:
        code = f"{province}.{suffix}"
        made.append(Unit(code, title, "department", province, source_code(code, "department"), notation, float(weight)))
    number = 0
    for i in range(districts):
        code = f"{province}.{41 + i}"
        title = f"UBND huyện Mẫu {i + 1:02d}" if i else "UBND thành phố Mẫu 01"
        source = source_code(code, "district")
        made.append(Unit(code, title, "district", province, source, "UBND", district_weight))
        for j in range(communes // districts + (i < communes % districts)):
            number += 1
            below = f"{code}.{j + 1:02d}"
            made.append(Unit(below, f"UBND Xã Mẫu {number:03d}", "commune", code, below, "UBND", commune_weight))
    return tuple(replace(unit, profile=profile) for unit in made)
