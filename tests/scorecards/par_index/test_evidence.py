"""Evidence rules: read from a rubric, and looked up in documents, inspections and external indices."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rubric_files import criterion, group, rubric_content, rubric_from

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.scorecards.par_index.evidence import find_evidence
from cchc_pipeline.scorecards.scoring.evidence_rules import DocumentsByPeriod
from cchc_pipeline.scorecards.scoring.rubric import Rubric, RubricError
from cchc_pipeline.scorecards.scoring.rubric_set import shipped

PLAN = {"kind": "document_issued", "subject_kinds": ["reform_plan"], "opens_on": "previous-12-01", "due_on": "03-31"}
REPORTS = {
    "kind": "documents_by_period", "subject_kinds": ["reform_report"], "every": "quarter", "opens_days": 20,
    "due_days": 10,
}  # fmt: skip
UNITS = pa.table({"unit_code": ["H99", "H99.02", "H99.03"], "parent_code": [None, "H99", "H99"]})
YEAR = ("year", date(2026, 1, 1), date(2026, 12, 31))


def rubric(**rules: dict[str, Any]) -> Rubric:
    criteria = [
        criterion(code, 1, "linear", "survey" if "index" in rule else "document", evidence=rule)
        for code, rule in rules.items()
    ]
    return rubric_from(rubric_content(group("G", *criteria)))


def table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    schema = load_contract(name).arrow_schema()
    return pa.Table.from_pylist([{**dict.fromkeys(schema.names), **row} for row in rows], schema=pa.schema(
        [field.with_nullable(True) for field in schema]
    ))  # fmt: skip


def document(kind: str, on: date, number: int = 1, unit: str = "H99.02", **more: Any) -> dict[str, Any]:
    given = {
        "document_id": f"{unit}|{number}|{on}", "unit_code": unit, "document_number": str(number), "notation": "KH-SM",
        "document_type": "Kế hoạch", "subject_kind": kind, "promulgated_on": on,
    }  # fmt: skip
    return given | more


def archive(
    documents: list[dict[str, Any]] | None = None,
    inspections: list[dict[str, Any]] | None = None,
    indices: list[dict[str, Any]] | None = None,
    as_of_on: date = date(2026, 12, 31),
    documents_from: date = date(2025, 1, 1),
) -> dict[str, pa.Table]:
    return {
        "documents": table("documents", documents or []), "inspections": table("inspections", inspections or []),
        "external_indices": table("external_indices", indices or []), "units": UNITS,
        "run": pa.table({"as_of_on": [as_of_on], "first_on": [documents_from], "documents_until": [as_of_on]}),
    }  # fmt: skip


def found(by: Rubric, held: dict[str, pa.Table], unit: str = "H99.02", period: tuple[str, date, date] = YEAR) -> Any:
    kind, start, end = period
    asked = pa.table(
        {"unit_code": [unit], "period_type": [kind], "period_start": [start], "period_end": [end]},
        schema=pa.schema(
            [("unit_code", pa.string()), ("period_type", pa.string()), ("period_start", pa.date32()),
             ("period_end", pa.date32())]
        ),
    )  # fmt: skip
    rows = find_evidence(by, asked, held).to_dict("records")
    return {row["metric_code"]: row for row in rows}


@pytest.mark.parametrize(
    ("issued", "share", "said"),
    [
        (date(2025, 12, 1), (1, 1), None),
        (date(2026, 3, 31), (1, 1), None),
        (date(2026, 4, 1), (0, 1), "năm 2026: ban hành 01/04/2026, sau hạn 31/03/2026"),
        (date(2026, 12, 1), None, None),  # the plan of the next year
        (date(2025, 11, 30), None, None),
    ],
)
def test_a_plan_counts_where_it_was_issued_by_its_date(issued: date, share: Any, said: str | None) -> None:
    row = found(rubric(PLAN=PLAN), archive([document("reform_plan", issued)])).get("PLAN")
    if share is None:
        assert row is None
        return
    assert (row["numerator"], row["denominator"]) == share
    assert row["evidence"] == f"1/KH-SM ({issued:%d/%m/%Y})"
    assert (row["reason_vi"] if isinstance(row["reason_vi"], str) else None) == said


def test_a_document_counts_from_the_day_it_was_issued_and_for_its_own_unit() -> None:
    held = archive([document("reform_plan", date(2026, 2, 5))])
    january = ("month", date(2026, 1, 1), date(2026, 1, 31))
    assert found(rubric(PLAN=PLAN), held, period=january) == {}
    assert "PLAN" in found(rubric(PLAN=PLAN), held, period=("month", date(2026, 2, 1), date(2026, 2, 28)))
    assert found(rubric(PLAN=PLAN), held, unit="H99.03") == {}
    early = archive([document("reform_plan", date(2026, 2, 5))], as_of_on=date(2026, 2, 4))
    assert found(rubric(PLAN=PLAN), early) == {}


def test_type_notation_and_kind_all_have_to_match() -> None:
    rule = PLAN | {"document_types": ["Quyết định"], "notation": "^QĐ-"}
    plan = document("reform_plan", date(2026, 2, 5))
    for more, counts in (
        ({}, False),
        ({"document_type": "Quyết định"}, False),
        ({"document_type": "Quyết định", "notation": "QĐ-SM"}, True),
        ({"document_type": "Quyết định", "notation": "QĐ-SM", "subject_kind": "other"}, False),
    ):
        assert ("PLAN" in found(rubric(PLAN=rule), archive([plan | more]))) == counts


def test_reports_in_time_of_those_that_were_due() -> None:
    sent = [
        document("reform_report", date(2026, 3, 20), 1),
        document("reform_report", date(2026, 7, 13), 2),  # due on 10/7
        document("reform_report", date(2026, 10, 10), 3),
    ]
    row = found(rubric(R=REPORTS), archive(sent))["R"]
    assert (row["numerator"], row["denominator"]) == (2, 3)  # the fourth is due on 10 January
    assert row["reason_vi"] == "quý II/2026: ban hành 13/07/2026, sau hạn 10/07/2026"
    assert row["evidence"] == "1/KH-SM (20/03/2026); 2/KH-SM (13/07/2026); 3/KH-SM (10/10/2026)"
    row = found(rubric(R=REPORTS), archive(sent[:1] + sent[2:]))["R"]
    assert (row["numerator"], row["denominator"]) == (2, 3)
    assert row["reason_vi"] == "quý II/2026: chưa thấy văn bản, hạn 10/07/2026"


def test_what_the_document_system_was_not_read_for_is_held_against_nobody() -> None:
    sent = [document("reform_report", date(2026, 10, 2))]
    late_start = archive(sent, documents_from=date(2026, 9, 1))
    row = found(rubric(R=REPORTS), late_start)["R"]
    assert (row["numerator"], row["denominator"]) == (1, 1)
    assert found(rubric(R=REPORTS), archive([])) == {}  # without any report there is no evidence
    assert found(rubric(R=REPORTS), archive(sent, documents_from=date.max))["R"]["denominator"] == 1


def inspection(code: str, planned: date, done: date | None, unit: str = "H99.02", **more: Any) -> dict[str, Any]:
    return {
        "plan_year": 2026, "inspection_code": code, "unit_code": unit, "planned_on": planned, "inspected_on": done,
        "is_planned": True, "is_done": done is not None, **more,
    }  # fmt: skip


def test_inspections_done_of_those_planned_so_far_with_their_conclusions() -> None:
    rows = [
        inspection("KT1", date(2026, 4, 1), date(2026, 4, 3), conclusion_number="20/KL-ĐKT"),
        inspection("KT2", date(2026, 5, 1), date(2026, 5, 3), unit="H99.03", conclusion_number="21/KL-ĐKT"),
        inspection("KT3", date(2026, 6, 1), None),
        inspection("KT4", date(2027, 1, 5), None),
    ]
    conclusion = document("other", date(2026, 4, 9), 20, unit="H99", notation="KL-ĐKT")
    held = archive([conclusion], rows)
    row = found(rubric(I={"kind": "inspections"}), held, unit="H99")["I"]
    assert (row["numerator"], row["denominator"]) == (2, 3)
    assert row["reason_vi"] == "Đến hạn chưa kiểm tra xong: KT3"
    assert "thấy trong hệ thống văn bản: 1; 20/KL-ĐKT, 21/KL-ĐKT" in row["evidence"]
    strict = found(rubric(I={"kind": "inspections", "needs_document": True}), held, unit="H99")["I"]
    assert (strict["numerator"], strict["denominator"]) == (1, 3)
    april = ("month", date(2026, 4, 1), date(2026, 4, 30))
    assert found(rubric(I={"kind": "inspections"}), held, unit="H99", period=april)["I"]["denominator"] == 1
    assert found(rubric(I={"kind": "inspections"}), held, unit="H99.03")["I"]["denominator"] == 1


def published(value: float | None, **more: Any) -> dict[str, Any]:
    return {
        "index_code": "SIPAS", "unit_code": "H99", "year": 2026, "as_of_on": date(2026, 9, 1), "source": "Bản tin",
        "value": value, "max_value": 100.0, "is_running": False, "is_contradicted": False, **more,
    }  # fmt: skip


def test_a_published_index_counts_for_the_whole_year_and_not_where_sources_disagree() -> None:
    by = rubric(S={"kind": "external_index", "index": "SIPAS"})
    row = found(by, archive(indices=[published(84.1)]), unit="H99")["S"]
    assert (row["numerator"], row["denominator"], row["evidence"]) == (84.1, 100, "Bản tin (01/09/2026)")
    assert (
        found(by, archive(indices=[published(84.1)]), "H99", ("quarter", date(2026, 10, 1), date(2026, 12, 31))) == {}
    )
    assert found(by, archive(indices=[published(84.1, as_of_on=date(2027, 4, 1))]), unit="H99") == {}
    assert found(by, archive(indices=[published(84.1, index_code="PCI")]), unit="H99") == {}
    told = {"is_contradicted": True, "contradiction_vi": "Các nguồn nói khác nhau"}
    row = found(by, archive(indices=[published(84.1, **told), published(83.0, source="B", **told)]), unit="H99")["S"]
    assert row["numerator"] != row["numerator"]
    assert row["reason_vi"] == "Các nguồn nói khác nhau"


@settings(max_examples=25, deadline=None)
@given(st.sets(st.integers(0, 400), max_size=8), st.integers(0, 400))
def test_reports_in_time_are_never_more_than_were_due_and_time_takes_none_away(days: set[int], until: int) -> None:
    start = date(2025, 12, 1)
    sent = [document("reform_report", start + timedelta(days=day), day) for day in sorted(days)]
    by = rubric(R=REPORTS, P=PLAN)
    now, later = start + timedelta(days=until), start + timedelta(days=until + 30)
    first = found(by, archive(sent, as_of_on=now)).get("R")
    then = found(by, archive(sent, as_of_on=later)).get("R")
    for row in (first, then):
        assert row is None or 0 <= row["numerator"] <= row["denominator"] <= 4
    if first is not None:
        assert then is not None
        assert then["numerator"] >= first["numerator"]


@pytest.mark.parametrize(
    ("content", "place", "said"),
    [
        ("SIPAS", "", "dictionary"),
        ({"kind": "rumour"}, "", "'document_issued', 'documents_by_period', 'inspections', 'external_index'"),
        ({**PLAN, "subject_kinds": []}, ".document_issued", "has to say which documents"),
        ({**PLAN, "due_on": "31/03"}, ".due_on", "must be a day of the year such as 03-31"),
        ({**PLAN, "due_on": "02-30"}, ".due_on", "must be a day of the year"),
        ({**PLAN, "opens_on": "12-01"}, ".document_issued", "choose days in this order"),
        ({**PLAN, "notation": "("}, ".notation", "is no regular expression"),
        ({**REPORTS, "every": "week"}, ".every", "'month', 'quarter', 'half_year' or 'year' (found 'week')"),
        ({**REPORTS, "due_days": -1}, ".due_days", "greater than or equal to 0 (found -1)"),
        ({**REPORTS, "due_days": 85}, ".documents_by_period", "choose days in this order"),
        ({**REPORTS, "index": "SIPAS"}, ".index", "unknown key; correct its name or remove it"),
        ({"kind": "external_index"}, ".index", "this key is missing; add it"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_with_its_place(content: Any, place: str, said: str) -> None:
    with pytest.raises(RubricError, match=r"^mau\.yaml, line \d+, ") as caught:
        rubric(X=content)
    assert f"groups[0].criteria[0].evidence{place}: " in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.parametrize("every", ["month", "quarter", "half_year", "year"])
def test_windows_follow_one_another_without_gap(every: str) -> None:
    rule = DocumentsByPeriod.model_validate(REPORTS | {"every": every, "opens_days": 5})
    windows = [window for year in (2024, 2025, 2026) for window in rule.windows(year)]
    for (*_, closes_on), (_, opens_on, *_) in pairwise(windows):
        assert closes_on + timedelta(days=1) == opens_on


def test_the_shipped_rubrics_ask_for_evidence_by_rules() -> None:
    rules = {one.code: one.evidence.kind for one in shipped().find("par_index").criteria() if one.evidence}
    assert rules == {
        "REFORM_PLAN_ISSUED": "document_issued", "REFORM_REPORT_ON_TIME": "documents_by_period",
        "INSPECTION_PLAN_DONE": "inspections", "SIPAS": "external_index",
    }  # fmt: skip
