"""Find dossiers of procedures that were not in force when they came in (DQ14)."""

from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa

from cchc_pipeline.core.queries import run_table
from cchc_pipeline.lake.engine import run_file
from cchc_pipeline.lake.layout import Lake

#: Days back from which dossiers are checked; as in `procedures_unlisted.sql`.
DAYS = 92
_LISTINGS = pa.schema([("listed_on", pa.date32()), ("procedure_code", pa.string()), ("is_in_force", pa.bool_())])


def listings(lake: Lake, as_of_on: date) -> pa.Table:
    """Return the catalogues of the last 92 days, and the newest one before.

    Where all were read after `as_of_on`, the oldest one. An empty catalogue has no rows, and so proves nothing.

    Returns:
        One row per catalogue and procedure: listed_on, procedure_code, is_in_force.
    """
    days = [date.fromisoformat(part) for part in lake.store.parts("staged/one_stop__procedures")]
    since = as_of_on - timedelta(days=DAYS)
    wanted = [day for day in days if since < day <= as_of_on]
    wanted = [day for day in days if day <= since][-1:] + wanted
    tables = []
    for day in wanted or days[:1]:
        held = lake.store.read("staged/one_stop__procedures", day, columns=["procedure_code", "is_in_force"])
        tables.append(held.add_column(0, "listed_on", pa.array([day] * held.num_rows, pa.date32())).cast(_LISTINGS))
    return pa.concat_tables(tables) if tables else _LISTINGS.empty_table()


def unlisted(lake: Lake, as_of_on: date) -> pa.Table:
    """Return procedures of recent dossiers that were not listed, or not in force.

    Dossiers of the last 92 days are held against the catalogue of their day.

    Returns:
        procedure_code, is_listed (it is there, but abolished), dossiers, first_on, last_on, units; most dossiers first.
        Empty where no catalogue was ever read.
    """
    months = {f"{as_of_on - timedelta(days=back):%Y-%m}" for back in range(DAYS)}
    if not months & set(lake.store.parts("core/dossiers")):
        return pa.table({"procedure_code": pa.array([], pa.string())})
    parts = lake.store.source_of_parts("core/dossiers", only=months)
    known = listings(lake, as_of_on)
    return run_file("core/procedures_unlisted", dossiers=parts, listings=known, run=run_table(as_of_on))
