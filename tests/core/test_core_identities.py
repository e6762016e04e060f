"""Identities of form II.06a and sums over time, units and procedures, from generated histories through the real SQL.

Each example goes the whole way: held rows, dossiers with their outcome, dated events, indicator values. Columns of the
form (TT 01/2020/TT-VPCP): 3 total = 4 online + 5 direct and postal + 6 carried over, 7 resolved = 8 early + 9 on time +
10 late, 11 pending = 12 in time + 13 overdue, 3 = 7 + 11.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
from built_dossiers import EVENTS, built, events_until
from dossier_lives import PROCEDURES, START, UNITS, Life, day, held, lives, seen_on, several
from hypothesis import given, settings
from hypothesis import strategies as st

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.build import build_dossiers, build_events
from cchc_pipeline.core.state import upsert_by_month
from cchc_pipeline.days import custom_periods
from cchc_pipeline.indicators.catalogue import Indicator, catalogue
from cchc_pipeline.indicators.compute import compute
from cchc_pipeline.lake import files
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.reference.unit_map import lineage_table
from cchc_pipeline.reference.units import UnitHistory

PROVINCE = "H99"
UNIT_TABLE = pa.Table.from_pylist(
    [
        {
            "unit_code": code,
            "unit_name": code,
            "unit_level": level,
            "parent_code": None if code == PROVINCE else PROVINCE,
            "province_code": PROVINCE,
        }
        for code, level in zip((PROVINCE, *UNITS), ("province", "department", "department", "commune"), strict=True)
    ],
    schema=pa.schema(
        [(n, pa.string()) for n in ("unit_code", "unit_name", "unit_level", "parent_code", "province_code")]
    ),
)
CATALOGUE = pa.Table.from_pylist(
    [
        {"procedure_code": PROCEDURES[0], "unit_code": UNITS[0], "has_fee": True, "service_level": "full"},
        {"procedure_code": PROCEDURES[1], "unit_code": PROVINCE, "has_fee": False, "service_level": "partial"},
    ],
    schema=load_contract("procedures").arrow_schema(),
)
LAST = 70
QUICK = settings(max_examples=5, deadline=None)

#: (indicator, unit, first day, last day) -> numerator and denominator
Figures = dict[tuple[str, str, date, date], tuple[float | None, float | None]]


@lru_cache(maxsize=1)
def counted() -> tuple[Indicator, ...]:
    """The indicators over dossier events."""
    return tuple(i for i in catalogue() if {r.id for r in i.relations} <= {"flow", "stock", "opening"})


def of_kind(*relations: str, additive: bool = True) -> list[Indicator]:
    return [i for i in counted() if {r.id for r in i.relations} <= set(relations) and i.is_additive >= additive]


def events_of(rows: Iterable[dict[str, Any]], as_of_on: date) -> pa.Table:
    return pa.Table.from_pylist(events_until(built(rows, as_of_on), as_of_on), schema=EVENTS)


def figures(events: pa.Table, as_of_on: date, windows: Sequence[tuple[date, date]]) -> Figures:
    """Every indicator of every unit and window."""
    tables = {
        "dossier_events": events,
        "units": UNIT_TABLE,
        "unit_lineage": lineage_table(UNIT_TABLE, UnitHistory([]), START, as_of_on, "today"),
        "procedures": CATALOGUE,
        "periods": custom_periods(windows),
    }
    table = compute(tables, START, as_of_on, counted())
    return {
        (r["indicator_id"], r["unit_code"], r["period_start"], r["period_end"]): (r["numerator"], r["denominator"])
        for r in table.to_pylist()
    }


def added(parts: Iterable[tuple[float | None, float | None]]) -> tuple[float, float]:
    """Numerators and denominators added up."""
    pairs = list(parts)
    return sum(n or 0 for n, _ in pairs), sum(d or 0 for _, d in pairs)


def window(draw: Any) -> tuple[int, int]:
    first = draw(st.integers(0, LAST))
    return first, draw(st.integers(first, LAST))


@QUICK
@given(several(), st.data())
def test_the_form_keeps_its_identities_for_every_unit(some: list[Life], data: Any) -> None:
    first, last = (day(number) for number in window(data.draw))
    found = figures(events_of(seen_on(some, LAST), day(LAST)), day(LAST), [(first, last)])
    for unit in (PROVINCE, *UNITS):

        def column(name: str, unit: str = unit) -> float:
            return found[name, unit, first, last][0] or 0

        carried, received = column("carried_over"), column("received_total")
        total = received + carried
        resolved, pending = column("resolved_total"), column("pending_total")
        direct = column("received_direct") + column("received_postal")
        assert total == column("received_online") + direct + carried
        assert resolved == column("resolved_early") + column("resolved_on_time") + column("resolved_late")
        assert pending == column("pending_in_time") + column("pending_overdue")
        assert total == resolved + pending
        assert min(carried, column("pending_in_time"), column("pending_overdue")) >= 0
        for indicator in counted():
            numerator, denominator = found[indicator.id, unit, first, last]
            assert indicator.unit != "%" or 0 <= (numerator or 0) <= (denominator or 0), indicator.id


@QUICK
@given(several(), st.data())
def test_two_periods_that_meet_add_up_to_the_whole(some: list[Life], data: Any) -> None:
    """So a period is the sum of its days: each cut takes one of them off."""
    first, last = window(data.draw)
    cut = data.draw(st.integers(first, last))
    whole, left, right = (day(first), day(last)), (day(first), day(cut)), (day(cut + 1), day(last))
    windows = [whole, left] + ([right] if cut < last else [])
    found = figures(events_of(seen_on(some, LAST), day(LAST)), day(LAST), windows)
    for unit in (PROVINCE, *UNITS):
        for indicator in of_kind("flow"):
            parts = [found[indicator.id, unit, *one] for one in windows[1:]]
            assert added([found[indicator.id, unit, *whole]]) == added(parts), indicator.id
        assert found["carried_over", unit, *whole] == found["carried_over", unit, *left]
        if cut < last:
            assert found["carried_over", unit, *right] == found["pending_total", unit, *left]
            for name in ("pending_total", "pending_in_time", "pending_overdue"):
                assert found[name, unit, *whole] == found[name, unit, *right]


@QUICK
@given(several(), st.data())
def test_units_add_up_to_the_province(some: list[Life], data: Any) -> None:
    first, last = (day(number) for number in window(data.draw))
    found = figures(events_of(seen_on(some, LAST), day(LAST)), day(LAST), [(first, last)])
    for indicator in of_kind("flow", "stock", "opening"):
        parts = [found[indicator.id, unit, first, last] for unit in UNITS]
        assert added([found[indicator.id, PROVINCE, first, last]]) == added(parts), indicator.id


@QUICK
@given(several(), st.data())
def test_procedures_add_up_to_the_whole(some: list[Life], data: Any) -> None:
    span = day(data.draw(st.integers(0, LAST))), day(LAST)
    whole = figures(events_of(seen_on(some, LAST), day(LAST)), day(LAST), [span])
    parts = [
        figures(
            events_of(seen_on([life for life in some if life.procedure == code], LAST), day(LAST)), day(LAST), [span]
        )
        for code in PROCEDURES
    ]
    for indicator in of_kind("flow", "stock", "opening"):
        for unit in (PROVINCE, *UNITS):
            key = indicator.id, unit, *span
            assert added([whole[key]]) == added(part[key] for part in parts), indicator.id


def through_the_lake(batches: Sequence[Sequence[dict[str, Any]]], as_of_on: date) -> tuple[pa.Table, str]:
    """Events, and the hash of their file, after the batches were taken in one by one, each followed by a night."""
    with TemporaryDirectory() as folder:
        lake = Lake(Path(folder))
        for batch in batches:
            upsert_by_month(lake, "dossiers", held(batch), "dossier_id", ("received_on", "applied_on"))
            build_dossiers(lake, as_of_on)
        events = build_events(lake, as_of_on)
        files.write_parquet(events, Path(folder) / "events.parquet")
        return events, files.sha256(Path(folder) / "events.parquet")


@settings(max_examples=6, deadline=None)
@given(st.lists(lives(), min_size=1, max_size=15, unique_by=lambda life: life.number), st.data())
def test_repeating_reordering_and_splitting_batches_changes_nothing(some: list[Life], data: Any) -> None:
    """Older states come first, then the newest of each dossier: in whatever batches and order, once or twice."""
    early = list(seen_on(some, data.draw(st.integers(0, LAST))))
    rows = list(seen_on(some, LAST))
    at_once = through_the_lake([rows], day(LAST))
    mixed = data.draw(st.permutations(rows))
    cut = data.draw(st.integers(0, len(mixed)))
    batches = [early, mixed[:cut], mixed[cut:], mixed[:cut]]
    again = through_the_lake([batch for batch in batches if batch], day(LAST))
    assert again[0].equals(at_once[0])
    assert again[1] == at_once[1]


def test_the_histories_hold_something() -> None:
    """An identity of nothing proves nothing: a fixed history has every outcome."""
    plain = {"applied": 0, "received": 0, "refused": None, "suspended": None, "suspended_status": 5, "resumed": None}
    plain |= {"procedure": PROCEDURES[0], "returned": None, "rating": None, "flags": (False,) * 8}
    fates = ((3, 2, 9), (3, 3, 9), (3, 9, 9), (3, None, 9), (None, None, 9), (3, 9, 7))
    some = [
        Life(number=n, unit=UNITS[n % 3], channel="online", due=due, closed=closed, closed_status=status, **plain)
        for n, (due, closed, status) in enumerate(fates, start=1)
    ]
    span = START, START + timedelta(days=30)
    found = figures(events_of(seen_on(some, LAST), day(LAST)), day(LAST), [span])
    expected = {"received_total": 6, "resolved_early": 1, "resolved_on_time": 2, "resolved_late": 1}
    expected |= {"pending_in_time": 1, "pending_overdue": 1}
    assert {name: found[name, PROVINCE, *span][0] for name in expected} == expected
