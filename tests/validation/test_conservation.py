"""No row is lost, doubled or changed, whatever comes: through the verdict, and through staging in a lake.

Batches are drawn from the contract itself: for every column values that keep and values that break
its constraints, and everything that breaks one of its rules.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from contract_batches import AS_OF, BREAKING, CLEAN, INBOUND, batch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sql_verdict import without_cross_check  # noqa: F401 - a fixture of this module

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.lake import files
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.validation import staging
from cchc_pipeline.validation.quarantine import read_quarantine
from cchc_pipeline.validation.staging import stage
from cchc_pipeline.validation.verdict import judge

DAYS = [date(2026, 6, 28) + timedelta(days=n) for n in range(3)]
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def values(contract, column) -> list[Any]:
    """The clean value, null, and what the column's type and constraints make awkward."""
    found = [CLEAN[contract.name].get(column.name), None]
    found += [change[column.name] for rule, change in BREAKING.items() if column.name in change and _of(rule, contract)]
    found += list(column.valid_values or ())
    if column.physical_type in ("INTEGER", "BIGINT"):
        found += [-1, 0, 1] + [
            int(bound) + step for bound in (column.minimum, column.maximum) if bound for step in (-1, 0, 1)
        ]
    elif column.physical_type == "DOUBLE":
        found += [-0.5, 0.0, 100.0] + [bound for bound in (column.minimum, column.maximum) if bound is not None]
    elif column.physical_type == "BOOLEAN":
        found += [True, False]
    elif column.physical_type == "DATE":
        found += [AS_OF, AS_OF + timedelta(days=1), date(1, 1, 1), date(1999, 12, 31)]
    elif column.physical_type == "VARCHAR":
        found += ["", "?", "'", "a;b", f"{CLEAN[contract.name].get(column.name)}\n"]
    return found


def _of(rule: str, contract) -> bool:
    return rule.split(".", 1)[0] == contract.name


def rows_of(contract):
    """Rows with a few defects each, so that valid and rejected rows mix; keys that repeat."""
    columns = {column.name: st.sampled_from(values(contract, column)) for column in contract.columns}
    spoiled = st.dictionaries(st.sampled_from(sorted(columns)), st.none(), max_size=8).flatmap(
        lambda names: st.fixed_dictionaries({name: columns[name] for name in names})
    )
    first = contract.column(contract.key[0])
    clean = CLEAN[contract.name][first.name]
    fresh = [clean + n if isinstance(clean, int) else f"{clean[:-1]}{n}" for n in range(9)]
    return st.builds(
        lambda key, changes: CLEAN[contract.name] | {first.name: key} | changes, st.sampled_from(fresh), spoiled
    )


def text(row: dict[str, Any], contract) -> str:
    """A row as the quarantine tells it: without masked text, moments to the second."""
    shown = {c.name: row.get(c.name) for c in contract.columns if c.classification != "masked-text"}
    plain = {n: v.isoformat() if isinstance(v, date) and not isinstance(v, datetime) else v for n, v in shown.items()}
    return json.dumps({n: v.timestamp() if isinstance(v, datetime) else v for n, v in plain.items()}, sort_keys=True)


def told(waiting_row: dict[str, Any], contract) -> str:
    row = json.loads(waiting_row["row_json"])
    moments = {c.name for c in contract.columns if c.physical_type == "TIMESTAMP_TZ"}
    return json.dumps(
        {n: datetime.fromisoformat(v).timestamp() if n in moments and v else v for n, v in row.items()}, sort_keys=True
    )


@pytest.mark.parametrize("name", INBOUND)
@settings(max_examples=6, deadline=None, suppress_health_check=SLOW)
@given(data=st.data())
def test_the_verdict_keeps_every_row_once(name, data):
    """Fewer and larger batches: one without a row, and some of 16 rows on average."""
    contract = load_contract(name)
    rows = data.draw(st.just([]) | st.lists(rows_of(contract), min_size=8, max_size=25))
    table = batch(contract, rows)
    verdict = judge(table, contract, AS_OF, DAYS[0])
    assert verdict.rows_in == len(rows) == verdict.rows_valid + verdict.rows_quarantined
    places = [number - 1 for number in verdict.quarantined["source_row_number"].to_pylist()]
    assert places == sorted(set(places))
    came, waiting = table.to_pylist(), verdict.quarantined.to_pylist()
    assert verdict.valid.to_pylist() == [row for place, row in enumerate(came) if place not in set(places)]
    for place, row in zip(places, waiting, strict=True):
        assert told(row, contract) == text(came[place], contract)
        assert list(json.loads(row["row_json"])) == [
            c.name for c in contract.columns if c.classification != "masked-text"
        ]
    keys = [tuple(row[part] for part in contract.key) for row in verdict.valid.to_pylist()]
    assert len(keys) == len(set(keys))
    known = {rule.id for rule in contract.rules if rule.severity == "reject"}
    assert all(set(row["rule_ids"].split(";")) <= known for row in waiting)
    assert any(verdict.rows_broken[rule] for rule in known) == bool(waiting)


def fill(lake: Lake, contract, days: list[list[dict[str, Any]]]) -> None:
    for minute, (day, rows) in enumerate(zip(DAYS, days, strict=True)):
        path = lake.store.path(f"landing/{contract.name}", day)
        files.write_parquet(batch(contract, rows), path)
        os.utime(path, (10**9 + minute, 10**9 + minute))


def bytes_of(lake: Lake) -> dict[str, str]:
    return {
        str(path.relative_to(lake.root)): files.sha256(path)
        for folder in ("staged", "core")
        for path in sorted((lake.root / folder).rglob("*.parquet"))
    }


@pytest.mark.parametrize("name", INBOUND)
@settings(max_examples=1, deadline=None, suppress_health_check=SLOW)
@given(data=st.data())
def test_staging_keeps_every_row_once_in_any_order_and_again(name, data):
    contract = load_contract(name)
    days = [data.draw(st.lists(rows_of(contract), max_size=12)) for _ in DAYS]
    assume(any(days))  # the first and simplest example has no row: the next one has some
    with (
        tempfile.TemporaryDirectory() as one,
        tempfile.TemporaryDirectory() as two,
        mock.patch.object(staging, "profile_days"),  # no row is in a profile
    ):
        lake, other = Lake(Path(one)), Lake(Path(two))
        fill(lake, contract, days)
        fill(other, contract, days)
        done = stage(lake, name, DAYS, AS_OF)
        assert done.is_conserved
        kept = sum(lake.store.rows(f"staged/{name}", day) for day in DAYS)
        assert (done.rows_in, done.rows_valid, done.broken) == (sum(map(len, days)), kept, {})
        quality = lake.store.read(
            f"core/quality_{name}", schema=load_contract("data_quality").arrow_schema()
        ).to_pylist()
        counts = {r["pulled_for_on"]: r for r in quality if r["rule_id"] == "TOTAL"}
        held = read_quarantine(lake, name).to_pylist()
        for day, rows in zip(DAYS, days, strict=True):
            valid = lake.store.read(f"staged/{name}", day).to_pylist()
            assert counts[day]["rows_in"] == len(rows) == len(valid) + counts[day]["rows_quarantined"]
            came = Counter(text(row, contract) for row in batch(contract, rows).to_pylist())
            assert Counter(text(row, contract) for row in valid) <= came
            # what waits from a day is what came and is not valid; a record that came again later has left
            waits = Counter(told(row, contract) for row in held if row["pulled_for_on"] == day)
            assert waits <= came - Counter(text(row, contract) for row in valid)
        last = Counter(told(row, contract) for row in held if row["pulled_for_on"] == DAYS[-1])
        assert sum(last.values()) == counts[DAYS[-1]]["rows_quarantined"]  # of the last day nothing has left
        before = bytes_of(lake)
        stage(lake, name, DAYS, AS_OF)
        assert bytes_of(lake) == before
        # one by one in the order of landing: the same bytes; in any other order: the same rows of every day
        for day in DAYS:
            stage(other, name, [day], AS_OF)
        assert bytes_of(other) == before
        for day in data.draw(st.permutations(DAYS)):
            stage(other, name, [day], AS_OF)
        same = [path for path in before if not path.startswith(("core/quarantine", "core/sightings"))]
        after = bytes_of(other)
        assert {path: after[path] for path in same} == {path: before[path] for path in same}
