"""Building the published table `indicator_values` from the lake.

Belongs here: which files the indicators are computed from. Composition is in `compute.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.core.build import run_sql, run_table
from cchc_pipeline.indicators.catalogue import relations
from cchc_pipeline.indicators.compute import compute
from cchc_pipeline.lake import files
from cchc_pipeline.lake.layout import Lake


def build_indicator_values(lake: Lake, free_periods: Iterable[tuple[date, date]], schema: pa.Schema) -> pa.Table:
    """Every indicator by unit and period, computed from events and snapshots; kept in `built`."""
    span = lake.span()
    dossier_events = files.read_parquet(lake.state_file("built", "dossier_events"))
    documents = run_sql(
        "document_events", None, documents=lake.state_file("built", "documents"), run=run_table(span.as_of_on)
    )
    table = compute(
        events=pa.concat_tables([dossier_events.replace_schema_metadata(), documents], promote_options="permissive"),
        units=files.read_parquet(lake.state_file("built", "units")),
        procedures=lake.state_file("built", "procedures"),
        snapshots=files.read_parquet(lake.state_file("core", "procedure_counts")),
        dossiers=[lake.state_file("built", "dossiers", part) for part in lake.parts("built", "dossiers")],
        tables=read_tables(lake),
        first=span.first,
        as_of_on=span.as_of_on,
        free_periods=free_periods,
        schema=schema,
    )
    lake.write_state(table, "built", "indicator_values")
    return table


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
