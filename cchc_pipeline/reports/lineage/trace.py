"""Read how relations are made, and follow columns to their source fields."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal, NamedTuple

import sqlglot
from sqlglot import exp
from sqlglot.lineage import Node, lineage

from cchc_pipeline.contracts import all_contracts, load_contract
from cchc_pipeline.core import build, units
from cchc_pipeline.core.queries import PROCEDURE_KEY, counts_query
from cchc_pipeline.indicators import compute
from cchc_pipeline.indicators.catalogue import catalogue
from cchc_pipeline.lake.engine import DIALECT, parse_sql, sql_file
from cchc_pipeline.scorecards.papi.scorecard import PAPI_SCHEMA
from cchc_pipeline.scorecards.reconciliation import build as reconciliation
from cchc_pipeline.scorecards.reconciliation.causes import causes
from cchc_pipeline.scorecards.scoring.engine import SCORECARD_SCHEMA
from cchc_pipeline.yaml_files import Strict, read_yaml

Statements = Sequence[str | exp.Expr]


class Relation(Strict):
    """How a relation is made; see `relations.yaml` for the keys."""

    sql: str | None = None
    view: str | None = None
    tables: Mapping[str, str] = {}
    copies: tuple[str, ...] = ()
    taken: tuple[str, ...] | None = None
    renamed: Mapping[str, str] = {}
    python: str | None = None
    columns: tuple[str, ...] | Literal["scorecard", "papi", "waiting"] | None = None
    reads: tuple[str, ...] | Literal["inbound"] = ()

    @property
    def made_in(self) -> str:
        """Return the file below `cchc_pipeline` that makes it; empty where it is a copy."""
        file, composed, _ = (self.sql or self.python or "").partition("#")
        if self.sql is None or composed:
            return file
        room, _, name = file.rpartition("/")
        return f"{room}/sql/{name}.sql"


@cache
def relations() -> dict[str, Relation]:
    """Return the relations by name.

    Raises:
        CchcError: the file does not fit the model.
    """
    text = resources.files(__package__).joinpath("relations.yaml").read_text(encoding="utf-8")
    return read_yaml(text, dict[str, Relation], "lineage/relations.yaml")


def computed_columns(name: str) -> tuple[str, ...]:
    """Return the columns of a relation that Python computes."""
    relation = relations()[name]
    if relation.python is None:
        return ()
    if relation.columns is None:
        return tuple(column.name for column in load_contract(name).columns)
    if isinstance(relation.columns, tuple):
        return relation.columns
    named = {
        "scorecard": SCORECARD_SCHEMA.names,
        "papi": [*PAPI_SCHEMA.names, "band_vi"],
        "waiting": list(reconciliation.WAITING),
    }
    return tuple(named[relation.columns])


def read_by_python(name: str) -> tuple[str, ...]:
    """Return the relations that Python reads for the columns that it computes."""
    reads = relations()[name].reads
    return tuple(one.name for one in all_contracts() if not one.is_published) if reads == "inbound" else tuple(reads)


def statements(sql: str) -> Statements:
    """Return the SQL of a relation: what makes views and tables, its query last.

    Args:
        sql: a file (`core/dossiers`), or a composed text (`core/units.py#used`); under the name of an inbound table
            that of its records by holder.
    """
    file, _, name = sql.partition("#")
    if not name:
        return [sql_file(file)]
    if name == "counts":
        items = Path(file).stem
        return [counts_query(items, PROCEDURE_KEY) if items == "procedure_items" else counts_query(items)]
    texts: dict[str, Callable[[], Statements]] = {
        "used": lambda: [units.USED_QUERY],
        "events": lambda: [build.EVENTS_QUERY],
        "catalogue": lambda: compute.statements(list(catalogue())),
        "causes": lambda: list(reconciliation.statements(causes())),
    }
    return texts[name]() if name in texts else [units.holders_query(load_contract(name).column_names)]


COUNT, CONSTANT = "a count of rows", "a constant or a parameter"
NOT_FOLLOWED = "the tracer cannot follow it"


class Field(NamedTuple):
    """A column of a relation."""

    relation: str
    column: str

    def __str__(self) -> str:
        return f"{self.relation}.{self.column}"


@dataclass(frozen=True)
class Origin:
    """What a column is computed from.

    Attributes:
        sources: the columns that its values come from, one step back, in order.
        why: why there is none, or what is computed in Python; empty where `sources` say everything.
    """

    sources: tuple[Field, ...] = ()
    why: str = ""


@dataclass(frozen=True)
class Step:
    """A column on the way to the source; `depth` is 0 for the column that was asked for."""

    depth: int
    field: Field
    made_in: str
    origin: Origin


def columns(relation: str) -> tuple[str, ...]:
    """Return the columns of a relation, of a contract those that it promises."""
    if relation in _contracts():
        return tuple(column.name for column in load_contract(relation).columns)
    return tuple(_origins(relation))


def origin(relation: str, column: str) -> Origin:
    """Return what a column is computed from, one step back."""
    return _origins(relation).get(column, Origin()) if relation in relations() else Origin(why="source field")


def path(relation: str, column: str) -> list[Step]:
    """Return the way of a column to its sources, depth first, every column once."""
    found: dict[Field, Step] = {}

    def follow(one: Field, depth: int) -> None:
        if one not in found:
            made_in = relations()[one.relation].made_in if one.relation in relations() else ""
            found[one] = Step(depth, one, made_in, origin(*one))
            for source in found[one].origin.sources:
                follow(source, depth + 1)

    follow(Field(relation, column), 0)
    return list(found.values())


def fields_named(text: str) -> list[Field]:
    """Return the columns that a text names: TABLE.COLUMN, or COLUMN of every published table that has it."""
    table, dot, column = text.rpartition(".")
    tables = [table] if dot else sorted(one.name for one in all_contracts() if one.is_published)
    known = [name for name in tables if name in relations() or name in _contracts()]
    return [Field(name, column) for name in known if column in columns(name)]


def back_to(relation: str, column: str, known: Collection[str]) -> tuple[set[Field], set[str]]:
    """Return the columns of `known` relations behind a column, and why other ways end."""

    def is_end(one: Field) -> bool:
        return one.relation in known and one.relation != relation

    reached = _reached([Field(relation, column)], lambda one: () if is_end(one) else origin(*one).sources)
    gaps = {f"{one}: {why}" for one in reached if not is_end(one) and (why := origin(*one).why)}
    return {one for one in reached if is_end(one)}, gaps


def _reached(starts: Iterable[Field], sources: Callable[[Field], Iterable[Field]]) -> set[Field]:
    """Return `starts` and everything that `sources` leads to from them."""
    found: set[Field] = set()
    waiting = list(starts)
    while waiting:
        if (one := waiting.pop()) not in found:
            found.add(one)
            waiting += sources(one)
    return found


@cache
def _contracts() -> frozenset[str]:
    return frozenset(contract.name for contract in all_contracts())


@cache
def _origins(name: str) -> dict[str, Origin]:
    """Return what every column of a listed relation is computed from."""
    relation = relations()[name]
    found: dict[str, Origin] = {}
    if relation.sql:
        found = _script(relation.sql, tuple(relation.tables.items())).origins(relation.view)
    for copied in relation.copies:
        back = {there: here for here, there in relation.renamed.items()}
        for column in columns(copied):
            here = back.get(column, column)
            if relation.taken is None or here in relation.taken:
                found[here] = Origin((*found.get(here, Origin()).sources, Field(copied, column)))
    reads = ", ".join(read_by_python(name))
    why = f"computed in Python ({relation.python})" + (f" from {reads}" if reads else "")
    return found | {column: Origin(why=why) for column in computed_columns(name)}


@cache
def _script(sql: str, tables: tuple[tuple[str, str], ...]) -> _Script:
    return _Script(sql, dict(tables))


class _Script:
    """What the statements of a relation make, column by column; a query makes the table ""."""

    def __init__(self, sql: str, tables: Mapping[str, str]) -> None:
        self._tables = tables
        self._made: dict[str, dict[str, set[Field]]] = {}
        self._whys: dict[tuple[str, str], str] = {}
        for text in statements(sql):
            for tree in [text.copy()] if isinstance(text, exp.Expr) else sqlglot.parse(text, dialect=DIALECT):
                if tree is not None:
                    self._note(tree)
                    self._last = next(reversed(self._made))

    def origins(self, view: str | None) -> dict[str, Origin]:
        """Return what the columns of a view are computed from; None for what was made last."""
        view = self._last if view is None else view
        found = {}
        for column, sources in self._made[view].items():
            reached = _reached(sources, lambda one: self._made.get(one.relation, {}).get(one.column, ()))
            ends = {Field(self._tables.get(name, name), end) for name, end in reached if name not in self._made}
            outside = tuple(sorted(ends))
            found[column] = Origin(outside, "" if outside else self._whys.get((view, column), CONSTANT))
        return found

    def _note(self, tree: exp.Expr) -> None:
        """Add what a statement makes, or puts into what was made."""
        table = "" if isinstance(tree, exp.Query) else tree.this.find(exp.Table).name
        query = tree if isinstance(tree, exp.Query) else tree.expression
        if isinstance(tree, exp.Update):
            query = exp.select(*(exp.alias_(one.expression, one.this.name) for one in tree.expressions)).from_(table)
        names = [one.name for one in tree.this.expressions] if isinstance(tree, exp.Insert) else None
        held = self._made.setdefault(table, {})
        for number, (column, node) in enumerate(self._traced(query).items()):
            column = names[number] if names else column
            ends = [one for one in node.walk() if not one.downstream]
            fields = {Field(one.expression.name, _column(one.name)) for one in ends if _is_column(one)}
            held[column] = held.get(column, set()) | fields
            self._whys[table, column] = _why(one.expression for one in ends if not _is_column(one))

    def _traced(self, query: exp.Expr) -> dict[str, Node]:
        known = {}
        for name in {table.name for table in query.find_all(exp.Table)}:
            relation = self._tables.get(name, name)
            if name in self._made or relation in relations() or relation in _contracts():
                known[name] = dict.fromkeys(self._made[name] if name in self._made else columns(relation), "VARCHAR")
        query = _without_unpivot(query, known)
        return lineage(None, query, known, dialect=DIALECT, trim_selects=False, copy=False)


def _is_column(node: Node) -> bool:
    return isinstance(node.expression, exp.Table)


@cache
def _column(text: str) -> str:
    return parse_sql(text).name


def _why(ends: Iterable[exp.Expr]) -> str:
    """Return why a column has no source, from the expressions where its way ends."""
    ends = list(ends)
    if any(isinstance(end, exp.Placeholder) for end in ends):
        return NOT_FOLLOWED
    return COUNT if any(end.find(exp.Count) for end in ends) else CONSTANT


def _without_unpivot(query: exp.Expr, known: Mapping[str, Mapping[str, str]]) -> exp.Expr:
    """Return the query with `UNPIVOT … COLUMNS('pattern')` as a plain SELECT of the same columns.

    sqlglot follows no UNPIVOT: the value column is one expression over all columns that match.
    """
    for found in list(query.find_all(exp.Pivot)):
        pivot: Any = found
        if into := pivot.args.get("into"):  # UNPIVOT t ON COLUMNS(…) INTO NAME n VALUE v
            table, (pattern,), label, value = pivot.this.name, pivot.expressions, into.this, into.expressions[0]
        else:  # FROM t UNPIVOT (v FOR n IN (COLUMNS(…)))
            (field,) = pivot.args["fields"]
            table, (pattern,), label, value = pivot.parent.name, field.expressions, field.this, pivot.expressions[0]
        matching = [column for column in known[table] if re.search(pattern.this.name, column)]
        kept = [column for column in known[table] if column not in matching]
        values = exp.alias_(exp.func("COALESCE", *map(exp.column, matching)), value.name)
        plain = exp.select(*kept, exp.alias_(exp.Literal.string(""), label.name), values).from_(table)
        (pivot if into else pivot.parent).replace(plain if into else plain.subquery(table))
    return query
