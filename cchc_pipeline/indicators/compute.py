"""Compute indicator values: terms become columns, then each indicator a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache

import pyarrow as pa
from sqlglot import exp

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.indicators.catalogue import VALUE_IS_NUMERATOR, Indicator, Relation, Term, catalogue, relations
from cchc_pipeline.lake.engine import parse_sql, run_sql, session, sql_file, sql_text
from cchc_pipeline.lake.files import Source

#: Daily counts of the procedure catalogue, which are kept in the lake and not published.
PROCEDURE_COUNTS = pa.schema(
    {"event_on": pa.date32()}
    | dict.fromkeys(("unit_code", "executing_level", "measure"), pa.string())
    | {"quantity": pa.float64()}
)
_PERIOD = ("period_type", "period_start", "period_end")
_KEY = ("unit_code", *_PERIOD)


def compute(
    tables: Mapping[str, Source],
    first: date,
    as_of_on: date,
    only: Sequence[Indicator] | None = None,
) -> pa.Table:
    """Compute the values of indicators for every unit and period.

    Args:
        tables: input tables by name; one that is left out is empty. `units`; `unit_lineage`, see
            `reference.unit_map.lineage_table`; `periods`, see `days.periods`; `dossier_events` and `document_events`,
            additive daily counts; `procedure_counts`; `source_states`, of which every source that it does not name
            counts as read; and the published tables that relations read.
        first: first civil day of data.
        as_of_on: last civil day of data; a running period is given to date.
        only: indicators to compute; the whole catalogue by default.

    Returns:
        Rows of `indicator_values`, one per indicator, unit and period, ordered by that key. Months, quarters, years and
        free periods in which the unit exists have a row even for zero; single days, and times outside of the unit's
        life, only where something was counted; none for periods that a source was not read for (`_is_known`). A rate
        over nothing has value null. `value` is 100 x numerator /
        denominator for rates in %, numerator / denominator for means, otherwise the numerator.
    """
    indicators = list(catalogue() if only is None else only)
    days = {"as_of_on": as_of_on, "first_on": first} | read_days(tables.get("source_states"), first, as_of_on)
    run = pa.table({name: pa.array([day], pa.date32()) for name, day in days.items()})
    *made, query = statements(indicators)
    with session(**inputs_of(_relations_of(indicators), tables), run=run) as engine:
        for statement in made:
            engine.execute(statement)
        result = engine.query(query)
    schema = load_contract("indicator_values").arrow_schema()
    return result.select(schema.names).cast(schema)


def read_days(states: Source | None, first: date, as_of_on: date) -> dict[str, date | None]:
    """Return the days that each source was read for, as columns of `run`: <source>_from and <source>_until.

    A source that `states`, the table `source_states`, does not name was read from `first` to `as_of_on`.
    """
    held = run_sql("SELECT source, first_on, read_on FROM states", states=states).to_pylist() if states else []
    read = {row["source"]: (row["first_on"], row["read_on"]) for row in held}
    return {
        f"{source}_{end}": day
        for source in sorted({one for indicator in catalogue() for one in indicator.sources})
        for end, day in zip(("from", "until"), read.get(source, (first, as_of_on)), strict=True)
    }


def statements(indicators: Sequence[Indicator]) -> list[str]:
    """Return the SQL of indicators: what makes views and tables, the query of values last.

    Sums are made by the unit that counted (`own_sums`) before they are rolled up to the units above it; `wide` has a
    row per unit and period, and a DOUBLE column per term.
    """
    used = _relations_of(indicators)
    columns = {term: f"t{n}" for n, term in enumerate(dict.fromkeys(t for one in indicators for t in one.terms))}
    by_relation = {one: {term: name for term, name in columns.items() if term.over == one.id} for one in used}
    made = sql_files(used)
    rolled_up = [term for term in columns if term.relation.sums]
    if rolled_up:
        (source,) = {term.relation.sums for term in rolled_up}
        sums = dict.fromkeys(one for term in rolled_up for one in _over_sums(term.sql)[1])
        selected = "".join(f", {one} AS {sql_text(exp.to_identifier(one, quoted=True))}" for one in sums)
        made.append(
            f"CREATE TEMP TABLE own_sums AS SELECT own_code, step_start, step_end{selected} FROM {source} GROUP BY ALL"
        )
    if running := {term: name for term, name in columns.items() if term.relation.cumulative}:
        made.append(f"CREATE TEMP TABLE running AS {_running(running)}")
    joins = " ".join(_join(relation, by_relation[relation]) for relation in used)
    filled = ", ".join(f"CAST({_filled(term, name)} AS DOUBLE) AS {name}" for term, name in columns.items())
    made.append(f"CREATE TEMP TABLE wide AS SELECT grid.*, {filled} FROM grid CROSS JOIN run {joins}")
    rows = " UNION ALL ".join(_rows_of(indicator, columns) for indicator in indicators)
    return [*made, f"SELECT * FROM ({rows}) ORDER BY indicator_id, {', '.join(_KEY)}"]


def _relations_of(indicators: Sequence[Indicator]) -> list[Relation]:
    return list(dict.fromkeys(relation for indicator in indicators for relation in indicator.relations))


def sql_files(used: Sequence[Relation]) -> list[str]:
    """Return the SQL texts that make these relations, in order."""
    files = dict.fromkeys(["relations.sql", *(relation.sql for relation in used)])
    return [sql_file(f"indicators/{file.removesuffix('.sql')}") for file in files]


def inputs_of(used: Sequence[Relation], tables: Mapping[str, Source]) -> dict[str, Source]:
    """Return the tables that SQL files of the relations read, empty where not given.

    A file makes other relations of its family too, and reads their tables.
    """
    made_in = {relation.sql for relation in used} | {"relations.sql"}
    names = ["dossier_events", "document_events", "procedure_counts", "procedures", "dossiers", "units"]
    names += [name for relation in relations().values() if relation.sql in made_in for name in relation.tables]
    kept_apart = {
        "document_events": load_contract("dossier_events").arrow_schema(),
        "procedure_counts": PROCEDURE_COUNTS,
    }
    return dict(tables) | {
        name: (kept_apart.get(name) or load_contract(name).arrow_schema()).empty_table()
        for name in names
        if name not in tables
    }


def _join(relation: Relation, terms: Mapping[Term, str]) -> str:
    """Return the LEFT JOIN of a relation's terms and covered periods to the grid."""
    name = f"{relation.id}_terms"
    if relation.cumulative:
        # What is carried into a period is carried by the units of its first day.
        day = "LEAST(grid.period_end, run.as_of_on)" if relation.cumulative == "end" else "grid.period_start"
        at = day if relation.cumulative == "end" else "grid.period_start - 1"
        return (
            f"LEFT JOIN running AS {name} ON {name}.unit_code = grid.unit_code AND {name}.step_end = {at}"
            f" AND {day} BETWEEN {name}.map_from AND {name}.map_until"
        )
    if relation.sums:
        selected = ", ".join(f"{_over_sums(term.sql)[0]} AS {column}" for term, column in terms.items())
        grouped = (
            f"SELECT lineage.ancestor_code AS unit_code, {', '.join(_PERIOD)}, {selected} FROM own_sums"
            " JOIN unit_lineage AS lineage ON lineage.unit_code = own_sums.own_code"
            " AND own_sums.step_start BETWEEN lineage.map_from AND lineage.map_until"
            " JOIN period_steps ON period_steps.step_start = own_sums.step_start GROUP BY ALL"
        )
    else:
        selected = ", ".join(f"{term.sql} AS {column}" for term, column in terms.items())
        grouped = f"SELECT {', '.join(_KEY)}, {selected} FROM {relation.view} GROUP BY {', '.join(_KEY)}"
    join = f"LEFT JOIN ({grouped}) AS {name} ON {_equal(name, _KEY)}"
    if relation.covered_by:
        covered = f"SELECT DISTINCT {', '.join(_PERIOD)} FROM {relation.covered_by}"
        join += f" LEFT JOIN ({covered}) AS {relation.id}_covered ON {_equal(f'{relation.id}_covered', _PERIOD)}"
    return join


def _equal(table: str, columns: Sequence[str]) -> str:
    return " AND ".join(f"{table}.{column} = grid.{column}" for column in columns)


def _filled(term: Term, name: str) -> str:
    """Return the column of a term, with zero where no row means zero; null where its sources were not read."""
    filled = _with_zeros(term, name)
    if term.relation.absent == "unknown":
        return filled
    return f"CASE WHEN {' AND '.join(map(_is_known, term.sources))} THEN {filled} END" if term.sources else filled


def _is_known(source: str) -> str:
    """Return whether a source was read for a period: to its end, or up to some day of the period that runs.

    A period that was over before the first day read is not known either.
    """
    return (
        f"grid.period_start <= run.{source}_until AND grid.period_end >= run.{source}_from"
        f" AND (grid.period_end <= run.{source}_until OR grid.period_end >= run.as_of_on)"
    )


def _with_zeros(term: Term, name: str) -> str:
    relation = term.relation
    column = f"{relation.id}_terms.{name}"
    if not term.adds_up:
        return column
    if relation.covered_by:
        return f"COALESCE({column}, CASE WHEN {relation.id}_covered.period_type IS NOT NULL THEN 0 END)"
    return f"COALESCE({column}, 0)" if relation.absent == "zero" else column


@cache
def _over_sums(sql: str) -> tuple[str, tuple[str, ...]]:
    """Return a term over `own_sums`, and the sums that its columns are named by."""
    sums: dict[str, None] = {}

    def of_column(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, (exp.Filter, exp.Sum)):
            return node
        sums[sql_text(node)] = None
        return exp.Sum(this=exp.column(sql_text(node), quoted=True))

    return sql_text(parse_sql(sql).transform(of_column)), tuple(sums)


def _running(terms: Mapping[Term, str]) -> str:
    """Return SQL for cumulative sums by unit at the end of every step.

    Steps go to the last day of data. A step's sums are those on its map, everything counted before included; at the end
    of the step before a map begins there are the sums on that map too.
    """
    changed = ", ".join(f"{_over_sums(term.sql)[0]} AS {name}" for term, name in terms.items())
    totals = ", ".join(f"SUM(COALESCE({name}, 0)) OVER to_date AS {name}" for name in terms.values())
    return f"""
        WITH changes AS (
            SELECT lineage.map_from, lineage.ancestor_code AS unit_code, own_sums.step_end, {changed}
            FROM own_sums
            JOIN unit_lineage AS lineage
                ON lineage.unit_code = own_sums.own_code AND own_sums.step_end <= lineage.map_until
            GROUP BY ALL
        ),
        ends AS (
            SELECT maps.*, steps.step_end
            FROM (SELECT DISTINCT ancestor_code AS unit_code, map_from, map_until FROM unit_lineage) AS maps
            JOIN steps ON steps.step_end <= maps.map_until
        ),
        summed AS (
            SELECT ends.*, {totals}
            FROM ends
            LEFT JOIN changes
                ON changes.map_from = ends.map_from AND changes.unit_code = ends.unit_code
                AND changes.step_end = ends.step_end
            WINDOW to_date AS (PARTITION BY ends.unit_code, ends.map_from ORDER BY ends.step_end)
        )
        SELECT * FROM summed WHERE step_end >= map_from - 1"""


def _rows_of(indicator: Indicator, columns: Mapping[Term, str]) -> str:
    numerator = columns[indicator.numerator]
    denominator = columns[indicator.denominator] if indicator.denominator else "CAST(NULL AS DOUBLE)"
    value = numerator
    if indicator.denominator and indicator.kind not in VALUE_IS_NUMERATOR:
        value = f"{numerator} / NULLIF({denominator}, 0)"
        if indicator.unit == "%":
            value = f"100 * ({value})"
    # A value that nobody counted has no row; a median over nothing has one, with null and a denominator of zero.
    counted = [columns[term] for term in indicator.terms if term.adds_up or indicator.kind != "median"]
    known = "".join(f" AND {column} IS NOT NULL" for column in counted)
    return (
        f"SELECT '{indicator.id}' AS indicator_id, {', '.join(_KEY)}, unit_level,"
        f" {numerator} AS numerator, {denominator} AS denominator, {value} AS value FROM wide"
        f" WHERE ((period_type <> 'day' AND is_alive) OR COALESCE({numerator}, 0) <> 0"
        f" OR COALESCE({denominator}, 0) <> 0){known}"
    )
