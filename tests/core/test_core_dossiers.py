"""The counting rules of form II.06a on hand-made lives, one rule at a time."""

from __future__ import annotations

from collections import Counter
from datetime import date

import built_dossiers
import pyarrow as pa
from built_dossiers import EVENTS, events_until
from dossier_lives import START, day, row
from working_time_by_day import working_days_between

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.queries import counts

DOSSIERS = load_contract("dossiers").arrow_schema()
AS_OF = day(29)


def built(*rows, apologies=()):
    return built_dossiers.built(rows, AS_OF, pa.table({"dossier_code": pa.array(list(apologies), pa.string())}))


def each(*cases, apologies=()):
    """Of each case, a dossier's values: its row, and (day, measure) -> quantity of its events up to the last day.

    Each is the only one of its procedure.
    """
    names = [f"1.{number:06}" for number in range(1, len(cases) + 1)]
    table = built(*(row(n, procedure_code=f"1.{n:06}", **one) for n, one in enumerate(cases, 1)), apologies=apologies)
    events = {name: Counter() for name in names}
    for event in events_until(table, AS_OF):
        events[event["procedure_code"]][event["event_on"], event["measure"]] += event["quantity"]
    rows = {found["procedure_code"]: found for found in table.to_pylist()}
    return [(rows[name], dict(events[name])) for name in names]


def test_outcome_of_a_finished_dossier():
    dues = {day(11): "early", day(10): "on_time", day(9): "late", None: "on_time"}
    cases = [{"status_code": status, "finished_on": day(10), "due_on": due} for status in (9, 10) for due in dues]
    for case, (found, counted) in zip(cases, each(*cases), strict=True):
        outcome = dues[case["due_on"]]
        assert (found["outcome"], found["closed_on"], found["is_open"]) == (outcome, day(10), False), case
        assert found["is_not_late"] is (outcome != "late"), case
        assert counted[day(10), f"resolved_{outcome}"] == 1, case
        resolved = ("resolved_early", "resolved_on_time", "resolved_late")
        assert sum(n for (_, measure), n in counted.items() if measure in resolved) == 1, case
        assert counted[day(10), "resolved_done"] == 1, case


def test_withdrawn_and_stopped_count_as_on_time_even_after_the_due_date():
    measures = {7: "withdrawn", 8: "stopped"}
    found = each(*({"status_code": status, "finished_on": day(10), "due_on": day(3)} for status in measures))
    for (one, events), measure in zip(found, measures.values(), strict=True):
        kept = (one["outcome"], one["is_not_late"], one["handling_working_days"])
        assert kept == ("on_time", True, None), measure
        assert events == {
            (START, "received"): 1,
            (START, "not_late"): 1,
            (START, "satisfied_not_late"): 1,
            (day(4), "became_overdue"): 1,
            (day(10), "overdue_ended"): 1,
            (day(10), "resolved_on_time"): 1,
            (day(10), measure): 1,
        }


def test_an_open_dossier_is_overdue_from_the_day_after_its_due_date():
    dues = {AS_OF: False, day(28): True, None: False}
    cases = [{"status_code": status, "due_on": due} for status in (2, 4) for due in dues]
    for case, (found, events) in zip(cases, each(*cases), strict=True):
        overdue = dues[case["due_on"]]
        assert (found["is_open"], found["is_overdue"], found["is_not_late"]) == (True, overdue, not overdue), case
        assert ((AS_OF, "became_overdue") in events) is overdue, case


def test_a_coming_overdue_stands_in_the_events_with_its_future_day():
    table = counts("dossier_items", EVENTS, dossiers=built(row(1, due_on=day(40))))
    assert {e["event_on"] for e in table.to_pylist() if e["measure"] == "became_overdue"} == {day(41)}


def test_a_pause_before_the_due_date_stops_the_clock():
    for found, events in each(*({"status_code": n, "due_on": day(5), "suspended_on": day(5)} for n in (5, 6))):
        kept = (found["is_suspended"], found["is_overdue"], found["is_not_late"])
        assert kept == (True, False, True), found["status_code"]
        assert events == {
            (START, "received"): 1,
            (START, "not_late"): 1,
            (START, "satisfied_not_late"): 1,
            (day(5), "suspended"): 1,
        }, found["status_code"]


def test_a_pause_after_the_due_date_ends_the_overdue():
    for found, events in each(*({"status_code": n, "due_on": day(5), "suspended_on": day(8)} for n in (5, 6))):
        assert found["is_overdue"] is False, found["status_code"]
        assert (events[day(6), "became_overdue"], events[day(8), "overdue_ended"]) == (1, 1), found["status_code"]


def test_a_pause_that_is_over_does_not_excuse():
    ((found, counted),) = each({"due_on": day(9), "suspended_on": day(3), "resumed_on": day(6)})
    assert (found["is_suspended"], found["is_overdue"]) == (False, True)
    assert (counted[day(3), "suspended"], counted[day(6), "resumed"], counted[day(10), "became_overdue"]) == (1, 1, 1)


def test_drafts_and_refusals_are_not_received():
    values = {"received_on": None, "due_on": day(1), "has_fee": True}
    draft, refused = {"status_code": 1, "finished_on": None}, {"status_code": 3, "finished_on": day(2)}
    for found, events in each(draft | values, refused | values):
        status = found["status_code"]
        assert (found["is_open"], found["is_overdue"], found["is_not_late"]) == (False, False, False), status
        assert (found["closed_on"], found["outcome"]) == (None, None), status
        assert events == ({(day(2), "refused"): 1} if status == 3 else {}), status


def test_a_refusal_counts_once_even_with_a_day_of_reception():
    ((_, events),) = each({"status_code": 3, "finished_on": day(2)})
    assert events == {(day(2), "refused"): 1}


def test_working_days_leave_out_the_first_day_weekends_holidays_and_the_pause():
    # 28/8/2026 is a Friday; 31/8 to 2/9/2026 is the National Day's long weekend.
    received, finished = date(2026, 8, 28), date(2026, 9, 4)
    closed = {"status_code": 9, "finished_on": day(20), "suspended_on": day(3)}
    (holidays, _), (same_day, _), (paused, events), (endless, _) = each(
        {"status_code": 9, "received_on": received, "finished_on": finished},
        {"status_code": 9, "received_on": received, "finished_on": received},
        closed | {"status_code": 10, "resumed_on": day(12)},
        closed,
    )
    assert holidays["handling_working_days"] == working_days_between(received, finished)
    assert holidays["handling_working_days"] < 5
    assert same_day["handling_working_days"] == 0
    expected = working_days_between(START, day(20)) - working_days_between(day(3), day(12))
    assert paused["handling_working_days"] == expected
    assert events[day(20), "handled_working_days"] == expected
    # a pause without an end takes nothing off
    assert endless["handling_working_days"] == working_days_between(START, day(20))


def test_ratings_count_on_their_own_day_and_one_off_the_scale_nowhere():
    measures = {1: "rated_dissatisfied", 2: "rated_neutral", 3: "rated_satisfied"}
    rated = {"status_code": 10, "finished_on": day(5), "rated_on": day(9)}
    *known, (_, strange) = each(*(rated | {"rating": rating} for rating in (*measures, 5)))
    for (_, found), (rating, measure) in zip(known, measures.items(), strict=True):
        assert found[day(9), measure] == 1
        assert ((START, "satisfied_not_late") in found) is (rating != 1), measure
    assert not [measure for _, measure in strange if measure.startswith("rated_")]


def test_an_apology_counts_for_late_dossiers_only():
    closed = {"status_code": 9, "finished_on": day(10)}
    codes = [row(n)["dossier_code"] for n in (1, 2)]
    (late, found), (early, of_early), (silent, of_silent) = each(
        *(closed | {"due_on": day(due)} for due in (9, 12, 9)), apologies=[*codes, "not ours"]
    )
    assert found[day(10), "late_with_apology"] == 1
    assert [one["has_apology"] for one in (late, early, silent)] == [True, True, False]
    assert not [measure for _, measure in {**of_early, **of_silent} if measure == "late_with_apology"]


def test_what_became_of_the_dossiers_received_counts_on_the_day_of_reception():
    cases = [
        ({"has_fee": True}, {"with_fee"}),
        ({"has_fee": True, "is_paid_online": True}, {"with_fee", "paid_online"}),
        ({"is_paid_online": True}, set()),
        ({"is_digitised": True}, {"digitised"}),
        ({"is_data_reused": True}, {"reused"}),
        ({"is_result_electronic": True}, {"result_electronic"}),
        ({"is_in_personal_storage": True}, {"personal_storage"}),
        ({"is_citizen_data_used": True}, {"citizen_data"}),
        ({"is_synced_national": True}, {"synced_national"}),
    ]
    found = each(*({"received_on": day(3), **flags} for flags, _ in cases))
    for (flags, measures), (_, events) in zip(cases, found, strict=True):
        counted = {measure for (when, measure) in events if when == day(3)}
        assert counted == measures | {"received", "not_late", "satisfied_not_late"}, flags


def test_an_electronic_result_counts_when_it_is_resolved():
    closed = {"finished_on": day(4), "is_result_electronic": True}
    (_, found), (_, withdrawn) = each(*(closed | {"status_code": status} for status in (9, 7)))
    assert found[day(4), "resolved_result_electronic"] == 1
    assert (day(4), "resolved_result_electronic") not in withdrawn


def test_every_row_stays_and_events_say_whose_they_are():
    rows = [row(1), row(2, unit_code="H99.03", procedure_code="1.000002", channel="postal"), row(3, status_code=1)]
    table = built(*rows)
    assert table["dossier_id"].to_pylist() == [r["dossier_id"] for r in rows]
    assert table.schema.equals(DOSSIERS, check_metadata=True)
    found = counts("dossier_items", EVENTS, dossiers=table).to_pylist()
    received = {(e["unit_code"], e["procedure_code"], e["channel"]) for e in found if e["measure"] == "received"}
    assert received == {("H99.02", "1.000001", "online"), ("H99.03", "1.000002", "postal")}


def test_no_dossiers_no_events():
    empty = built()
    assert empty.num_rows == 0
    assert counts("dossier_items", EVENTS, dossiers=empty).num_rows == 0
