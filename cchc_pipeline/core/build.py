"""Build the derived core tables: dossiers and their lateness, events, documents, procedures, registers."""

from __future__ import annotations

import csv
import hashlib
from datetime import date, timedelta
from functools import lru_cache
from importlib import resources

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.contracts.code_lists import index_table, measure_table
from cchc_pipeline.core import state
from cchc_pipeline.core.journal import keep_before
from cchc_pipeline.core.queries import FIRST, PROCEDURE_KEY, calendar_table, counts, held_source, run_table
from cchc_pipeline.core.units import former_fingerprint, with_holders
from cchc_pipeline.days import today
from cchc_pipeline.lake.engine import run_file, run_sql, sql_file
from cchc_pipeline.lake.files import Source
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.reference.calendar import overrides
from cchc_pipeline.reference.working_time import WorkingHours, working_hours
from cchc_pipeline.sources.registers.source import TABLES

#: Causes of lateness; parts of the measure `resolved_late`.
CAUSES = ("in_fact", "other_authority", "software_only", "unknown")
_APOLOGIES = pa.schema({"dossier_code": pa.string(), "letter_code": pa.string(), "letter_on": pa.date32()})
#: Key of the metadata of a part that say what it was made from.
STAMP = b"cchc.inputs"
#: The table `dossier_events` from its months.
EVENTS_QUERY = (
    "SELECT event_on, unit_code, procedure_code, channel, measure, SUM(quantity) AS quantity "
    "FROM parts WHERE event_on <= ? GROUP BY ALL ORDER BY ALL"
)
#: Days back from which procedures of dossiers are checked; as in `procedures_unlisted.sql`.
DAYS = 92
_LISTINGS = pa.schema([("listed_on", pa.date32()), ("procedure_code", pa.string()), ("is_in_force", pa.bool_())])
#: Published table of a register -> the inbound table that it is made from.
REGISTERS = {name: table for name, table in TABLES.items() if name not in ("unit_changes", "appraisals")}
_spans = lru_cache(maxsize=4)(WorkingHours.table)


def openings(hours: WorkingHours, calendar: pa.Table) -> pa.Table:
    """Return opening hours on the days of a calendar, see `WorkingHours.table`."""
    days = pc.min_max(calendar["day_on"])
    return _spans(hours, days["min"].as_py(), days["max"].as_py())


def dossiers_of(
    held: Source, *, apologies: pa.Table, calendar: pa.Table, hours: WorkingHours, run: pa.Table
) -> pa.Table:
    """Build rows of the published table `dossiers`: outcome and both due dates.

    There is one per row of `held`, a month of core dossiers; of `apologies` (see `first_apologies`) the codes alone are
    read; the calendar covers the month's dossiers and their due dates; `run` has `as_of_on`.
    """
    tables = {"held": held, "apologies": apologies, "calendar": calendar}
    deadlines = run_file("core/deadlines", **tables, openings=openings(hours, calendar))
    schema = load_contract("dossiers").arrow_schema()
    return run_file("core/dossiers", schema, **tables, deadlines=deadlines, run=run)


@lru_cache(maxsize=1)
def step_kinds() -> pa.Table:
    """Return the known kinds of steps: pattern (regex for lower case), kind."""
    text = resources.files("cchc_pipeline.reference").joinpath("step_kinds.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    return pa.table({name: pa.array([row[name] for row in rows], pa.string()) for name in ("pattern", "kind")})


def first_apologies(lake: Lake) -> pa.Table:
    """Return first apology letters per dossier: dossier_code, letter_code, letter_on."""
    return run_file("core/late_apologies", _APOLOGIES, documents=held_source(lake, "documents__documents"))


def build_late_part(lake: Lake, part: str, **tables: Source) -> pa.Table:
    """Write the late dossiers of a month; return their events by cause.

    `tables` are `dossiers`, the month as built; `held`, as held in core, with the steps; `apologies`; `calendar`, which
    covers every day of the dossiers; `run` with `as_of_on`.
    """
    schema = load_contract("late_dossiers").arrow_schema()
    late = run_file("core/late_dossiers", schema, **tables, step_kinds=step_kinds())
    lake.store.write(late, "built/late_dossiers", part)
    return counts("late_items", late=late)


def build_late(lake: Lake) -> pa.Table:
    """Build the published table `late_dossiers` from all months, ordered by its key."""
    schema = load_contract("late_dossiers").arrow_schema()
    months = lake.store.source_of_parts("built/late_dossiers", schema)
    table = run_sql("SELECT * FROM months ORDER BY dossier_id", schema, months=months)
    lake.store.update(table, "built/late_dossiers")
    return table


def late_by_month(late: pa.Table) -> tuple[list[str], dict[str, list[float]]]:
    """Return months (yyyy-MM), and dossiers resolved late in each of them by cause."""
    rows = run_sql(
        "SELECT STRFTIME(finished_on, '%Y-%m') AS month, cause, COUNT(*)::DOUBLE AS dossiers FROM late "
        "WHERE resolution = 'resolved_late' GROUP BY ALL",
        late=late,
    ).to_pylist()
    months = sorted({row["month"] for row in rows})
    found = {(row["month"], row["cause"]): row["dossiers"] for row in rows}
    return months, {cause: [found.get((month, cause), 0.0) for month in months] for cause in CAUSES}


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
    dossiers and `as_of_on` moved: so the cost of a night follows what can still change. `rebuild` treats every month as
    stale. On `former` see `units.former_holders`; the shipped opening hours hold by default.

    Returns:
        Number of months, number rebuilt.
    """
    hours, apologies = hours or working_hours(), first_apologies(lake)
    store, parts = lake.store, lake.store.parts("core/dossiers")
    tables_made = ("late_dossiers", "dossiers", "dossier_events")
    late, dossiers, events = (load_contract(name).arrow_schema() for name in tables_made)
    files = ("dossiers", "dossier_items", "late_dossiers", "late_items", "deadlines")
    rules = [sql_file(f"core/{file}") for file in files] + sorted(map(str, hours.openings))
    known = (late, step_kinds().to_pydict(), former_fingerprint(former), dossiers, events, overrides())
    logic = hashlib.sha256("".join([*rules, *map(str, known)]).encode()).hexdigest()
    letters = _apologies_by_part(lake, apologies) if parts else {}
    calendar = calendar_table(FIRST, max(as_of_on, today()) + timedelta(days=400))
    tables = {"apologies": apologies, "calendar": calendar, "run": run_table(as_of_on)}
    built, rebuilt = store.parts("built/dossiers"), 0
    for part, token in parts.items():
        fixed = f"{logic}|{token}|{letters.get(part, '')}"
        # Without open dossiers, what was built stays right when as_of_on moves.
        fresh = [f"{fixed}|{open_until}".encode() for open_until in (as_of_on, "closed")]
        if not rebuild and stamp_of(lake, "built/dossiers", part) in fresh:
            continue
        held = with_holders(store.path("core/dossiers", part), former)
        table = dossiers_of(held, hours=hours, **tables)
        causes = build_late_part(lake, part, dossiers=table, held=held, **tables)
        counted = [counts("dossier_items", events, dossiers=table), causes.select(events.names).cast(events)]
        store.write(pa.concat_tables(counted), "built/dossier_events", part)
        if built:
            keep_before(lake, part, table, as_of_on)
        metadata = {**(table.schema.metadata or {}), STAMP: fresh[not pc.any(table["is_open"]).as_py()]}
        store.write(table.replace_schema_metadata(metadata), "built/dossiers", part)
        rebuilt += 1
    for name in ("built/dossiers", "built/dossier_events", "built/late_dossiers"):
        store.remove(name, set(store.parts(name)) - set(parts))
    return len(parts), rebuilt


def stamp_of(lake: Lake, table: str, part: str) -> bytes:
    """Return the stamp of what a built part was made from; empty where there is none."""
    built = lake.store.schema(table, part)
    return b"" if built is None else (built.metadata or {}).get(STAMP, b"")


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
    held = with_holders(held_source(lake, "documents__documents"), former)
    table = run_file("core/documents", load_contract("documents").arrow_schema(), held=held, calendar=calendar)
    lake.store.update(table, "built/documents")
    return table


def build_procedures(lake: Lake, as_of_on: date) -> pa.Table:
    """Build the published table `procedures`; keep its counts as a daily snapshot."""
    held = lake.store.read("core/one_stop__procedures", schema=load_contract("one_stop__procedures").arrow_schema())
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


def build_portal(lake: Lake, name: str) -> pa.Table:
    """Build a published table of the portal's figures, `portal_metrics` or `portal_procedures`, from what is held."""
    inbound = f"national_portal__{name.removeprefix('portal_')}"
    held = lake.store.source(f"core/{inbound}", load_contract(inbound).arrow_schema())
    table = run_file(f"core/{name}", load_contract(name).arrow_schema(), held=held)
    lake.store.update(table, f"built/{name}")
    return table


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


def build_register(lake: Lake, name: str, as_of_on: date) -> pa.Table:
    """Take in a register, a key of `REGISTERS`, and build its published table.

    Done, overdue and answered are as of `as_of_on`, the last civil day of data.
    """
    inbound = REGISTERS[name]
    state.take_in(lake, inbound)
    held = lake.store.read(f"core/{inbound}", schema=load_contract(inbound).arrow_schema())
    schema = load_contract(name).arrow_schema()
    lists = {"measures": measure_table(), "indices": index_table()}
    table = run_file(f"core/{name}", schema, held=held, **lists, run=run_table(as_of_on))
    lake.store.update(table, f"built/{name}")
    return table


def unknown_unit_codes(lake: Lake, register: str) -> list[str]:
    """Return the unit codes of a built register that are not in `units`, sorted.

    Codes of other provinces are allowed in `external_indices`. The rows of unknown codes are published, and count in
    no indicator.
    """
    return run_sql(
        "SELECT DISTINCT unit_code FROM register ANTI JOIN units USING (unit_code) "
        "WHERE ? <> 'external_indices' OR SPLIT_PART(unit_code, '.', 1) IN (SELECT province_code FROM units) "
        "ORDER BY 1",
        params=[register],
        register=lake.store.source(f"built/{register}"),
        units=lake.store.source("built/units"),
    )["unit_code"].to_pylist()
