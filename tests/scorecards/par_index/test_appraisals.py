"""Appraisals: stages kept apart, the one that stands, what is refused, nothing lost."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rubric_files import criterion, group, rubric_content, rubric_from

from cchc_pipeline.contracts import enforce, load_contract
from cchc_pipeline.scorecards.par_index.appraisals import judge

CRITERIA = (
    criterion("HAND", 2, "linear"),
    criterion("RATE", 3, "linear", "indicator", indicator="timely_rate"),
    criterion("SURVEY", 10, "linear", "survey"),
    criterion("MINUS", 1, "penalty"),
)
RUBRIC = rubric_from(rubric_content(group("G", *CRITERIA), valid_to=date(2030, 12, 31), unit_levels=["department"]))
DEPARTMENTS = ["H99.02", "H99.HAND", "H99.RATE"]
UNITS = pa.table(
    {
        "unit_code": ["H99", *DEPARTMENTS],
        "unit_name": ["Tỉnh", *["Sở"] * 3],
        "unit_level": ["province", *["department"] * 3],
    }
)
INBOUND = load_contract("registers__appraisals")
CONTRACT = load_contract("par_index_appraisals")
DOCUMENTS = [
    {"document_id": "D1", "document_number": "25", "notation": "KH-STP", "promulgated_on": date(2026, 1, 8)},
    {"document_id": "D2", "document_number": "25", "notation": "KH-STP", "promulgated_on": date(2024, 1, 8)},
]


def row(stage: str, points: float | None = 1.0, **more: Any) -> dict[str, Any]:
    given = {
        "rubric_id": "mau", "unit_code": "H99.02", "year": 2026, "criterion_code": "HAND", "stage": stage,
        "points": points, "scored_by": "Hội đồng", "scored_on": date(2026, 11, 2), "evidence": "BB", "source_row": "x",
    }  # fmt: skip
    return {**dict.fromkeys(INBOUND.column_names), **given, **more}


def judged(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    held = pa.Table.from_pylist(list(rows), schema=INBOUND.arrow_schema())
    found = judge(held, UNITS, pa.Table.from_pylist(DOCUMENTS), [RUBRIC])
    return enforce(found, CONTRACT).to_pylist()


def by_stage(*rows: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["stage"]: one for one in judged(*rows)}


def test_second_stands_before_first_before_self_and_differences_show() -> None:
    found = by_stage(row("self", 2.0), row("first", 1.5), row("second", 1.75))
    assert {stage: one["is_counted"] for stage, one in found.items()} == {"self": False, "first": False, "second": True}
    assert {stage: one["difference"] for stage, one in found.items()} == {"self": None, "first": -0.5, "second": -0.25}
    assert {one["self_points"] for one in found.values()} == {2.0}
    assert found["self"]["reason_vi"] == "Đã có thẩm định lần 2"
    assert by_stage(row("self"), row("first"))["self"]["reason_vi"] == "Đã có thẩm định lần 1"


def test_a_self_score_alone_is_provisional_and_says_so() -> None:
    (one,) = judged(row("self"))
    assert one["is_counted"]
    assert one["reason_vi"] == "Chỉ có điểm tự chấm, chưa thẩm định: tạm tính"
    (one,) = judged(row("self", criterion_code="RATE"))
    assert one["reason_vi"].endswith("số liệu hệ thống được tính trước")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rubric_id": "x"}, "Không có bộ tiêu chí «x»"),
        ({"year": 2019}, "không có hiệu lực trong năm 2019"),
        ({"unit_code": "H99.77"}, "Mã cơ quan H99.77 không có trong danh mục"),
        ({"unit_code": "H99"}, "không dùng cho cấp"),
        ({"criterion_code": "OTHER"}, "không có tiêu chí «OTHER»"),
        ({"points": 2.25}, "Điểm 2,25 lớn hơn điểm tối đa 2,0"),
        ({"points": -1.0}, "nhỏ hơn điểm thấp nhất"),
        ({"points": 0.125}, "quá hai chữ số thập phân"),
        ({"stage": "second"}, "chưa có thẩm định lần 1"),
        ({"stage": "survey"}, "không chấm bằng điều tra"),
        ({"criterion_code": "SURVEY"}, "không tự chấm, không thẩm định"),
        ({"criterion_code": "MINUS", "points": 0.5}, "lớn hơn điểm tối đa 0,0"),
    ],
)
def test_what_contradicts_the_rubric_is_refused_and_kept_with_its_reason(changes: dict[str, Any], said: str) -> None:
    (one,) = judged(row("self", **{"points": 1.0, **changes}) if "stage" not in changes else row(**changes))
    assert one["is_refused"]
    assert not one["is_counted"]
    assert said in one["reason_vi"]


def test_a_refused_first_appraisal_leaves_the_self_score_and_refuses_the_second() -> None:
    found = by_stage(row("self", 1.0), row("first", 5.0), row("second", 1.5))
    assert found["self"]["is_counted"]
    assert [found[stage]["is_refused"] for stage in ("self", "first", "second")] == [False, True, True]
    early = by_stage(row("first"), row("second", scored_on=date(2026, 11, 1)))
    assert early["second"]["reason_vi"] == "Thẩm định lần 2 trước ngày thẩm định lần 1"
    assert early["first"]["is_counted"]


def test_penalties_are_negative_points_and_surveys_stand_by_themselves() -> None:
    rows = judged(row("first", -0.5, criterion_code="MINUS"), row("survey", 8.4, criterion_code="SURVEY"))
    assert all(one["is_counted"] and not one["is_refused"] for one in rows)


def test_a_cited_document_is_looked_up_by_number_notation_and_date() -> None:
    def found(evidence: str | None) -> tuple[bool | None, str | None]:
        (one,) = judged(row("self", evidence=evidence))
        return one["is_evidence_found"], one["evidence_document_ids"]

    assert found("Kế hoạch số 25/KH-STP ngày 08/01/2026") == (True, "D1")
    assert found("25/kh-stp; 7/QĐ-STP") == (False, "D1")
    assert found("7/QĐ-STP") == (False, None)
    assert found("biên bản") == (None, None)
    assert found(None) == (None, None)


STAGES = ("self", "first", "second")
POINTS = st.integers(0, 250).map(lambda hundredths: hundredths / 100)


@settings(max_examples=15, deadline=None)
@given(st.dictionaries(st.tuples(st.sampled_from(("HAND", "RATE")), st.sampled_from(STAGES)), POINTS, min_size=1))
def test_every_row_is_kept_one_stage_stands_and_no_stage_changes_another(given_points: Any) -> None:
    """Beside the department stands, for each criterion, one that has its rows alone."""
    rows = [row(stage, points, criterion_code=code) for (code, stage), points in given_points.items()]
    alone = [one | {"unit_code": f"H99.{one['criterion_code']}"} for one in rows]
    found: dict[str, list[dict[str, Any]]] = {}
    for one in judged(*rows, *alone):
        found.setdefault(one["unit_code"], []).append(one)
    every = found["H99.02"]
    assert {(one["criterion_code"], one["stage"]): one["points"] for one in every} == given_points
    for code in ("HAND", "RATE"):
        mine = [one for one in every if one["criterion_code"] == code]
        valid = [one["stage"] for one in mine if not one["is_refused"]]
        counted = [one["stage"] for one in mine if one["is_counted"]]
        assert counted == [stage for stage in ("second", "first", "self") if stage in valid][:1]
        assert ("second" in valid) <= ("first" in valid)
        assert [one | {"unit_code": "H99.02"} for one in found.get(f"H99.{code}", [])] == mine
