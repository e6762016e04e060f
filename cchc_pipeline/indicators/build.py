"""Build the published tables of indicator values from the lake."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.queries import document_events
from cchc_pipeline.core.units import built_history
from cchc_pipeline.days import periods
from cchc_pipeline.indicators.catalogue import relations
from cchc_pipeline.indicators.compute import PROCEDURE_COUNTS, compute
from cchc_pipeline.lake.engine import run_file
from cchc_pipeline.lake.files import Source
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.reference.unit_map import MapName, UnitMap, inexact_table, lineage_table
from cchc_pipeline.sources.states import states_table

Windows = Iterable[tuple[date, date]]


def build_indicator_values(lake: Lake, free_periods: Windows) -> pa.Table:
    """Build `indicator_values` (see `compute`), each event on the map of its day."""
    table = _computed(lake, "as-was", free_periods)
    lake.store.update(table, "built/indicator_values")
    return table


def build_indicator_values_today(lake: Lake, free_periods: Windows) -> pa.Table:
    """Build `indicator_values_today`, on the map of units of the last day of data.

    A row that lacks the figures of a unit that was split says so. Without a change of units until that day the two
    maps are one, and `indicator_values` is taken over.
    """
    as_of_on, history = lake.span().as_of_on, built_history(lake)
    units = lake.store.read("built/units")
    if any(change.changed_on <= as_of_on for change in history.changes):
        computed: Source = _computed(lake, "today", free_periods)
    else:
        computed = lake.store.source("built/indicator_values")
    inexact = inexact_table(units, history, as_of_on)
    schema = load_contract("indicator_values_today").arrow_schema()
    table = run_file("indicators/today", schema, computed=computed, inexact=inexact, units=units)
    lake.store.update(table, "built/indicator_values_today")
    return table


def build_indicator_values_public(lake: Lake) -> pa.Table:
    """Build `indicator_values_public`, from which counts of 1 to 4 cannot be computed."""
    # pandas costs a second at import.
    from cchc_pipeline.indicators.public_values import public_values

    as_of_on = lake.span().as_of_on
    on_map = UnitMap(lake.store.read("built/units"), built_history(lake), as_of_on)
    today = lake.store.read("built/indicator_values_today")
    table = public_values(today, on_map.parents(), as_of_on)
    lake.store.update(table, "built/indicator_values_public")
    return table


def _computed(lake: Lake, which: MapName, free_periods: Windows) -> pa.Table:
    store, span = lake.store, lake.span()
    units = store.read("built/units")
    names = dict.fromkeys(name for relation in relations().values() for name in relation.tables)
    tables: dict[str, Source] = {name: store.source(f"built/{name}") for name in names if store.has(f"built/{name}")}
    tables |= {
        "dossiers": store.source_of_parts("built/dossiers", load_contract("dossiers").arrow_schema()),
        "document_events": document_events(store.source("built/documents"), span.as_of_on),
        "procedure_counts": store.source("core/procedure_counts", PROCEDURE_COUNTS),
        "source_states": states_table(lake),
        "unit_lineage": lineage_table(units, built_history(lake), span.first, span.as_of_on, which),
        "periods": periods(span.first, span.as_of_on, free_periods),
    }
    return compute(tables, span.first, span.as_of_on)


def monthly(values: pa.Table, indicator_id: str, unit_code: str) -> tuple[list[str], list[float]]:
    """Return months (yyyy-MM) and values of one indicator of one unit, without nulls."""
    mask = pc.and_(
        pc.and_(pc.equal(values["indicator_id"], indicator_id), pc.equal(values["unit_code"], unit_code)),
        pc.and_(pc.equal(values["period_type"], "month"), pc.is_valid(values["value"])),
    )
    rows = values.filter(mask).sort_by("period_start").to_pylist()
    return [row["period_start"].strftime("%Y-%m") for row in rows], [row["value"] for row in rows]
