"""Build `kon-tum-2024`: records that give the published figures of Kon Tum.

Results digitised: 77.38 % at provincial level, 74.26 % in districts, 83.33 % in communes; over 80 % of what is
late lies with the districts, much of it only in the software; two publication decisions of 2023 were
late; 31 procedures of the province may be filed anywhere. Numbers of dossiers are invented, names of districts and
communes too. The province's systems go live in July 2023.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from cchc_pipeline.sandbox.exact.dossiers import LateGroup, Stratum
from cchc_pipeline.sandbox.exact.letters import LetterQuota, exact_publications
from cchc_pipeline.sandbox.exact.procedures import Dated, ProcedureQuota
from cchc_pipeline.sandbox.exact.registers import RegisterBook
from cchc_pipeline.sandbox.exact.scenario import ExactSpec, Registers, build_exact
from cchc_pipeline.sandbox.life.plan import part_of
from cchc_pipeline.sandbox.life.province_parts import Unit
from cchc_pipeline.sandbox.life.scenario import Scenario

NAME = "kon-tum-2024"
PROVINCE = "H34"
GO_LIVE, YEAR_START, REPORTED_ON = date(2023, 7, 1), date(2024, 1, 1), date(2024, 6, 21)


def registers(units: Sequence[Unit]) -> Registers:
    """Build the registers: the province's ranks in three indices."""
    book = RegisterBook(PROVINCE, units)
    book.index("INDEX766_PAYMENT", 2024, REPORTED_ON, source="Cổng DVCQG", rank=2)
    book.index("INDEX766", 2023, date(2023, 12, 31), source="Cổng DVCQG", rank=19)
    book.index("PAR_PROCEDURE_REFORM", 2023, date(2023, 12, 31), source="Bộ Nội vụ", rank=34)
    return book.tables


def of_level(level: str, *, done: int, digitised: str, late: int, still_open: int, online: int) -> Stratum:
    """Return the stratum of one level of government from 01/01/2024 to 21/06/2024."""
    clicks = late * 2 // 3
    early = done * 2 // 5
    return Stratum(
        YEAR_START,
        REPORTED_ON,
        received=done + still_open,
        online=online,
        early=early,
        on_time=done - late - early,
        late=(LateGroup(late - clicks, most=12), LateGroup(clicks, least=1, most=4, cause="software_only")),
        levels=(level,),
        electronic=part_of(done, digitised),
    )


SPEC = ExactSpec(
    name=NAME,
    title="Kon Tum 2023 và đến 21/6/2024, đúng số liệu đã công bố / the published figures, exactly",
    province=PROVINCE,
    province_name="tỉnh Kon Tum",
    go_live=GO_LIVE,
    reported_on=REPORTED_ON,
    last_day=REPORTED_ON,
    districts=10,
    communes=102,
    district_weight=4.0,
    commune_weight=0.8,
    procedures=ProcedureQuota(
        levels={"province": 1_380, "district": 250, "commune": 170},
        services={("partial", None): 700, ("full", None): 800, ("information", None): 300},
        marks={"is_location_free": 31},
        same_level=120,
        cross_level=60,
        dated=(Dated("integrated_on", date(2022, 3, 1), REPORTED_ON, 900),),
        citizen_data=0.1,
    ),
    strata=(
        Stratum(
            GO_LIVE,
            date(2023, 12, 29),
            received=2_000,
            online=1_000,
            early=900,
            on_time=1_060,
            late=(LateGroup(40, most=12),),
        ),
        of_level("department", done=1_680, digitised="77.38", late=6, still_open=60, online=1_200),
        of_level("district", done=1_515, digitised="74.26", late=85, still_open=70, online=800),
        of_level("commune", done=2_400, digitised="83.33", late=5, still_open=40, online=1_500),
    ),
    publications=lambda rng: (
        *exact_publications(rng, date(2023, 7, 10), date(2023, 12, 28), 30, 240, late=2),
        *exact_publications(rng, date(2024, 1, 8), date(2024, 6, 20), 25, 210),
    ),
    letters=(LetterQuota(GO_LIVE, date(2023, 12, 29), 400), LetterQuota(YEAR_START, REPORTED_ON, 400)),
    registers=registers,
)  # fmt: skip


def build(seed: int) -> Scenario:
    """Build the scenario; each seed gives other records, the same figures."""
    return build_exact(SPEC, seed)
