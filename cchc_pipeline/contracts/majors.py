"""Older majors: a table that goes on in its former shape beside the current one until a date."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import sqlglot
from sqlglot import exp

from cchc_pipeline.contracts.document import mapping, need
from cchc_pipeline.contracts.errors import ContractFileError

_NAME = re.compile(r"(?P<family>.+)_v(?P<major>\d+)")


@dataclass(frozen=True)
class Derivation:
    """How the table of an older major is made.

    Attributes:
        table: the current table.
        query: SELECT over `{object}`, the current table; its columns are those of the older one.
    """

    table: str
    query: str
    tree: exp.Select = field(compare=False, repr=False)

    def over(self, view: str, key: tuple[str, ...]) -> exp.Select:
        """The query over a view of the current table, rows by `key`, so that equal data gives equal bytes."""
        tree = self.tree.copy()
        for table in tree.find_all(exp.Table):
            table.set("this", exp.to_identifier(view))
        return exp.select("*").from_(tree.subquery("older")).order_by(*(exp.column(name) for name in key))


def family(name: str, derivation: Derivation | None) -> str:
    """The name under which all majors of a table are released: that of the current one."""
    return derivation.table if derivation else name


def read_derivation(value: Any, name: str, version: str, *, file: str) -> Derivation:
    """The custom property `derived_from` of the contract `name`.

    Raises:
        ContractFileError: no table, no single SELECT over `{object}`, or a name that is not `<table>_v<major>`.
    """
    where = "customProperties derived_from"
    held = mapping(value, ("table", "query"), file, where)
    table, query = str(need(held, "table", file, where)), str(need(held, "query", file, where))
    major = version.split(".")[0]
    match = _NAME.fullmatch(name)
    if not match or (match["family"], match["major"]) != (table, major):
        raise ContractFileError(
            file=file, where=where, problem=f"the table is called {name}", fix=f"call it {table}_v{major}"
        )
    fix = "write one SELECT … FROM {object} without any other table"
    try:
        tree = sqlglot.parse_one(query.replace("{object}", "__object__"), read="duckdb")
    except sqlglot.errors.SqlglotError as error:
        message = str(error).splitlines()[0]
        raise ContractFileError(file=file, where=where, problem=f"unreadable SQL: {message}", fix=fix) from error
    if not isinstance(tree, exp.Select) or {found.name for found in tree.find_all(exp.Table)} != {"__object__"}:
        raise ContractFileError(file=file, where=where, problem="not a query over the current table", fix=fix)
    return Derivation(table, query, tree)
