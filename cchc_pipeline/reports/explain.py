"""What stands behind a figure: an indicator of a unit and any window, down to dossiers, documents and procedures.

The items come from the same SQL files as the figure: each row of events is made to keep the dossier or document that it
was counted from, so that what is listed cannot differ from what is counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlglot
from sqlglot import exp

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.queries import run_table
from cchc_pipeline.indicators.catalogue import Indicator, Relation, Term, catalogue, relations
from cchc_pipeline.indicators.compute import compute, one_period
from cchc_pipeline.lake.engine import Engine, run_sql, session, sql_file
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.lake.publish import current_version, read_manifest, read_published
from cchc_pipeline.reports.scope import ReportError, unit_or_error
from cchc_pipeline.reports.window import published_inputs
from cchc_pipeline.scorecards.indicators_used import criteria_by_indicator

#: What an item is identified by, in the tables that events are counted from.
ITEM = "item_id"
#: view of `relations.sql` -> the column of its input that identifies an item
_ITEMS = {
    "own_events": "events.item_id",
    "own_procedures": "events.item_id",
    "snapshot": "snapshots.item_id",
    "resolved": "dossiers.dossier_id",
}
#: published table -> its key and the columns that are shown of an item
_SHOWN = {
    "dossiers": (
        "dossier_id",
        ("dossier_code", "unit_code", "procedure_code", "channel", "received_on", "due_on", "closed_on", "outcome"),
    ),
    "documents": (
        "document_id",
        ("document_number", "notation", "unit_code", "subject_kind", "promulgated_on", "due_on", "sent_on"),
    ),
    "procedures": ("procedure_code", ("procedure_name", "unit_code", "service_level", "executing_level")),
}


@dataclass(frozen=True)
class Behind:
    """What stands behind a numerator or a denominator, or what the one lacks of the other.

    Attributes:
        side: numerator, denominator, or lacking: what the denominator counts and the numerator does not.
        term: its definition; of what is lacking, that of the denominator.
        relation: what it is counted over.
        value: its value.
        sql: the query that gives it, over the views that `relation.sql` makes.
        count: how many items stand behind it.
        rows: the first of them, each with what it contributes.
    """

    side: str
    term: Term
    relation: Relation
    value: float | None
    sql: str
    count: int
    rows: list[dict[str, Any]]


@dataclass(frozen=True)
class Explanation:
    """An indicator of a unit and window, explained.

    Attributes:
        published: the published value of a period with just these days; None where there is none.
        behind: numerator, denominator, and what is lacking where more is better: the items that cost a rate its points.
        notes: what a reader has to know about the window.
    """

    indicator: Indicator
    unit_code: str
    unit_name: str
    first: date
    last: date
    numerator: float | None
    denominator: float | None
    value: float | None
    published: dict[str, Any] | None
    behind: list[Behind]
    notes: list[str] = field(default_factory=list)


def find_indicator(name: str) -> Indicator:
    """The indicator of this id, or the one that the criterion of this code is scored from.

    Raises:
        ReportError: there is none; the message names the nearest. Or criteria of that code have several.
    """
    known = {indicator.id: indicator for indicator in catalogue()}
    if name in known:
        return known[name]
    scored = [
        one for one, criteria in criteria_by_indicator().items() if name.upper() in {c.split()[-1] for c in criteria}
    ]
    if len(scored) > 1:
        raise ReportError(f"explain: {name} is scored from {', '.join(scored)}; name one of them.")
    if scored:
        return known[scored[0]]
    words = {one.name_vi.casefold(): one.id for one in known.values()} | {
        one.name_en.casefold(): one.id for one in known.values()
    }
    near = get_close_matches(name, known, n=4, cutoff=0.4)
    near += [words[word] for word in get_close_matches(name.casefold(), words, n=3, cutoff=0.5)]
    meant = f" Did you mean {', '.join(dict.fromkeys(near))}?" if near else ""
    raise ReportError(f"explain: no indicator {name}.{meant} All of them: docs/indicators.md, or indicators.parquet.")


def explain(lake: Lake, name: str, first: date, last: date, unit: str | None = None, limit: int = 10) -> Explanation:
    """Value and items of an indicator, from the current published version.

    Args:
        lake: the lake.
        name: id of the indicator.
        first: first day of the window.
        last: last day of the window.
        unit: unit code; the province by default. Everything below the unit counts with it.
        limit: how many items are listed of the numerator, and of the denominator.

    Raises:
        ReportError: the indicator or unit is unknown, or no day of the window has data.
        PublishError: nothing was published.
    """
    indicator = find_indicator(name)
    if first > last:
        raise ReportError(f"explain: the window begins on {first} and ends on {last}. Exchange --from and --to.")
    code, unit_name = unit_or_error(lake.published, unit)
    version = current_version(lake.published)
    manifest = read_manifest(version) if version else {}
    begins, until = date.fromisoformat(manifest["data_from"]), date.fromisoformat(manifest["data_until"])
    if last < begins or first > until:
        raise ReportError(
            f"explain: {first} … {last} lies outside of the published data, which go from {begins} to {until}. "
            f"Choose days within, or pull the others: `cchc run --from {min(first, begins)} --to {max(last, until)}`."
        )
    notes = []
    if first < begins or last > until:
        notes.append(f"Dữ liệu có từ {begins} đến {until}; số liệu tính trong phạm vi đó.")
    with _items(lake, first, last, begins, until) as (engine, tables):
        value = compute(
            **tables,
            first=begins,
            as_of_on=until,
            schema=load_contract("indicator_values").arrow_schema(),
            only=[indicator],
            period_table=one_period(first, last),
        ).to_pylist()
        row = next((one for one in value if one["unit_code"] == code), None)
        if row is None:
            notes.append("Không có số liệu nào được ghi nhận cho đơn vị trong khoảng thời gian này.")
            row = {"numerator": None, "denominator": None, "value": None}
        behind = [
            _behind(engine, side, term, code, (first, last, until), row[side], limit)
            for side, term in (("numerator", indicator.numerator), ("denominator", indicator.denominator))
            if term is not None
        ]
        lacking = _lacking(engine, indicator, code, (first, last, until), limit)
    return Explanation(
        indicator=indicator,
        unit_code=code,
        unit_name=unit_name,
        first=first,
        last=last,
        **{name: row[name] for name in ("numerator", "denominator", "value")},
        published=_published(lake.published, indicator.id, code, first, last),
        behind=[*behind, lacking] if lacking else behind,
        notes=notes,
    )


def _published(published: Path, indicator_id: str, unit: str, first: date, last: date) -> dict[str, Any] | None:
    rows = run_sql(
        "SELECT period_type, numerator, denominator, value FROM held WHERE indicator_id = $indicator "
        "AND unit_code = $unit AND period_start = $first AND period_end = $last ORDER BY period_type LIMIT 1",
        params={"indicator": indicator_id, "unit": unit, "first": first, "last": last},
        held=read_published(published, "indicator_values"),
    )
    return next(iter(rows.to_pylist()), None)


@contextmanager
def _items(lake: Lake, first: date, last: date, begins: date, until: date) -> Iterator[tuple[Engine, dict[str, Any]]]:
    """A session whose relations keep the item of every row, and the tables that the value is computed from."""
    documents = read_published(lake.published, "documents")
    tables = published_inputs(lake, begins, until)
    run = run_table(until)
    dossier_events = _itemised("dossier_events", "dossier_id", dossiers=tables["dossiers"])
    document_events = _itemised("document_events", "document_id", documents=documents, run=run)
    causes = _itemised("late_events", "dossier_id", late=read_published(lake.published, "late_dossiers"))
    events = pa.concat_tables([dossier_events, causes, document_events], promote_options="permissive")
    # The catalogue has no history: its procedures as they are now stand for the day on which they were counted last.
    counted = [day for day in tables["snapshots"]["event_on"].to_pylist() if first <= day <= min(last, until)]
    on = run_table(max(counted, default=until))
    counts = _itemised("procedure_counts", "procedure_code", held=tables["procedures"], run=on)
    given = {
        **{name: load_contract(name).arrow_schema().empty_table() for name in _tables_of_relations()},
        **tables["tables"],
        **{name: tables[name] for name in ("units", "procedures", "dossiers")},
        "documents": documents,
        "events": events,
        "snapshots": counts,
        "periods": one_period(first, last),
        "run": pa.table({"as_of_on": pa.array([until], pa.date32()), "first_on": pa.array([begins], pa.date32())}),
        "unit_lineage": tables["lineage"],
    }
    with session(**given) as engine:
        for file in dict.fromkeys(["relations.sql", *(relation.sql for relation in relations().values())]):
            engine.execute(_with_items(sql_file("indicators/" + file.removesuffix(".sql"))))
        yield engine, tables


def _tables_of_relations() -> list[str]:
    return list(dict.fromkeys(name for relation in relations().values() for name in relation.tables))


def _itemised(name: str, key: str, **tables: pa.Table) -> pa.Table:
    """A file of `core/sql` that counts, with the key of what was counted kept as `item_id`."""
    tree = sqlglot.parse_one(sql_file(f"core/{name}"), dialect="duckdb").assert_is(exp.Select)
    item = exp.alias_(exp.column(key), ITEM)
    counted = next(cte for cte in tree.find_all(exp.CTE) if cte.alias in ("events", "marks"))
    for select in counted.this.find_all(exp.Select):
        select.select(item.copy(), copy=False)
    tree.select(ITEM, copy=False)
    return run_sql(tree, **tables)


def _with_items(text: str) -> str:
    """The statements that make relations, with the item kept in those that count events, procedures or dossiers."""
    statements = [one for one in sqlglot.parse(text, dialect="duckdb") if one is not None]
    for statement in statements:
        column = _ITEMS.get(statement.this.name) if isinstance(statement, exp.Create) else None
        if column is not None:
            statement.expression.select(exp.alias_(sqlglot.parse_one(column, dialect="duckdb"), ITEM), copy=False)
    return ";\n".join(one.sql(dialect="duckdb") for one in statements)


def _behind(
    engine: Engine,
    side: str,
    term: Term,
    unit: str,
    days: tuple[date, date, date],
    value: float | None,
    limit: int,
) -> Behind:
    relation = relations()[term.over]
    figure, items = _queries(engine, term, relation, unit, days)
    found = engine.query(items)
    rows = found.slice(0, limit).to_pylist()
    if ITEM in found.column_names:
        rows = [_details(engine, row) for row in rows]
    return Behind(side, term, relation, value, figure.sql(dialect="duckdb", pretty=True), found.num_rows, rows)


def _queries(
    engine: Engine, term: Term, relation: Relation, unit: str, days: tuple[date, date, date]
) -> tuple[exp.Select, exp.Select]:
    """The query of a term's value, and that of the items behind it."""
    columns = _columns(engine, relation)
    source = _source(relation, unit, days)
    figure = source.select(term.expression())
    if ITEM not in columns:
        kept = [name for name in columns if name not in ("unit_code", "period_type", "period_start", "period_end")]
        condition = term.expression().find(exp.Filter)
        rows = source.select(*[exp.column(name) for name in kept]).order_by(*[exp.column(name) for name in kept])
        return figure, rows.where(condition.expression.this) if condition is not None else rows
    single = exp.alias_(term.expression(), "contributes")
    items = source.select(ITEM, single).group_by(ITEM).order_by(ITEM)
    if term.adds_up:
        return figure, items.having(exp.column("contributes").neq(0))
    return figure, items.having(exp.Not(this=exp.Is(this=exp.column("contributes"), expression=exp.null())))


def _columns(engine: Engine, relation: Relation) -> list[str]:
    return engine.query(f"DESCRIBE {relation.view}")["column_name"].to_pylist()


def _source(relation: Relation, unit: str, days: tuple[date, date, date]) -> exp.Select:
    """The rows of a relation that a figure of the unit and window is counted over, without columns yet."""
    first, last, until = days
    source = exp.select().from_(relation.view).where(exp.column("unit_code").eq(unit))
    if relation.cumulative == "end":
        return source.where(exp.column("step_end") <= exp.Date(this=exp.Literal.string(min(last, until).isoformat())))
    if relation.cumulative == "opening":
        return source.where(exp.column("step_end") < exp.Date(this=exp.Literal.string(first.isoformat())))
    return source


def _lacking(
    engine: Engine, indicator: Indicator, unit: str, days: tuple[date, date, date], limit: int
) -> Behind | None:
    """What the denominator counts and the numerator does not, item by item.

    None where fewer is better (then the numerator itself lists what costs), and where both sides do not count the same
    kind of item.
    """
    term = indicator.denominator
    if term is None or indicator.unit != "%" or indicator.direction != "higher":
        return None
    counted, met = (_by_item(engine, one, unit, days) for one in (term, indicator.numerator))
    if counted is None or met is None:
        return None
    left = sqlglot.parse_one("counted.contributes - COALESCE(met.contributes, 0)", dialect="duckdb")
    query = (
        exp.select(exp.column(ITEM), exp.alias_(left, "contributes"))
        .with_("counted", as_=counted)
        .with_("met", as_=met)
        .from_("counted")
        .join("met", using=ITEM, join_type="left")
        .where(exp.GT(this=left.copy(), expression=exp.Literal.number(0)))
        .order_by(ITEM)
    )
    items = [set(engine.query(one)[ITEM].to_pylist()) for one in (counted, met)]
    if items[1] and not items[0] & items[1]:
        return None  # a rate of procedures over dossiers, say: nothing of the one is among the other
    found = engine.query(query)
    value = float(sum(found["contributes"].to_pylist()))
    rows = [_details(engine, row) for row in found.slice(0, limit).to_pylist()]
    sql = query.sql(dialect="duckdb", pretty=True)
    return Behind("lacking", term, relations()[term.over], value, sql, found.num_rows, rows)


def _by_item(engine: Engine, term: Term, unit: str, days: tuple[date, date, date]) -> exp.Select | None:
    """What every item contributes to a term; None where the term does not add up over items."""
    relation, tree = relations()[term.over], term.expression()
    distinct = tree.find(exp.Distinct)
    if distinct is not None:
        column = distinct.expressions[0]
        if len(distinct.expressions) > 1 or not isinstance(column, exp.Column):
            return None
        condition = tree.find(exp.Filter)
        one = exp.alias_(exp.Literal.number(1), "contributes")
        rows = _source(relation, unit, days).select(exp.alias_(column.copy(), ITEM), one).distinct()
        return rows.where(condition.expression.this.copy()) if condition is not None else rows
    if not term.adds_up or ITEM not in _columns(engine, relation):
        return None
    return _queries(engine, term, relation, unit, days)[1]


def _details(engine: Engine, row: dict[str, Any]) -> dict[str, Any]:
    """What is shown of an item."""
    for table, (key, shown) in _SHOWN.items():
        query = exp.select(*shown).from_(table).where(exp.column(key).eq(exp.Placeholder()))
        if found := engine.query(query, [row[ITEM]]).to_pylist():
            return {"item": table, key: row[ITEM], **found[0], "contributes": row["contributes"]}
    return {"item": "?", **row}
