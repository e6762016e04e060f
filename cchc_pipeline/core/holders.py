"""Map a unit code to its holder when a record came in: codes are reassigned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from cchc_pipeline.arrow import table_from_rows
from cchc_pipeline.lake.engine import run_sql, sql_file
from cchc_pipeline.reference.units import UnitHistory

FORMER = pa.schema(
    [("code", pa.string()), ("unit_code", pa.string()), ("valid_from", pa.date32()), ("valid_to", pa.date32())]
)
#: The day on which a record came in, by the first of these columns that it has.
_CAME_IN = ("received_on", "applied_on", "sent_on", "promulgated_on")


def former_holders(history: UnitHistory) -> pa.Table:
    """Return former holders of codes: code, unit_code, valid_from, valid_to."""
    rows = [
        (t.code, t.unit_id, t.valid_from or date.min, t.valid_to)
        for code in sorted(history.codes)
        for t in history.tenures(code)
        if t.unit_id != code
    ]
    return table_from_rows(rows, FORMER)


def former_fingerprint(former: pa.Table | None) -> str:
    """Return a text that changes with the holders; empty where no code changed hands."""
    return str(former.to_pylist()) if former is not None and former.num_rows else ""


def with_holders(source: Path, former: pa.Table | None) -> pa.Table | Path:
    """Return records under the unit that held their code when they came in.

    A dossier that came in before a code changed hands stays with the old holder, whenever it is closed.
    """
    if former is None or former.num_rows == 0:
        return source
    return run_sql(holders_query(pq.read_schema(source).names), records=source, former=former)


def holders_query(names: Sequence[str]) -> str:
    """Return the query of `with_holders`, over `records` with the columns `names`."""
    came_in = ", ".join(f"records.{column}" for column in _CAME_IN if column in names)
    unit = "COALESCE(former.unit_code, records.unit_code) AS unit_code"
    columns = ", ".join(unit if name == "unit_code" else f"records.{name}" for name in names)
    return sql_file("core/holders").format(columns=columns, came_in=came_in)
