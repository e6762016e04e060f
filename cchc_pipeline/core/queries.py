"""Make the tables `run` and `calendar` that SQL files of the core tables read."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

import pyarrow as pa

from cchc_pipeline.arrow import table_from_rows
from cchc_pipeline.reference.calendar import calendar_rows

_CALENDAR = pa.schema(
    {"day_on": pa.date32(), "is_working_day": pa.bool_()}
    | dict.fromkeys(("working_day_number", "weekday_number", "regular_day_number"), pa.int64())
)
#: First day of the calendar over all dossiers and documents.
FIRST = date(2015, 1, 1)


def run_table(as_of_on: date) -> pa.Table:
    """Return the one-row table `run`: as_of_on, the last civil day of data."""
    return pa.table({"as_of_on": pa.array([as_of_on], pa.date32())})


@lru_cache(maxsize=4)
def calendar_table(first: date, last: date) -> pa.Table:
    """Return the working calendar from `first` to `last`, one row per day.

    Columns: day_on, is_working_day, and the running numbers of `calendar_rows`: working_day_number, weekday_number,
    regular_day_number.
    """
    return table_from_rows(calendar_rows(first, last), _CALENDAR)
