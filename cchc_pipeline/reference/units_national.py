"""Read the country's provinces before and since 1 July 2025.

There were 63 until 30/6/2025 and are 34 since (Nghị quyết 202/2025/QH15). The two systems of codes disagree about which
province kept its code: by statistical code the new Lào Cai has Yên Bái's 15, by agency code it keeps Lào Cai's H38. No
text confirms that the survivor keeps its agency code.
"""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib import resources

from cchc_pipeline.reference.units import UnitChange, UnitHistory

MERGER_ON = date(2025, 7, 1)
PROVINCES_BY = "Nghị quyết 202/2025/QH15 ngày 12/6/2025"


@dataclass(frozen=True, slots=True)
class OldProvince:
    """One of the 63 provinces with the one of the 34 that it is part of now.

    Statistical codes have two digits; the publisher of PAPI numbers the provinces by them, without the zero.
    """

    agency_code: str
    successor_agency_code: str
    gso_code: str
    successor_gso_code: str
    name_vi: str
    successor_name_vi: str
    name_en: str


@lru_cache(maxsize=1)
def old_provinces() -> tuple[OldProvince, ...]:
    """Return the 63 provinces until 30/6/2025."""
    text = resources.files(__package__).joinpath("provinces.csv").read_text(encoding="utf-8")
    return tuple(OldProvince(**row) for row in csv.DictReader(text.splitlines()))


@lru_cache(maxsize=1)
def province_history() -> UnitHistory:
    """Return the history of the provinces by agency code."""
    provinces = old_provinces()
    parts = Counter(province.successor_agency_code for province in provinces)
    return UnitHistory(
        UnitChange(
            one.agency_code,
            one.name_vi,
            one.successor_agency_code,
            one.successor_name_vi,
            MERGER_ON,
            "merged",
            legal_basis=PROVINCES_BY,
        )
        for one in provinces
        if parts[one.successor_agency_code] > 1
    )
