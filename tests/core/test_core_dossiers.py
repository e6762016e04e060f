"""The counting rules of form II.06a on hand-made lives, one rule at a time."""

from __future__ import annotations

from collections import Counter
from datetime import date

import built_dossiers
import pyarrow as pa
import pytest
from built_dossiers import EVENTS, events_until
from dossier_lives import START, day, row
from working_time_by_day import working_days_between

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.queries import counts

DOSSIERS = load_contract("dossiers").arrow_schema()
AS_OF = day(29)


def built(*rows, apologies=()):
    return built_dossiers.built(rows, AS_OF, pa.table({"dossier_code": pa.array(list(apologies), pa.string())}))


def one(**values):
    return built(row(1, **values)).to_pylist()[0]


def events(*rows, apologies=()):
    """(day, measure) -> quantity, of all events up to the last day."""
    found = Counter()
    for event in events_until(built(*rows, apologies=apologies), AS_OF):
        found[event["event_on"], event["measure"]] += event["quantity"]
    return dict(found)


@pytest.mark.parametrize("status", [9, 10])
@pytest.mark.parametrize(
    "due, outcome", [(day(11), "early"), (day(10), "on_time"), (day(9), "late"), (None, "on_time")]
)
def test_outcome_of_a_finished_dossier(status, due, outcome):
    found = one(status_code=status, finished_on=day(10), due_on=due)
    assert (found["outcome"], found["closed_on"], found["is_open"]) == (outcome, day(10), False)
    assert found["is_not_late"] is (outcome != "late")
    counted = events(row(1, status_code=status, finished_on=day(10), due_on=due))
    assert counted[day(10), f"resolved_{outcome}"] == 1
    assert (
        sum(
            n
            for (_, measure), n in counted.items()
            if measure in ("resolved_early", "resolved_on_time", "resolved_late")
        )
        == 1
    )
    assert counted[day(10), "resolved_done"] == 1


@pytest.mark.parametrize("status, measure", [(7, "withdrawn"), (8, "stopped")])
def test_withdrawn_and_stopped_count_as_on_time_even_after_the_due_date(status, measure):
    values = {"status_code": status, "finished_on": day(10), "due_on": day(3)}
    found = one(**values)
    assert (found["outcome"], found["is_not_late"], found["handling_working_days"]) == ("on_time", True, None)
    assert events(row(1, **values)) == {
        (START, "received"): 1,
        (START, "not_late"): 1,
        (START, "satisfied_not_late"): 1,
        (day(4), "became_overdue"): 1,
        (day(10), "overdue_ended"): 1,
        (day(10), "resolved_on_time"): 1,
        (day(10), measure): 1,
    }


@pytest.mark.parametrize("status", [2, 4])
@pytest.mark.parametrize("due, overdue", [(AS_OF, False), (day(28), True), (None, False)])
def test_an_open_dossier_is_overdue_from_the_day_after_its_due_date(status, due, overdue):
    found = one(status_code=status, due_on=due)
    assert (found["is_open"], found["is_overdue"], found["is_not_late"]) == (True, overdue, not overdue)
    assert ((AS_OF, "became_overdue") in events(row(1, status_code=status, due_on=due))) is overdue


def test_a_coming_overdue_stands_in_the_events_with_its_future_day():
    table = counts("dossier_items", EVENTS, dossiers=built(row(1, due_on=day(40))))
    assert {e["event_on"] for e in table.to_pylist() if e["measure"] == "became_overdue"} == {day(41)}


@pytest.mark.parametrize("status", [5, 6])
def test_a_pause_before_the_due_date_stops_the_clock(status):
    values = {"status_code": status, "due_on": day(5), "suspended_on": day(5)}
    found = one(**values)
    assert (found["is_suspended"], found["is_overdue"], found["is_not_late"]) == (True, False, True)
    assert events(row(1, **values)) == {
        (START, "received"): 1,
        (START, "not_late"): 1,
        (START, "satisfied_not_late"): 1,
        (day(5), "suspended"): 1,
    }


@pytest.mark.parametrize("status", [5, 6])
def test_a_pause_after_the_due_date_ends_the_overdue(status):
    values = {"status_code": status, "due_on": day(5), "suspended_on": day(8)}
    assert one(**values)["is_overdue"] is False
    found = events(row(1, **values))
    assert (found[day(6), "became_overdue"], found[day(8), "overdue_ended"]) == (1, 1)


def test_a_pause_that_is_over_does_not_excuse():
    values = {"due_on": day(9), "suspended_on": day(3), "resumed_on": day(6)}
    found = one(**values)
    assert (found["is_suspended"], found["is_overdue"]) == (False, True)
    counted = events(row(1, **values))
    assert (counted[day(3), "suspended"], counted[day(6), "resumed"], counted[day(10), "became_overdue"]) == (1, 1, 1)


@pytest.mark.parametrize("status, finished", [(1, None), (3, day(2))])
def test_drafts_and_refusals_are_not_received(status, finished):
    values = {"status_code": status, "finished_on": finished, "received_on": None, "due_on": day(1), "has_fee": True}
    found = one(**values)
    assert (found["is_open"], found["is_overdue"], found["is_not_late"]) == (False, False, False)
    assert (found["closed_on"], found["outcome"]) == (None, None)
    assert events(row(1, **values)) == ({(day(2), "refused"): 1} if status == 3 else {})


def test_a_refusal_counts_once_even_with_a_day_of_reception():
    assert events(row(1, status_code=3, finished_on=day(2))) == {(day(2), "refused"): 1}


def test_working_days_leave_out_the_first_day_weekends_and_holidays():
    # 28/8/2026 is a Friday; 31/8 to 2/9/2026 is the National Day's long weekend.
    received, finished = date(2026, 8, 28), date(2026, 9, 4)
    found = one(status_code=9, received_on=received, finished_on=finished)
    assert found["handling_working_days"] == working_days_between(received, finished)
    assert found["handling_working_days"] < 5
    same_day = one(status_code=9, received_on=received, finished_on=received)
    assert same_day["handling_working_days"] == 0


def test_working_days_leave_out_the_pause():
    values = {"status_code": 10, "finished_on": day(20), "suspended_on": day(3), "resumed_on": day(12)}
    expected = working_days_between(START, day(20)) - working_days_between(day(3), day(12))
    assert one(**values)["handling_working_days"] == expected
    assert events(row(1, **values))[day(20), "handled_working_days"] == expected


def test_a_pause_without_an_end_takes_nothing_off():
    values = {"status_code": 9, "finished_on": day(20), "suspended_on": day(3)}
    assert one(**values)["handling_working_days"] == working_days_between(START, day(20))


@pytest.mark.parametrize("rating, measure", [(1, "rated_dissatisfied"), (2, "rated_neutral"), (3, "rated_satisfied")])
def test_ratings_count_on_their_own_day(rating, measure):
    found = events(row(1, status_code=10, finished_on=day(5), rating=rating, rated_on=day(9)))
    assert found[day(9), measure] == 1
    assert ((START, "satisfied_not_late") in found) is (rating != 1)


def test_a_rating_off_the_scale_counts_nowhere():
    found = events(row(1, status_code=10, finished_on=day(5), rating=5, rated_on=day(9)))
    assert not [measure for _, measure in found if measure.startswith("rated_")]


def test_an_apology_counts_for_late_dossiers_only():
    late = row(1, status_code=9, finished_on=day(10), due_on=day(9))
    early = row(2, status_code=9, finished_on=day(10), due_on=day(12))
    found = events(late, early, apologies=[late["dossier_code"], early["dossier_code"], "not ours"])
    assert found[day(10), "late_with_apology"] == 1
    assert [r["has_apology"] for r in built(late, early, apologies=[late["dossier_code"]]).to_pylist()] == [True, False]


@pytest.mark.parametrize(
    "flags, measures",
    [
        ({"has_fee": True}, {"with_fee"}),
        ({"has_fee": True, "is_paid_online": True}, {"with_fee", "paid_online"}),
        ({"is_paid_online": True}, set()),
        ({"is_digitised": True}, {"digitised"}),
        ({"is_data_reused": True}, {"reused"}),
        ({"is_result_electronic": True}, {"result_electronic"}),
        ({"is_in_personal_storage": True}, {"personal_storage"}),
        ({"is_citizen_data_used": True}, {"citizen_data"}),
        ({"is_synced_national": True}, {"synced_national"}),
    ],
)
def test_what_became_of_the_dossiers_received_counts_on_the_day_of_reception(flags, measures):
    found = {measure for (when, measure) in events(row(1, received_on=day(3), **flags)) if when == day(3)}
    assert found == measures | {"received", "not_late", "satisfied_not_late"}


def test_an_electronic_result_counts_when_it_is_resolved():
    found = events(row(1, status_code=9, finished_on=day(4), is_result_electronic=True))
    assert found[day(4), "resolved_result_electronic"] == 1
    withdrawn = events(row(1, status_code=7, finished_on=day(4), is_result_electronic=True))
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
