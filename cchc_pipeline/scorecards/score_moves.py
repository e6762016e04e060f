"""Find the dossiers that moved a score of QĐ 766 between two nights.

A dossier moved a criterion where it counts otherwise in its numerator or denominator at the end of the later night than
at the end of the earlier one: because its record changed, because it is new, or because its due date passed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date

import pyarrow as pa

from cchc_pipeline.arrow import table_from_rows
from cchc_pipeline.core.journal import dossiers_at, scored_months
from cchc_pipeline.core.queries import items
from cchc_pipeline.core.units import built_history
from cchc_pipeline.days import SCHEMA as PERIODS
from cchc_pipeline.indicators.catalogue import Indicator, catalogue
from cchc_pipeline.indicators.compute import PROCEDURE_COUNTS, inputs_of, sql_files
from cchc_pipeline.lake.engine import session, sql_file
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.reference.unit_map import lineage_table

#: Columns of `moved_dossiers`; its key are the first four.
MOVES = pa.schema(
    [
        ("unit_code", pa.string()), ("period_start", pa.date32()), ("criterion_code", pa.string()),
        ("dossier_id", pa.string()), ("dossier_code", pa.string()),
        *((name, pa.float64()) for name in ("numerator_before", "numerator", "denominator_before", "denominator")),
    ]
)  # fmt: skip
_PLACES = pa.schema([("place", pa.int64()), ("criterion_code", pa.string())])


def moved_dossiers(lake: Lake, criteria: Mapping[str, str], *, since: date, until: date) -> pa.Table:
    """Return what every dossier that moved counts before and after, by unit at every level, month and criterion.

    Args:
        lake: the lake; units and dossiers were built.
        criteria: criterion code -> id of the indicator that it is scored from. Those that do not add up dossiers (of
            procedures, of documents) have no rows.
        since: the earlier night, by its last civil day of data; not included.
        until: the later night, included.

    Returns:
        A table of MOVES, ordered by its key: the months that are scored on `until`.
    """
    known = {one.id: one for one in catalogue()}
    counted = {
        code: known[name]
        for code, name in sorted(criteria.items())
        if name in known and known[name].denominator and all(term.over == "flow" for term in known[name].terms)
    }
    states = {side: dossiers_at(lake, day, since=since, until=until) for side, day in (("b", since), ("a", until))}
    if not counted or not any(state.num_rows for state in states.values()):
        return MOVES.empty_table()
    events = [_sided(items("dossier_items", dossiers=state), side) for side, state in states.items()]
    units, span = lake.store.read("built/units"), lake.span()
    months = [("month", one.first, one.last) for one in scored_months(until)]
    codes = pa.concat_tables([state.select(["dossier_id", "dossier_code"]) for state in states.values()])
    counted_items = pa.concat_tables(events)
    tables = {
        "dossier_events": counted_items,
        "document_events": counted_items.slice(0, 0),
        "procedure_counts": PROCEDURE_COUNTS.append(pa.field("item_id", pa.string())).empty_table(),
        "units": units,
        "unit_lineage": lineage_table(units, built_history(lake), span.first, until, "as-was"),
        "periods": table_from_rows(months, PERIODS),
        "run": pa.table({"as_of_on": pa.array([until], pa.date32()), "first_on": pa.array([span.first], pa.date32())}),
    }
    used = list(dict.fromkeys(relation for one in counted.values() for relation in one.relations))
    places = table_from_rows(enumerate(counted), _PLACES)
    with session(**inputs_of(used, tables), codes=codes, places=places) as engine:
        for text in sql_files(used):
            engine.execute(re.sub(r"/\* item: (.*?) \*/", r"\1", text))
        engine.execute(_sides(list(counted.values())))
        found = engine.query(sql_file("scorecards/score_moves"))
    return found.select(MOVES.names).cast(MOVES)


def _sided(counted: pa.Table, side: str) -> pa.Table:
    """Return items with a letter before their ids, so that one session counts both states."""
    ids = pa.array([f"{side}{item}" for item in counted["item_id"].to_pylist()], pa.string())
    return counted.set_column(counted.schema.get_field_index("item_id"), "item_id", ids)


def _sides(indicators: Sequence[Indicator]) -> str:
    """Return the SQL of `sides`: what every item adds to each indicator, by unit and month.

    Its id has a letter before it: b for the state before, a for that after.
    """
    terms = ", ".join(
        f"{term.sql} AS {side}{place}"
        for place, one in enumerate(indicators)
        for side, term in zip("nd", one.terms, strict=True)
    )
    rows = " UNION ALL ".join(
        f"SELECT unit_code, period_start, item_id, {place} AS place, n{place} AS numerator, d{place} AS denominator "
        "FROM wide"
        for place, _ in enumerate(indicators)
    )
    return (
        f"CREATE TEMP TABLE wide AS SELECT unit_code, period_start, item_id, {terms} FROM flow "
        f"WHERE period_type = 'month' GROUP BY unit_code, period_start, item_id; CREATE TEMP VIEW sides AS {rows}"
    )
