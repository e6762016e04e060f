"""Read items: one row per dossier, document or procedure, measure and day.

Events are sums of these rows.
"""

from __future__ import annotations

from datetime import date

import pyarrow as pa

from cchc_pipeline.core.queries import run_table
from cchc_pipeline.lake.engine import run_sql, sql_file
from cchc_pipeline.lake.files import Source

_KEY = "event_on, unit_code, procedure_code, channel"
#: Columns that counts of procedures are summed by.
PROCEDURE_KEY = "event_on, unit_code, executing_level"


def items(file: str, **tables: Source) -> pa.Table:
    """Return the items of `core/sql/<file>.sql`.

    Args:
        file: `dossier_items`, `late_items`, `document_items` or `procedure_items`.
        tables: tables that the file reads.

    Returns:
        item_id, measure, quantity and the columns that they are summed by.
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
