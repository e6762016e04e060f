"""Compute indicator values over windows that are not published."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import pyarrow as pa

from cchc_pipeline.core.items import document_events
from cchc_pipeline.core.units import history_of
from cchc_pipeline.days import custom_periods
from cchc_pipeline.indicators.catalogue import Indicator, relations
from cchc_pipeline.indicators.compute import compute
from cchc_pipeline.lake.files import Source, Store
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.lake.publish import published_version, read_published
from cchc_pipeline.reference.unit_map import lineage_table
from cchc_pipeline.reports.scope import data_days


def published_inputs(lake: Lake) -> dict[str, Source]:
    """Return the tables that `compute` takes, from the current published version.

    Events stay on the map of units of their day. The daily counts of the procedure catalogue are not published: they
    come from the lake.

    Raises:
        PublishError: nothing was published.
    """
    begins, until = data_days(lake.published)
    units = read_published(lake.published, "units")
    changes = read_published(lake.published, "unit_changes").to_pylist()
    store = Store(published_version(lake.published))
    names = dict.fromkeys(["late_dossiers", *(name for one in relations().values() for name in one.tables)])
    return {
        **{name: store.source(name) for name in names if store.has(name)},
        "document_events": document_events(store.source("documents"), until),
        "procedure_counts": lake.store.source("core/procedure_counts"),
        "unit_lineage": lineage_table(units, history_of(changes), begins, until, "as-was"),
    }


def window_values(lake: Lake, windows: Iterable[tuple[date, date]], only: Sequence[Indicator]) -> pa.Table:
    """Return rows as in `indicator_values`, period type custom, for windows.

    A window is its first and last day; only the given indicators are computed. A window that ends after the published
    data is computed up to their last day.

    Raises:
        PublishError: nothing was published.
    """
    tables = published_inputs(lake) | {"periods": custom_periods(windows)}
    return compute(tables, *data_days(lake.published), only)
