"""Put the code location together: assets, nightly job, schedule, resources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from assets import core, indicators, published, scorecards
from assets.ingest import raw_assets
from assets.resources import ProgressResource, ProvinceResource
from assets.staged import staged_assets
from cchc_pipeline.days import TIME_ZONE
from cchc_pipeline.settings import load_settings

#: The main job: one day at night, a range of days as one backfill run.
NIGHTLY = dg.define_asset_job(
    "nightly",
    selection=dg.AssetSelection.all(),
    executor_def=dg.in_process_executor,
    description="The main job: pull the three source systems for a day (or a range of days as one run), "
    "validate, compute indicators and scorecards, publish.",
)
#: Off until somebody switches it on in the UI. At 01:00 the civil day before is over; the zone is the partitions'.
NIGHTLY_0100 = dg.build_schedule_from_partitioned_job(
    NIGHTLY,
    name="nightly_0100",
    hour_of_day=1,
    minute_of_hour=0,
    description="Every night at 01:00 (Asia/Ho_Chi_Minh): yesterday as one run.",
)


def build_defs(*, resource_overrides: Mapping[str, Any] | None = None) -> dg.Definitions:
    """Build definitions for the province of the settings.

    Args:
        resource_overrides: resources to replace, by key.

    Raises:
        SettingsError: a setting is wrong; the code location then shows its message.
    """
    days = dg.DailyPartitionsDefinition(start_date=load_settings().history_from.isoformat(), timezone=TIME_ZONE)
    return dg.Definitions(
        assets=[
            *raw_assets(days),
            *staged_assets(),
            *dg.load_assets_from_modules([core, indicators, scorecards, published]),
        ],
        jobs=[NIGHTLY],
        schedules=[NIGHTLY_0100],
        resources={"province": ProvinceResource(), "progress": ProgressResource(), **(resource_overrides or {})},
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """Return the definitions that the code location loads."""
    return build_defs()
