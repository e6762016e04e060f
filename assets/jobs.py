"""Define the nightly job and its schedule."""

import dagster as dg

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
