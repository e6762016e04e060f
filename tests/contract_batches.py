"""Rows for tests of contracts: the clean and the broken records of the cases, and random mixtures of them."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa

from cchc_pipeline.arrow import table_from_records
from cchc_pipeline.contracts import Contract, load_contract
from cchc_pipeline.reports.docs.pages import table_cases

AS_OF = date(2026, 6, 30)
NOON = datetime(2026, 3, 2, 5, tzinfo=UTC)

#: One clean row per inbound table, and changes to it that break the SQL rule named (others may break as well).
CLEAN: dict[str, dict[str, Any]] = {table: cases.clean for table, cases in table_cases().items()}
INBOUND = tuple(CLEAN)
BREAKING: dict[str, dict[str, Any]] = {
    f"{found.table}.{one.rule}": one.changes for found in table_cases().values() for one in found.cases
}

_POOL: dict[str, list[Any]] = {
    "VARCHAR": [None, "", "khác", "H34", "H34.12", "H34.12\n", "000.00.12.H34-260302-0001\n", "１２３", "'", "a;b|c"],
    "INTEGER": [None, -1, 0, 1, 2, 4, 5, 6, 8, 9, 11],
    "BIGINT": [None, -5, 0, 10],
    "DOUBLE": [None, -0.5, 0.0, 50.0, 100.0, 250.0],
    "BOOLEAN": [None, True, False],
    "DATE": [None, date(1, 1, 1), date(1999, 12, 31), date(2026, 3, 2), AS_OF, AS_OF + timedelta(days=1)],
    "TIMESTAMP_TZ": [None, NOON],
}

#: Per table a column of its key, and its value in the n-th row of a batch whose rows have different keys.
APART: dict[str, tuple[str, str]] = {
    "documents__documents": ("document_id", "000.00.12.H34,2026/03/02,{}/QĐ-UBND"),
    "documents__statuses": ("document_id", "000.00.12.H34,2026/03/02,{}/QĐ-UBND"),
    "national_portal__metrics": ("metric_code", "DOSSIER_ON_TIME.{}"),
    "national_portal__procedures": ("formality_id", "019d2bfd-8e22-77ef-819f-e4946035{:04d}"),
    "national_portal__provinces": ("metric_code", "GROUP.{}"),
    "one_stop__dossiers": ("dossier_id", "64b{:021d}"),
    "one_stop__procedures": ("procedure_code", "1.{:06d}"),
    "papi__subdimensions": ("province_code", "P{:02d}"),
    "papi__totals": ("province_code", "P{:02d}"),
    "registers__appraisals": ("criterion_code", "REFORM_PLAN_{}"),
    "registers__external_indices": ("source", "Bảng mẫu {}"),
    "registers__inspections": ("inspection_code", "KT{}"),
    "registers__observations": ("unit_code", "H34.{}"),
    "registers__petitions": ("petition_code", "PA{}"),
    "registers__plan_tasks": ("activity_code", "1.2.{}"),
    "registers__unit_changes": ("old_code", "H34.41.{}"),
}


def apart(table: str, changes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the clean row with each of these changes; their keys differ, unless a change says otherwise."""
    column, form = APART[table]
    return [CLEAN[table] | {column: form.format(n)} | one for n, one in enumerate(changes, 10)]


def breaking_row(contract: Contract, rule_id: str) -> dict[str, Any]:
    """A row that breaks the rule."""
    return CLEAN[contract.name] | BREAKING[rule_id]


def batch(contract: Contract, rows: list[dict[str, Any]]) -> pa.Table:
    """Rows as a staged batch; columns that a row lacks are null."""
    return table_from_records(rows, schema=contract.arrow_schema(relaxed=True))


def register_table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    """Rows of a register as they are landed; columns that a row lacks are null."""
    return batch(load_contract(f"registers__{name}"), [{"source_row": "x", **row} for row in rows])


def random_row(contract: Contract, source: random.Random) -> dict[str, Any]:
    """The clean row with one column of ten replaced by an awkward value."""
    row: dict[str, Any] = dict(CLEAN[contract.name])
    row[contract.key[0]] = source.choice([row[contract.key[0]], row[contract.key[0]], *_fresh(row, contract, source)])
    for column in contract.columns:
        if source.random() < 0.1:
            row[column.name] = source.choice(_POOL[column.physical_type])
    return row


def _fresh(row: dict[str, Any], contract: Contract, source: random.Random) -> list[Any]:
    value = row[contract.key[0]]
    return [value + source.randrange(50) if isinstance(value, int) else value[:-2] + f"{source.randrange(99):02d}"] * 8


def any_batch(contract: Contract, seed: int, rows: int = 200) -> pa.Table:
    """Rows of awkward values only, for contracts without a clean row."""
    source = random.Random(seed)
    pools = {
        column.name: _POOL[column.physical_type] + list(column.valid_values or ()) * 5 for column in contract.columns
    }
    made = [{name: source.choice(pool) for name, pool in pools.items()} for _ in range(rows)]
    return batch(contract, made + made[:5])


def dirty_batch(contract: Contract, seed: int, rows: int = 400) -> pa.Table:
    """Every breaking row once, and `rows` random ones, shuffled."""
    source = random.Random(seed)
    made = [breaking_row(contract, rule.id) for rule in contract.rules]
    made += [random_row(contract, source) for _ in range(rows)]
    source.shuffle(made)
    return batch(contract, made)
