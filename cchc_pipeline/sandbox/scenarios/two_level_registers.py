"""Draw the registers of `two-level-2026`; all rows are invented."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import chain

from cchc_pipeline.sandbox.drop import Row, Rows, register_row, rows_by_table
from cchc_pipeline.sandbox.life import workdays
from cchc_pipeline.sandbox.life.province_parts import Unit
from cchc_pipeline.sandbox.scenarios.two_level_figures import figures

START, END = date(2026, 9, 1), date(2027, 12, 31)
YEARS = (2026, 2027)
FIELDS, TASKS, ACTIVITIES = 6, 18, 60
SOURCE = "Bảng tự đặt của Tỉnh Mẫu"

RUBRICS = {"province": "par_index", "department": "par_index_department", "commune": "par_index_commune"}
#: Criteria that the pipeline computes and units score nevertheless.
ALSO_SCORED = ("REFORM_PLAN_ISSUED", "DOSSIERS_TIMELY")
SURVEY = "SATISFACTION_SURVEY"
COUNCIL, MINISTRY = "Hội đồng thẩm định của tỉnh", "Hội đồng thẩm định của Bộ"
#: Mistakes that a row alone shows: (criterion, stage, values written instead, rule that they break).
MISTAKES: tuple[tuple[str, str, dict[str, object], str], ...] = (
    ("FUNCTIONS_DEFINED", "lần 3", {}, "stage_values"),
    ("STAFFING_KEPT", "first", {"points": None}, "points_missing"),
    ("DISCIPLINE_KEPT", "survey", {"evidence": None}, "evidence_missing"),
    ("SPENDING_RULES_ISSUED", "first", {"points": "0,5 điểm"}, "parse_errors_present"),
    ("FINANCIAL_AUTONOMY", "first", {"is_not_applicable": "x"}, "points_where_not_applicable"),
    ("TRAINING_PLAN_DONE", "self", {}, "key_unique"),
)
#: Mistakes that only rubric and other stages show: (criterion, stage, points, words of the refusal).
REFUSED = (
    ("RESULTS_PUBLIC", "first", 1.5, "lớn hơn điểm tối đa"),
    ("SIPAS", "self", 0.5, "không có tiêu chí"),
    ("JOB_POSITIONS_DEFINED", "second", 1.0, "chưa có thẩm định lần 1"),
)
_LEFT_TO_MISTAKES = frozenset(code for code, *_ in (*MISTAKES, *REFUSED))


def rows(units: Sequence[Unit], seed: int) -> dict[str, list[Row]]:
    """Draw the rows by inbound table, in the columns of the contracts.

    `units` starts with the province.
    """
    rng = random.Random(f"registers|{seed}")
    every = chain(_observations(units, rng), _plan(units, rng), _inspections(units, rng), _petitions(units, rng))
    draw = random.Random(f"appraisals|{seed}")
    appraisals = [row for year in YEARS for row in _appraisals_of_year(units, year, draw)]
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
            kind, unit = rng.choice(("petition", "petition", "question")), rng.choice(units[1:])
            due_on = workdays.shift(day, 10) if rng.random() < 0.95 else None
            days = day, due_on, answered_on if rng.random() < 0.93 else None
            channel = rng.choice(("portal", "zalo", "hotline"))
            yield register_row("petitions", f"PA{number:05d}", kind, unit.code, *days, channel)


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


# -- appraisals: self-scores, two appraisals, a survey ---------------------------------------------------------------


def _appraisals_of_year(units: Sequence[Unit], year: int, rng: random.Random) -> Iterator[Row]:
    for number, unit in enumerate(units):
        if unit.level not in RUBRICS:
            continue
        is_hurried = number == 1
        yield from _appraisals_of_unit(unit, year, rng, _LEFT_TO_MISTAKES if is_hurried else frozenset())
        if is_hurried:
            yield from _wrong_appraisals(unit, year)


def _appraisal(
    unit: Unit, year: int, code: str, stage: str, points: float | None, by: str, on: date, **more: object
) -> Row:
    return {
        "rubric_id": RUBRICS[unit.level], "unit_code": unit.code, "year": year, "criterion_code": code, "stage": stage,
        "points": points, "is_not_applicable": None, "scored_by": by, "scored_on": on, "evidence": None, "note": None,
        **more,
    }  # fmt: skip


def _appraisals_of_unit(unit: Unit, year: int, rng: random.Random, without_appraisal: frozenset[str]) -> Iterator[Row]:
    council = MINISTRY if unit.level == "province" else COUNCIL
    own_on, first_on = workdays.shift(date(year, 10, 1), rng.randint(1, 3)), workdays.shift(date(year, 10, 20), 3)
    second_on = workdays.shift(date(year, 11, 10), 2)
    for number, code in enumerate((*figures().scored_by_hand[unit.level], *ALSO_SCORED), 1):
        if rng.random() < 0.04 and code not in without_appraisal:
            continue  # not scored yet
        if rng.random() < 0.1 and code == "TRAINING_PLAN_DONE" and code not in without_appraisal:
            why: dict[str, object] = {"is_not_applicable": "x", "note": "Không được giao nhiệm vụ trong năm"}
            yield _appraisal(unit, year, code, "self", None, unit.name, own_on, **why)
            continue
        own = rng.choice((1.0, 1.0, 1.0, 0.75, 0.5))
        cited: dict[str, object] = {"evidence": f"{100 + number}/BC-{unit.notation}"}
        yield _appraisal(unit, year, code, "self", own, unit.name, own_on, **cited)
        if rng.random() < 0.15 or code in without_appraisal:
            continue  # not appraised yet
        first = max(0.0, own - rng.choice((0.0, 0.0, 0.25, 0.5)))
        why = {"note": None if first == own else "Tài liệu kiểm chứng chưa đủ"}
        yield _appraisal(unit, year, code, "first", first, council, first_on, **cited, **why)
        if first < own and rng.random() < 0.4:
            why = {"note": "Đơn vị bổ sung tài liệu", "evidence": f"{200 + number}/CV-{unit.notation}"}
            yield _appraisal(unit, year, code, "second", rng.choice((first, own)), council, second_on, **why)
    if unit.level != "province":
        points = round(rng.uniform(0.72, 0.97), 2)
        cited = {"evidence": "40/BC-SNV"}
        yield _appraisal(unit, year, SURVEY, "survey", points, "Tổ điều tra xã hội học của tỉnh", first_on, **cited)


def _wrong_appraisals(unit: Unit, year: int) -> Iterator[Row]:
    """Yield rows with the known mistakes, appended to those of one unit."""
    on = workdays.shift(date(year, 10, 5), 1)
    for code, stage, changes, _ in MISTAKES:
        row = _appraisal(unit, year, code, stage, 0.5, COUNCIL, on, evidence="300/BC-VP", note="Dòng nhập vội")
        yield row | changes
    for code, stage, points, _ in REFUSED:
        by = unit.name if stage == "self" else COUNCIL
        yield _appraisal(unit, year, code, stage, points, by, on, evidence="301/BC-VP")
