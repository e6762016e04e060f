"""Taking staged rows into the core tables, table by table.

Belongs here: which core table takes in which staged rows, and small reads over core tables.
The merge itself is in `upsert.py`, what is derived in `build.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.upsert import upsert, upsert_by_month
from cchc_pipeline.lake.engine import session
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.sources.protocol import Window

MONTH_OF_DOSSIER = ("received_on", "applied_on")


def read_files(paths: Sequence[Path]) -> pa.Table:
    """Parquet files of one schema as one table."""
    return pa.concat_tables([pq.read_table(path, partitioning=None) for path in paths])


def staged(lake: Lake, table: str, window: Window) -> pa.Table:
    """Valid rows of a table for the days of the window."""
    schema = load_contract(table).arrow_schema()
    paths = lake.day_files("staged", table, window.days())
    return read_files(paths).select(schema.names).cast(schema) if paths else schema.empty_table()


def take_in(lake: Lake, table: str, window: Window) -> int:
    """Upsert a staged table by its contract's key; rows then held."""
    return upsert(lake, table, staged(lake, table, window), load_contract(table).key)


def take_in_dossiers(lake: Lake, window: Window) -> set[str]:
    """Upsert the staged dossiers into their monthly parts; the parts that changed."""
    (key,) = load_contract("one_stop__dossiers").key
    return upsert_by_month(lake, "dossiers", staged(lake, "one_stop__dossiers", window), key, MONTH_OF_DOSSIER)


def replace(lake: Lake, table: str, window: Window) -> int:
    """Put the newest full listing in place of the one held; rows then held.

    An empty listing replaces nothing: a catalogue does not vanish over night.
    """
    schema = load_contract(table).arrow_schema()
    for day in sorted(window.days(), reverse=True):
        path = lake.day_file("staged", table, day)
        listing = read_files([path]) if path.exists() else schema.empty_table()
        if listing.num_rows:
            ordered = (
                listing.select(schema.names).cast(schema).sort_by([(k, "ascending") for k in load_contract(table).key])
            )
            lake.write_state(ordered, "core", table)
            break
    return lake.read_state("core", table, schema).num_rows


def count(lake: Lake, layer: str, table: str) -> int:
    """Rows of a partitioned table, from the footers of its parts."""
    return sum(pq.read_metadata(lake.state_file(layer, table, part)).num_rows for part in lake.parts(layer, table))


def daily_outcomes(events: pa.Table) -> tuple[list[date], dict[str, list[float]]]:
    """Days of resolution in order, and for each outcome the dossiers resolved on them."""
    with session(events=events) as connection:
        table = connection.sql(
            "SELECT event_on, "
            "COALESCE(SUM(quantity) FILTER (measure = 'resolved_early'), 0) AS resolved_early, "
            "COALESCE(SUM(quantity) FILTER (measure = 'resolved_on_time'), 0) AS resolved_on_time, "
            "COALESCE(SUM(quantity) FILTER (measure = 'resolved_late'), 0) AS resolved_late "
            "FROM events WHERE measure LIKE 'resolved_%' GROUP BY event_on ORDER BY event_on"
        ).to_arrow_table()
    return table["event_on"].to_pylist(), {n: table[n].to_pylist() for n in table.schema.names[1:]}
