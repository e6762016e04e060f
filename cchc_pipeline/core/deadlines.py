"""Compute due dates beside those of the source, and dossiers with both."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.lake.engine import run_file, sql_file
from cchc_pipeline.reference.working_time import WorkingHours


def logic(hours: WorkingHours) -> str:
    """Return the text that deadlines follow from; a change makes every month stale."""
    return sql_file("core/deadlines") + str(sorted(map(str, hours.openings)))


@lru_cache(maxsize=4)
def openings(hours: WorkingHours, first: date, last: date) -> pa.Table:
    """Return opening hours for SQL: schedule, begins_at, ends_at, seconds_before."""
    return hours.table(first, last)


def dossiers_of(
    held: Path | pa.Table,
    schema: pa.Schema | None,
    *,
    apologies: pa.Table,
    calendar: pa.Table,
    hours: WorkingHours,
    run: pa.Table,
) -> pa.Table:
    """Build dossiers with outcome and both due dates, one row per dossier of `held`.

    Args:
        held: a month of core dossiers.
        schema: Arrow schema of the published table `dossiers`; None leaves the columns as SQL makes them.
        apologies: see `late.apologies`; the codes alone are read.
        calendar: working calendar that covers the month's dossiers and their due dates.
        hours: opening hours of the units.
        run: the one-row table with `as_of_on`.
    """
    days = calendar["day_on"]
    spans = openings(hours, pc.min(days).as_py(), pc.max(days).as_py())
    deadlines = run_file("core/deadlines", held=held, apologies=apologies, calendar=calendar, openings=spans)
    return run_file(
        "core/dossiers",
        schema,
        held=held,
        apologies=apologies,
        calendar=calendar,
        deadlines=deadlines,
        run=run,
    )
