"""Form II.06a as sums over events, against a recount of every dossier by definition on every day."""

from __future__ import annotations

from built_dossiers import built, events_until
from dossier_lives import FLAGS, INBOUND, Recount, Sums, day, held, seen_on, several
from hypothesis import given, settings
from hypothesis import strategies as st
from working_time_by_day import working_days_between

from cchc_pipeline.validation.verdict import judge

#: Dossiers do not meet: many in few examples say as much.
QUICK = settings(max_examples=5, deadline=None)


def build(rows, as_of_on):
    table = built(rows, as_of_on)
    return table.to_pylist(), events_until(table, as_of_on)


@QUICK
@given(several(minimum=12), st.integers(0, 90))
def test_generated_lives_keep_the_contract(some, today):
    verdict = judge(held(seen_on(some, today)), INBOUND, day(today))
    assert verdict.rows_quarantined == 0


@QUICK
@given(several(minimum=12), st.integers(0, 90), st.data())
def test_the_form_of_every_day_and_of_any_period_equals_the_recount(some, today, data):
    rows = list(seen_on(some, today))
    _, events = build(rows, day(today))
    recount, sums = Recount(rows, day(today)), Sums(events)
    for number in range(today + 1):
        form = sums.form(day(number), day(number))
        assert form == recount.form(day(number), day(number)), f"day {number}"
        assert form["pending_overdue"] >= 0
        assert form["pending"] - form["pending_overdue"] >= 0
    for _ in range(5):
        first = data.draw(st.integers(0, today))
        last = data.draw(st.integers(first, today))
        assert sums.form(day(first), day(last)) == recount.form(day(first), day(last)), f"days {first} to {last}"


@QUICK
@given(several(minimum=12), st.integers(0, 90))
def test_other_measures_equal_the_recount(some, today):
    rows = list(seen_on(some, today))
    table, events = build(rows, day(today))
    recount, sums = Recount(rows, day(today)), Sums(events)

    def total(*measures):
        return sums.of(measures, None, day(today))

    counted = recount.rows
    finished = [r for r in counted if r["status_code"] in (9, 10)]
    late_first = [r for r in counted if recount.is_not_late(r)]
    assert total("not_late") == len(late_first)
    assert total("satisfied_not_late") == sum(r["rating"] != 1 for r in late_first)
    assert total("refused") == sum(r["status_code"] == 3 for r in rows)
    assert total("withdrawn") == sum(r["status_code"] == 7 for r in counted)
    assert total("stopped") == sum(r["status_code"] == 8 for r in counted)
    assert total("resolved_done") == len(finished)
    assert total("suspended") == sum(r["suspended_on"] is not None for r in counted)
    assert total("resumed") == sum(r["resumed_on"] is not None for r in counted)
    assert total("rated_satisfied") == sum(r["rating"] == 3 for r in counted)
    assert total("rated_dissatisfied", "rated_neutral") == sum(r["rating"] in (1, 2) for r in counted)
    assert total("with_fee") == sum(r["has_fee"] for r in counted)
    assert total("paid_online") == sum(r["has_fee"] and r["is_paid_online"] for r in counted)
    measures = ("result_electronic", "digitised", "reused", "personal_storage", "citizen_data", "synced_national")
    for flag, measure in zip(FLAGS[2:], measures, strict=True):
        assert total(measure) == sum(r[flag] for r in counted), measure
    assert total("resolved_result_electronic") == sum(r["is_result_electronic"] for r in finished)
    days = {
        r["dossier_id"]: working_days_between(r["received_on"], r["finished_on"])
        - (working_days_between(r["suspended_on"], r["resumed_on"]) if r["resumed_on"] else 0)
        for r in finished
    }
    assert all(value >= 0 for value in days.values())
    assert {
        r["dossier_id"]: r["handling_working_days"] for r in table if r["handling_working_days"] is not None
    } == days
    assert total("handled_working_days") == sum(days.values())
    at_end = {r["dossier_id"]: recount.is_overdue(r, day(today)) for r in counted}
    assert {r["dossier_id"] for r in table if r["is_overdue"]} == {key for key, overdue in at_end.items() if overdue}
