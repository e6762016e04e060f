"""Compute due dates beside those of the source, and dossiers with both."""

from __future__ import annotations

from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.lake.engine import run_file, sql_file
from cchc_pipeline.lake.files import Source
from cchc_pipeline.reference.working_time import WorkingHours

_spans = lru_cache(maxsize=4)(WorkingHours.table)


def logic(hours: WorkingHours) -> str:
    """Return the text that deadlines follow from; a change makes every month stale."""
    return sql_file("core/deadlines") + str(sorted(map(str, hours.openings)))


def openings(hours: WorkingHours, calendar: pa.Table) -> pa.Table:
    """Return opening hours on the days of a calendar, see `WorkingHours.table`."""
    days = pc.min_max(calendar["day_on"])
    return _spans(hours, days["min"].as_py(), days["max"].as_py())


def dossiers_of(
    held: Source, *, apologies: pa.Table, calendar: pa.Table, hours: WorkingHours, run: pa.Table
) -> pa.Table:
    """Build dossiers with outcome and both due dates, one row per dossier of `held`.

    Args:
        held: a month of core dossiers.
        apologies: see `late.apologies`; the codes alone are read.
        calendar: working calendar that covers the month's dossiers and their due dates.
        hours: opening hours of the units.
        run: the one-row table with `as_of_on`.

    Returns:
        Rows of the published table `dossiers`.
    """
    tables = {"held": held, "apologies": apologies, "calendar": calendar}
    deadlines = run_file("core/deadlines", **tables, openings=openings(hours, calendar))
    schema = load_contract("dossiers").arrow_schema()
    return run_file("core/dossiers", schema, **tables, deadlines=deadlines, run=run)
