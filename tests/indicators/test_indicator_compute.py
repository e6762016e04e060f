from __future__ import annotations

from datetime import date, timedelta
from statistics import median

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from indicator_cases import (
    AS_OF,
    CATALOGUE,
    FIRST,
    FLOWS,
    LEAVES,
    OPENINGS,
    PARENTS,
    PUBLISHED_PROCEDURES,
    RESOLVED,
    SNAPSHOTS,
    STOCKS,
    UNITS,
    VALUES,
    additive,
    below,
    event_tables,
    recomputed,
    resolved_tables,
    snapshot_tables,
    table_of,
    values,
)

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.days import custom_periods, periods
from cchc_pipeline.indicators.catalogue import catalogue

QUICK = settings(max_examples=3, deadline=None)
FREE = [(date(2026, 9, 25), date(2026, 10, 24))]


def pick(*names):
    """Indicators by id: computing a few costs less than computing all."""
    return [indicator for indicator in catalogue() if indicator.id in names]


def events_of(*rows):
    return table_of(rows)


def snapshots_of(*rows):
    """Rows of (day, unit in charge, measure, quantity), of procedures that the province executes."""
    names = [name for name in SNAPSHOTS.names if name != "executing_level"]
    found = [{**dict(zip(names, row, strict=True)), "executing_level": "province"} for row in rows]
    return pa.Table.from_pylist(found, schema=SNAPSHOTS)


def pairs(table):
    """(indicator, unit, period type, start) -> (numerator, denominator)."""
    return {
        (r["indicator_id"], r["unit_code"], r["period_type"], r["period_start"]): (r["numerator"], r["denominator"])
        for r in table.to_pylist()
    }


def test_every_additive_indicator_is_written_down_a_second_time():
    assert set(additive()) == {*FLOWS, *STOCKS, *OPENINGS}


@QUICK
@given(event_tables, snapshot_tables)
def test_every_additive_indicator_equals_the_recomputation(events, snapshots):
    only = [i for i in catalogue() if i.id in additive() or i.id in CATALOGUE]
    found = pairs(values(events, snapshots, only=only, periods=periods(FIRST, AS_OF, FREE)))
    wanted = {}
    bounds = periods(FIRST, AS_OF, FREE).to_pylist()
    shown = [p for p in bounds if p["period_type"] != "day"] + [p for p in bounds if p["period_type"] == "day"][::13]
    for unit in PARENTS:
        for period in shown:
            key = unit, period["period_type"], period["period_start"]
            for name, pair in recomputed(events, snapshots, unit, period["period_start"], period["period_end"]).items():
                if period["period_type"] != "day" or pair[0] or pair[1]:
                    wanted[(name, *key)] = pair
    compared = {(p["period_type"], p["period_start"]) for p in shown}
    assert wanted == {key: pair for key, pair in found.items() if key[2:] in compared}


@QUICK
@given(event_tables, resolved_tables)
def test_what_is_not_additive_equals_the_recomputation(events, resolved):
    only = [i for i in catalogue() if i.id in ("handling_time_median_days", "idx766_payment_procedures")]
    found = pairs(values(events, resolved=resolved, only=only))
    every, done = (t.to_pandas(date_as_object=True) for t in (events, resolved))
    for unit in PARENTS:
        for start, end in ((date(2026, 9, 1), date(2026, 9, 30)), (date(2026, 10, 1), date(2026, 10, 31))):
            key = unit, "month", start
            here = done[done.unit_code.isin(below(unit)) & done.closed_on.notna() & done.handling_working_days.notna()]
            days = [d for on, d in zip(here.closed_on, here.handling_working_days, strict=True) if start <= on <= end]
            expected = (median(days), len(days)) if days else (None, 0)
            assert found["handling_time_median_days", *key] == expected
            rows = every[every.unit_code.isin(below(unit)) & (every.event_on >= start) & (every.event_on <= end)]
            with_fee = rows[rows.procedure_code.isin(["1.000001", "1.000003", "1.000004"])]
            assert found["idx766_payment_procedures", *key] == (
                with_fee[with_fee.measure == "paid_online"].procedure_code.nunique(),
                with_fee[with_fee.measure == "received"].procedure_code.nunique(),
            )


def test_used_online_services_count_among_a_units_own_procedures_only():
    day, online = date(2026, 10, 5), "online"
    events = events_of(
        (day, "H99.02", "1.000001", online, "received", 2.0),  # its own
        (day, "H99.02", "1.000003", online, "received", 1.0),  # the province's
        (day, "H99.02", "1.000002", online, "received", 1.0),  # information only
        (day, "H99.90.02", "1.000004", online, "received", 1.0),  # another commune's
        (day, "H99.90.01", "1.000004", "direct", "received", 1.0),  # not online
    )
    snapshots = snapshots_of(
        (day, "H99", "partial", 1.0), (day, "H99.02", "full", 1.0), (day, "H99.90.01", "full", 1.0)
    )
    only = pick("idx766_online_procedures_used")
    found = pairs(values(events, snapshots, only=only))
    month = {unit: found["idx766_online_procedures_used", unit, "month", date(2026, 10, 1)] for unit in PARENTS}
    assert month == {
        "H99": (3.0, 3.0),
        "H99.02": (1.0, 1.0),
        "H99.03": (0.0, 0.0),
        "H99.90": (1.0, 1.0),
        "H99.90.01": (0.0, 1.0),
        "H99.90.02": (0.0, 0.0),
    }


@QUICK
@given(event_tables, st.tuples(*[st.integers(0, (AS_OF - FIRST).days)] * 2).map(sorted))
def test_any_window_equals_the_recomputation(events, days):
    first, last = (FIRST + timedelta(days=n) for n in days)
    only = [i for i in catalogue() if i.id in {*FLOWS, *STOCKS, *OPENINGS}]
    found = pairs(values(events, only=only, periods=custom_periods([(first, last)])))
    assert {key[2:] for key in found} <= {("custom", first)}
    wanted = {
        (name, unit, "custom", first): pair
        for unit in PARENTS
        for name, pair in recomputed(events, SNAPSHOTS.empty_table(), unit, first, last).items()
    }
    assert found == wanted


def test_a_window_that_begins_after_the_data_is_left_out_and_one_that_began_is_given_to_date():
    later = [(AS_OF + timedelta(days=1), AS_OF + timedelta(days=9)), (AS_OF, AS_OF + timedelta(days=30))]
    events = events_of((AS_OF, "H99.02", "1.000001", "online", "received", 3.0))
    table = values(events, periods=periods(FIRST, AS_OF, later), only=pick("received_total", "pending_total"))
    custom = {(r["period_start"], r["period_end"]) for r in table.to_pylist() if r["period_type"] == "custom"}
    assert custom == {later[1]}
    assert pairs(table)["received_total", "H99", "custom", AS_OF] == (3.0, None)
    assert pairs(table)["pending_total", "H99", "year", date(2026, 1, 1)] == (3.0, None)


def test_stocks_count_what_was_before_the_first_day():
    events = events_of(
        (FIRST - timedelta(days=400), "H99.02", "1.000001", "online", "received", 5.0),
        (FIRST, "H99.02", "1.000001", "online", "resolved_late", 2.0),
    )
    found = pairs(values(events, only=pick("carried_over", "pending_total")))
    assert found["carried_over", "H99", "day", FIRST] == (5.0, None)
    assert found["pending_total", "H99", "day", FIRST] == (3.0, None)
    assert found["pending_total", "H99.02", "day", AS_OF] == (3.0, None)
    assert found["carried_over", "H99", "month", date(2026, 11, 1)] == (3.0, None)


def test_no_rows_at_all_gives_zeros_and_no_rates():
    table = values(procedures=PUBLISHED_PROCEDURES)
    assert table.schema.equals(VALUES, check_metadata=True)
    rows = table.to_pylist()
    assert {r["period_type"] for r in rows} == {"month", "quarter", "year"}
    by_id = {}
    for r in rows:
        by_id.setdefault(r["indicator_id"], set()).add((r["numerator"], r["denominator"], r["value"]))
    for name, (_, denominator) in FLOWS.items():
        assert by_id[name] == {(0.0, None, 0.0) if denominator is None else (0.0, 0.0, None)}, name
    for name in (*STOCKS, *OPENINGS):
        assert by_id[name] == {(0.0, None, 0.0)}
    assert by_id["handling_time_median_days"] == {(None, 0.0, None)}
    assert not set(by_id) & {*CATALOGUE, "idx766_online_procedures_used"}  # the catalogue was never counted


def test_values_are_what_the_unit_of_measure_says():
    day = date(2026, 10, 5)
    events = events_of(
        (day, "H99.02", "1.000001", "online", "received", 3.0),
        (day, "H99.02", "1.000001", "direct", "received", 1.0),
        (day, "H99.02", "1.000001", "direct", "resolved_done", 2.0),
        (day, "H99.02", "1.000001", "direct", "handled_working_days", 9.0),
    )
    only = pick("online_rate", "handling_time_mean_days", "received_total")
    found = {
        (r["indicator_id"], r["unit_code"], r["period_type"]): r["value"] for r in values(events, only=only).to_pylist()
    }
    assert found["online_rate", "H99", "day"] == 75.0
    assert found["handling_time_mean_days", "H99", "day"] == 4.5
    assert found["received_total", "H99", "day"] == 4.0


def test_rows_are_unique_and_in_order_whatever_order_events_come_in():
    rows = [(FIRST + timedelta(days=n % 9), LEAVES[n % 4], "1.000001", "online", "received", 1.0) for n in range(36)]
    only = pick("received_total", "online_rate", "pending_total", "idx766_payment_procedures")
    table, shuffled = (values(events_of(*some), only=only) for some in (rows, reversed(rows)))
    assert table.equals(shuffled)
    key = load_contract("indicator_values").key
    keys = [tuple(r[name] for name in key) for r in table.to_pylist()]
    assert keys == sorted(set(keys))


def test_events_of_an_unknown_unit_count_for_nobody():
    stranger = events_of((FIRST, "H98.02", "1.000001", "online", "received", 1.0))
    found = values(stranger, only=pick("received_total"))
    assert "H98.02" not in found["unit_code"].to_pylist()
    assert pairs(found)["received_total", "H99", "year", date(2026, 1, 1)] == (0.0, None)


def test_units_of_three_levels_carry_their_level():
    found = values(only=pick("received_total"))
    levels = dict(zip(found["unit_code"].to_pylist(), found["unit_level"].to_pylist(), strict=True))
    assert levels == dict(zip(UNITS["unit_code"].to_pylist(), UNITS["unit_level"].to_pylist(), strict=True))


def ways_of_composing():
    """One core indicator of each kind over each set of relations; the others differ in their terms alone."""
    ways = {}
    for one in catalogue():
        if one.family == "core":
            terms = (one.kind, one.unit == "%", frozenset(term.over for term in one.terms), len(one.terms))
            ways.setdefault(terms, one)
    return ways.values()


@pytest.mark.parametrize("indicator", ways_of_composing(), ids=lambda i: i.id)
def test_each_indicator_can_be_computed_alone(indicator):
    day = date(2026, 10, 5)
    events = events_of((day, "H99.02", "1.000001", "online", "received", 3.0))
    resolved = pa.table({"unit_code": ["H99.02"], "closed_on": [day], "handling_working_days": [2.0]}, schema=RESOLVED)
    snapshots = snapshots_of((day, "H99", "in_force", 4.0))
    october = custom_periods([(date(2026, 10, 1), date(2026, 10, 31))])
    found = values(events, snapshots, resolved, only=[indicator], periods=october)
    assert set(found["indicator_id"].to_pylist()) == {indicator.id}
    assert found.num_rows == len(PARENTS)
