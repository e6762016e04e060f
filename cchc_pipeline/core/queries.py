"""Running the SQL files of the core tables, and the small tables that many of them read.

Belongs here: a SQL file by name over given tables, the one-row table `run`, the working calendar as a table. Not
here: which tables a file is run over (`build.py`, `late.py`).
"""

from __future__ import annotations

from datetime import date
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path

import pyarrow as pa

from cchc_pipeline.lake.engine import session
from cchc_pipeline.reference.calendar import calendar_rows

_NUMBERS = ("working_day_number", "weekday_number", "regular_day_number")
_CALENDAR = pa.schema(
    [("day_on", pa.date32()), ("is_working_day", pa.bool_()), *((name, pa.int64()) for name in _NUMBERS)]
)


@cache
def sql_text(name: str) -> str:
    """Text of `core/sql/<name>.sql`."""
    return resources.files("cchc_pipeline.core.sql").joinpath(f"{name}.sql").read_text(encoding="utf-8")


def run_sql(name: str, schema: pa.Schema | None, **tables: pa.Table | Path | list[Path]) -> pa.Table:
    """Run one SQL file over `tables`; cast to `schema` where one is given."""
    with session(**tables) as connection:
        result = connection.sql(sql_text(name)).to_arrow_table()
    return result.select(schema.names).cast(schema) if schema is not None else result


def run_table(as_of_on: date) -> pa.Table:
    """The one-row table `run` that SQL files read the last day of data from."""
    return pa.table({"as_of_on": pa.array([as_of_on], pa.date32())})


@lru_cache(maxsize=4)
def calendar_table(first: date, last: date) -> pa.Table:
    """Working calendar from `first` to `last`.

    Columns: day_on, is_working_day, and running numbers of the working days, of the days from Monday to Friday
    (weekday_number: no holiday is known), and of the working days without make-up days (regular_day_number). The
    latter two are how some source systems count.
    """
    rows = []
    weekdays = regular = 0
    for day, worked, number in calendar_rows(first, last):
        is_weekday = day.weekday() < 5
        weekdays += is_weekday
        regular += worked and is_weekday
        rows.append((day, worked, number, weekdays, regular))
    columns = zip(*rows, strict=True)
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, _CALENDAR, strict=True)], schema=_CALENDAR
    )
