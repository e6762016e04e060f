"""DuckDB sessions: the one way the project opens the engine."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import contextmanager
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
from sqlglot import exp

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

TIME_ZONE = "Asia/Ho_Chi_Minh"


def connect() -> duckdb.DuckDBPyConnection:
    """Open an in-memory database in Vietnam's time zone; its cursors share the zone."""
    connection = duckdb.connect()  # noqa: TID251 - the one place
    connection.execute(f"SET GLOBAL TimeZone = '{TIME_ZONE}'")
    return connection


@contextmanager
def session(**tables: pa.Table | Path | Iterable[Path]) -> Iterator[duckdb.DuckDBPyConnection]:
    """An in-memory DuckDB session in Vietnam's time zone, with `tables` as views.

    Args:
        tables: view name -> Arrow table, Parquet file or files. An empty list of files has no
            schema and is refused by DuckDB: pass an empty Arrow table instead.
    """
    with connect() as connection:
        for name, content in tables.items():
            if isinstance(content, Path):
                content = [content]
            if isinstance(content, (list, tuple)):
                connection.execute(view_of_files(name, content))
            else:
                connection.register(name, content)
        yield connection


def view_of_files(name: str, files: Iterable[Path]) -> str:
    """The statement that makes a view over Parquet files of one schema."""
    paths = exp.Array(expressions=[exp.Literal.string(str(path)) for path in files])
    source = exp.select("*").from_(exp.func("read_parquet", paths))
    return exp.Create(this=exp.to_table(name), kind="VIEW", expression=source).sql(dialect="duckdb")


@cache
def sql_text(name: str) -> str:
    """Text of `core/sql/<name>.sql`."""
    return resources.files("cchc_pipeline.core.sql").joinpath(f"{name}.sql").read_text(encoding="utf-8")


def run_sql(name: str, schema: pa.Schema | None, **tables: pa.Table | Path | list[Path]) -> pa.Table:
    """Run one SQL file over `tables`; cast to `schema` where one is given."""
    with session(**tables) as connection:
        result = connection.sql(sql_text(name)).to_arrow_table()
    return result.select(schema.names).cast(schema) if schema is not None else result
