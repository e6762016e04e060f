"""Build `nam-dinh-2019`: records that give the published figures of Nam Định.

PCI 2019: 65.09 points, place 33 of 63, 2.08 points and two places better than in 2018; 41 procedures left with the
department of information and communications. Numbers of dossiers, districts and communes are invented.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from cchc_pipeline.sandbox.exact.dossiers import Stratum
from cchc_pipeline.sandbox.exact.letters import LetterQuota, exact_publications
from cchc_pipeline.sandbox.exact.procedures import ProcedureQuota
from cchc_pipeline.sandbox.exact.registers import RegisterBook
from cchc_pipeline.sandbox.exact.scenario import ExactSpec, Registers, build_exact
from cchc_pipeline.sandbox.life.province_parts import Unit
from cchc_pipeline.sandbox.life.scenario import Scenario

NAME = "nam-dinh-2019"
PROVINCE = "H40"
COMMUNICATIONS = f"{PROVINCE}.13"
GO_LIVE, REPORTED_ON = date(2020, 6, 1), date(2020, 6, 30)


def registers(units: Sequence[Unit]) -> Registers:
    """Build the registers: the province's PCI of two years."""
    book = RegisterBook(PROVINCE, units)
    book.index("PCI", 2018, date(2018, 12, 31), source="VCCI", value=63.01, rank=35)
    book.index("PCI", 2019, date(2019, 12, 31), source="VCCI", value=65.09, rank=33)
    return book.tables


SPEC = ExactSpec(
    name=NAME,
    title="Nam Định 2019 và tháng 6/2020, đúng số liệu đã công bố / the published figures, exactly",
    province=PROVINCE,
    province_name="tỉnh Nam Định",
    go_live=GO_LIVE,
    reported_on=REPORTED_ON,
    last_day=REPORTED_ON,
    districts=10,
    communes=60,
    procedures=ProcedureQuota(
        levels={"province": 900, "district": 200, "commune": 120},
        services={("information", 2): 520, ("partial", 3): 560, ("full", 4): 140},
        in_charge={COMMUNICATIONS: 41},
    ),
    strata=(Stratum(GO_LIVE, REPORTED_ON, received=1_200, online=300, early=300, on_time=700),),
    publications=lambda rng: exact_publications(rng, date(2020, 6, 8), date(2020, 6, 26), 2, 12),
    letters=(LetterQuota(GO_LIVE, REPORTED_ON, 160),),
    never_received=(10, 10),
    registers=registers,
)


def build(seed: int) -> Scenario:
    """Build the scenario; each seed gives other records, the same figures."""
    return build_exact(SPEC, seed)
