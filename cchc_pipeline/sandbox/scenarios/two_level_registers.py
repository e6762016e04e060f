"""Draw the registers of `two-level-2026`; all rows are invented."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import chain

from cchc_pipeline.sandbox.drop.registers import Row, Rows, register_row, rows_by_table
from cchc_pipeline.sandbox.life import workdays
from cchc_pipeline.sandbox.life.province_parts import Unit
from cchc_pipeline.sandbox.scenarios import two_level_appraisals
from cchc_pipeline.sandbox.scenarios.two_level_figures import figures

START, END = date(2026, 9, 1), date(2027, 12, 31)
YEARS = (2026, 2027)
FIELDS, TASKS, ACTIVITIES = 6, 18, 60
SOURCE = "Bảng tự đặt của Tỉnh Mẫu"


def rows(units: Sequence[Unit], seed: int) -> dict[str, list[Row]]:
    """Draw the rows by inbound table, in the columns of the contracts.

    `units` starts with the province.
    """
    rng = random.Random(f"registers|{seed}")
    every = chain(_observations(units, rng), _plan(units, rng), _inspections(units, rng), _petitions(units, rng))
    appraisals = two_level_appraisals.rows(units, seed)
    return rows_by_table(chain(every, _indices(units[0]))) | {"registers__appraisals": appraisals}


def _observation(
    measure: str, unit: Unit, first: date, last: date, value: float, total: float | None
) -> tuple[str, Row]:
    return register_row("observations", measure, unit.code, first, last, value, total, "sandbox", None)


def _observations(units: Sequence[Unit], rng: random.Random) -> Rows:
    province = units[0]
    for number, (first, last) in enumerate(workdays.months(START, END)):
        # Rows of seven days or the rest of the month, so that a month has several rows.
        for start in range(1, last.day + 1, 7):
            week = first.replace(day=start), first.replace(day=min(start + 6, last.day))
            for measure, (low, high) in figures().flows.items():
                yield _observation(measure, province, *week, rng.randint(low, high) // 4 + 1, None)
            yield _observation("guidance", units[1 + number % min(14, len(units) - 1)], *week, rng.randint(1, 8), None)
            yield _observation("budget_revenue", province, *week, rng.randint(55, 75) + 0.5, 63.75)
            yield _observation("disbursement", province, *week, rng.randint(75, 110) + 0.25, 112.5)
        day = workdays.shift(first, 3)
        for measure, (begin, growth, total) in figures().stocks.items():
            yield _observation(measure, province, day, day, begin + growth * number, total)
    for measure in ("documents_connected", "qr_listed"):
        for unit in units[1:]:
            begins = int(rng.random() < 0.75)
            yield _observation(measure, unit, START, START, begins, None)
            if not begins and rng.random() < 0.8:
                day = START + timedelta(days=rng.randint(5, 60))
                yield _observation(measure, unit, day, day, 1, None)


def _plan(units: Sequence[Unit], rng: random.Random) -> Rows:
    for year in YEARS:
        for number in range(ACTIVITIES):
            task = number % TASKS
            due_on = date(year, 3, 1) + timedelta(days=300 * number // ACTIVITIES)
            finished_on = workdays.shift(due_on, rng.choice((-15, -5, -2, 0, 0, 3, 20)))
            done_on = finished_on if rng.random() < 0.9 and finished_on.year == year else None
            codes = f"{year}.{number + 1:02d}", f"LV{task % FIELDS + 1}", f"NV{task + 1:02d}"
            unit = units[number % min(15, len(units))]
            yield register_row(
                "plan_tasks", year, *codes, f"Hoạt động mẫu {number + 1:02d}", unit.code, due_on, done_on
            )


def _inspections(units: Sequence[Unit], rng: random.Random) -> Rows:
    for year in YEARS:
        for number, unit in enumerate(rng.sample(list(units[1:]), min(24, len(units) - 1))):
            planned_on = workdays.shift(date(year, 4, 1) + timedelta(days=9 * number), 0)
            inspected_on = workdays.shift(planned_on, rng.choice((0, 0, 1, 6)))
            done = (inspected_on, f"{20 + number}/KL-ĐKT") if rng.random() < 0.85 else (None, None)
            planned = None if number % 12 == 11 else planned_on
            yield register_row("inspections", f"KT{year}.{number + 1:02d}", year, unit.code, planned, *done)


def _petitions(units: Sequence[Unit], rng: random.Random) -> Rows:
    number = 0
    for day in workdays.days(date(2026, 7, 1), END):
        for _ in range(rng.randint(0, 3) if workdays.works(day) else 0):
            number += 1
            answered_on = workdays.shift(day, rng.choice((1, 2, 4, 6, 9, 12, 30)))
            yield register_row(
                "petitions",
                f"PA{number:05d}",
                rng.choice(("petition", "petition", "question")),
                rng.choice(units[1:]).code,
                day,
                workdays.shift(day, 10) if rng.random() < 0.95 else None,
                answered_on if rng.random() < 0.93 else None,
                rng.choice(("portal", "zalo", "hotline")),
            )


def _indices(province: Unit) -> Rows:
    def index(code: str, year: int, on: date, value: float, rank: int, band: str | None = None) -> tuple[str, Row]:
        table, row = register_row("external_indices", code, province.code, year, on, value, rank, 34, band, SOURCE)
        return table, row | {"claimed_value_change": None, "claimed_rank_change": None}

    for code, (value, newer, rank, newer_rank) in figures().indices.items():
        yield index(code, 2025, date(2026, 4, 15), value, rank)
        yield index(code, 2026, date(2026, 9, 1), newer, newer_rank)
    yield index("INDEX766", 2025, date(2025, 12, 31), 78.4, 14, "Khá")
    yield index("INDEX766_PAYMENT", 2025, date(2025, 12, 31), 7.9, 9)
    for number, (first, _) in enumerate(workdays.months(START, END)):
        day = first + timedelta(days=2)
        yield index("INDEX766", day.year, day, round(80.1 + 0.4 * number, 2), max(1, 12 - number), "Tốt")
        yield index("INDEX766_PAYMENT", day.year, day, round(8.2 + 0.05 * number, 2), max(1, 8 - number // 2))
