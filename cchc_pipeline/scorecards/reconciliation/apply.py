"""Applying the causes to our dossiers, one after the other, and noting what each changes."""

from __future__ import annotations

import pyarrow as pa
from sqlglot import exp

from cchc_pipeline.lake.engine import Engine, sql_file
from cchc_pipeline.scorecards.reconciliation.causes import UNEXPLAINED, Cause, Causes, Figure

PERIOD = ("period_type", "period_start", "period_end")
_NOTED = (*PERIOD, "unit_code", "procedure_code")


def apply_causes(engine: Engine, found: Causes) -> None:
    """Make the table `moved`: our own count as step 0, then a row per dossier, period and cause that changes it.

    Args:
        engine: with the views dossiers, waiting, procedures, periods and run.
        found: figures and causes.
    """
    engine.execute(sql_file("scorecards/reconciliation/state"))
    engine.execute(exp.Create(this=exp.to_table("moved"), kind="TEMPORARY TABLE", expression=_own_count(found.figures)))
    for step, cause in enumerate(found.applied, start=1):
        touched = exp.func("COALESCE", cause.where, exp.false())
        engine.execute(exp.update("state", {"is_touched": touched}))
        engine.execute(exp.insert(_changes(step, cause, found.figures), "moved", columns=_columns(found.figures)))
        if cause.sets:
            engine.execute(exp.update("state", dict(cause.sets), where="is_touched"))


def effects(engine: Engine, found: Causes) -> pa.Table:
    """What each cause changes per unit, period and figure, and what is left; after `apply_causes`.

    Returns:
        Columns of the period, unit_code, figure, portal_value, local_value, expected_value, cause, step, effect,
        dossiers.
    """
    engine.add(
        "figures",
        pa.table({"figure": [f.id for f in found.figures], "is_distinct": [f.is_distinct for f in found.figures]}),
    )
    given = {"unexplained": UNEXPLAINED, "last_step": len(found.applied) + 1}
    return engine.query(sql_file("scorecards/reconciliation/effects"), given)


def _columns(figures: tuple[Figure, ...]) -> list[str]:
    return ["step", "cause", *_NOTED, "dossier_id", *(f"f_{figure.id}" for figure in figures)]


def _counts(figure: Figure) -> exp.Expr:
    """1 where a dossier counts, else 0."""
    counts = exp.and_(exp.column("is_present"), figure.condition.copy())
    return exp.cast(exp.func("COALESCE", counts, exp.false()), "INTEGER")


def _own_count(figures: tuple[Figure, ...]) -> exp.Select:
    """Our own count, by unit and procedure: the start of every figure."""
    select = exp.select("0 AS step", "NULL::VARCHAR AS cause", *_NOTED, "NULL::VARCHAR AS dossier_id").from_("state")
    for figure in figures:
        total = exp.cast(exp.func("NULLIF", exp.func("SUM", _counts(figure)), exp.Literal.number(0)), "INTEGER")
        select = select.select(exp.alias_(total, f"f_{figure.id}"))
    return select.group_by(*_NOTED)


def _changes(step: int, cause: Cause, figures: tuple[Figure, ...]) -> exp.Select:
    """What the cause changes in each figure of each dossier that it touches; null where nothing."""
    before = exp.select("*").from_("state").where("is_touched")
    for figure in figures:
        before = before.select(exp.alias_(_counts(figure), f"b_{figure.id}"))
    sets = [exp.alias_(value.copy(), column) for column, value in cause.sets.items()]
    after = exp.select(exp.Star(replace=sets) if sets else exp.Star()).from_(before.subquery("before"))
    step_of = exp.alias_(exp.Literal.number(step), "step")
    select = exp.select(step_of, exp.alias_(exp.Literal.string(cause.id), "cause"), *_NOTED, "dossier_id")
    for figure in figures:
        change = exp.Sub(this=_counts(figure), expression=exp.column(f"b_{figure.id}"))
        select = select.select(exp.alias_(exp.func("NULLIF", change, exp.Literal.number(0)), f"f_{figure.id}"))
    return select.from_(after.subquery("after"))
