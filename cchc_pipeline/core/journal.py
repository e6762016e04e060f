"""Keep how dossiers were at the end of a night, where a later night changed them.

One part per night holds the rows as the night before left them, of dossiers that are counted otherwise since: so the
state of any night can be told, at the cost of what changed. Only the month of a night and the month before it are kept:
older months are not scored from night to night.
"""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.days import Period, period_of
from cchc_pipeline.lake.engine import run_file
from cchc_pipeline.lake.layout import Lake

TABLE = "core/dossiers_before"
#: Columns that are counted; what else changes in a dossier moves no score.
COUNTED = (
    "dossier_id", "dossier_code", "status_code", "unit_code", "procedure_code", "channel", "service_level",
    "received_on", "due_on", "finished_on", "suspended_on", "resumed_on", "closed_on", "rated_on", "rating", "outcome",
    "has_fee", "is_paid_online", "is_result_electronic", "is_digitised", "is_data_reused", "is_in_personal_storage",
    "is_citizen_data_used", "is_synced_national", "is_suspended", "is_not_late", "has_apology",
    "handling_working_days",
)  # fmt: skip


def counted_schema() -> pa.Schema:
    """Return the columns of `dossiers` that are counted."""
    every = load_contract("dossiers").arrow_schema()
    return pa.schema([pa.field(name, every.field(name).type) for name in COUNTED])


def journal_schema() -> pa.Schema:
    """Return the columns of a part: month, the counted ones as they were, and was_held (false: it was not there)."""
    return pa.schema([("month", pa.string()), *counted_schema(), ("was_held", pa.bool_())])


def scored_months(night: date) -> tuple[Period, Period]:
    """Return the month of a night and the month before it: closed months still move."""
    running = period_of("month", night)
    return running, running.before()


def keep_before(lake: Lake, month: str, after: pa.Table, night: date) -> None:
    """Note how a month of dossiers was before it is built anew; to be called before it is written.

    A night that is run again adds to its part what it did not change before; what stands there stays. `after` is the
    month as it will be written, `night` the last civil day of data.
    """
    if month not in {f"{one.first:%Y-%m}" for one in scored_months(night)}:
        return
    tables = {"before": _built(lake, month), "after": _of_month(after, month)}
    found = run_file("core/dossiers_changed", journal_schema(), **tables)
    known = lake.store.read(TABLE, night, schema=journal_schema())
    held = known.filter(pc.equal(known["month"], month))["dossier_id"].combine_chunks()
    new = found.filter(pc.invert(pc.is_in(found["dossier_id"], value_set=held)))
    if new.num_rows:
        order = [("dossier_id", "ascending"), ("month", "ascending")]
        lake.store.write(pa.concat_tables([known, new]).sort_by(order).combine_chunks(), TABLE, night)


def dossiers_at(lake: Lake, day: date, *, since: date, until: date) -> pa.Table:
    """Return dossiers that changed after the night `since` and until `until`, as they were at the end of `day`.

    Columns are those of `counted_schema`; a dossier that was not there has no row.
    """
    nights = [night for part in lake.store.parts(TABLE) if (night := date.fromisoformat(part)) > min(since, day)]
    changed = [conform(lake.store.read(TABLE, night), journal_schema(), night) for night in nights]
    journal = pa.concat_tables([conform(journal_schema().empty_table(), journal_schema(), day), *changed])
    months = sorted({f"{one.first:%Y-%m}" for night in (since, until) for one in scored_months(night)})
    dossiers = pa.concat_tables([_built(lake, month) for month in months])
    given = {"since": since, "until": until, "day": day}
    return run_file("core/dossiers_at", counted_schema(), params=given, journal=journal, dossiers=dossiers)


def forget(lake: Lake, table: str, *, first: date, last: date) -> None:
    """Remove the nights of a table before `first`, and those after `last`: the lake no longer holds their data."""
    nights = lake.store.parts(table)
    lake.store.remove(table, [part for part in nights if not first <= date.fromisoformat(part) <= last])


def _built(lake: Lake, month: str) -> pa.Table:
    """Return the counted columns of a month as it is built."""
    built = lake.store.schema("built/dossiers", month) or counted_schema()
    columns = [name for name in COUNTED if name in built.names]
    return _of_month(lake.store.read("built/dossiers", month, schema=built, columns=columns), month)


def _of_month(dossiers: pa.Table, month: str) -> pa.Table:
    """Return month and the counted columns."""
    counted = conform(dossiers, counted_schema())
    return counted.add_column(0, "month", pa.array([month] * counted.num_rows, pa.string()))


def conform(table: pa.Table, schema: pa.Schema, night: date | None = None) -> pa.Table:
    """Return the columns of a schema, null where an older program did not keep them; with `night_on` if given."""
    columns = [
        table[field.name].cast(field.type) if field.name in table.column_names else pa.nulls(table.num_rows, field.type)
        for field in schema
    ]
    found = pa.table(columns, schema=schema)
    return found if night is None else found.append_column("night_on", pa.array([night] * found.num_rows, pa.date32()))
