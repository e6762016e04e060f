"""Profile days: describe a day's batch in counts that can be kept and compared.

A profile holds counts only: no key, no text that could name a person. One small table per table and month of days;
a day that is staged again replaces its own lines, so the same rows give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.contracts.model import Contract
from cchc_pipeline.contracts.parts import Column
from cchc_pipeline.lake.engine import session, sql_file
from cchc_pipeline.lake.layout import Lake

#: Different values of a column that are kept per day, most frequent first; the rest is the day's rows less these.
MOST_VALUES = 200

#: One line of a profile.
#:
#: measure `rows`: rows landed; `own`: of these, rows of the day itself. `bucket`: own rows by bucket of a column
#: (null bucket: no value). `code`: all landed rows by value of a coded column. `item`: figures of a period, with
#: `bucket` the period, `column_name` the item, `rows` the units with a value, `total` their sum, `different` the
#: number of different values and `digest` a hash of all of them.
SCHEMA = pa.schema(
    [
        pa.field("day_on", pa.date32(), nullable=False),
        pa.field("lag_days", pa.int32()),
        pa.field("measure", pa.string(), nullable=False),
        pa.field("column_name", pa.string(), nullable=False),
        pa.field("bucket", pa.string()),
        pa.field("rows", pa.int64(), nullable=False),
        pa.field("total", pa.float64()),
        pa.field("different", pa.int64()),
        pa.field("digest", pa.string()),
        pa.field("group_name", pa.string()),
    ]
)
_ORDER = [(name, "ascending") for name in ("day_on", "measure", "column_name", "bucket")]
LAYER = "profiles"


def profile(days: Mapping[date, pa.Table], contract: Contract, lags: Mapping[date, int]) -> pa.Table:
    """Compute the profiles of several days in one query; ordered lines in `SCHEMA`.

    `days` holds conformed rows by the civil day that they were landed for; `lags`, how many days after it a day was
    pulled (0: by its own night), may lack a day.
    """
    if not days:
        return SCHEMA.empty_table()
    dated = {day: pa.repeat(pa.scalar(day, pa.date32()), rows.num_rows) for day, rows in days.items()}
    batch = pa.concat_tables([rows.append_column("day_on", dated[day]) for day, rows in sorted(days.items())])
    lag_days = pa.array([lags.get(day) for day in sorted(days)], pa.int32())
    known = pa.table({"day_on": pa.array(sorted(days), pa.date32()), "lag_days": lag_days})
    with session(batch=batch, days=known) as engine:
        engine.execute(sql_file("validation/drift/buckets"))
        found = engine.query(_query(contract))
    return found.select(SCHEMA.names).cast(SCHEMA).sort_by(_ORDER).combine_chunks()


def keep_profiles(lake: Lake, table: str, lines: pa.Table) -> None:
    """Write profile lines in place of those held for the same days."""
    months = pc.strftime(lines["day_on"].cast(pa.timestamp("s")), format="%Y-%m")
    for month in sorted(pc.unique(months).to_pylist()):
        new = lines.filter(pc.equal(months, month))
        held = lake.store.read(f"{LAYER}/{table}", month, schema=SCHEMA)
        staying = held.filter(pc.invert(pc.is_in(held["day_on"], value_set=pc.unique(new["day_on"]))))
        merged = pa.concat_tables([staying.cast(SCHEMA), new]).sort_by(_ORDER).combine_chunks()
        lake.store.update(merged, f"{LAYER}/{table}", month)


def read_profiles(lake: Lake, table: str, first: date, last: date) -> pa.Table:
    """Read the profile lines of days from `first` to `last`; opens these months only."""
    parts = [part for part in lake.store.parts(f"{LAYER}/{table}") if f"{first:%Y-%m}" <= part <= f"{last:%Y-%m}"]
    tables = [lake.store.read(f"{LAYER}/{table}", part, schema=SCHEMA).cast(SCHEMA) for part in parts]
    found = pa.concat_tables([SCHEMA.empty_table(), *tables])
    return found.filter(pc.and_(pc.greater_equal(found["day_on"], first), pc.less_equal(found["day_on"], last)))


def pull_lags(lake: Lake, source: str, days: Iterable[date]) -> dict[date, int]:
    """Return the days from each day to its last pull: 0 by its own night, else more."""
    pulls = lake.pulls(source)
    return {day: (date.fromisoformat(pulls[day]["last"]) - day).days for day in days if day in pulls}


def is_coded(column: Column, contract: Contract) -> bool:
    """Return whether values are codes that may be kept by name: no text about persons."""
    return (
        column.physical_type == "VARCHAR"
        and column.classification in ("public", "internal")
        and column.name != "parse_errors"
        and column.name not in contract.profile.unsteady
    )


@lru_cache(maxsize=32)
def _query(contract: Contract) -> str:
    dates = ", ".join(f'"{name}"' for name in contract.profile.dated_by)
    text = sql_file("validation/drift/profiles")
    filled = {
        "is_own": f"COALESCE({dates}) = day_on" if dates else "TRUE",
        "lines": " UNION ALL ".join(_lines(contract)) or "SELECT * FROM counts WHERE FALSE",
        "most_values": str(MOST_VALUES),
    }
    for name, part in filled.items():
        text = text.replace(f"{{{name}}}", part)
    return text


def _lines(contract: Contract) -> Iterator[str]:
    """Yield the queries of a contract's buckets, codes and items."""
    plan = contract.profile

    is_counted = [one.name for one in contract.columns if not plan.has_periods and one.name not in plan.dated_by]
    buckets = [("bucket", name, _bucket(contract.column(name), contract)) for name in is_counted]
    codes = [("code", one.name, f'value_bucket("{one.name}")') for one in contract.columns if is_coded(one, contract)]
    for source, counted in (("own", buckets), ("batch", codes)):
        if counted:  # one pass over the rows for all columns: a query per column would cost more than its rows
            cases = " ".join(f"WHEN {n} THEN {bucket}" for n, (_, _, bucket) in enumerate(counted))
            names = ", ".join(f"({n}, '{measure}', '{name}')" for n, (measure, name, _) in enumerate(counted))
            yield f"""
                SELECT day_on, measure, column_name, CASE n {cases} END, COUNT(*), NULL, NULL, NULL, NULL
                FROM {source} CROSS JOIN (VALUES {names}) AS asked(n, measure, column_name) GROUP BY 1, 2, 3, 4
            """  # noqa: S608
    if plan.has_periods:
        values = [f'"{name}"' for name in plan.values]
        texts = ", ".join(f"COALESCE(CAST({value} AS VARCHAR), '')" for value in values)
        order = f'"{plan.unit}", {texts}'  # a unit that came twice stands in one order whatever the order of rows
        period = ", ".join(f'CAST("{name}" AS VARCHAR)' for name in plan.period)
        group = f'"{plan.group}"' if plan.group else f'LEFT("{plan.item}", 3)'
        # In a wide table a blank is an item that was not asked; a row of counts exists even where nothing was counted.
        asked = " OR ".join(f"{value} IS NOT NULL" for value in values) if plan.single_items else "TRUE"
        named = " AND ".join(f'"{name}" IS NOT NULL' for name in (plan.item, plan.unit, *plan.period))
        yield f"""
            SELECT day_on, 'item', "{plan.item}", CONCAT_WS(' ', {period}), COUNT(*), SUM({values[-1]}),
                COUNT(DISTINCT {values[-1]}),
                MD5(STRING_AGG(CONCAT_WS('=', CAST("{plan.unit}" AS VARCHAR), {texts}), ',' ORDER BY {order})),
                MIN({group})
            FROM batch WHERE {named} AND ({asked})
            GROUP BY day_on, "{plan.item}", CONCAT_WS(' ', {period})
        """  # noqa: S608


def _bucket(column: Column, contract: Contract) -> str:
    """Return the macro call that sorts the values of a column into buckets."""
    is_undated = column.physical_type == "DATE" and not contract.profile.dated_by  # dates of a listing age every day
    if column.name in contract.profile.unsteady or is_undated:
        kind = "presence"
    elif column.physical_type == "VARCHAR":
        kind = "value" if is_coded(column, contract) else "presence"
    else:
        kind = {"DATE": "day", "TIMESTAMP_TZ": "instant", "BOOLEAN": "value"}.get(column.physical_type, "number")
    return f'{kind}_bucket("{column.name}"{", day_on" if kind == "day" else ""})'
