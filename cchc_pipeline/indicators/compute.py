"""Computing indicator values: catalogue terms composed into a handful of queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlglot import exp

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.days import periods
from cchc_pipeline.indicators.catalogue import VALUE_IS_NUMERATOR, Indicator, Relation, Term, catalogue, relations
from cchc_pipeline.lake.engine import Engine, session, sql_file
from cchc_pipeline.reference.unit_map import lineage_table
from cchc_pipeline.reference.units import UnitHistory

_PERIOD = ("period_type", "period_start", "period_end")
_KEY = ("unit_code", *_PERIOD)
_EVENT = ("event_on", "unit_code", "procedure_code", "channel", "measure", "quantity")


def compute(
    *,
    events: pa.Table | Sequence[Path | pa.Table],
    units: pa.Table,
    procedures: pa.Table | Path,
    snapshots: pa.Table,
    dossiers: pa.Table | Sequence[Path],
    tables: Mapping[str, pa.Table | Path | Sequence[Path]] | None = None,
    first: date,
    as_of_on: date,
    lineage: pa.Table | None = None,
    free_periods: Iterable[tuple[date, date]] = (),
    schema: pa.Schema,
    only: Sequence[Indicator] | None = None,
    period_table: pa.Table | None = None,
) -> pa.Table:
    """Values of every indicator for every unit and period.

    Args:
        events: additive daily counts (event_on, unit_code, procedure_code, channel, measure, quantity): a table, or
            files and tables that are read one after another without loading the files.
        units: the published table `units`.
        procedures: the procedure catalogue (procedure_code, has_fee, service_level).
        snapshots: daily counts of the catalogue (event_on, unit_code, measure, quantity).
        dossiers: dossiers with closed_on and handling_working_days, for medians.
        tables: published tables that relations of other families read, by name; one that is left out is empty.
        first: first civil day of data.
        as_of_on: last civil day of data; a running period is given to date.
        lineage: maps of the units, as `reference.unit_map.lineage_table` gives them; that of `units` by default.
        free_periods: windows besides day, month, quarter and year.
        schema: Arrow schema of the published table `indicator_values`.
        only: indicators to compute; the whole catalogue by default.
        period_table: periods to compute instead of those of the data range.

    Returns:
        One row per indicator, unit and period in which the unit exists, and where something was counted for it
        outside of that time. For months, quarters, years and free periods a zero
        stands there as zero; for single days only what is not zero. A rate over nothing has value
        null. `value` is 100 x numerator / denominator for rates in %, numerator / denominator for
        means, otherwise the numerator.
    """
    indicators = list(catalogue() if only is None else only)
    used = tuple(dict.fromkeys(relation for indicator in indicators for relation in indicator.relations))
    wanted = periods(first, as_of_on, free_periods) if period_table is None else period_table
    run = pa.table({"as_of_on": pa.array([as_of_on], pa.date32()), "first_on": pa.array([first], pa.date32())})
    given: dict[str, Any] = {
        "units": units,
        "procedures": procedures,
        "snapshots": snapshots,
        "dossiers": dossiers,
        "periods": wanted,
        "run": run,
        "unit_lineage": lineage_table(units, UnitHistory([]), first, as_of_on, "today") if lineage is None else lineage,
    }
    given = {**_tables_of(used, tables or {}), **given}
    with session(**given) as engine:
        _view_of_events(engine, [events] if isinstance(events, pa.Table) else events)
        for file in dict.fromkeys(["relations.sql", *(relation.sql for relation in used)]):
            engine.execute(sql_file("indicators/" + file.removesuffix(".sql")))
        names = _materialise_terms(engine, indicators, used)
        rows = [_indicator_rows(indicator, names) for indicator in indicators]
        every = exp.union(*rows, distinct=False, copy=False) if len(rows) > 1 else rows[0]
        query = exp.select("*").from_(every.subquery("every")).order_by("indicator_id", *_KEY)
        result = engine.query(query)
        return result.select(schema.names).cast(schema)


def _view_of_events(engine: Engine, events: Sequence[Path | pa.Table]) -> None:
    """The view `events` over tables, and over files as one."""
    parts: list[exp.Select] = []
    for number, table in enumerate(one for one in events if isinstance(one, pa.Table)):
        engine.add(f"events_{number}", table)
        parts.append(exp.select(*_EVENT).from_(f"events_{number}"))
    if paths := [one for one in events if isinstance(one, Path)]:
        engine.add("event_files", paths)
        parts.append(exp.select(*_EVENT).from_("event_files"))
    every = exp.union(*parts, distinct=False) if len(parts) > 1 else parts[0]
    engine.execute(exp.Create(this=exp.to_table("events"), kind="TEMPORARY VIEW", expression=every))


def _tables_of(used: Sequence[Relation], tables: Mapping[str, Any]) -> dict[str, Any]:
    """The published tables that the files of the relations read; a file makes other relations of its family too."""
    made_in = {relation.sql for relation in used}
    along = [relation for relation in relations().values() if relation.sql in made_in]
    names = dict.fromkeys(name for relation in along for name in relation.tables)
    return {
        name: tables[name] if name in tables else load_contract(name).arrow_schema().empty_table() for name in names
    }


def _materialise_terms(engine: Engine, indicators: Sequence[Indicator], used: Sequence[Relation]) -> dict[Term, str]:
    """One column per distinct term, joined to the grid of units and periods in the table `wide`."""
    terms = list(dict.fromkeys(term for indicator in indicators for term in indicator.terms))
    names = {term: f"t{number}" for number, term in enumerate(terms)}
    sums = _materialise_sums(engine, terms)
    query = exp.select("grid.*").from_("grid")
    cumulative = [relation for relation in used if relation.cumulative]
    for relation in used:
        if relation.cumulative:
            continue
        on = exp.and_(*[f"{relation.id}_terms.{c} = grid.{c}" for c in _KEY])
        query = query.join(_grouped(relation, names, sums).subquery(f"{relation.id}_terms"), on=on, join_type="left")
        if relation.covered_by:
            covered = exp.select(*_PERIOD).distinct().from_(relation.covered_by).subquery(f"{relation.id}_covered")
            on = exp.and_(*[f"{relation.id}_covered.{c} = grid.{c}" for c in _PERIOD])
            query = query.join(covered, on=on, join_type="left")
    if cumulative:
        running = [term for term in terms if relations()[term.over].cumulative]
        made = _running(running, names, sums)
        engine.execute(exp.Create(this=exp.to_table("running"), kind="TEMPORARY TABLE", expression=made))
        # What is carried into a period is carried by the units of its first day.
        day = {"end": "LEAST(grid.period_end, run.as_of_on)", "opening": "grid.period_start - 1"}
        on_map = {"end": day["end"], "opening": "grid.period_start"}
        for relation in cumulative:
            name, at = f"{relation.id}_terms", str(relation.cumulative)
            on = exp.and_(
                f"{name}.unit_code = grid.unit_code",
                f"{name}.step_end = {day[at]}",
                f"{on_map[at]} BETWEEN {name}.map_from AND {name}.map_until",
            )
            query = query.join(exp.to_table("running").as_(name), on=on, join_type="left")
        query = query.join("run", join_type="cross")
    query = query.select(*[exp.alias_(_filled(term, names[term]), names[term]) for term in terms])
    # `run` must come before the joins that name it.
    statement = exp.Create(this=exp.to_table("wide"), kind="TEMPORARY TABLE", expression=_run_first(query))
    engine.execute(statement)
    return names


def _filled(term: Term, name: str) -> exp.Expr:
    """The column of a term, with zero where nothing is known to have happened."""
    relation = relations()[term.over]
    value: exp.Expr = exp.column(name, table=f"{relation.id}_terms")
    zero: exp.Expr = exp.Literal.number(0)
    if relation.covered_by:
        is_covered = exp.Not(
            this=exp.Is(this=exp.column("period_type", table=f"{relation.id}_covered"), expression=exp.null())
        )
        zero = exp.Case(ifs=[exp.If(this=is_covered, true=zero)])
    if term.adds_up and (relation.absent == "zero" or relation.covered_by):
        value = exp.func("COALESCE", value, zero)
    return exp.cast(value, "DOUBLE")


def _run_first(query: exp.Select) -> exp.Select:
    joins = query.args.get("joins") or []
    query.set("joins", sorted(joins, key=lambda join: join.this.name != "run"))
    return query


def _materialise_sums(engine: Engine, terms: Sequence[Term]) -> dict[str, str]:
    """Every SUM of the terms as a column of the table `own_sums`: by the unit that counted, and step; never rolled up.

    Rolling up a few sums costs less than rolling up the rows that they are made of.
    """
    rolled = [term for term in terms if relations()[term.over].sums]
    if not rolled:
        return {}
    aggregates = {one.sql("duckdb"): one for term in rolled for one in _aggregates(term.expression())}
    names = {text: f"s{number}" for number, text in enumerate(aggregates)}
    key = ("own_code", "step_start", "step_end")
    (source,) = {relations()[term.over].sums for term in rolled}
    query = exp.select(*key).from_(str(source)).group_by(*key)
    query = query.select(*[exp.alias_(one, names[text]) for text, one in aggregates.items()])
    statement = exp.Create(this=exp.to_table("own_sums"), kind="TEMPORARY TABLE", expression=query)
    engine.execute(statement)
    return names


def _aggregates(tree: exp.Expr) -> list[exp.Expr]:
    return [one.parent if isinstance(one.parent, exp.Filter) else one for one in tree.find_all(exp.Sum)]


def _of_sums(term: Term, sums: dict[str, str]) -> exp.Expr:
    """The term over `own_sums`."""

    def replaced(node: exp.Expr) -> exp.Expr:
        if isinstance(node, (exp.Filter, exp.Sum)):
            return exp.Sum(this=exp.column(sums[node.sql("duckdb")]))
        return node

    return term.expression().transform(replaced)


def _grouped(relation: Relation, names: dict[Term, str], sums: dict[str, str]) -> exp.Select:
    """The terms of a relation by unit and period."""
    terms = {term: name for term, name in names.items() if term.over == relation.id}
    if not relation.sums:
        select = exp.select(*_KEY).from_(relation.view).group_by(*_KEY)
        return select.select(*[exp.alias_(term.expression(), name) for term, name in terms.items()])
    key = ("lineage.ancestor_code", *(f"period_steps.{column}" for column in _PERIOD))
    return (
        exp.select("lineage.ancestor_code AS unit_code", *key[1:])
        .from_("own_sums")
        .join(
            "unit_lineage AS lineage",
            on="lineage.unit_code = own_sums.own_code "
            "AND own_sums.step_start BETWEEN lineage.map_from AND lineage.map_until",
        )
        .join("period_steps", on="period_steps.step_start = own_sums.step_start")
        .group_by(*key)
        .select(*[exp.alias_(_of_sums(term, sums), name) for term, name in terms.items()])
    )


def _running(terms: Sequence[Term], names: dict[Term, str], sums: dict[str, str]) -> exp.Select:
    """Cumulative sums by unit at the end of every step from the first event to the last day of data.

    A step's sums are those on its map, everything counted before included; at the end of the step before a map begins
    there are the sums on that map too.
    """
    key = ("map_from", "unit_code", "step_end")
    changes = (
        exp.select("lineage.map_from", "lineage.ancestor_code AS unit_code", "own_sums.step_end")
        .from_("own_sums")
        .join(
            "unit_lineage AS lineage",
            on="lineage.unit_code = own_sums.own_code AND own_sums.step_end <= lineage.map_until",
        )
        .group_by("lineage.map_from", "lineage.ancestor_code", "own_sums.step_end")
        .select(*[exp.alias_(_of_sums(term, sums), names[term]) for term in terms])
    )
    maps = exp.select("ancestor_code AS unit_code", "map_from", "map_until").distinct().from_("unit_lineage")
    ends = (
        exp.select("maps.*", "steps.step_end")
        .from_(maps.subquery("maps"))
        .join("steps", on="steps.step_end <= maps.map_until")
    )
    select = exp.select("ends.*").from_(ends.subquery("ends"))
    on = exp.and_(*(f"changes.{c} = ends.{c}" for c in key))
    select = select.join(changes.subquery("changes"), on=on, join_type="left")
    for term in terms:
        total = exp.func("SUM", exp.func("COALESCE", exp.column(names[term], table="changes"), exp.Literal.number(0)))
        over = exp.Window(
            this=total,
            partition_by=[exp.column(c, table="ends") for c in key[:2]],
            order=exp.Order(expressions=[exp.Ordered(this=exp.column("step_end", table="ends"))]),
        )
        select = select.select(exp.alias_(over, names[term]))
    return exp.select("*").from_(select.subquery("summed")).where("step_end >= map_from - 1")


def _indicator_rows(indicator: Indicator, names: dict[Term, str]) -> exp.Select:
    numerator = exp.column(names[indicator.numerator])
    denominator = exp.column(names[indicator.denominator]) if indicator.denominator else exp.cast(exp.null(), "DOUBLE")
    if indicator.denominator is None or indicator.kind in VALUE_IS_NUMERATOR:
        value: exp.Expr = numerator
    else:
        value = exp.Div(
            this=numerator, expression=exp.func("NULLIF", denominator, exp.Literal.number(0)), typed=False, safe=False
        )
        if indicator.unit == "%":
            value = exp.Mul(this=exp.Literal.number(100), expression=exp.paren(value))
    select = exp.select(
        exp.alias_(exp.Literal.string(indicator.id), "indicator_id"),
        "unit_code",
        "unit_level",
        *_PERIOD,
        exp.alias_(numerator, "numerator"),
        exp.alias_(denominator, "denominator"),
        exp.alias_(value, "value"),
    ).from_("wide")
    # A value that nobody counted is left out; a median over nothing stands there, with nothing as its denominator.
    for term in indicator.terms:
        if term.adds_up or indicator.kind != "median":
            known = exp.Is(this=exp.column(names[term]), expression=exp.null())
            select = select.where(exp.Not(this=known))
    moved = exp.or_(
        exp.NEQ(this=exp.func("COALESCE", numerator.copy(), exp.Literal.number(0)), expression=exp.Literal.number(0)),
        exp.NEQ(this=exp.func("COALESCE", denominator.copy(), exp.Literal.number(0)), expression=exp.Literal.number(0)),
    )
    return select.where(exp.or_("period_type <> 'day' AND is_alive", moved))


def first_day(days: Iterable[date], otherwise: date) -> date:
    """The earliest of `days`, or `otherwise` where there is none."""
    return min(days, default=otherwise)


def one_period(first: date, last: date) -> pa.Table:
    """A period table with one free period, for reports over any window."""
    return periods(last + timedelta(days=1), last, [(first, last)])
