"""Build `dak-nong-2020`: records that give the published figures of Đắk Nông 2020.

The province reported for 16/11/2019-08/11/2020: 28,044 received, 13,253 of them online, 27,010 resolved = 5,072
early + 21,836 on time + 102 late. The 102 are 13 late in fact, 64 judicial records that waited for another
authority, and 25 late only in the software. Names of districts and communes are invented. `size` is ignored.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from cchc_pipeline.sandbox.exact.dossiers import LateGroup, Stratum
from cchc_pipeline.sandbox.exact.letters import LetterQuota
from cchc_pipeline.sandbox.exact.procedures import Dated, ProcedureQuota
from cchc_pipeline.sandbox.exact.registers import RegisterBook
from cchc_pipeline.sandbox.exact.scenario import ExactSpec, Registers, build_exact
from cchc_pipeline.sandbox.life.plan import Publication
from cchc_pipeline.sandbox.life.province_parts import Procedure, Profile, Unit
from cchc_pipeline.sandbox.life.scenario import Scenario

NAME = "dak-nong-2020"
PROVINCE = "H16"
GO_LIVE, LAST_DAY = date(2019, 10, 1), date(2020, 12, 31)
WINDOW_START, WINDOW_END = date(2019, 11, 16), date(2020, 11, 8)
YEAR_START = date(2020, 1, 1)
RECEIVED, ONLINE = 28_044, 13_253
JUDICIAL_RECORD = "Cấp phiếu lý lịch tư pháp cho công dân Việt Nam"

# late in fact: (unit, dossiers, whether with an apology letter, units at whose steps it was late; "" is the province)
LATE_IN_FACT = (
    ("05", 1, True, ("05", "12")), ("05", 2, False, ("05",)), ("12", 2, True, ("12",)), ("12", 2, False, ("12", "")),
    ("16", 1, False, ("16",)), ("07", 1, False, ("07",)), ("17", 1, True, ("17",)), ("09", 1, True, ("09",)),
    ("03", 1, False, ("03",)), ("10", 1, True, ("10", "")),
)  # fmt: skip
# late in the software: (unit, dossiers, the unit that was late to hand over)
LATE_IN_SOFTWARE = (
    ("16", 5, "16"), ("05", 4, ""), ("15", 1, "15"), ("11", 3, "11"), ("12", 4, "12"), ("10", 5, "10"),
    ("07", 1, "07"), ("03", 1, "03"), ("17", 1, "17"),
)  # fmt: skip
# arrival of the ministry's decision, working days until the province published, procedures published
PUBLICATIONS: tuple[tuple[date, int, int], ...] = (
    (date(2019, 10, 21), 4, 6), (date(2019, 12, 2), 5, 9),
    (date(2020, 1, 6), 3, 12), (date(2020, 2, 10), 5, 7), (date(2020, 3, 2), 4, 21), (date(2020, 3, 30), 8, 15),
    (date(2020, 4, 20), 5, 9), (date(2020, 5, 18), 2, 30), (date(2020, 6, 8), 5, 11), (date(2020, 6, 29), 4, 18),
    (date(2020, 7, 27), 5, 6), (date(2020, 8, 24), 9, 14), (date(2020, 9, 21), 3, 22), (date(2020, 10, 5), 5, 8),
    (date(2020, 10, 26), 4, 10),
)  # fmt: skip


def _code(suffix: str) -> str:
    """Return the code of the unit with this suffix; "" is the province itself."""
    return f"{PROVINCE}.{suffix}" if suffix else PROVINCE


def late_groups() -> tuple[LateGroup, ...]:
    """Return the 102 late dossiers by cause: in fact, software only, other authority."""
    in_fact = [
        LateGroup(
            count,
            _code(unit),
            cause="in_fact",
            apologies=count if has_apology else 0,
            least=2 if len(slow) == 1 else 8,
            slow_units=tuple(map(_code, slow)),
        )
        for unit, count, has_apology, slow in LATE_IN_FACT
    ]
    in_software = [
        LateGroup(count, _code(unit), cause="software_only", least=1, most=3, slow_units=(_code(clicker),))
        for unit, count, clicker in LATE_IN_SOFTWARE
    ]
    judicial = LateGroup(64, _code("14"), cause="other_authority", least=5, most=30, procedure=JUDICIAL_RECORD)
    return (*in_fact, *in_software, judicial)


def with_judicial_record(procedures: Sequence[Procedure]) -> list[Procedure]:
    """Return the catalogue with the judicial record among the justice department's."""
    made = list(procedures)
    i = next(i for i, p in enumerate(made) if p.unit_code == f"{PROVINCE}.14" and p.service_level == "partial")
    made[i] = replace(made[i], name=JUDICIAL_RECORD, processing_time=10, weight=25.0)
    return made


def publications(_: random.Random) -> list[Publication]:
    """Return 13 decisions of 2020 (183 procedures, two late) and two of 2019."""
    return [Publication(arrived, days, count) for arrived, days, count in PUBLICATIONS]


def registers(units: Sequence[Unit]) -> Registers:
    """Build the registers: guidance, kiosk, Zalo, the office's reform plan, questions."""
    book = RegisterBook(PROVINCE, units)
    book.flow("guidance", 6_483, WINDOW_START, WINDOW_END, system="one_stop")
    book.flow("kiosk_satisfied", 2_470, WINDOW_START, WINDOW_END, system="kiosk")
    book.flow("kiosk_dissatisfied", 30, WINDOW_START, WINDOW_END, system="kiosk")
    book.stock("zalo_followers", 39_664, date(2020, 11, 8), system="zalo")
    book.flow("zalo_interactions", 17_820, WINDOW_START, WINDOW_END, system="zalo")
    book.plan(2020, fields=6, tasks=14, activities=40, done=38, unit=f"{PROVINCE}.20", until=WINDOW_END)
    book.petitions("question", 18, YEAR_START, WINDOW_END)
    return book.tables


SPEC = ExactSpec(
    name=NAME,
    title="Đắk Nông 16/11/2019-08/11/2020, đúng số liệu đã công bố / the published figures, exactly",
    province=PROVINCE,
    province_name="tỉnh Đắk Nông",
    go_live=GO_LIVE,
    reported_on=WINDOW_END,
    last_day=LAST_DAY,
    districts=8,
    communes=71,
    profile=Profile(
        online=ONLINE / RECEIVED, late=0.004, early=0.2, digitised=0.2, reused=0.02, electronic=0.3, stored=0.002,
        citizen=0.02, synced=0.4, paid=0.05, rated=0.0, apology=0.4, paper=0.06, signed=0.92,
    ),
    procedures=ProcedureQuota(
        levels={"province": 1_450, "district": 300, "commune": 158},
        services={("information", 1): 300, ("information", 2): 934, ("partial", 3): 614, ("full", 4): 60},
        dated=(
            Dated("synced_on", YEAR_START, WINDOW_END, 283, other=900),
            Dated("integrated_on", YEAR_START, WINDOW_END, 8, other=5),
            Dated("time_cut_on", YEAR_START, WINDOW_END, 7, other=20),
        ),
    ),
    strata=(
        # Everything received before the window is also closed before it.
        Stratum(GO_LIVE, date(2019, 11, 15), received=3_800, online=1_330, early=760, on_time=3_040),
        Stratum(
            WINDOW_START,
            WINDOW_END,
            received=RECEIVED,
            online=ONLINE,
            early=5_072,
            on_time=21_836,
            late=late_groups(),
            withdrawn=150,
            stopped=60,
            dateless=40,
            suspended=300,
            satisfied=2_470,
            dissatisfied=30,
        ),
    ),
    ordinary=((date(2020, 11, 9), LAST_DAY, 4_500, 0.5),),
    never_received=(300, 500),
    publications=publications,
    letters=(
        LetterQuota(GO_LIVE, date(2019, 12, 31), 300),
        LetterQuota(YEAR_START, WINDOW_END, 1_600, signed="92", electronic="94"),
    ),
    registers=registers,
    rename=with_judicial_record,
)  # fmt: skip


def build(seed: int) -> Scenario:
    """Build the scenario; each seed gives other records, the same figures."""
    return build_exact(SPEC, seed)
