"""The same events on two maps: as it was, and today. Totals above every change agree; nothing is apportioned."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

import indicator_cases
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cchc_pipeline.days import periods
from cchc_pipeline.indicators.catalogue import catalogue
from cchc_pipeline.reference.unit_map import inexact_table, lineage_table
from cchc_pipeline.reference.units import UnitChange, UnitHistory

FIRST, CHANGED, AS_OF = date(2025, 5, 20), date(2025, 7, 1), date(2025, 8, 20)
ROOT = "H99"
PLAIN = [i for i in catalogue() if i.is_additive and {t.over for t in i.terms} <= {"flow", "stock", "opening"}]
FEW = [i for i in PLAIN if i.id in ("received_total", "pending_total", "carried_over", "late_rate")]
QUICK = settings(
    deadline=None, max_examples=3, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
MEASURES = ("received", "resolved_early", "resolved_on_time", "resolved_late")
#: The days on which codes may change, and those before them.
EDGES = [day - timedelta(days=back) for day in (CHANGED, date(2025, 8, 1)) for back in (0, 1)]


def units(tree, history):
    """The table of units of a tree {code: (parent, level)} whose validity follows from the history."""
    rows = []
    for code, (parent, level) in tree.items():
        tenures = history.of_id(code)
        life = (tenures[0].valid_from, tenures[-1].valid_to) if tenures else (None, None)
        rows.append((code, level, parent, *life))
    names = dict.fromkeys(("unit_code", "unit_level", "parent_code"), pa.string())
    days = dict.fromkeys(("valid_from", "valid_to"), pa.date32())
    return indicator_cases.table_of(rows, pa.schema(names | days))


def change(old, new, kind="merged", *, exact=True, on=CHANGED):
    return UnitChange(old, old, new, new, on, kind, exact)


def values(tree, changes, events, which, only=FEW):
    history = UnitHistory(changes)
    table = units(tree, history)
    return indicator_cases.values(
        indicator_cases.table_of(events),
        units=table,
        unit_lineage=lineage_table(table, history, FIRST, AS_OF, which),
        periods=periods(FIRST, AS_OF),
        first=FIRST,
        as_of_on=AS_OF,
        only=only,
    ).to_pylist()


def found(rows, indicator, unit, kind, start):
    key = {"indicator_id": indicator, "unit_code": unit, "period_type": kind, "period_start": start}
    return next((row["numerator"] for row in rows if row.items() >= key.items()), None)


def event(day, unit, measure="received", quantity=1.0):
    return (day, unit, "1.000001", "online", measure, quantity)


TREE = {
    ROOT: (None, "province"), "H99.41": (ROOT, "district"), "H99.41.01": ("H99.41", "commune"),
    "H99.41.02": ("H99.41", "commune"), "H99.41.03": ("H99.41", "commune"), "H99.201": (ROOT, "commune"),
    "H99.202": (ROOT, "commune"),
}  # fmt: skip
#: 01 and 02 become 201; 03 is divided between 201 and 202; the district goes.
MERGER = [
    change("H99.41.01", "H99.201"),
    change("H99.41.02", "H99.201"),
    change("H99.41.03", "H99.201", "split", exact=False),
    change("H99.41.03", "H99.202", "split", exact=False),
    change("H99.41", None, "dissolved"),
]
JUNE, JULY = date(2025, 6, 1), date(2025, 7, 1)
HISTORY_EVENTS = [
    event(date(2025, 6, 10), "H99.41.01", quantity=5.0),
    event(date(2025, 6, 11), "H99.41.02", quantity=3.0),
    event(date(2025, 6, 12), "H99.41.03", quantity=7.0),
    event(date(2025, 6, 13), "H99.41", quantity=2.0),
    event(date(2025, 7, 5), "H99.41.01", "resolved_late", 4.0),
    event(date(2025, 7, 6), "H99.41.03", "resolved_late", 6.0),
    event(date(2025, 7, 7), "H99.201", quantity=10.0),
]


def test_as_it_was_june_is_the_districts_and_july_the_new_communes():
    rows = values(TREE, MERGER, HISTORY_EVENTS, "as-was")
    received = {u: found(rows, "received_total", u, "month", JUNE) for u in TREE}
    assert received == {
        ROOT: 17, "H99.41": 17, "H99.41.01": 5, "H99.41.02": 3, "H99.41.03": 7, "H99.201": None, "H99.202": None,
    }  # fmt: skip
    received = {u: found(rows, "received_total", u, "month", JULY) for u in TREE}
    assert received == {
        ROOT: 10, "H99.41": None, "H99.41.01": None, "H99.41.02": None, "H99.41.03": None, "H99.201": 10, "H99.202": 0,
    }  # fmt: skip


def test_as_it_was_open_dossiers_pass_to_the_successor():
    rows = values(TREE, MERGER, HISTORY_EVENTS, "as-was")
    assert found(rows, "pending_total", "H99.41.01", "month", JUNE) == 5
    assert found(rows, "pending_total", "H99.41", "month", JUNE) == 17
    # 5 + 3 came over, 4 of them were closed, 10 are new; what is left of the divided commune stays its own row.
    assert found(rows, "carried_over", "H99.201", "month", JULY) == 8
    assert found(rows, "pending_total", "H99.201", "month", JULY) == 14
    assert found(rows, "pending_total", "H99.41.03", "month", JULY) == 1
    assert found(rows, "pending_total", ROOT, "month", JULY) == 17


def test_on_todays_map_the_past_is_the_successors_and_a_divided_commune_stands_by_itself():
    rows = values(TREE, MERGER, HISTORY_EVENTS, "today")
    received = {u: found(rows, "received_total", u, "month", JUNE) for u in TREE}
    assert received == {
        ROOT: 17, "H99.41": 2, "H99.41.01": None, "H99.41.02": None, "H99.41.03": 7, "H99.201": 8, "H99.202": 0,
    }  # fmt: skip
    assert found(rows, "pending_total", "H99.201", "month", JULY) == 14


def test_the_parts_of_a_divided_commune_are_named():
    history = UnitHistory(MERGER)
    table = inexact_table(units(TREE, history), history, AS_OF).to_pylist()
    assert [(r["unit_code"], r["missing_code"]) for r in table] == [("H99.201", "H99.41.03"), ("H99.202", "H99.41.03")]


def test_a_change_after_the_last_day_of_data_is_not_yet_true():
    later = [change("H99.41.01", "H99.201", on=AS_OF + timedelta(days=1))]
    tree = {code: TREE[code] for code in (ROOT, "H99.41", "H99.41.01", "H99.201")}
    rows = values(tree, later, [event(date(2025, 6, 10), "H99.41.01")], "today")
    assert found(rows, "received_total", "H99.41.01", "month", JUNE) == 1
    assert found(rows, "received_total", "H99.201", "month", JUNE) is None


@st.composite
def provinces(draw):
    """Any tree of up to four levels, with any changes of its leaves and districts on up to two days."""
    tree = {ROOT: (None, "province")}
    for i in range(draw(st.integers(3, 8))):
        parent = draw(st.sampled_from([code for code in tree if code.count(".") < 3]))
        tree[f"{parent}.{10 + i}"] = (parent, "commune" if parent != ROOT else "district")
    codes = [code for code in tree if code != ROOT]
    changes, gone = [], set()
    for number, on in enumerate((CHANGED, date(2025, 8, 1))[: draw(st.integers(0, 2))]):
        for code in codes:
            if code in gone:
                continue
            fate = draw(st.sampled_from(["stays", "stays", "merged", "new", "split", "dissolved"]))
            heirs = [c for c in codes if c != code and c not in gone]
            if fate == "merged" and heirs:
                changes.append(change(code, draw(st.sampled_from(heirs)), on=on))
            elif fate == "new":
                new = f"H99.{300 + number}"
                tree[new] = (ROOT, "commune")
                changes.append(change(code, new, "recoded", on=on))
            elif fate == "split" and len(heirs) > 1:
                parts = draw(st.lists(st.sampled_from(heirs), min_size=2, max_size=3, unique=True))
                changes += [change(code, part, "split", exact=False, on=on) for part in parts]
            elif fate == "dissolved":
                changes.append(change(code, None, "dissolved", on=on))
            else:
                continue
            gone.add(code)
    # A unit that others joined on a day goes on, unless it went itself: the register says so by a change to itself.
    joined = {(c.new_code, c.changed_on) for c in changes if c.new_code}
    left = {(c.old_code, c.changed_on) for c in changes}
    fresh = {f"H99.{300 + n}" for n in range(2)}
    changes += [change(code, code, on=on) for code, on in joined - left if code not in fresh]
    days = st.integers(0, (AS_OF - FIRST).days).map(lambda n: FIRST + timedelta(days=n)) | st.sampled_from(EDGES)
    drawn = st.tuples(days, st.sampled_from(sorted(tree)), st.sampled_from(MEASURES), st.integers(1, 4).map(float))
    return tree, changes, [event(*one) for one in draw(st.lists(drawn, max_size=30))]


def moved(case, root):
    """The same province under another code."""

    def to(code):
        return code and code.replace(ROOT, root)

    tree, changes, events = case
    return (
        {to(code): (to(parent), level) for code, (parent, level) in tree.items()},
        [change(to(c.old_code), to(c.new_code), c.kind, exact=c.is_exact, on=c.changed_on) for c in changes],
        [(day, to(unit), *rest) for day, unit, *rest in events],
    )


@st.composite
def countries(draw):
    """Several provinces, which are computed at once: trees, changes and events of all."""
    cases = [moved(case, f"H{n}") for n, case in enumerate(draw(st.lists(provinces(), min_size=4, max_size=5)), 11)]
    trees, changes, events = zip(*cases, strict=True)
    tree = {code: place for one in trees for code, place in one.items()}
    return tree, [one for some in changes for one in some], [one for some in events for one in some]


def roots(tree):
    return [code for code, (parent, _) in tree.items() if parent is None]


@QUICK
@given(countries())
def test_each_province_has_one_total_on_both_maps(case):
    tree, changes, events = case
    totals = [
        {
            (r["unit_code"], r["indicator_id"], r["period_type"], r["period_start"]): (r["numerator"], r["denominator"])
            for r in values(tree, changes, events, which, PLAIN)
            if r["unit_code"] in roots(tree)
        }
        for which in ("as-was", "today")
    ]
    assert totals[0] == totals[1]
    for root in roots(tree):
        counted = sum(quantity for _, unit, *_, measure, quantity in events if measure == "received" and root in unit)
        assert totals[0][root, "received_total", "year", date(2025, 1, 1)] == (counted, None)


def counted_at(unit, tree, history):
    """Where a unit's own events belong today, told from the history alone."""
    tenures = history.of_id(unit)
    if not tenures or tenures[-1].valid_to is None or tenures[-1].valid_to >= AS_OF:
        return unit
    place = history.place(unit, AS_OF)
    return place.unit_ids[0] if place.is_exact else unit


@QUICK
@given(countries())
def test_on_todays_map_a_unit_is_the_sum_of_those_that_count_there_numerators_and_denominators(case):
    tree, changes, events = case
    history = UnitHistory(changes)
    rows = values(tree, changes, events, "today")
    pairs = lineage_table(units(tree, history), history, FIRST, AS_OF, "today").to_pylist()
    flows_are_those_of_the_units_below(rows, events, pairs)
    units_are_what_they_counted_themselves(rows, events, pairs, tree, history)


def flows_are_those_of_the_units_below(rows, events, pairs):
    expected: dict[str, float] = defaultdict(float)
    for _, unit, *_, measure, quantity in events:
        for pair in pairs:
            if pair["unit_code"] == unit and measure == "received":
                expected[pair["ancestor_code"]] += quantity
    for row in rows:
        if row["indicator_id"] == "received_total" and row["period_type"] == "year":
            assert row["numerator"] == expected[row["unit_code"]]
    for unit, quantity in expected.items():
        assert found(rows, "received_total", unit, "year", date(2025, 1, 1)) == quantity


def units_are_what_they_counted_themselves(rows, events, pairs, tree, history):
    """What a unit has beyond the units directly below it is what it and its predecessors counted themselves."""
    late, resolved = defaultdict(float), defaultdict(float)
    for _, unit, *_, measure, quantity in events:
        at = counted_at(unit, tree, history)
        late[at] += quantity * (measure == "resolved_late")
        resolved[at] += quantity * (measure != "received")
    rows = {r["unit_code"]: r for r in rows if r["indicator_id"] == "late_rate" and r["period_type"] == "year"}
    above: dict[str, set[str]] = defaultdict(set)
    for pair in pairs:
        if counted_at(pair["unit_code"], tree, history) == pair["unit_code"] != pair["ancestor_code"]:
            above[pair["unit_code"]].add(pair["ancestor_code"])
    for unit, row in rows.items():
        below = {code for code, chain in above.items() if unit in chain}
        direct = {code for code in below if not above[code] & below}
        for part, own in (("numerator", late), ("denominator", resolved)):
            assert row[part] - sum(rows[code][part] for code in direct if code in rows) == own[unit]
    for root in roots(tree):
        whole = (sum(n for code, n in counted.items() if code.startswith(root)) for counted in (late, resolved))
        assert (rows[root]["numerator"], rows[root]["denominator"]) == tuple(whole)


@given(provinces())
@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
def test_on_every_map_each_unit_counts_once_at_every_level_up_to_the_province(case):
    tree, changes, _ = case
    history = UnitHistory(changes)
    for which in ("as-was", "today"):
        pairs = lineage_table(units(tree, history), history, FIRST, AS_OF, which).to_pylist()
        seen = [(p["map_from"], p["unit_code"], p["ancestor_code"]) for p in pairs]
        assert len(seen) == len(set(seen))
        for start in {p["map_from"] for p in pairs}:
            assert {p["unit_code"] for p in pairs if p["map_from"] == start and p["ancestor_code"] == ROOT} == set(tree)


@pytest.mark.parametrize("which", ["as-was", "today"])
def test_without_changes_there_is_one_map(which):
    table = lineage_table(units(TREE, UnitHistory([])), UnitHistory([]), FIRST, AS_OF, which)
    assert len(set(table["map_from"].to_pylist())) == 1
    assert all(table["is_alive"].to_pylist())
