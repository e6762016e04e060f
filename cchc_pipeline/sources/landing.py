"""Write what a source gives to `landing` day by day, before anything judges it."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import pyarrow as pa

from cchc_pipeline.arrow import array
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.days import Window
from cchc_pipeline.errors import CchcError
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.progress import Progress
from cchc_pipeline.sources.errors import AdapterFailed
from cchc_pipeline.sources.evidence import Evidence
from cchc_pipeline.sources.protocol import Batch, KnownState, Source

#: Attributes of an adapter that are recorded with its pull, where it has them.
_RECORDED = ("captured_on", "is_saved")


def land(
    lake: Lake, source: Source, window: Window, known: KnownState, progress: Progress, overlap_days: int = 0
) -> dict[str, int]:
    """Pull a window from a source into `landing`, replacing the days of the window.

    Every batch is on disk before the next is asked for, so that a source that breaks off leaves
    what it gave. How each day ended is recorded beside; `overlap_days` before the window were read with it. Raw
    replies are kept where the source has them as `evidence`.

    Returns:
        Rows landed by table.

    Raises:
        SourceError: the source could not be read to the end; the days are recorded as failed.
    """
    rows: dict[tuple[str, date], list[dict[str, Any]]] = {}
    landed: Counter[str] = Counter()
    evidence = getattr(source, "evidence", Evidence())
    try:
        for batch in _batches(source, window, known, progress):
            held = rows.setdefault((batch.table, batch.day), [])
            held.extend(batch.rows)
            landed[batch.table] += len(batch.rows)
            lake.store.write(to_arrow(batch.table, held), f"landing/{batch.table}", batch.day)
            if batch.day != window.last:
                del rows[batch.table, batch.day]
    except Exception as error:
        said = getattr(error, "said_vi", None)
        failed = {"status": "failed", "rows": dict(landed), "error": str(error), "error_vi": said}
        lake.record_pull(source.name, window.first, window.last, {**failed, **about(source, overlap_days)})
        raise
    finally:
        evidence.write(lake, source.name, window.last)
    read = {"status": "ok", "rows": dict(landed)}
    lake.record_pull(source.name, window.first, window.last, {**read, **about(source, overlap_days)})
    return {table: landed[table] for table in source.tables}


def known_state(lake: Lake, open_dossiers: Mapping[str, date | None], first_day: date | None) -> KnownState:
    """Return what adapters may know of a lake."""

    def held(table: str, columns: Sequence[str]) -> pa.Table:
        schema = load_contract(table).arrow_schema()
        return lake.store.read(f"core/{table}", schema=schema, columns=list(columns)).select(list(columns))

    return KnownState(open_dossiers, first_day, held)


def about(source: Source, overlap_days: int) -> dict[str, Any]:
    """Return what is recorded of a pull beside how it ended."""
    held = {name: getattr(source, name, None) for name in _RECORDED}
    return {"overlap_days": overlap_days, **{name: value for name, value in held.items() if value is not None}}


def _batches(source: Source, window: Window, known: KnownState, progress: Progress) -> Iterator[Batch]:
    """Yield what a source gives; a defect of its adapter is an error of this source, not of the night."""
    try:
        yield from source.pull(window, known, progress)
    except CchcError:
        raise
    except Exception as defect:
        at = traceback.extract_tb(defect.__traceback__)[-1]
        what = f"the adapter stumbled over what came: {type(defect).__name__} in {at.name}"
        culprit = f"{at.filename.rpartition('/')[2]}, line {at.lineno}"
        raise AdapterFailed(what, source=source.name, culprit=culprit, day=window.last) from defect


def to_arrow(table: str, rows: list[dict[str, Any]]) -> pa.Table:
    """Convert rows to an Arrow table with the contract's types.

    A column that no row has is left out and a value of another type keeps its column as text: the
    contract then says which column is gone or retyped.
    """
    schema = load_contract(table).arrow_schema()
    if not rows:
        return schema.empty_table()
    names = {name for row in rows for name in row}
    columns: dict[str, pa.Array] = {}
    for name in [*[n for n in schema.names if n in names], *sorted(names - set(schema.names))]:
        values = [row.get(name) for row in rows]
        try:
            columns[name] = array(values, schema.field(name).type if name in schema.names else None)
        except (pa.ArrowException, OverflowError):  # a whole number of more than 64 bits overflows
            columns[name] = array([None if value is None else str(value) for value in values], pa.string())
    return pa.table(columns)
