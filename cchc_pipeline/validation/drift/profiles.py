"""Profiles: what the batch of a day looked like, in counts that can be kept and compared.

A profile holds counts only: no key, no text that could name a person. One small Parquet file per table
and month of days; a day that is staged again replaces its own lines, so the same rows give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from cchc_pipeline.contracts.model import Column, Contract
from cchc_pipeline.contracts.registry import contract_names, load_contract
from cchc_pipeline.lake import files
from cchc_pipeline.lake.engine import session, sql_file
from cchc_pipeline.lake.layout import Lake

#: How many different values of a column are kept per day, the most frequent first; the rest is what is missing
#: to the rows of the day.
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


def profiles(days: Mapping[date, pa.Table], contract: Contract, lags: Mapping[date, int]) -> pa.Table:
    """The profiles of several days, in `SCHEMA`, ordered; one query for all of them.

    Args:
        days: conformed rows by the civil day that they were landed for.
        contract: their contract.
        lags: how many days after each day it was pulled (0: by its own night); a day may be missing.
    """
    if not days:
        return SCHEMA.empty_table()
    parts = [
        rows.append_column("day_on", pa.array([day] * rows.num_rows, pa.date32())) for day, rows in sorted(days.items())
    ]
    known = pa.table(
        {
            "day_on": pa.array(sorted(days), pa.date32()),
            "lag_days": pa.array([lags.get(day) for day in sorted(days)], pa.int32()),
        }
    )
    with session(batch=pa.concat_tables(parts), days=known) as engine:
        engine.execute(sql_file("validation/drift/buckets"))
        found = engine.query(_statement(contract))
    return found.select(SCHEMA.names).cast(SCHEMA).sort_by(_ORDER).combine_chunks()


def keep(lake: Lake, table: str, found: pa.Table) -> None:
    """Put the profiles of days in the place of the ones held for these days."""
    months = pc.strftime(found["day_on"].cast(pa.timestamp("s")), format="%Y-%m")
    for month in sorted(pc.unique(months).to_pylist()):
        new = found.filter(pc.equal(months, month))
        held = lake.read_state_part(LAYER, table, month, SCHEMA)
        staying = held.filter(pc.invert(pc.is_in(held["day_on"], value_set=pc.unique(new["day_on"]))))
        merged = pa.concat_tables([staying.cast(SCHEMA), new]).sort_by(_ORDER).combine_chunks()
        lake.write_state(merged, LAYER, table, month)


def held(lake: Lake, table: str, first: date, last: date) -> pa.Table:
    """The profiles of the days from `first` to `last`, in order; reads the files of these months only."""
    wanted = {f"{day:%Y-%m}" for day in _days(first, last)}
    parts = [part for part in lake.parts(LAYER, table) if part in wanted]
    tables = [files.read_parquet(lake.state_file(LAYER, table, part)).cast(SCHEMA) for part in parts]
    found = pa.concat_tables([SCHEMA.empty_table(), *tables])
    return found.filter(pc.and_(pc.greater_equal(found["day_on"], first), pc.less_equal(found["day_on"], last)))


def lags_of(lake: Lake, source: str, days: Iterable[date]) -> dict[date, int]:
    """How many days after each day it was pulled: 0 by its own night, more in a load of many days."""
    pulls = lake.pulls(source)
    return {day: (date.fromisoformat(pulls[day]["last"]) - day).days for day in days if day in pulls}


def is_coded(column: Column, contract: Contract) -> bool:
    """Whether the values of a column are codes that may be kept by name: never text that could be about a person."""
    return (
        column.physical_type == "VARCHAR"
        and column.classification in ("public", "internal")
        and column.name != "parse_errors"
        and column.name not in contract.profile.unsteady
    )


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=i) for i in range((last - first).days + 1))


@lru_cache(maxsize=32)
def _compiled(name: str, sha256: str) -> str:  # noqa: ARG001 - the hash is part of the key
    return _query(load_contract(name)).sql(dialect="duckdb")


def _statement(contract: Contract) -> str:
    is_ours = contract.name in contract_names() and load_contract(contract.name) is contract
    return _compiled(contract.name, contract.sha256) if is_ours else _query(contract).sql(dialect="duckdb")


def _query(contract: Contract) -> exp.Query:
    plan = contract.profile
    own = exp.select("*").from_("batch")
    if plan.dated_by:
        own = own.where(exp.EQ(this=_first_of(plan.dated_by), expression=exp.column("day_on")))
    lines: list[exp.Select] = [
        _line("rows", "", exp.null(), exp.func("COUNT", exp.column("day_on", "batch")), "batch", every_day=True),
        _line("own", "", exp.null(), exp.func("COUNT", exp.column("day_on", "own")), "own", every_day=True),
    ]
    if plan.has_periods:
        lines.append(_items(contract))
    for column in contract.columns:
        if not plan.has_periods and column.name not in plan.dated_by:
            lines.append(_line("bucket", column.name, _bucket(column, contract), exp.Count(this=exp.Star()), "own"))
        if is_coded(column, contract):
            lines.append(
                _line(
                    "code",
                    column.name,
                    exp.func("value_bucket", exp.column(column.name)),
                    exp.Count(this=exp.Star()),
                    "batch",
                )
            )
    union: exp.Query = lines[0]
    for line in lines[1:]:
        union = exp.union(union, line, distinct=False)
    ranked = exp.Window(
        this=exp.RowNumber(),
        partition_by=[exp.column(name) for name in ("day_on", "measure", "column_name")],
        order=exp.Order(
            expressions=[exp.Ordered(this=exp.column("rows"), desc=True), exp.Ordered(this=exp.column("bucket"))]
        ),
    )
    few = exp.or_(exp.column("measure").eq("item"), exp.LTE(this=ranked, expression=exp.Literal.number(MOST_VALUES)))
    lined = exp.select("*").from_(union.subquery("lines")).qualify(few)
    return (
        exp.select("lined.*", "days.lag_days")
        .with_("own", as_=own)
        .with_("lined", as_=lined)
        .from_("lined")
        .join("days", using="day_on")
    )


def _line(
    measure: str, column: str, bucket: exp.Expr, rows: exp.Expr, source: str, *, every_day: bool = False
) -> exp.Select:
    day = exp.column("day_on", "days" if every_day else source)
    query = exp.select(
        exp.alias_(day, "day_on"),
        exp.alias_(exp.Literal.string(measure), "measure"),
        exp.alias_(exp.Literal.string(column), "column_name"),
        exp.alias_(exp.cast(bucket, "VARCHAR"), "bucket"),
        exp.alias_(rows, "rows"),
        *(exp.alias_(exp.cast(exp.null(), kind), name) for name, kind in _ONLY_ITEMS),
    )
    if every_day:
        return query.from_("days").join(source, using="day_on", join_type="left").group_by("ALL")
    return query.from_(source).group_by("ALL")


_ONLY_ITEMS = (("total", "DOUBLE"), ("different", "BIGINT"), ("digest", "VARCHAR"), ("group_name", "VARCHAR"))


def _items(contract: Contract) -> exp.Select:
    plan = contract.profile
    assert plan.unit is not None  # noqa: S101 - a plan with periods has both
    assert plan.item is not None  # noqa: S101
    last = exp.column(plan.values[-1])
    texts = [
        exp.func("COALESCE", exp.cast(exp.column(name), "VARCHAR"), exp.Literal.string("")) for name in plan.values
    ]
    whole = exp.func("CONCAT_WS", exp.Literal.string("="), exp.cast(exp.column(plan.unit), "VARCHAR"), *texts)
    joined = exp.func("STRING_AGG", exp.Order(this=whole, expressions=[exp.Ordered(this=exp.column(plan.unit))]))
    group = exp.column(plan.group) if plan.group else exp.func("LEFT", exp.column(plan.item), exp.Literal.number(3))
    period = exp.func("CONCAT_WS", exp.Literal.string(" "), *(exp.cast(exp.column(n), "VARCHAR") for n in plan.period))
    there = exp.or_(*(exp.Not(this=exp.Is(this=exp.column(n), expression=exp.Null())) for n in plan.values))
    query = (
        exp.select(
            "day_on",
            exp.alias_(exp.Literal.string("item"), "measure"),
            exp.alias_(exp.column(plan.item), "column_name"),
            exp.alias_(period, "bucket"),
            exp.alias_(exp.Count(this=exp.Star()), "rows"),
            exp.alias_(exp.func("SUM", last), "total"),
            exp.alias_(exp.Count(this=exp.Distinct(expressions=[last.copy()])), "different"),
            exp.alias_(exp.func("MD5", joined), "digest"),
            exp.alias_(exp.func("ANY_VALUE", group), "group_name"),
        )
        .from_("batch")
        .where(exp.Not(this=exp.Is(this=exp.column(plan.item), expression=exp.Null())))
        .group_by("day_on", exp.column(plan.item), period.copy())
    )
    # A wide table has a blank for an item that was not asked; of counts the row is there while nothing is counted yet.
    return query.where(there) if plan.single_items else query


def _first_of(columns: Sequence[str]) -> exp.Expr:
    first, *others = (exp.column(name) for name in columns)
    return exp.func("COALESCE", first, *others) if others else first


def _bucket(column: Column, contract: Contract) -> exp.Expr:
    this = exp.column(column.name)
    is_undated = column.physical_type == "DATE" and not contract.profile.dated_by  # a listing moves away from its dates
    if column.name in contract.profile.unsteady or is_undated:
        return exp.func("presence_bucket", this)
    if column.physical_type == "VARCHAR":
        return exp.func("value_bucket" if is_coded(column, contract) else "presence_bucket", this)
    if column.physical_type == "DATE":
        return exp.func("day_bucket", this, exp.column("day_on"))
    if column.physical_type == "TIMESTAMP_TZ":
        return exp.func("instant_bucket", this)
    if column.physical_type == "BOOLEAN":
        return exp.func("value_bucket", this)
    return exp.func("number_bucket", this)
