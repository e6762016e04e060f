"""Dossiers and their events made from held rows by the pipeline's SQL, without a lake."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import pyarrow as pa
from dossier_lives import held

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.build import dossiers_of
from cchc_pipeline.core.queries import calendar_table, counts, run_table
from cchc_pipeline.reference.working_time import WorkingHours, working_hours

EVENTS = load_contract("dossier_events").arrow_schema()
CALENDAR = calendar_table(date(2019, 1, 1), date(2028, 12, 31))
NO_LETTERS = pa.table({"dossier_code": pa.array([], pa.string())})


def built(
    rows: Iterable[dict[str, Any]], as_of_on: date, letters: pa.Table = NO_LETTERS, hours: WorkingHours | None = None
) -> pa.Table:
    """Rows of `dossiers` as of a last day of data; `letters` has the dossier_code of each letter of apology."""
    hours, run = hours or working_hours(), run_table(as_of_on)
    return dossiers_of(held(rows), apologies=letters, calendar=CALENDAR, hours=hours, run=run)


def events_until(dossiers: pa.Table, as_of_on: date) -> list[dict[str, Any]]:
    """Rows of `dossier_events` up to a day."""
    found = counts("dossier_items", EVENTS, dossiers=dossiers).to_pylist()
    return [event for event in found if event["event_on"] <= as_of_on]
