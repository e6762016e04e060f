"""Make the tables that SQL files of the core tables read, and count items.

An item is one row per dossier, document or procedure, measure and day. Events are sums of these rows.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from pathlib import Path

import pyarrow as pa

from cchc_pipeline.arrow import table_from_rows
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.lake.engine import run_sql, sql_file
from cchc_pipeline.lake.files import Source
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.reference.calendar import calendar_rows

_CALENDAR = pa.schema(
    {"day_on": pa.date32(), "is_working_day": pa.bool_()}
    | dict.fromkeys(("working_day_number", "weekday_number", "regular_day_number"), pa.int64())
)
#: First day of the calendar over all dossiers and documents.
FIRST = date(2015, 1, 1)
_KEY = "event_on, unit_code, procedure_code, channel"
#: Columns that counts of procedures are summed by.
PROCEDURE_KEY = "event_on, unit_code, executing_level"


def held_source(lake: Lake, table: str) -> pa.Table | Path:
    """Return what the lake holds of an inbound table; empty where its source was never read."""
    return lake.store.source(f"core/{table}", load_contract(table).arrow_schema())


def run_table(as_of_on: date) -> pa.Table:
    """Return the one-row table `run`: as_of_on, the last civil day of data."""
    return pa.table({"as_of_on": pa.array([as_of_on], pa.date32())})


@lru_cache(maxsize=4)
def calendar_table(first: date, last: date) -> pa.Table:
    """Return the working calendar from `first` to `last`, one row per day.

    Columns: day_on, is_working_day, and the running numbers of `calendar_rows`: working_day_number, weekday_number,
    regular_day_number.
    """
    return table_from_rows(calendar_rows(first, last), _CALENDAR)


def items(file: str, **tables: Source) -> pa.Table:
    """Return the items of `core/sql/<file>.sql` over the tables that it reads.

    The files are dossier_items, late_items, document_items and procedure_items. Columns: item_id, measure, quantity and
    those that they are summed by.
    """
    return run_sql(f"SELECT * FROM ({sql_file(f'core/{file}')}) WHERE measure IS NOT NULL", **tables)


def counts(file: str, schema: pa.Schema | None = None, key: str = _KEY, **tables: Source) -> pa.Table:
    """Return sums of the items of a file by `key` and measure, ordered; see `items`."""
    return run_sql(counts_query(file, key), schema, **tables)


def counts_query(file: str, key: str = _KEY) -> str:
    """Return the query of `counts`."""
    return (
        f"SELECT {key}, measure, SUM(quantity)::DOUBLE AS quantity FROM ({sql_file(f'core/{file}')}) "
        "WHERE measure IS NOT NULL GROUP BY ALL ORDER BY ALL"
    )


def document_events(documents: Source, as_of_on: date) -> pa.Table:
    """Return counts of documents in the shape of dossier events, up to a day."""
    return counts("document_items", documents=documents, run=run_table(as_of_on))
