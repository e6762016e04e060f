"""Apply the causes to our dossiers in order, and note what each changes."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
from sqlglot import exp

from cchc_pipeline.lake.engine import Engine, sql_file
from cchc_pipeline.scorecards.reconciliation.causes import UNEXPLAINED, Cause, Causes, Figure
from cchc_pipeline.scorecards.scoring.measures import PERIOD

_KEY = (*PERIOD, "unit_code", "procedure_code")


def apply_causes(engine: Engine, found: Causes) -> None:
    """Make the table `moved`: our count as step 0, then each cause's changes.

    Args:
        engine: with what state.sql names.
        found: figures and causes.
    """
    figures = found.figures
    engine.execute(sql_file("scorecards/reconciliation/state"))
    engine.execute(exp.Create(this=exp.to_table("moved"), kind="TEMPORARY TABLE", expression=_own_count(figures)))
    columns = ["step", "cause", *_KEY, "dossier_id", *(f"f_{name}" for name in figures)]
    for step, cause in enumerate(found.applied, start=1):
        touched = exp.func("COALESCE", found.condition(cause), exp.false())
        engine.execute(exp.update("state", {"is_touched": touched}))
        engine.execute(exp.insert(_changes(step, cause, figures), "moved", columns=columns))
        if cause.sets:
            engine.execute(exp.update("state", dict(cause.sets), where="is_touched"))


def effects(engine: Engine, found: Causes) -> pa.Table:
    """Return what each cause changes and what is left; after `apply_causes`.

    Args:
        engine: with `moved` and what effects.sql names.
        found: figures and causes.

    Returns:
        Columns of the period, unit_code, figure, portal_value, local_value, expected_value, cause, step, effect,
        dossiers.
    """
    given = {"unexplained": UNEXPLAINED, "last_step": len(found.applied) + 1}
    return engine.query(sql_file("scorecards/reconciliation/effects"), given)


def _counts(figure: Figure) -> exp.Expr:
    """1 where a dossier counts, else 0."""
    counts = exp.and_(exp.column("is_present"), figure.condition.copy())
    return exp.cast(exp.func("COALESCE", counts, exp.false()), "INTEGER")


def _own_count(figures: Mapping[str, Figure]) -> exp.Select:
    """Our own count, by unit and procedure: the start of every figure."""
    select = exp.select("0 AS step", "NULL::VARCHAR AS cause", *_KEY, "NULL::VARCHAR AS dossier_id").from_("state")
    for name, figure in figures.items():
        total = exp.cast(exp.func("NULLIF", exp.func("SUM", _counts(figure)), exp.Literal.number(0)), "INTEGER")
        select = select.select(exp.alias_(total, f"f_{name}"))
    return select.group_by(*_KEY)


def _changes(step: int, cause: Cause, figures: Mapping[str, Figure]) -> exp.Select:
    """What the cause changes in each figure of each dossier that it touches; null where nothing."""
    before = exp.select("*").from_("state").where("is_touched")
    for name, figure in figures.items():
        before = before.select(exp.alias_(_counts(figure), f"b_{name}"))
    sets = [exp.alias_(value.copy(), column) for column, value in cause.sets.items()]
    after = exp.select(exp.Star(replace=sets) if sets else exp.Star()).from_(before.subquery("before"))
    step_of = exp.alias_(exp.Literal.number(step), "step")
    select = exp.select(step_of, exp.alias_(exp.Literal.string(cause.id), "cause"), *_KEY, "dossier_id")
    for name, figure in figures.items():
        change = exp.Sub(this=_counts(figure), expression=exp.column(f"b_{name}"))
        select = select.select(exp.alias_(exp.func("NULLIF", change, exp.Literal.number(0)), f"f_{name}"))
    return select.from_(after.subquery("after"))
