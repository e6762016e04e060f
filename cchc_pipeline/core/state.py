"""Take staged rows into the core tables, by key."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.lake.engine import run_sql
from cchc_pipeline.lake.files import Token
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.sources.registry import SOURCE_OF_TABLE
from cchc_pipeline.validation.acceptances import note_withdrawals, pending_withdrawals
from cchc_pipeline.validation.quarantine import row_keys

NO_MONTH = "unknown"
_CAPTURED = "captured_on"
MONTH_OF_DOSSIER = ("received_on", "applied_on")


def merge(current: pa.Table, incoming: pa.Table, key: Sequence[str]) -> pa.Table:
    """Merge `incoming` into `current`: a row replaces the held one of the same key.

    Both have one schema; of several incoming rows with one key the last wins. Where rows say the day on which they were
    captured, a later day wins whatever came in last: an old reply that is read later replaces nothing newer.

    Returns:
        Rows ordered by key; `current` as it is where nothing came in.
    """
    if incoming.num_rows == 0:
        return current
    every = pa.concat_tables([current, incoming.select(current.schema.names).cast(current.schema)])
    if _CAPTURED in every.schema.names:
        day, row = every[_CAPTURED], pa.array(range(every.num_rows), pa.int64())
        order = pa.table({"has_day": pc.is_valid(day), "day": day, "row": row})
        every = every.take(pc.sort_indices(order, sort_keys=[(name, "ascending") for name in order.schema.names]))
    numbered = every.append_column("_row", pa.array(range(every.num_rows), pa.int64()))
    last = numbered.group_by(list(key)).aggregate([("_row", "max")])["_row_max"]
    return every.take(last).sort_by([(name, "ascending") for name in key]).combine_chunks()


def upsert(
    lake: Lake, table: str, incoming: pa.Table, key: Sequence[str], check: Callable[[pa.Table], object] | None = None
) -> int:
    """Merge into a core table of one file; return the number of rows held.

    Columns that rows held from before do not have are null in them. Where `check` raises on what would be held, what
    is held stays.
    """
    current = lake.store.read(f"core/{table}", schema=incoming.schema)
    if current.schema.names != incoming.schema.names:
        held = {field.name: current[field.name] for field in incoming.schema if field.name in current.schema.names}
        absent = {field.name: pa.nulls(current.num_rows, field.type) for field in incoming.schema}
        current = pa.table(absent | held).select(incoming.schema.names).cast(incoming.schema)
    merged = merge(current, incoming, key)
    if check is not None:
        check(merged)
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

    Drafts and results that nobody has fetched are left out, as they pile up: the adapter reads those by status. Staged
    dossiers that wait for days before them are among them.
    """
    waiting = lake.ledger("staged", "one_stop__dossiers", consumer="core").pending()
    sql = "SELECT dossier_code, received_on FROM {} WHERE status_code IN (2, 4, 5, 6)"
    schema = load_contract("one_stop__dossiers").arrow_schema()
    return run_sql(
        f"{sql.format('held')} UNION {sql.format('waiting')} ORDER BY ALL",
        held=lake.store.source_of_parts("core/dossiers", schema),
        waiting=lake.store.source_of_parts("staged/one_stop__dossiers", schema, only=set(waiting)),
    )


def take_in(lake: Lake, table: str, check: Callable[[pa.Table], object] | None = None) -> int:
    """Upsert the new staged rows of a table by its key; return the rows then held.

    Files are taken in the order in which they were written: what was pulled later is newer, whatever
    day it was pulled for. Where `check` raises on what would be held, the new rows wait.
    """
    with _new(lake, table, table) as rows:
        return upsert(lake, table, rows, load_contract(table).key, check)


def take_in_dossiers(lake: Lake) -> set[str]:
    """Upsert the new staged dossiers; return the monthly parts that changed."""
    with _new(lake, "one_stop__dossiers", "dossiers") as rows:
        (key,) = load_contract("one_stop__dossiers").key
        return upsert_by_month(lake, "dossiers", rows, key, MONTH_OF_DOSSIER)


def replace(lake: Lake, table: str) -> int:
    """Replace the held listing by the newest full one; return the rows then held.

    An empty listing replaces nothing: a catalogue does not vanish over night.
    """
    contract = load_contract(table)
    ledger = lake.ledger("staged", table, consumer="core")
    taken = _complete(lake, table, ledger.pending())
    listings = [part for part in taken if lake.store.rows(f"staged/{table}", part)]
    if listings:
        rows = _read(lake, table, listings[-1:])
        ordered = rows.sort_by([(name, "ascending") for name in contract.key])
        lake.store.update(ordered.combine_chunks(), f"core/{table}")
    ledger.note(taken)
    return lake.store.read(f"core/{table}", schema=contract.arrow_schema()).num_rows


def _complete(lake: Lake, table: str, pending: Mapping[str, Token]) -> dict[str, Token]:
    """Return the pending days up to which no day of the source is missing; later ones wait until the gap is closed.

    So what is held is what the source held after its last complete day, and figures as of that day are exact.
    """
    source = SOURCE_OF_TABLE[table]
    if not source.is_daily or not lake.pulls(source.name):
        return dict(pending)
    span = lake.read_span(source.name)
    return {part: token for part, token in pending.items() if span and part <= span.as_of_on.isoformat()}


@contextmanager
def _new(lake: Lake, table: str, core_name: str) -> Iterator[pa.Table]:
    """Yield the new staged rows; note them as taken in when the block succeeds.

    A record whose acceptance was withdrawn is removed first; what was last staged of it comes with the rows.
    """
    ledger = lake.ledger("staged", table, consumer="core")
    taken = _complete(lake, table, ledger.pending())
    decisions, withdrawn = pending_withdrawals(lake, table)
    _drop_rows(lake, table, core_name, withdrawn)
    new = _read(lake, table, list(taken))
    yield pa.concat_tables([_last_staged(lake, table, withdrawn), new])
    note_withdrawals(lake, table, decisions)
    ledger.note(taken)


def _drop_rows(lake: Lake, table: str, core_name: str, keys: Sequence[str]) -> None:
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


def _last_staged(lake: Lake, table: str, keys: Sequence[str]) -> pa.Table:
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


def _read(lake: Lake, table: str, parts: Sequence[str]) -> pa.Table:
    """Return staged parts as one table, in their order."""
    schema = load_contract(table).arrow_schema()
    read = [lake.store.read(f"staged/{table}", part).select(schema.names).cast(schema) for part in parts]
    return pa.concat_tables([schema.empty_table(), *read])


def count(lake: Lake, layer: str, table: str) -> int:
    """Count the rows of a table in parts, from their footers."""
    return sum(lake.store.rows(f"{layer}/{table}", part) for part in lake.store.parts(f"{layer}/{table}"))


def daily_outcomes(events: pa.Table, *, last: int) -> tuple[list[date], dict[str, list[float]]]:
    """Return the `last` days of resolution, and dossiers resolved on them by outcome.

    Outcomes are resolved_early, resolved_on_time and resolved_late; days are in order.
    """
    table = run_sql(
        "SELECT event_on, "
        "COALESCE(SUM(quantity) FILTER (measure = 'resolved_early'), 0) AS resolved_early, "
        "COALESCE(SUM(quantity) FILTER (measure = 'resolved_on_time'), 0) AS resolved_on_time, "
        "COALESCE(SUM(quantity) FILTER (measure = 'resolved_late'), 0) AS resolved_late "
        "FROM events WHERE measure LIKE 'resolved_%' GROUP BY event_on ORDER BY event_on DESC LIMIT $last",
        params={"last": last},
        events=events,
    )[::-1]
    return table["event_on"].to_pylist(), {n: table[n].to_pylist() for n in table.schema.names[1:]}
