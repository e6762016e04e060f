"""Merge incoming rows into the core tables by key."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.lake.engine import run_sql
from cchc_pipeline.lake.layout import Lake

NO_MONTH = "unknown"


def merge(current: pa.Table, incoming: pa.Table, key: Sequence[str]) -> pa.Table:
    """Merge `incoming` into `current`: a row replaces the held one of the same key.

    Args:
        current: the state held, unique by key.
        incoming: new rows of the same schema; of several with one key the last wins.
        key: names of the key columns.

    Returns:
        Rows ordered by key; `current` as it is where nothing came in.
    """
    if incoming.num_rows == 0:
        return current
    every = pa.concat_tables([current, incoming.select(current.schema.names).cast(current.schema)])
    numbered = every.append_column("_row", pa.array(range(every.num_rows), pa.int64()))
    last = numbered.group_by(list(key)).aggregate([("_row", "max")])["_row_max"]
    return every.take(last).sort_by([(name, "ascending") for name in key]).combine_chunks()


def upsert(lake: Lake, table: str, incoming: pa.Table, key: Sequence[str]) -> int:
    """Merge into a core table of one file; return the number of rows held."""
    merged = merge(lake.store.read(f"core/{table}", schema=incoming.schema), incoming, key)
    lake.store.update(merged, f"core/{table}")
    return merged.num_rows


def upsert_by_month(lake: Lake, table: str, incoming: pa.Table, key: str, day_columns: Sequence[str]) -> set[str]:
    """Merge into a core table with monthly parts; return the parts that changed.

    The month of a row is that of the first of `day_columns` that is set, `unknown` where none is. A row whose month was
    corrected leaves its old part.
    """
    if incoming.num_rows == 0:
        return set()
    # Batches of several days may hold one dossier in two months: its last row stays.
    incoming = merge(incoming.schema.empty_table(), incoming, [key])
    day = pc.coalesce(*(incoming[column] for column in day_columns))
    months = pc.fill_null(pc.strftime(day.cast(pa.timestamp("s")), format="%Y-%m"), NO_MONTH)
    changed: set[str] = set()
    targets = set(pc.unique(months).to_pylist())
    for part in sorted(targets | _parts_holding(lake, table, incoming, key)):
        current = lake.store.read(f"core/{table}", part, schema=incoming.schema)
        staying = current.filter(pc.invert(pc.is_in(current[key], value_set=incoming[key].combine_chunks())))
        merged = merge(staying, incoming.filter(pc.equal(months, part)), [key])
        if lake.store.update(merged, f"core/{table}", part):
            changed.add(part)
    return changed


def _parts_holding(lake: Lake, table: str, incoming: pa.Table, key: str) -> set[str]:
    """Return the parts that hold a key of `incoming`; only their key column is read."""
    value_set, name = incoming[key].combine_chunks(), f"core/{table}"
    held = ((part, lake.store.read(name, part, columns=[key])[key]) for part in lake.store.parts(name))
    return {part for part, keys in held if pc.any(pc.is_in(keys, value_set=value_set)).as_py()}


def open_dossiers(lake: Lake) -> pa.Table:
    """Return dossiers accepted and not yet finished: dossier_code, received_on.

    Drafts and results that nobody has fetched are left out, as they pile up: the adapter reads those by status.
    """
    schema = load_contract("one_stop__dossiers").arrow_schema()
    return run_sql(
        "SELECT dossier_code, received_on FROM held WHERE status_code IN (2, 4, 5, 6) ORDER BY ALL",
        held=lake.store.source_of_parts("core/dossiers", schema),
    )
