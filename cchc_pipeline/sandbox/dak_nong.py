"""The scenario `dak-nong-2020`: raw records from which the published figures of Đắk Nông 2020 come out exactly.

Belongs here: the catalogue of the three-level province H16 as of 2020 and the plan of its dossiers. Not here:
drawn provinces (`two_level.py`).

The province reported for 16/11/2019-08/11/2020: 28,044 received, 13,253 of them online, 27,010 resolved = 5,072
early + 21,836 on time + 102 late. The 102 are 13 late in fact, 64 judicial records that waited for another
authority, and 25 late only in the software. For the year 2020: 13 publication decisions with 183 procedures,
92 % of documents signed; 98.8 % satisfied; 1,234 + 614 + 60 services of levels 1-2, 3 and 4. Names of districts
and communes are invented. `size` is ignored: the figures are what they are.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from cchc_pipeline.sandbox import workdays
from cchc_pipeline.sandbox.fates import draw_aftermath, draw_fate
from cchc_pipeline.sandbox.lives import Fate
from cchc_pipeline.sandbox.scenarios import Procedure, Profile, Scenario, Unit, source_code

NAME = "dak-nong-2020"
PROVINCE = "H16"
GO_LIVE, LAST_DAY = date(2019, 10, 1), date(2020, 12, 31)
WINDOW_START, WINDOW_END = date(2019, 11, 16), date(2020, 11, 8)
RECEIVED, ONLINE, EARLY, ON_TIME = 28_044, 13_253, 5_072, 21_836
WITHDRAWN, STOPPED, WITHOUT_DUE_DATE, SUSPENDED = 150, 60, 40, 300  # all of them among the ones on time
RATINGS, DISSATISFIED = 2_500, 30
JUDICIAL_RECORDS = 64

# code suffix, name, notation, weight
DEPARTMENTS: tuple[tuple[str, str, str, float], ...] = (
    ("02", "Sở Công Thương", "SCT", 8.0),
    ("03", "Sở Giáo dục và Đào tạo", "SGDĐT", 5.0),
    ("04", "Sở Giao thông vận tải", "SGTVT", 11.0),
    ("05", "Sở Kế hoạch và Đầu tư", "SKHĐT", 9.0),
    ("06", "Sở Khoa học và Công nghệ", "SKHCN", 1.0),
    ("07", "Sở Lao động - Thương binh và Xã hội", "SLĐTBXH", 6.0),
    ("08", "Sở Ngoại vụ", "SNgV", 0.4),
    ("09", "Sở Nội vụ", "SNV", 4.0),
    ("10", "Sở Nông nghiệp và Phát triển nông thôn", "SNNPTNT", 6.0),
    ("11", "Sở Tài chính", "STC", 2.0),
    ("12", "Sở Tài nguyên và Môi trường", "STNMT", 16.0),
    ("13", "Sở Thông tin và Truyền thông", "STTTT", 1.0),
    ("14", "Sở Tư pháp", "STP", 11.0),
    ("15", "Sở Văn hóa, Thể thao và Du lịch", "SVHTTDL", 2.0),
    ("16", "Sở Xây dựng", "SXD", 4.0),
    ("17", "Sở Y tế", "SYT", 5.0),
    ("18", "Ban Dân tộc", "BDT", 0.2),
    ("19", "Ban Quản lý các khu công nghiệp", "BQLKCN", 0.6),
    ("20", "Văn phòng UBND tỉnh", "VPUBND", 0.3),
)
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
    (date(2020, 7, 27), 5, 6), (date(2020, 8, 24), 9, 14), (date(2020, 9, 21), 3, 22), (date(2020, 10, 19), 5, 8),
    (date(2020, 11, 23), 4, 10),
)  # fmt: skip
SERVICES = (("information", 1_234), ("partial", 614), ("full", 60))
EXECUTING = (("province", 1_450), ("district", 300), ("commune", 158))
SECTORS = ("A", "B", "C")


@dataclass(frozen=True, slots=True)
class Plan:
    """What every day holds, and the publication decisions."""

    dossiers: dict[date, list[tuple[Unit, Procedure, Fate]]]
    publications: tuple[tuple[date, int, int], ...]


def units() -> list[Unit]:
    """The province with 19 provincial units, 8 districts and 71 communes."""
    profile = Profile(
        online=ONLINE / RECEIVED, late=0.004, early=0.2, digitised=0.2, reused=0.02, electronic=0.3, stored=0.002,
        citizen=0.02, synced=0.4, paid=0.05, rated=0.0, apology=0.4, paper=0.06, signed=0.92,
    )  # fmt: skip
    made = [Unit(PROVINCE, "UBND tỉnh Đắk Nông", "province", None, source_code(PROVINCE, "province"), "UBND")]
    for suffix, name, notation, weight in DEPARTMENTS:
        code = f"{PROVINCE}.{suffix}"
        made.append(Unit(code, name, "department", PROVINCE, source_code(code, "department"), notation, weight))
    communes = 0
    for i in range(8):
        district = f"{PROVINCE}.{41 + i}"
        name = f"UBND huyện Mẫu {i + 1:02d}" if i else "UBND thành phố Mẫu 01"
        made.append(Unit(district, name, "district", PROVINCE, source_code(district, "district"), "UBND", 0.9))
        for j in range(9 if i < 7 else 8):
            communes += 1
            code = f"{district}.{j + 1:02d}"
            made.append(Unit(code, f"UBND Xã Mẫu {communes:02d}", "commune", district, code, "UBND", 0.05))
    return [replace(unit, profile=profile) for unit in made]


def procedures(rng: random.Random) -> list[Procedure]:
    """1,908 procedures in the published shares of service levels."""
    departments = [f"{PROVINCE}.{suffix}" for suffix, *_ in DEPARTMENTS]
    levels = [level for level, count in EXECUTING for _ in range(count)]
    services = [service for service, count in SERVICES for _ in range(count)]
    rng.shuffle(services)
    made = []
    for i, (level, service) in enumerate(zip(levels, services, strict=True)):
        position = i % len(departments)
        unit = departments[position] if level == "province" else PROVINCE
        letter = SECTORS[i % 3]
        field = DEPARTMENTS[position][1].partition(" ")[2] or DEPARTMENTS[position][1]
        fee = rng.choice((10_000, 50_000, 100_000, 200_000)) if rng.random() < 0.4 else 0
        made.append(
            Procedure(
                code=f"9.1{i + 1:05d}",
                name=f"Thủ tục mẫu {i + 1:04d} lĩnh vực {field}",
                sector_code=f"G{position + 1:02d}-M{letter}01",
                sector_name=f"Lĩnh vực mẫu {field} {letter}",
                service_level=service,
                executing_level=level,
                unit_code=unit,
                processing_time=rng.choice((1, 3, 5, 5, 7, 10, 10, 15)),
                processing_time_unit="d",
                fee_vnd=fee,
                is_payment_online=service == "full" and bool(fee),
                is_citizen_data_connected=False,
                is_content_full=rng.random() < 0.97,
                is_updated_on_time=rng.random() < 0.85,
                publication_decision=f"{rng.randint(100, 2400)}/QĐ-UBND",
                weight=rng.lognormvariate(0, 1.2),
            )
        )
    judicial = next(i for i, p in enumerate(made) if p.unit_code == f"{PROVINCE}.14" and p.service_level == "partial")
    made[judicial] = replace(
        made[judicial], name="Cấp phiếu lý lịch tư pháp cho công dân Việt Nam", processing_time=10, weight=25.0
    )
    return made


@dataclass(frozen=True, slots=True)
class _Lateness:
    """A late dossier of the plan: why, by how many working days at least and at most, and who held it too long."""

    unit: Unit
    cause: str
    least: int
    most: int
    slow_units: tuple[str, ...] = ()
    has_apology: bool = False
    procedure: Procedure | None = None


def _code(suffix: str) -> str:
    """The unit with this suffix; "" is the province itself."""
    return f"{PROVINCE}.{suffix}" if suffix else PROVINCE


class _Planner:
    """Draws fates until the published figures are met exactly."""

    def __init__(self, scenario: Scenario, rng: random.Random) -> None:
        self.scenario, self.rng = scenario, rng
        self.receivers = [unit for unit in scenario.units if unit.weight > 0]
        self.cumulative = list(itertools.accumulate(unit.weight for unit in self.receivers))
        self.by_unit = {unit.code: unit for unit in scenario.units}
        self.choices: dict[tuple[str, bool], tuple[list[Procedure], list[float]]] = {}
        for unit in self.receivers:
            own = scenario.procedures_of(unit)
            online = [p for p in own if p.service_level != "information"]
            for is_online, some in ((True, online), (False, own)):
                self.choices[unit.code, is_online] = some, list(itertools.accumulate(p.weight for p in some))
        self.judicial = next(p for p in scenario.procedures if "lý lịch tư pháp" in p.name)
        self.dossiers: dict[date, list[tuple[Unit, Procedure, Fate]]] = {}

    def unit(self) -> Unit:
        return self.rng.choices(self.receivers, cum_weights=self.cumulative)[0]

    def procedure(self, unit: Unit, channel: str) -> Procedure:
        some, cumulative = self.choices[unit.code, channel == "online"]
        return self.rng.choices(some, cum_weights=cumulative)[0]

    def put(self, day: date, unit: Unit, procedure: Procedure, fate: Fate) -> None:
        self.dossiers.setdefault(day, []).append((unit, procedure, fate))

    def slots(self, start: date, end: date, count: int) -> list[date]:
        """`count` days of reception, spread over the working days from `start` to `end`."""
        worked = [day for day in workdays.days(start, end) if workdays.works(day)]
        shares = list(itertools.accumulate(1 + self.rng.uniform(-0.15, 0.15) for _ in worked))
        bounds = [round(count * share / shares[-1]) for share in shares]
        return [day for day, low, high in zip(worked, [0, *bounds], bounds, strict=False) for _ in range(high - low)]

    def in_time(self, fate: Fate, day: date, days: int, last: date, *, is_early: bool) -> None:
        """Due and closing days of a dossier resolved early or on time, closed on or before `last`."""
        room = workdays.between(day, last)
        if is_early:
            days = max(days, 2)
            fate.closed_on = workdays.shift(day, min(self.rng.randint(0, days - 1), room))
            fate.due_on = workdays.shift(day, days)
        else:
            fate.closed_on = fate.due_on = workdays.shift(day, min(days, room))

    def pause(self, fate: Fate, day: date) -> bool:
        """Put a suspension into a dossier on time, where there is room for it."""
        assert fate.due_on is not None  # noqa: S101
        if workdays.between(day, fate.due_on) < 7:
            return False
        fate.suspended_on = workdays.shift(day, self.rng.randint(1, 2))
        gap = self.rng.randint(1, 3)
        fate.resumed_on = workdays.shift(fate.suspended_on, gap)
        fate.extended_due_on, fate.due_on = fate.due_on, workdays.shift(fate.due_on, -gap)
        return True

    def late(self, day: date, procedure: Procedure, plan: _Lateness) -> Fate:
        """A dossier finished some working days after its due date, for the reason of `plan`."""
        fate = Fate(due_on=workdays.shift(day, procedure.processing_time))
        assert fate.due_on is not None  # noqa: S101
        fate.closed_on = workdays.shift(fate.due_on, self.rng.randint(plan.least, plan.most))
        fate.late_cause, fate.slow_units = plan.cause, plan.slow_units
        is_paper_in_time = plan.cause == "software_only"
        paper = workdays.shift(fate.due_on, -self.rng.randint(0, 1)) if is_paper_in_time else fate.closed_on
        fate.result_issued_on = max(paper, day)
        return fate

    def before(self) -> None:
        """Everything received before the window is also closed before it."""
        last = date(2019, 11, 15)
        for day in self.slots(GO_LIVE, last, 3_800):
            unit = self.unit()
            fate = Fate(channel="online" if self.rng.random() < 0.35 else "direct")
            procedure = self.procedure(unit, fate.channel)
            self.in_time(fate, day, procedure.processing_time, last, is_early=self.rng.random() < 0.2)
            draw_aftermath(self.rng, fate, unit, day, day)
            self.put(day, unit, procedure, fate)

    def lateness(self) -> Iterator[_Lateness]:
        """The 102, in the order of the report."""
        for suffix, count, has_apology, slow in LATE_IN_FACT:
            unit, holders = self.by_unit[f"{PROVINCE}.{suffix}"], tuple(map(_code, slow))
            for _ in range(count):
                yield _Lateness(unit, "in_fact", 2 if len(slow) == 1 else 8, 15, holders, has_apology)
        for suffix, count, clicker in LATE_IN_SOFTWARE:
            for _ in range(count):
                yield _Lateness(self.by_unit[_code(suffix)], "software_only", 1, 3, (_code(clicker),))
        for _ in range(JUDICIAL_RECORDS):
            yield _Lateness(self.by_unit[f"{PROVINCE}.14"], "other_authority", 5, 30, procedure=self.judicial)

    def window(self) -> None:
        """The window of the report, exactly."""
        rng, last = self.rng, date(2020, 11, 6)
        days = self.slots(WINDOW_START, WINDOW_END, RECEIVED)
        by_age = sorted(range(RECEIVED), key=lambda i: days[i].toordinal() + rng.uniform(0, 14))
        late = list(self.lateness())
        resolved = EARLY + ON_TIME + len(late)
        closed, still_open = by_age[:resolved], by_age[resolved:]
        online = set(rng.sample(range(RECEIVED), ONLINE))
        candidates = [i for i in closed if days[i] <= date(2020, 8, 14)]
        late_slots = dict(zip(rng.sample(candidates, len(late)), late, strict=True))
        others = [i for i in closed if i not in late_slots]
        rng.shuffle(others)
        early = set(others[:EARLY])
        odd = iter(others[EARLY:])
        withdrawn = {next(odd) for _ in range(WITHDRAWN)}
        stopped = {next(odd) for _ in range(STOPPED)}
        dateless = {next(odd) for _ in range(WITHOUT_DUE_DATE)}
        rated = rng.sample(list(odd), RATINGS)
        dissatisfied, rated_set = set(rated[:DISSATISFIED]), set(rated)
        open_set, pauses = set(still_open), SUSPENDED
        for i, day in enumerate(days):
            channel = "online" if i in online else "direct" if rng.random() < 0.92 else "postal"
            if i in late_slots:
                plan = late_slots[i]
                unit = plan.unit
                procedure = plan.procedure or self.procedure(unit, channel)
                fate = self.late(day, procedure, plan)
                fate.channel = channel
                if plan.has_apology and fate.due_on is not None:
                    fate.apology_on = fate.due_on
            else:
                unit = self.unit()
                procedure = self.procedure(unit, channel)
                fate = Fate(channel=channel)
                if i in open_set:
                    self._left_open(fate, day, procedure)
                else:
                    self.in_time(fate, day, procedure.processing_time, last, is_early=i in early)
                    is_plain = i not in early and i not in withdrawn and i not in stopped and i not in dateless
                    if pauses and is_plain and rng.random() < 0.05 and self.pause(fate, day):
                        pauses -= 1
            if i in withdrawn or i in stopped:
                fate.closed_status = 7 if i in withdrawn else 8
            else:
                draw_aftermath(rng, fate, unit, day, fate.resumed_on or day)
            if i in dateless:
                fate.due_on = None
            if i in rated_set:
                fate.rating, fate.rated_on = 1 if i in dissatisfied else 3, fate.closed_on
            self.put(day, unit, procedure, fate)

    def _left_open(self, fate: Fate, day: date, procedure: Procedure) -> None:
        """Received in the window, in time at its end, closed after it."""
        after = workdays.shift(date(2020, 11, 9), self.rng.randint(0, 6))
        fate.due_on = max(workdays.shift(day, procedure.processing_time), after)
        slack = workdays.between(date(2020, 11, 9), fate.due_on)
        fate.closed_on = workdays.shift(date(2020, 11, 9), self.rng.randint(0, slack))

    def after(self) -> None:
        """Ordinary days after the window."""
        for day in self.slots(date(2020, 11, 9), LAST_DAY, 4_500):
            unit = self.unit()
            channel = "online" if self.rng.random() < 0.5 else "direct"
            procedure = self.procedure(unit, channel)
            fate = draw_fate(self.rng, unit, procedure, day, has_defects=False)
            fate.channel = channel
            self.put(day, unit, procedure, fate)

    def never_received(self) -> None:
        """Drafts and refusals, which no figure counts."""
        for kind, count in (("draft", 300), ("refused", 500)):
            for day in self.slots(GO_LIVE, date(2020, 11, 8), count):
                unit = self.unit()
                fate = Fate(kind=kind, channel="online")
                self.put(day, unit, self.procedure(unit, "online"), fate)


def build(seed: int) -> Scenario:
    """The scenario for `seed`: other dossiers, the same figures."""
    rng = random.Random(f"{NAME}|{seed}|plan")
    scenario = Scenario(
        name=NAME,
        title="Đắk Nông 16/11/2019-08/11/2020, đúng số liệu đã công bố / the published figures, exactly",
        province_code=PROVINCE,
        province_name="tỉnh Đắk Nông",
        go_live=GO_LIVE,
        last_day=LAST_DAY,
        dossiers_per_day=115.0,
        units=tuple(units()),
        procedures=tuple(procedures(rng)),
        ignores_size=True,
        has_defects=False,
    )
    planner = _Planner(scenario, rng)
    planner.before()
    planner.window()
    planner.after()
    planner.never_received()
    return replace(scenario, plan=Plan(planner.dossiers, PUBLICATIONS))
