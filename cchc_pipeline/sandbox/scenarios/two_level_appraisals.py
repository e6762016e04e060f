"""Draw the appraisals of `two-level-2026`: self-scores, two appraisals, a survey."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date

from cchc_pipeline.sandbox.life import workdays
from cchc_pipeline.sandbox.life.province_parts import Unit
from cchc_pipeline.sandbox.scenarios.two_level_figures import figures

Row = dict[str, object]
YEARS = (2026, 2027)
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


def rows(units: Sequence[Unit], seed: int) -> list[Row]:
    """Draw the rows of `registers__appraisals`; `units` starts with the province."""
    rng = random.Random(f"appraisals|{seed}")
    return [row for year in YEARS for row in _of_year(units, year, rng)]


def _of_year(units: Sequence[Unit], year: int, rng: random.Random) -> Iterator[Row]:
    for number, unit in enumerate(units):
        if unit.level not in RUBRICS:
            continue
        is_hurried = number == 1
        yield from _of_unit(unit, year, rng, _LEFT_TO_MISTAKES if is_hurried else frozenset())
        if is_hurried:
            yield from _wrong(unit, year)


def _row(unit: Unit, year: int, code: str, stage: str, points: float | None, by: str, on: date, **more: object) -> Row:
    return {
        "rubric_id": RUBRICS[unit.level], "unit_code": unit.code, "year": year, "criterion_code": code, "stage": stage,
        "points": points, "is_not_applicable": None, "scored_by": by, "scored_on": on, "evidence": None, "note": None,
        **more,
    }  # fmt: skip


def _of_unit(unit: Unit, year: int, rng: random.Random, without_appraisal: frozenset[str]) -> Iterator[Row]:
    council = MINISTRY if unit.level == "province" else COUNCIL
    own_on, first_on = workdays.shift(date(year, 10, 1), rng.randint(1, 3)), workdays.shift(date(year, 10, 20), 3)
    second_on = workdays.shift(date(year, 11, 10), 2)
    for number, code in enumerate((*figures().scored_by_hand[unit.level], *ALSO_SCORED), 1):
        if rng.random() < 0.04 and code not in without_appraisal:
            continue  # not scored yet
        if rng.random() < 0.1 and code == "TRAINING_PLAN_DONE" and code not in without_appraisal:
            why: dict[str, object] = {"is_not_applicable": "x", "note": "Không được giao nhiệm vụ trong năm"}
            yield _row(unit, year, code, "self", None, unit.name, own_on, **why)
            continue
        own = rng.choice((1.0, 1.0, 1.0, 0.75, 0.5))
        cited: dict[str, object] = {"evidence": f"{100 + number}/BC-{unit.notation}"}
        yield _row(unit, year, code, "self", own, unit.name, own_on, **cited)
        if rng.random() < 0.15 or code in without_appraisal:
            continue  # not appraised yet
        first = max(0.0, own - rng.choice((0.0, 0.0, 0.25, 0.5)))
        why = {"note": None if first == own else "Tài liệu kiểm chứng chưa đủ"}
        yield _row(unit, year, code, "first", first, council, first_on, **cited, **why)
        if first < own and rng.random() < 0.4:
            why = {"note": "Đơn vị bổ sung tài liệu", "evidence": f"{200 + number}/CV-{unit.notation}"}
            yield _row(unit, year, code, "second", rng.choice((first, own)), council, second_on, **why)
    if unit.level != "province":
        points = round(rng.uniform(0.72, 0.97), 2)
        cited = {"evidence": "40/BC-SNV"}
        yield _row(unit, year, SURVEY, "survey", points, "Tổ điều tra xã hội học của tỉnh", first_on, **cited)


def _wrong(unit: Unit, year: int) -> Iterator[Row]:
    """Yield rows with the known mistakes, appended to those of one unit."""
    on = workdays.shift(date(year, 10, 5), 1)
    for code, stage, changes, _ in MISTAKES:
        row = _row(unit, year, code, stage, 0.5, COUNCIL, on, evidence="300/BC-VP", note="Dòng nhập vội")
        yield row | changes
    for code, stage, points, _ in REFUSED:
        by = unit.name if stage == "self" else COUNCIL
        yield _row(unit, year, code, stage, points, by, on, evidence="301/BC-VP")
