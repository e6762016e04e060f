"""Draw the registers of `two-level-2026`; all rows are invented."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from cchc_pipeline.sandbox.life import workdays
from cchc_pipeline.sandbox.life.province_parts import Unit
from cchc_pipeline.sandbox.scenarios import two_level_appraisals

Row = dict[str, object]
START, LAST_YEAR = date(2026, 9, 1), 2027
FIELDS, TASKS, ACTIVITIES = 6, 18, 60
SOURCE = "Bảng tự đặt của Tỉnh Mẫu"
#: measure -> (lowest, highest) monthly figure of the province's service centre.
FLOWS = {
    "guidance_counter": (90, 160),
    "guidance_calls_out": (60, 110),
    "guidance_calls_in": (55, 120),
    "zalo_interactions": (900, 1_900),
    "kiosk_satisfied": (500, 800),
    "kiosk_neutral": (2, 9),
    "kiosk_dissatisfied": (1, 5),
}
#: measure -> (figure in the first month, growth per month, total that it is a part of)
STOCKS = {
    "zalo_followers": (41_000, 800, None),
    "eid_accounts": (520_000, 6_000, 640_000),
    "shared_systems": (36, 0, None),
    "national_systems_connected": (14, 1, None),
    "ioc_fields": (11, 0, None),
    "public_service_units_connected": (310, 5, 380),
}
#: index -> (value of 2025, value of 2026, rank of 2025, rank of 2026)
INDICES = {
    "PAR_INDEX": (86.12, 87.4, 19, 15),
    "PAR_PROCEDURE_REFORM": (88.3, 91.0, 21, 12),
    "SIPAS": (82.5, 84.1, 18, 17),
    "PAPI": (41.7, 42.35, 20, 22),
    "PCI": (66.9, 68.02, 16, 11),
}


def rows(units: Sequence[Unit], seed: int) -> dict[str, list[Row]]:
    """Draw the rows by inbound table, in the columns of the contracts.

    `units` starts with the province.
    """
    rng = random.Random(f"registers|{seed}")
    return {
        "registers__observations": list(_observations(units, rng)),
        "registers__plan_tasks": list(_plan(units, rng)),
        "registers__inspections": list(_inspections(units, rng)),
        "registers__petitions": list(_petitions(units, rng)),
        "registers__external_indices": list(_indices(units)),
        "registers__appraisals": two_level_appraisals.rows(units, seed),
    }


def _months() -> Iterator[tuple[date, date]]:
    first = START
    while first.year <= LAST_YEAR:
        following = (first + timedelta(days=32)).replace(day=1)
        yield first, following - timedelta(days=1)
        first = following


def _observation(measure: str, unit: Unit, first: date, last: date, value: float, total: float | None) -> Row:
    return {
        "measure_code": measure, "unit_code": unit.code, "period_start": first, "observed_on": last,
        "value": value, "total": total, "system": "sandbox", "note": None,
    }  # fmt: skip


def _observations(units: Sequence[Unit], rng: random.Random) -> Iterator[Row]:
    province = units[0]
    for number, (first, last) in enumerate(_months()):
        # Rows of seven days or the rest of the month, so that a month has several rows.
        for start in range(1, last.day + 1, 7):
            week = first.replace(day=start), first.replace(day=min(start + 6, last.day))
            for measure, (low, high) in FLOWS.items():
                yield _observation(measure, province, *week, rng.randint(low, high) // 4 + 1, None)
            yield _observation("guidance", units[1 + number % min(14, len(units) - 1)], *week, rng.randint(1, 8), None)
            yield _observation("budget_revenue", province, *week, rng.randint(55, 75) + 0.5, 63.75)
            yield _observation("disbursement", province, *week, rng.randint(75, 110) + 0.25, 112.5)
        day = workdays.shift(first, 3)
        for measure, (begin, growth, total) in STOCKS.items():
            yield _observation(measure, province, day, day, begin + growth * number, total)
    for measure in ("documents_connected", "qr_listed"):
        for unit in units[1:]:
            begins = int(rng.random() < 0.75)
            yield _observation(measure, unit, START, START, begins, None)
            if not begins and rng.random() < 0.8:
                day = START + timedelta(days=rng.randint(5, 60))
                yield _observation(measure, unit, day, day, 1, None)


def _plan(units: Sequence[Unit], rng: random.Random) -> Iterator[Row]:
    for year in range(START.year, LAST_YEAR + 1):
        for number in range(ACTIVITIES):
            task = number % TASKS
            due_on = date(year, 3, 1) + timedelta(days=300 * number // ACTIVITIES)
            finished_on = workdays.shift(due_on, rng.choice((-15, -5, -2, 0, 0, 3, 20)))
            yield {
                "plan_year": year, "activity_code": f"{year}.{number + 1:02d}", "field_code": f"LV{task % FIELDS + 1}",
                "task_code": f"NV{task + 1:02d}", "name": f"Hoạt động mẫu {number + 1:02d}",
                "unit_code": units[number % min(15, len(units))].code, "due_on": due_on,
                "finished_on": finished_on if rng.random() < 0.9 and finished_on.year == year else None,
            }  # fmt: skip


def _inspections(units: Sequence[Unit], rng: random.Random) -> Iterator[Row]:
    for year in range(START.year, LAST_YEAR + 1):
        for number, unit in enumerate(rng.sample(list(units[1:]), min(24, len(units) - 1))):
            planned_on = workdays.shift(date(year, 4, 1) + timedelta(days=9 * number), 0)
            inspected_on = workdays.shift(planned_on, rng.choice((0, 0, 1, 6)))
            done = rng.random() < 0.85
            yield {
                "inspection_code": f"KT{year}.{number + 1:02d}", "plan_year": year, "unit_code": unit.code,
                "planned_on": None if number % 12 == 11 else planned_on, "inspected_on": inspected_on if done else None,
                "conclusion_number": f"{20 + number}/KL-ĐKT" if done else None,
            }  # fmt: skip


def _petitions(units: Sequence[Unit], rng: random.Random) -> Iterator[Row]:
    number, day = 0, date(2026, 7, 1)
    while day.year <= LAST_YEAR:
        for _ in range(rng.randint(0, 3) if workdays.works(day) else 0):
            number += 1
            answered_on = workdays.shift(day, rng.choice((1, 2, 4, 6, 9, 12, 30)))
            yield {
                "petition_code": f"PA{number:05d}", "kind": rng.choice(("petition", "petition", "question")),
                "unit_code": rng.choice(units[1:]).code, "received_on": day,
                "due_on": workdays.shift(day, 10) if rng.random() < 0.95 else None,
                "answered_on": answered_on if rng.random() < 0.93 else None,
                "channel": rng.choice(("portal", "zalo", "hotline")),
            }  # fmt: skip
        day += timedelta(days=1)


def _indices(units: Sequence[Unit]) -> Iterator[Row]:
    province = units[0]

    def index(code: str, year: int, as_of_on: date, value: float | None, rank: int, band: str | None = None) -> Row:
        return {
            "index_code": code, "unit_code": province.code, "year": year, "as_of_on": as_of_on, "value": value,
            "rank": rank, "rank_of": 34, "band": band, "source": SOURCE,
            "claimed_value_change": None, "claimed_rank_change": None,
        }  # fmt: skip

    for code, (value, newer, rank, newer_rank) in INDICES.items():
        yield index(code, 2025, date(2026, 4, 15), value, rank)
        yield index(code, 2026, date(2026, 9, 1), newer, newer_rank)
    yield index("INDEX766", 2025, date(2025, 12, 31), 78.4, 14, "Khá")
    yield index("INDEX766_PAYMENT", 2025, date(2025, 12, 31), 7.9, 9)
    for number, (first, _) in enumerate(_months()):
        day = first + timedelta(days=2)
        yield index("INDEX766", day.year, day, round(80.1 + 0.4 * number, 2), max(1, 12 - number), "Tốt")
        yield index("INDEX766_PAYMENT", day.year, day, round(8.2 + 0.05 * number, 2), max(1, 8 - number // 2))
