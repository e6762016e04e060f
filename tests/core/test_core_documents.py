"""Documents: days to publication, late replies, and what the shares leave out."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pyarrow as pa

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.queries import calendar_table, counts, run_table
from cchc_pipeline.lake.engine import run_file

HELD = load_contract("documents__documents").arrow_schema()
BUILT = load_contract("documents").arrow_schema()
MORNING = datetime(2026, 10, 1, 8, tzinfo=UTC)
CALENDAR = calendar_table(date(2025, 1, 1), date(2027, 1, 1))


def letter(number: int, day: date, **more: object) -> dict:
    plain = dict.fromkeys(HELD.names)
    sent = {"document_id": f"H99,{day:%Y/%m/%d},{number}/CV", "unit_code": "H99", "subject_kind": "other",
            "document_number": str(number), "notation": "CV", "document_type": "Công văn", "sent_at": MORNING,
            "promulgated_on": day, "sent_on": day, "is_paper_copy": False, "is_signed": True,
            "security_level": "normal", "subject_field": "other"}  # fmt: skip
    return {**plain, **sent, **more}


def built(*rows: dict) -> pa.Table:
    held = pa.Table.from_pylist(list(rows), schema=HELD)
    return run_file("core/documents", BUILT, held=held, calendar=CALENDAR)


def events(*rows: dict) -> dict[str, float]:
    counted = counts("document_items", documents=built(*rows), run=run_table(date(2026, 12, 31)))
    totals: dict[str, float] = {}
    for row in counted.to_pylist():
        totals[row["measure"]] = totals.get(row["measure"], 0.0) + row["quantity"]
    return totals


def test_working_days_from_the_ministrys_decision_to_the_provinces():
    friday, thursday = date(2026, 10, 2), date(2026, 10, 8)
    decision = letter(1, thursday, subject_kind="publication_decision", procedures_count=3, internal_procedures_count=1,
                      responds_to_document_id=f"000.00.00.G15,{friday:%Y/%m/%d},5/QĐ-BTP")  # fmt: skip
    (row,) = built(decision).to_pylist()
    assert (row["ministry_decision_on"], row["publication_days"]) == (friday, 4)
    assert row["answers_due_on"] is None
    counted = events(decision, letter(2, thursday, subject_kind="publication_decision"))
    assert (counted["publication_decisions"], counted["publication_decisions_answering"]) == (2.0, 1.0)
    assert (counted["publication_days"], counted["published_procedures_internal"]) == (4.0, 1.0)


def test_a_reply_after_the_day_by_which_it_was_wanted_is_late():
    asked = letter(1, date(2026, 10, 1), due_on=date(2026, 10, 8))
    key = asked["document_id"]
    rows = [
        asked,
        letter(2, date(2026, 10, 8), unit_code="H99.02", responds_to_document_id=key),
        letter(3, date(2026, 10, 9), unit_code="H99.03", responds_to_document_id=key),
        letter(4, date(2026, 10, 9), responds_to_document_id="H99,2026/01/01,9/CV"),  # we do not hold what it answers
    ]
    late = {row["document_id"].rpartition(",")[2]: row["is_reply_late"] for row in built(*rows).to_pylist()}
    assert late == {"1/CV": None, "2/CV": False, "3/CV": True, "4/CV": None}
    counted = events(*rows)
    assert (counted["replies"], counted["replies_late"]) == (2.0, 1.0)


def test_secret_ones_and_finance_and_personnel_are_left_out_of_the_shares():
    day = date(2026, 10, 5)
    counted = events(
        letter(1, day),
        letter(2, day, is_paper_copy=True, is_signed=False),
        letter(3, day, security_level="secret", is_paper_copy=True),
        letter(4, day, subject_field="finance", is_signed=False),
        letter(5, day, subject_field="personnel"),
        letter(6, day, security_level=None, subject_field=None),  # landed before the fields were read
    )
    assert counted["documents_sent"] == 6.0
    assert (counted["documents_electronic"], counted["documents_open"]) == (4.0, 5.0)
    assert (counted["documents_signed"], counted["documents_to_sign"]) == (2.0, 3.0)
