"""Landing: what a source gives is written down day by day, before anything judges it.

Belongs here: running one adapter over a window and keeping what it yields, also when it breaks off
half-way. Not here: how a source is read (the adapters) and whether rows are good (`contracts`).
"""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.upsert import open_dossiers
from cchc_pipeline.lake import files
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.sources.protocol import KnownState, Progress, Source, Window


def known_state(lake: Lake, history_from: date) -> KnownState:
    """What the core tables still hold open, for adapters that cannot ask a source what changed."""
    held = open_dossiers(lake)
    codes, days = held["dossier_code"].to_pylist(), held["received_on"].to_pylist()
    return KnownState(open_dossiers=dict(zip(codes, days, strict=True)), first_day=history_from)


def land(lake: Lake, source: Source, window: Window, known: KnownState, progress: Progress) -> dict[str, int]:
    """Pull a window from a source into `landing`, replacing the days of the window.

    Every batch is on disk before the next is asked for, so that a source that breaks off leaves
    what it gave. How each day ended is recorded beside.

    Returns:
        Rows landed by table.

    Raises:
        SourceError: the source could not be read to the end; the days are recorded as failed.
    """
    rows: dict[tuple[str, date], list[dict[str, Any]]] = {}
    landed: Counter[str] = Counter()
    try:
        for batch in source.pull(window, known, progress):
            held = rows.setdefault((batch.table, batch.day), [])
            held.extend(batch.rows)
            landed[batch.table] += len(batch.rows)
            files.write_parquet(to_arrow(batch.table, held), lake.day_file("landing", batch.table, batch.day))
            if batch.day != window.last:
                del rows[batch.table, batch.day]
    except Exception as error:
        failed = {"status": "failed", "rows": dict(landed), "error": str(error)}
        lake.record_pull(source.name, window.first, window.last, failed)
        raise
    lake.record_pull(source.name, window.first, window.last, {"status": "ok", "rows": dict(landed)})
    return {table: landed[table] for table in source.tables}


def to_arrow(table: str, rows: list[dict[str, Any]]) -> pa.Table:
    """Rows as an Arrow table with the contract's types.

    A column that no row has is left out and a value of another type keeps its column as text: the
    contract then says which column is gone or retyped.
    """
    schema = load_contract(table).arrow_schema()
    if not rows:
        return schema.empty_table()
    names = {name for row in rows for name in row}
    fields, arrays = [], []
    for name in [*[n for n in schema.names if n in names], *sorted(names - set(schema.names))]:
        values = [row.get(name) for row in rows]
        try:
            array = pa.array(values, schema.field(name).type if name in schema.names else None)
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            array = pa.array([None if value is None else str(value) for value in values], pa.string())
        fields.append(pa.field(name, array.type))
        arrays.append(array)
    return pa.table(arrays, schema=pa.schema(fields))


def uncovered_days(lake: Lake, source: str, overlap_days: int, last: date) -> list[date]:
    """Civil days between the first pull and `last` that no successful pull has read.

    A pull of a day also reads the `overlap_days` before it, so a short outage heals with the next
    night.
    """
    pulled = [day for day, outcome in lake.pulls(source).items() if outcome["is_read"]]
    if not pulled:
        return []
    covered = {day - timedelta(days=back) for day in pulled for back in range(overlap_days + 1)}
    first = min(pulled)
    return [day for i in range((last - first).days + 1) if (day := first + timedelta(days=i)) not in covered]


def ranges(days: list[date]) -> list[tuple[date, date]]:
    """Consecutive days as (first, last) pairs, in order."""
    spans: list[tuple[date, date]] = []
    for day in sorted(days):
        if spans and spans[-1][1] + timedelta(days=1) == day:
            spans[-1] = (spans[-1][0], day)
        else:
            spans.append((day, day))
    return spans
