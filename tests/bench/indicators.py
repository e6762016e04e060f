"""Measure the composed queries of the catalogue against SQL written by hand."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.history import event_files, procedures, units
from bench.measure import Line, Report, peak_mib, seconds
from cchc_pipeline.days import periods
from cchc_pipeline.indicators.catalogue import catalogue
from cchc_pipeline.indicators.compute import compute
from cchc_pipeline.lake.engine import connect
from cchc_pipeline.reference.unit_map import lineage_table
from cchc_pipeline.reference.units import UnitHistory

FIRST, LAST = date(2021, 9, 1), date(2026, 8, 31)
_HAND = Path(__file__).with_name("monthly.sql")


def bench(report: Report, dossiers: int) -> None:
    """Measure monthly flow indicators of every unit, then all that a night computes."""
    statement = _HAND.read_text(encoding="utf-8")
    flows = set(re.findall(r"'indicator_id': '(\w+)'", statement))
    every = periods(FIRST, LAST)
    months = every.filter(pc.equal(every["period_type"], "month"))
    every_unit, catalogued = units(), procedures()
    lineage = lineage_table(every_unit, UnitHistory([]), FIRST, LAST, "today")
    with TemporaryDirectory(prefix="bench-") as folder:
        paths = event_files(Path(folder), dossiers, FIRST, LAST)
        rows_in = sum(pq.read_metadata(path).num_rows for path in paths)
        report.note(f"{dossiers:,} dossiers over five years = {rows_in:,} rows of events")

        def ours(only: list | None, wanted: pa.Table | None) -> pa.Table:
            tables = {
                "dossier_events": paths,
                "units": every_unit,
                "unit_lineage": lineage,
                "procedures": catalogued,
                "periods": every if wanted is None else wanted,
            }
            return compute(tables, FIRST, LAST, only)

        def by_hand() -> pa.Table:
            with connect() as connection:
                connection.register("units", every_unit)
                connection.read_parquet([str(path) for path in paths]).create_view("events")
                return connection.sql(statement).to_arrow_table()

        only = [indicator for indicator in catalogue() if indicator.id in flows]
        values = _same(ours(only, months), by_hand())
        report.note(f"{values:,} values of {len(only)} indicators are the same in both")
        hand = seconds(by_hand, 2)
        what = f"{len(only)} flow indicators by unit and month, {dossiers:,} dossiers"
        report.add(Line(what, seconds(lambda: ours(only, months), 2), hand, "SQL by hand", 1.15))
        rows = 0

        def night() -> None:
            nonlocal rows
            rows = ours(None, None).num_rows

        taken = seconds(night)
        report.add(
            Line(
                f"all {len(catalogue())} indicators by day, month, quarter and year",
                taken,
                hand,
                "the monthly SQL by hand",
            )
        )
        report.note(f"{rows:,} values; peak memory of this process {peak_mib():,.0f} MiB")


def _same(ours: pa.Table, hand: pa.Table) -> int:
    """Check that all values are the same; return their number."""
    key = ["indicator_id", "unit_code", "period_start"]
    found = {tuple(row[name] for name in key): (row["numerator"], row["denominator"] or 0) for row in ours.to_pylist()}
    wanted = {tuple(row[name] for name in key): (row["numerator"], row["denominator"]) for row in hand.to_pylist()}
    apart = [key for key in found.keys() | wanted.keys() if found.get(key, (0, 0)) != wanted.get(key, (0, 0))]
    if not wanted:
        raise RuntimeError("the hand-written SQL gives no value: nothing was compared")
    if apart:
        raise RuntimeError(
            f"the hand-written SQL and the catalogue disagree in {len(apart)} values, for example "
            f"{[(key, found.get(key), wanted.get(key)) for key in apart[:3]]}"
        )
    return len(wanted)
