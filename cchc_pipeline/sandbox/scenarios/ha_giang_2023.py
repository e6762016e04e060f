"""Build `ha-giang-2023`: records that give the published figures of Hà Giang 2023.

163,909 dossiers received; of those resolved 78.8 % early and 18.9 % on the due date (the other 2.3 % are not
stated and are late here); 1,818 online services = 96.9 % of the procedures; 267 with 30 % less time, 555
interlinked; 92 units inspected; 583,888 identity accounts = 89.5 %. The report gives no number of dossiers
resolved: the one here is invented, and so are the names of districts and communes.
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

NAME = "ha-giang-2023"
PROVINCE = "H22"
START, END = date(2023, 1, 1), date(2023, 12, 31)
RECEIVED, RESOLVED = 163_909, 160_000
EARLY, ON_TIME = part_of(RESOLVED, "78.8"), part_of(RESOLVED, "18.9")
INSPECTED = 92


def registers(units: Sequence[Unit]) -> Registers:
    """Build the registers: inspections, identity accounts, budget, index of QĐ 766."""
    book = RegisterBook(PROVINCE, units)
    inspected = book.codes("department") + book.codes("district") + book.codes("commune")
    book.inspections(2023, inspected[:INSPECTED])
    book.stock("eid_accounts", 583_888, END, system="de_an_06", total=652_389)
    book.part("budget_revenue", 2_295, 2_265.55, START, END, system="finance")
    book.part("disbursement", 4_564, 5_000, START, END, system="finance")
    book.index("INDEX766", 2022, date(2022, 12, 31), source="Cổng DVCQG", value=71.2, rank=19)
    book.index("INDEX766", 2023, END, source="Cổng DVCQG", value=76.9, rank=14, band="Khá")
    return book.tables


SPEC = ExactSpec(
    name=NAME,
    title="Hà Giang 2023, 163.909 hồ sơ, đúng số liệu đã công bố / the published figures, exactly",
    province=PROVINCE,
    province_name="tỉnh Hà Giang",
    go_live=START,
    reported_on=END,
    last_day=END,
    districts=11,
    communes=66,  # as many as the inspected units need; the real number is larger
    district_weight=8.0,
    commune_weight=3.5,
    procedures=ProcedureQuota(
        levels={"province": 1_420, "district": 270, "commune": 186},
        services={("partial", None): 1_010, ("full", None): 808, ("information", None): 58},
        same_level=401,
        cross_level=154,
        dated=(Dated("time_cut_on", START, END, 267),),
        citizen_data=0.1,
    ),
    strata=(
        Stratum(
            START,
            END,
            received=RECEIVED,
            online=98_000,
            early=EARLY,
            on_time=ON_TIME,
            late=(
                LateGroup(RESOLVED - EARLY - ON_TIME - 1_500, most=12),
                LateGroup(1_500, least=1, most=4, cause="software_only"),
            ),
            withdrawn=900,
            stopped=300,
            suspended=800,
        ),
    ),
    publications=lambda rng: exact_publications(rng, date(2023, 1, 9), date(2023, 12, 22), 60, 520, late=1),
    letters=(LetterQuota(START, END, 1_000),),
    registers=registers,
)  # fmt: skip


def build(seed: int) -> Scenario:
    """Build the scenario; each seed gives other records, the same figures."""
    return build_exact(SPEC, seed)
