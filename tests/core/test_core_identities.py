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
from dossier_lives import PROCEDURES, START, UNITS, Life, day, held, seen_on, several
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
#: Provinces that each have the dossiers of one procedure alone.
APART = ("H98", "H97")
LEVELS = dict(zip((PROVINCE, *UNITS), ("province", "department", "department", "commune"), strict=True))
UNIT_TABLE = pa.Table.from_pylist(
    [
        {
            "unit_code": code.replace(PROVINCE, province),
            "unit_name": code,
            "unit_level": level,
            "parent_code": None if code == PROVINCE else province,
            "province_code": province,
        }
        for province in (PROVINCE, *APART)
        for code, level in LEVELS.items()
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


@given(several(minimum=3), st.data())
@settings(max_examples=6, deadline=None)
def test_the_form_keeps_its_identities_and_everything_adds_up(some: list[Life], data: Any) -> None:
    """One computation per example: the whole province, and of each procedure a province of its own.

    Two windows meet in a third: so a period is the sum of its days, as each cut takes one of them off.
    """
    first, last = window(data.draw)
    cut = data.draw(st.integers(first, last))
    whole, left, right = (day(first), day(last)), (day(first), day(cut)), (day(cut + 1), day(last))
    halves = [left] + ([right] if cut < last else [])
    rows = list(seen_on(some, LAST))
    apart = [
        row
        | {"unit_code": row["unit_code"].replace(PROVINCE, of_it), "dossier_id": row["dossier_id"].replace("0", p, 1)}
        for p, (code, of_it) in zip("12", zip(PROCEDURES, APART, strict=True), strict=True)
        for row in rows
        if row["procedure_code"] == code
    ]
    found = figures(events_of([*rows, *apart], day(LAST)), day(LAST), list(dict.fromkeys([whole, *halves])))
    for unit in (PROVINCE, *UNITS):
        the_form_keeps_its_identities(found, unit, *whole)
        for indicator in of_kind("flow"):
            parts = [found[indicator.id, unit, *half] for half in halves]
            assert added([found[indicator.id, unit, *whole]]) == added(parts), f"halves of {indicator.id}"
        assert found["carried_over", unit, *whole] == found["carried_over", unit, *left]
        if cut < last:
            assert found["carried_over", unit, *right] == found["pending_total", unit, *left]
            for name in ("pending_total", "pending_in_time", "pending_overdue"):
                assert found[name, unit, *whole] == found[name, unit, *right]
        for indicator in of_kind("flow", "stock", "opening"):
            parts = [found[indicator.id, unit.replace(PROVINCE, one), *whole] for one in APART]
            assert added([found[indicator.id, unit, *whole]]) == added(parts), f"procedures of {indicator.id}"
    for indicator in of_kind("flow", "stock", "opening"):
        parts = [found[indicator.id, unit, *whole] for unit in UNITS]
        assert added([found[indicator.id, PROVINCE, *whole]]) == added(parts), f"units of {indicator.id}"


def the_form_keeps_its_identities(found: Figures, unit: str, first: date, last: date) -> None:
    def column(name: str) -> float:
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


@settings(max_examples=2, deadline=None)  # dossiers meet in their month alone: many in few examples say as much
@given(several(25, minimum=15), st.data())
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
