"""Build `dak-nong-2024`: records that give the published figures of Đắk Nông 2024.

2,006 procedures for citizens (1,675 + 202 + 129), 1,710 of them online (906 partly, 804 fully); 119 publication
decisions with 1,028 procedures, 127 of them internal; 37.6 % of dossiers received online, 33.5 % online for a full
service; over 98 % in time, every late one with an apology; 7,921 ratings from 05/12/2023 to 04/12/2024. The report
gives no number of dossiers: the one here is invented. Names of districts and communes are invented.
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

NAME = "dak-nong-2024"
PROVINCE = "H16"
GO_LIVE, YEAR_START, REPORTED_ON = date(2023, 12, 5), date(2024, 1, 1), date(2024, 12, 4)
RECEIVED, LATE = 12_000, 120
PUBLIC_SERVICE_UNITS = 352  # đơn vị sự nghiệp công lập, below the departments


def registers(units: Sequence[Unit]) -> Registers:
    """Build the registers: plan, guidance, kiosk, connected units, systems, QR codes."""
    book = RegisterBook(PROVINCE, units)
    book.plan(2024, fields=7, tasks=21, activities=68, done=68, until=REPORTED_ON)
    book.flow("guidance_counter", 1_354, YEAR_START, REPORTED_ON, system="one_stop")
    book.flow("guidance_calls_out", 945, YEAR_START, REPORTED_ON, system="one_stop")
    book.flow("guidance_calls_in", 912, YEAR_START, REPORTED_ON, system="one_stop")
    book.flow("kiosk_satisfied", 7_901, GO_LIVE, REPORTED_ON, system="kiosk")
    book.flow("kiosk_neutral", 20, GO_LIVE, REPORTED_ON, system="kiosk")
    book.flow("kiosk_dissatisfied", 0, GO_LIVE, REPORTED_ON, system="kiosk")
    departments = book.codes("department")
    day = date(2024, 11, 29)
    for level in ("department", "district", "commune"):
        book.flags("documents_connected", book.codes(level), day, system="documents")
    book.stock(
        "public_service_units_connected", PUBLIC_SERVICE_UNITS, day, system="documents", total=PUBLIC_SERVICE_UNITS
    )
    # The office of the province's people's committee has no procedures of its own and lists none.
    book.flags("qr_listed", departments[:-1], day, system="one_stop", without=1)
    book.flags("qr_listed", book.codes("district"), day, system="one_stop")
    book.stock("national_systems_connected", 13, day, system="lgsp")
    book.stock("shared_systems", 34, day, system="data_centre")
    book.stock("ioc_fields", 11, day, system="ioc")
    return book.tables


SPEC = ExactSpec(
    name=NAME,
    title="Đắk Nông 2024, đúng số liệu đã công bố / the published figures of 2024, exactly",
    province=PROVINCE,
    province_name="tỉnh Đắk Nông",
    go_live=GO_LIVE,
    reported_on=REPORTED_ON,
    last_day=REPORTED_ON,
    districts=8,
    communes=71,
    district_weight=4.0,
    commune_weight=0.8,
    procedures=ProcedureQuota(
        levels={"province": 1_675, "district": 202, "commune": 129},
        services={("partial", None): 906, ("full", None): 804, ("information", None): 296},
        marks={"is_paperless": 147, "is_priority_early": 21},
        essential=25,
        same_level=200,
        cross_level=87,
        dated=(
            Dated("time_cut_on", date(2020, 5, 12), REPORTED_ON, 165),
            Dated("integrated_on", date(2020, 3, 2), REPORTED_ON, 478),
        ),
        internal=127,
        internal_simplified=Dated("simplified_on", YEAR_START, REPORTED_ON, 105),
        citizen_data=0.1,
    ),
    strata=(
        Stratum(GO_LIVE, date(2023, 12, 29), received=700, online=230, early=300, on_time=400),
        Stratum(
            YEAR_START,
            REPORTED_ON,
            received=RECEIVED,
            online=part_of(RECEIVED, "37.6"),
            online_full=part_of(RECEIVED, "33.5"),
            early=5_200,
            on_time=6_280,
            late=(
                LateGroup(LATE - 30, apologies=LATE - 30),
                LateGroup(30, apologies=30, least=1, most=3, cause="software_only"),
            ),
            suspended=60,
            satisfied=7_901,
            neutral=20,
        ),
    ),
    publications=lambda rng: exact_publications(
        rng, date(2024, 1, 8), date(2024, 12, 2), 119, 1_028, internal=127
    ),
    letters=(
        LetterQuota(GO_LIVE, date(2023, 12, 29), 80),
        LetterQuota(YEAR_START, REPORTED_ON, 1_500, signed="97.5", electronic="96.2"),
    ),
    registers=registers,
)  # fmt: skip


def build(seed: int) -> Scenario:
    """Build the scenario; each seed gives other records, the same figures."""
    return build_exact(SPEC, seed)
