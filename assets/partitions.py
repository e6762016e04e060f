"""Read the window that a run covers from its partitions, civil days of Vietnam."""

from __future__ import annotations

from datetime import date

import dagster as dg

from cchc_pipeline.days import Window

#: How Dagster marks a run over a range of partitions.
RANGE_START_TAG, RANGE_END_TAG = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"


def window_of(context: dg.AssetExecutionContext) -> Window:
    """Return the civil days of this run: one day at night, a range in a backfill."""
    keys = context.partition_key_range
    return Window(date.fromisoformat(keys.start), date.fromisoformat(keys.end))


def window_of_run(context: dg.AssetExecutionContext) -> Window | None:
    """Return the days of the whole run; None where only assets without days run."""
    tags = context.run.tags
    first = tags.get("dagster/partition") or tags.get(RANGE_START_TAG)
    last = tags.get("dagster/partition") or tags.get(RANGE_END_TAG)
    return Window(date.fromisoformat(first), date.fromisoformat(last)) if first and last else None
