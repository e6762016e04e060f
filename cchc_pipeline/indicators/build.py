"""Building the published tables of indicator values from the lake."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.queries import run_table
from cchc_pipeline.core.units import built_history
from cchc_pipeline.indicators.catalogue import relations
from cchc_pipeline.indicators.compute import compute
from cchc_pipeline.lake import files
from cchc_pipeline.lake.engine import run_file
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.reference.unit_map import MapName, UnitMap, inexact_table, lineage_table


def build_indicator_values(lake: Lake, free_periods: Iterable[tuple[date, date]], schema: pa.Schema) -> pa.Table:
    """Every indicator by unit and period as it was, each event on the map of its day; kept in `built`."""
    table = _computed(lake, "as-was", free_periods, schema)
    lake.write_state(table, "built", "indicator_values")
    return table


def build_indicator_values_today(lake: Lake, free_periods: Iterable[tuple[date, date]], schema: pa.Schema) -> pa.Table:
    """The same on the map of the last day of data; kept in `built`.

    A row that lacks the figures of a unit that was split says so. Without a change of units until that day the two
    maps are one, and what was computed as it was is taken over.
    """
    as_of_on, history = lake.span().as_of_on, built_history(lake)
    units = files.read_parquet(lake.state_file("built", "units"))
    plain = pa.schema([field for field in schema if field.name not in ("is_exact", "note_vi")])
    if any(change.changed_on <= as_of_on for change in history.changes):
        computed = _computed(lake, "today", free_periods, plain)
    else:
        computed = files.read_parquet(lake.state_file("built", "indicator_values"))
    missing = inexact_table(units, history, as_of_on)
    table = run_file("indicators/today", schema, computed=computed, inexact=missing, units=units)
    lake.write_state(table, "built", "indicator_values_today")
    return table


def build_indicator_values_public(lake: Lake, schema: pa.Schema) -> pa.Table:
    """The values that may be given to everybody; kept in `built`."""
    # pandas costs a second at import.
    from cchc_pipeline.indicators.public_values import public_values

    as_of_on = lake.span().as_of_on
    on_map = UnitMap(files.read_parquet(lake.state_file("built", "units")), built_history(lake), as_of_on)
    today = files.read_parquet(lake.state_file("built", "indicator_values_today"))
    table = public_values(today, on_map.parents(), as_of_on, schema)
    lake.write_state(table, "built", "indicator_values_public")
    return table


def _computed(lake: Lake, which: MapName, free_periods: Iterable[tuple[date, date]], schema: pa.Schema) -> pa.Table:
    span = lake.span()
    documents = run_file(
        "core/document_events",
        documents=lake.state_file("built", "documents"),
        run=run_table(span.as_of_on),
    )
    units = files.read_parquet(lake.state_file("built", "units"))
    dossiers = [lake.state_file("built", "dossiers", part) for part in lake.parts("built", "dossiers")]
    return compute(
        events=[lake.state_file("built", "dossier_events"), documents],
        units=units,
        procedures=lake.state_file("built", "procedures"),
        snapshots=files.read_parquet(lake.state_file("core", "procedure_counts")),
        dossiers=dossiers or load_contract("dossiers").arrow_schema().empty_table(),  # a first day may have none
        tables=read_tables(lake),
        first=span.first,
        as_of_on=span.as_of_on,
        lineage=lineage_table(units, built_history(lake), span.first, span.as_of_on, which),
        free_periods=free_periods,
        schema=schema,
    )


def read_tables(lake: Lake) -> dict[str, Path]:
    """Files of the built tables that relations read as they are, by table; tables in parts are left out."""
    names = dict.fromkeys(name for relation in relations().values() for name in relation.tables)
    return {name: lake.state_file("built", name) for name in names if not lake.parts("built", name)}


def monthly(values: pa.Table, indicator_id: str, unit_code: str) -> tuple[list[str], list[float]]:
    """Months (yyyy-MM) and values of one indicator of one unit, in order; months without a value are left out."""
    mask = pc.and_(
        pc.and_(pc.equal(values["indicator_id"], indicator_id), pc.equal(values["unit_code"], unit_code)),
        pc.and_(pc.equal(values["period_type"], "month"), pc.is_valid(values["value"])),
    )
    rows = values.filter(mask).sort_by("period_start").to_pylist()
    return [row["period_start"].strftime("%Y-%m") for row in rows], [row["value"] for row in rows]
