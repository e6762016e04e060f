"""Define the nightly job and its schedule."""

from __future__ import annotations

from typing import Any

import dagster as dg

#: 01:00 Asia/Ho_Chi_Minh: the civil day before is over. The zone comes from the partitions.
HOUR, MINUTE = 1, 0


def nightly() -> Any:
    """Return the main job: one day at night, a range of days as one backfill run."""
    return dg.define_asset_job(
        "nightly",
        selection=dg.AssetSelection.all(),
        executor_def=dg.in_process_executor,
        description="The main job: pull the three source systems for a day (or a range of days as one run), "
        "validate, compute indicators and scorecards, publish.",
    )


def nightly_0100(job: Any) -> Any:
    """Return the schedule of the job, off until somebody switches it on in the UI."""
    return dg.build_schedule_from_partitioned_job(
        job,
        name="nightly_0100",
        hour_of_day=HOUR,
        minute_of_hour=MINUTE,
        description="Every night at 01:00 (Asia/Ho_Chi_Minh): yesterday as one run.",
    )
