"""Indicator values over windows that nobody published, from the published tables and by the catalogue's own SQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.queries import run_table
from cchc_pipeline.core.units import history_of
from cchc_pipeline.days import periods
from cchc_pipeline.indicators.catalogue import Indicator, relations
from cchc_pipeline.indicators.compute import compute
from cchc_pipeline.lake.engine import run_file
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.lake.publish import current_version, read_published
from cchc_pipeline.reference.unit_map import lineage_table


def published_inputs(lake: Lake, begins: date, until: date) -> dict[str, Any]:
    """What `compute` takes, from the current published version; each event counts on the map of its day.

    The daily counts of the procedure catalogue are published nowhere: they come from the lake.

    Raises:
        PublishError: nothing was published.
    """
    names = ("dossiers", "documents", "procedures", "units")
    published = {name: read_published(lake.published, name) for name in names}
    version = current_version(lake.published)
    assert version is not None  # noqa: S101 - the tables above were read from it
    named = dict.fromkeys(name for relation in relations().values() for name in relation.tables)
    others = {name: path for name in named if (path := version / f"{name}.parquet").exists()}
    changes = read_published(lake.published, "unit_changes").to_pylist()
    return {
        **{name: published[name] for name in ("units", "procedures", "dossiers")},
        "events": pa.concat_tables(
            [
                read_published(lake.published, "dossier_events").replace_schema_metadata(),
                run_file("core/document_events", documents=published["documents"], run=run_table(until)),
            ],
            promote_options="permissive",
        ),
        "snapshots": lake.store.read("core/procedure_counts"),
        "lineage": lineage_table(published["units"], history_of(changes), begins, until, "as-was"),
        "tables": {**others, **{name: published[name] for name in ("dossiers", "documents", "procedures")}},
    }


def window_values(
    lake: Lake, windows: Iterable[tuple[date, date]], begins: date, until: date, only: Sequence[Indicator]
) -> pa.Table:
    """Rows as in `indicator_values`, period type custom, of the given windows.

    Args:
        lake: the lake.
        windows: first and last day of each.
        begins: first day of the published data.
        until: last day of the published data; a window that goes on is given to date.
        only: indicators to compute.

    Raises:
        PublishError: nothing was published.
    """
    # An empty range of days: no calendar period besides the windows.
    table = periods(until + timedelta(days=1), until, windows)
    return compute(
        **published_inputs(lake, begins, until),
        first=begins,
        as_of_on=until,
        schema=load_contract("indicator_values").arrow_schema(),
        only=only,
        period_table=table,
    )
