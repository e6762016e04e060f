"""Remove records whose acceptance was withdrawn from the core tables."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.validation.quarantine import row_keys


def drop_rows(lake: Lake, table: str, core_name: str, keys: Sequence[str]) -> None:
    """Remove the rows with these keys from a core table or from each of its parts."""
    if not keys:
        return
    name = f"core/{core_name}"
    whole: list[str | None] = [None] if lake.store.has(name) else []
    for part in [*whole, *lake.store.parts(name)]:
        held = lake.store.read(name, part)
        staying = held.filter(pc.invert(_are_among(held, table, keys)))
        if staying.num_rows < held.num_rows:
            lake.store.update(staying.combine_chunks(), name, part)


def last_staged(lake: Lake, table: str, keys: Sequence[str]) -> pa.Table:
    """Return the staged rows with these keys, in the order of writing.

    They are what the core table held before the acceptance.
    """
    schema = load_contract(table).arrow_schema()
    days = lake.store.parts(f"staged/{table}")
    found = [schema.empty_table()]
    for day in sorted(days, key=lambda day: days[day]) if keys else ():
        rows = lake.store.read(f"staged/{table}", day).select(schema.names).cast(schema)
        found.append(rows.filter(_are_among(rows, table, keys)))
    return pa.concat_tables(found)


def _are_among(rows: pa.Table, table: str, keys: Sequence[str]) -> pa.Array:
    return pc.is_in(pa.array(row_keys(rows, load_contract(table)), pa.string()), value_set=pa.array(keys, pa.string()))
