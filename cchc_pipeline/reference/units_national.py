"""Read the country's provinces and communes before and since 1 July 2025.

Provinces: 63 until 30/6/2025, 34 since (Nghị quyết 202/2025/QH15), by statistical code and by agency code.
No text confirms that the survivor keeps its agency code. Communes: the package `vietnamadminunits`
(10,035 communes and 5 districts without one, to 3,321); it is read when communes are first asked for.
"""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib import resources
from typing import Literal

from cchc_pipeline.reference.units import Kind, UnitChange, UnitHistory

MERGER_ON = date(2025, 7, 1)
PROVINCES_BY = "Nghị quyết 202/2025/QH15 ngày 12/6/2025"
COMMUNES_BY = "Nghị quyết của Ủy ban Thường vụ Quốc hội năm 2025 về sắp xếp đơn vị hành chính cấp xã"
CodeSystem = Literal["gso", "agency"]


@dataclass(frozen=True, slots=True)
class OldProvince:
    """One of the 63 provinces with the one of the 34 that it is part of now.

    `papi_number` is the number in the publisher's tables, which is the statistical code without its zero and not the
    ordinal that P01 to P63 are; statistical codes have two digits.
    """

    agency_code: str
    successor_agency_code: str
    gso_code: str
    successor_gso_code: str
    papi_number: int
    name_vi: str
    successor_name_vi: str
    name_en: str


@lru_cache(maxsize=1)
def old_provinces() -> tuple[OldProvince, ...]:
    """Return the 63 provinces until 30/6/2025."""
    text = resources.files(__package__).joinpath("provinces.csv").read_text(encoding="utf-8")
    return tuple(
        OldProvince(**{**row, "papi_number": int(row["papi_number"])})  # type: ignore[arg-type]
        for row in csv.DictReader(text.splitlines())
    )


@lru_cache(maxsize=2)
def province_history(system: CodeSystem = "gso") -> UnitHistory:
    """Return the history of the provinces by statistical (`gso`) or `agency` code.

    The two systems disagree about which province kept its code: by statistical code the new Lào Cai has Yên Bái's 15,
    by agency code it keeps Lào Cai's H38.
    """
    provinces = old_provinces()
    parts = Counter(province.successor_gso_code for province in provinces)
    return UnitHistory(
        _province_change(province, system) for province in provinces if parts[province.successor_gso_code] > 1
    )


def _province_change(province: OldProvince, system: CodeSystem) -> UnitChange:
    old, new = (
        (province.gso_code, province.successor_gso_code)
        if system == "gso"
        else (province.agency_code, province.successor_agency_code)
    )
    return UnitChange(
        old,
        province.name_vi,
        new,
        province.successor_name_vi,
        MERGER_ON,
        "merged",
        is_exact=True,
        legal_basis=PROVINCES_BY,
    )


@lru_cache(maxsize=1)
def commune_changes() -> tuple[UnitChange, ...]:
    """Return the changes of communes on 1/7/2025, by statistical code.

    Communes that stayed as they were have none. A commune that went into several new ones gives one change for each,
    none of them exact. District-level units without communes (islands) stand under their district code.
    """
    # The import takes half a second and a geometry library.
    from vietnamadminunits.converter import converter_2025 as source
    from vietnamadminunits.database import query

    legacy = {
        f"{row['provinceKey']}_{row['districtKey']}_{row['wardKey'] or ''}": (
            row["wardCode"] or row["districtCode"],
            row["ward"] or row["district"],
        )
        for row in query(
            "SELECT provinceKey, districtKey, wardKey, wardCode, ward, districtCode, district FROM admin_units_legacy"
        )
    }
    today = {
        (row["provinceKey"], row["wardKey"]): (row["wardCode"], row["ward"])
        for row in query("SELECT provinceKey, wardKey, wardCode, ward FROM admin_units")
    }
    steps = [
        (*legacy[old], *today[province, new], True)
        for province, wards in source.DICT_PROVINCE_WARD_NO_DIVIDED.items()
        for new, olds in wards.items()
        for old in olds
    ]
    steps += [
        (*legacy[old], *today[province, part["newWardKey"]], False)
        for province, wards in source.DICT_PROVINCE_WARD_DIVIDED.items()
        for old, parts in wards.items()
        for part in parts
    ]
    into = Counter(step[2] for step in steps)
    outof = Counter(step[0] for step in steps)
    changes = []
    for old, old_name, new, new_name, whole in steps:
        is_exact = whole and outof[old] == 1
        if is_exact and into[new] == 1 and (old, old_name) == (new, new_name):
            continue
        kind: Kind = "merged"
        if not is_exact:
            kind = "split"
        elif into[new] == 1:
            kind = "renamed" if old == new else "recoded"
        changes.append(UnitChange(old, old_name, new, new_name, MERGER_ON, kind, is_exact, COMMUNES_BY))
    return tuple(changes)


@lru_cache(maxsize=1)
def commune_history() -> UnitHistory:
    """Return the history of the communes by statistical code."""
    return UnitHistory(commune_changes())
