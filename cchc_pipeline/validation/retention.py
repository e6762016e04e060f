"""Remove what is older than its contract keeps.

Never removed: a day that a later stage has not taken in yet, the newest day with rows, rows that wait in
quarantine, core tables, and the log of pulls: so no day becomes a gap, and none is pulled or counted again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.contracts.model import load_contract
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.sources.evidence import FOLDER as EVIDENCE
from cchc_pipeline.validation.drift.profiles import LAYER

#: Layer of day files -> stage that takes them in.
CONSUMERS = {"landing": "staged", "staged": "core"}


@dataclass(frozen=True)
class Pruned:
    """Days and rows that were removed of one table.

    Attributes:
        table: its name.
        kept_from: first civil day that the contract keeps.
        days: civil days of which a landed or staged file was removed, in order.
        waiting: older days that were left because a stage has not taken them in yet, in order.
        profile_days: number of days whose profile was removed.
        counts: number of rows of data quality that were removed.
    """

    table: str
    kept_from: date
    days: tuple[date, ...]
    waiting: tuple[date, ...]
    profile_days: int
    counts: int


def prune(lake: Lake, tables: Sequence[str], as_of_on: date) -> list[Pruned]:
    """Remove what is older than each inbound table's contract keeps; idempotent.

    Its days count back from `as_of_on`, the last civil day of data. Raw replies of a source stay as long as its tables.
    """
    kept_from = {table: as_of_on - timedelta(days=load_contract(table).retention_days) for table in tables}
    sources: dict[str, date] = {}
    for table, day in kept_from.items():
        source = table.partition("__")[0]
        sources[source] = min(day, sources.get(source, day))
    evidence = (_prune_evidence(lake, f"{EVIDENCE}/{source}", day) for source, day in sources.items())
    return [*(_prune(lake, table, day) for table, day in kept_from.items()), *filter(None, evidence)]


def _prune_evidence(lake: Lake, folder: str, kept_from: date) -> Pruned | None:
    held = {name: date.fromisoformat(name[:10]) for name in lake.store.parts(folder, ".zip")}
    old = [name for name, day in held.items() if day < kept_from]
    lake.store.remove(folder, old, ".zip")
    return Pruned(folder, kept_from, tuple(sorted({held[name] for name in old})), (), 0, 0) if held else None


def _prune(lake: Lake, table: str, kept_from: date) -> Pruned:
    held = {layer: [date.fromisoformat(part) for part in lake.store.parts(f"{layer}/{table}")] for layer in CONSUMERS}
    logic = {"landing": load_contract(table).sha256, "staged": ""}
    pending = {
        date.fromisoformat(part)
        for layer, consumer in CONSUMERS.items()
        for part in lake.ledger(layer, table, consumer=consumer, logic=logic[layer]).pending()
    }
    newest = {day for layer, days in held.items() if (day := _newest(lake, f"{layer}/{table}", days))}
    old = {day for found in held.values() for day in found if day < kept_from}
    going = old - pending - newest
    for layer, consumer in CONSUMERS.items():
        gone = [day.isoformat() for day in held[layer] if day in going]
        if gone:
            lake.store.remove(f"{layer}/{table}", gone)
            lake.ledger(layer, table, consumer=consumer).forget(gone)
    old_lines = [part for part in lake.store.parts(f"{LAYER}/{table}") if part <= f"{kept_from:%Y-%m}"]
    profile_days = [_drop(lake, f"{LAYER}/{table}", part, "day_on", kept_from, pending)[0] for part in old_lines]
    quality = f"core/quality_{table}"
    counts = _drop(lake, quality, None, "pulled_for_on", kept_from, pending)[1] if lake.store.has(quality) else 0
    return Pruned(table, kept_from, tuple(sorted(going)), tuple(sorted(old & pending)), sum(profile_days), counts)


def _newest(lake: Lake, table: str, days: Sequence[date]) -> date | None:
    """Return the newest day with rows, without reading older files."""
    return next((day for day in sorted(days, reverse=True) if lake.store.rows(table, day.isoformat())), None)


def _drop(
    lake: Lake, table: str, part: str | None, column: str, kept_from: date, pending: set[date]
) -> tuple[int, int]:
    """Remove the rows of days before `kept_from` that do not wait; return days and rows."""
    rows = lake.store.read(table, part)
    waits = pc.is_in(rows[column], value_set=pa.array(sorted(pending), pa.date32()))
    staying = rows.filter(pc.or_(pc.greater_equal(rows[column], pa.scalar(kept_from, pa.date32())), waits))
    if part and not staying.num_rows:
        lake.store.remove(table, [part])
    elif staying.num_rows < rows.num_rows:
        lake.store.update(staying.combine_chunks(), table, part)
    return len(pc.unique(rows[column])) - len(pc.unique(staying[column])), rows.num_rows - staying.num_rows
