"""Run SQL over tables with DuckDB, in Vietnam's time zone.

SQL is written in DuckDB's dialect, as text or as a sqlglot tree. `run_sql` is for one statement, `session` for several.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import sqlglot
from sqlglot import exp

from cchc_pipeline.days import TIME_ZONE
from cchc_pipeline.errors import CchcError
from cchc_pipeline.lake.files import Source

DIALECT = "duckdb"
Parameters = Mapping[str, Any] | Sequence[Any] | None


class EngineError(CchcError):
    """A statement that the engine refuses."""


class Engine:
    """Tables by name, and SQL over them; another engine has the same methods."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def add(self, name: str, source: Source) -> None:
        """Register `source` as the view `name`.

        An empty list of files has no schema and is refused: pass an empty Arrow table instead.
        """
        if isinstance(source, pa.Table):
            self._connection.register(name, source)
            return
        paths = [source] if isinstance(source, Path) else source
        files = exp.Array(expressions=[exp.Literal.string(str(path)) for path in paths])
        select = exp.select("*").from_(exp.func("read_parquet", files))
        self.execute(exp.Create(this=exp.to_table(name), kind="TEMPORARY VIEW", expression=select))

    def execute(self, sql: str | exp.Expr, params: Parameters = None) -> None:
        """Run statements that create or change views and tables.

        Raises:
            EngineError: a statement is refused.
        """
        self._run(sql, params)

    def query(self, sql: str | exp.Expr, params: Parameters = None) -> pa.Table:
        """Return the rows of a SELECT.

        Raises:
            EngineError: the statement is refused.
        """
        return self._run(sql, params).to_arrow_table()

    def batches(self, sql: str | exp.Expr) -> pa.RecordBatchReader:
        """Return the rows of a SELECT in batches, for results larger than memory.

        Raises:
            EngineError: the statement is refused.
        """
        return self._run(sql, None).to_arrow_reader()

    def _run(self, sql: str | exp.Expr, params: Parameters) -> duckdb.DuckDBPyConnection:
        try:
            return self._connection.execute(sql_text(sql), params)
        except duckdb.Error as error:
            raise EngineError(str(error)) from error


def connect() -> duckdb.DuckDBPyConnection:
    """Open an in-memory database in Vietnam's time zone; its cursors share the zone."""
    connection = duckdb.connect()  # noqa: TID251 - the one place
    connection.execute(f"SET GLOBAL TimeZone = '{TIME_ZONE}'")
    return connection


@contextmanager
def session(**tables: Source) -> Iterator[Engine]:
    """Open a session over named `tables`; views and tables made in it end with it."""
    with _database().cursor() as connection:
        engine = Engine(connection)
        for name, source in tables.items():
            engine.add(name, source)
        yield engine


def run_sql(sql: str | exp.Expr, schema: pa.Schema | None = None, /, params: Any = None, **tables: Source) -> pa.Table:
    """Return the rows of one SELECT over `tables`, cast to `schema` if one is given.

    Raises:
        EngineError: the statement is refused.
    """
    with session(**tables) as engine:
        result = engine.query(sql, params)
    return result.select(schema.names).cast(schema) if schema is not None else result


def run_file(file: str, schema: pa.Schema | None = None, /, params: Any = None, **tables: Source) -> pa.Table:
    """Return the rows of a SQL file of one SELECT; see `sql_file` and `run_sql`."""
    return run_sql(sql_file(file), schema, params, **tables)


@cache
def sql_file(file: str) -> str:
    """Return the text of a SQL file: `core/dossiers` is `core/sql/dossiers.sql`."""
    room, _, name = file.rpartition("/")
    return resources.files("cchc_pipeline").joinpath(room, "sql", f"{name}.sql").read_text(encoding="utf-8")


def parse_sql(text: str) -> exp.Expr:
    """Return the syntax tree of one statement or expression.

    Raises:
        sqlglot.errors.ParseError: the text does not parse.
    """
    return sqlglot.parse_one(text, dialect=DIALECT)


def sql_text(sql: str | exp.Expr) -> str:
    """Return SQL as text in the engine's dialect: the one place that would transpile."""
    return sql if isinstance(sql, str) else sql.sql(dialect=DIALECT)


@lru_cache(maxsize=1)
def _database() -> duckdb.DuckDBPyConnection:
    """Return the database of all sessions: opening one costs more than a statement."""
    return connect()
