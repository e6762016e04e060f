"""Build the derived core tables: dossiers, dated events, documents and procedures."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core import deadlines, late
from cchc_pipeline.core.holders import former_fingerprint, with_holders
from cchc_pipeline.core.items import PROCEDURE_KEY, counts
from cchc_pipeline.core.queries import FIRST, calendar_table, run_table
from cchc_pipeline.days import today
from cchc_pipeline.lake.engine import run_file, run_sql, sql_file
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.reference.calendar import overrides
from cchc_pipeline.reference.working_time import WorkingHours, working_hours

_FINGERPRINT = b"cchc.inputs"
#: The table `dossier_events` from its months.
EVENTS_QUERY = (
    "SELECT event_on, unit_code, procedure_code, channel, measure, SUM(quantity) AS quantity "
    "FROM parts WHERE event_on <= ? GROUP BY ALL ORDER BY ALL"
)


def build_dossiers(
    lake: Lake,
    as_of_on: date,
    *,
    hours: WorkingHours | None = None,
    former: pa.Table | None = None,
    rebuild: bool = False,
) -> tuple[int, int]:
    """Rebuild stale months of `dossiers`, `late_dossiers` and `dossier_events`.

    A month is stale when its core rows, the SQL, the calendar or its apology letters changed, or when it holds open
    dossiers and `as_of_on` moved: so the cost of a night follows what can still change.

    Args:
        lake: the lake.
        as_of_on: last civil day of data.
        hours: opening hours of the units; the shipped table by default.
        former: codes that belong to another unit by now, see `holders.former_holders`.
        rebuild: treat every month as stale.

    Returns:
        Number of months, number rebuilt.
    """
    hours, apologies = hours or working_hours(), late.apologies(lake)
    store, parts = lake.store, lake.store.parts("core/dossiers")
    dossiers, events = (load_contract(name).arrow_schema() for name in ("dossiers", "dossier_events"))
    own = [late.logic(), deadlines.logic(hours), former_fingerprint(former)]
    rules = [sql_file("core/dossiers"), sql_file("core/dossier_items"), *own]
    logic = hashlib.sha256("".join([*rules, str(dossiers), str(events), str(overrides())]).encode()).hexdigest()
    letters = _apologies_by_part(lake, apologies) if parts else {}
    calendar = calendar_table(FIRST, max(as_of_on, today()) + timedelta(days=400))
    tables = {"apologies": apologies, "calendar": calendar, "run": run_table(as_of_on)}
    rebuilt = 0
    for part, token in parts.items():
        fixed = f"{logic}|{token}|{letters.get(part, '')}"
        if not rebuild and _is_fresh(store.schema("built/dossiers", part), fixed, as_of_on):
            continue
        held = with_holders(store.path("core/dossiers", part), former)
        table = deadlines.dossiers_of(held, hours=hours, **tables)
        causes = late.build_part(lake, part, dossiers=table, held=held, **tables)
        counted = [counts("dossier_items", events, dossiers=table), causes.select(events.names).cast(events)]
        # Without open dossiers, what was built stays right when as_of_on moves.
        stamp = f"{fixed}|{as_of_on if pc.any(table['is_open']).as_py() else 'closed'}".encode()
        store.write(pa.concat_tables(counted), "built/dossier_events", part)
        metadata = {**(table.schema.metadata or {}), _FINGERPRINT: stamp}
        store.write(table.replace_schema_metadata(metadata), "built/dossiers", part)
        rebuilt += 1
    for name in ("built/dossiers", "built/dossier_events", "built/late_dossiers"):
        store.remove(name, set(store.parts(name)) - set(parts))
    return len(parts), rebuilt


def _is_fresh(built: pa.Schema | None, fixed: str, as_of_on: date) -> bool:
    if built is None:
        return False
    stamp = (built.metadata or {}).get(_FINGERPRINT, b"").decode()
    return stamp in (f"{fixed}|{as_of_on}", f"{fixed}|closed")


def _apologies_by_part(lake: Lake, apologies: pa.Table) -> dict[str, str]:
    """Return month -> hash of its dossiers with an apology letter, if it has any."""
    rows = run_sql(
        "WITH named AS (SELECT dossier_code, strftime(COALESCE(received_on, applied_on), '%Y-%m') AS part FROM held) "
        "SELECT part, md5(string_agg(CONCAT_WS('|', dossier_code, letter_code, letter_on), ',' ORDER BY dossier_code)) "
        "AS digest FROM named JOIN apologies USING (dossier_code) WHERE part IS NOT NULL GROUP BY part",
        held=lake.store.source_of_parts("core/dossiers"),
        apologies=apologies,
    ).to_pylist()
    return {row["part"]: row["digest"] for row in rows}


def build_events(lake: Lake, as_of_on: date) -> pa.Table:
    """Build the published table `dossier_events`: events of all months to `as_of_on`.

    Returns:
        `quantity` by event_on, unit_code, procedure_code, channel and measure, which are the key and the order.
    """
    events = load_contract("dossier_events").arrow_schema()
    parts = lake.store.source_of_parts("built/dossier_events", events)
    table = run_sql(EVENTS_QUERY, events, params=[as_of_on], parts=parts)
    lake.store.update(table, "built/dossier_events")
    return table


def build_documents(lake: Lake, *, former: pa.Table | None = None) -> pa.Table:
    """Build the published table `documents`: one row per document."""
    calendar = calendar_table(FIRST, today() + timedelta(days=400))
    held = with_holders(lake.store.path("core/documents__documents"), former)
    table = run_file("core/documents", load_contract("documents").arrow_schema(), held=held, calendar=calendar)
    lake.store.update(table, "built/documents")
    return table


def build_procedures(lake: Lake, as_of_on: date) -> pa.Table:
    """Build the published table `procedures`; keep its counts as a daily snapshot."""
    held = lake.store.read("core/one_stop__procedures")
    newest = counts("procedure_items", key=PROCEDURE_KEY, held=held, run=run_table(as_of_on))
    before = lake.store.read("core/procedure_counts", schema=newest.schema)
    if "executing_level" not in before.schema.names:  # counted before the level was kept
        before = before.append_column("executing_level", pa.nulls(before.num_rows, pa.string()))
    before = before.select(newest.schema.names)
    kept = before.filter(pc.not_equal(before["event_on"], pa.scalar(as_of_on)))
    every = pa.concat_tables([kept.cast(newest.schema), newest])
    order = [(name, "ascending") for name in ("event_on", "unit_code", "executing_level", "measure")]
    lake.store.update(every.sort_by(order), "core/procedure_counts")
    schema = load_contract("procedures").arrow_schema()
    table = held.select(schema.names).cast(schema)
    lake.store.update(table, "built/procedures")
    return table
