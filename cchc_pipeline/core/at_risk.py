"""Predict the lateness of open dossiers from similar ones, and judge predictions.

A prediction of a month rests on due dates of earlier months only, so predictions of past months can be computed today
from the same counts and compared with what became of the dossiers.
"""

from __future__ import annotations

import hashlib
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.build import STAMP, openings, stamp_of
from cchc_pipeline.core.queries import FIRST, calendar_table, run_table
from cchc_pipeline.lake.engine import run_file, run_sql, sql_file
from cchc_pipeline.lake.files import Source
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.reference.working_time import WorkingHours, working_hours

#: Working days left at which dossiers are compared; a number between two of them counts as the smaller.
CHECKPOINTS = (0, 1, 2, 3, 4, 5, 7, 10, 15, 20, 30)
_CHECKPOINTS = pa.table({"days_left": pa.array(CHECKPOINTS, pa.int32())})
#: Weight of the group above, in dossiers: with fewer of its own, a group's count says little.
PRIOR_DOSSIERS = 20
#: Months of due dates that count: older practice says little about tomorrow.
MEMORY_MONTHS = 24
#: Months whose predictions are compared with the outcome.
JUDGED_MONTHS = 6
_OBSERVED = pa.schema(
    dict.fromkeys(("due_month", "said_month"), pa.date32())
    | dict.fromkeys(("procedure_code", "unit_code", "step"), pa.string())
    | {"days_left": pa.int32(), "dossiers": pa.int64(), "late": pa.int64()}
)


def update_counts(lake: Lake, as_of_on: date) -> int:
    """Count outcomes of every month that changed; return the number of months counted.

    A month is counted again when its core rows or the SQL changed, or when an open dossier fell due since.
    """
    logic = hashlib.sha256((sql_file("core/at_risk_observed") + str(CHECKPOINTS)).encode()).hexdigest()
    store, calendar, counted = lake.store, _calendar(as_of_on), 0
    parts = store.parts("built/dossiers")
    for part in parts:
        held = store.read("built/dossiers", part, columns=["is_open", "due_on"])
        past = pc.and_(held["is_open"], pc.less(held["due_on"], pa.scalar(as_of_on, pa.date32())))
        stamp = f"{logic}|{store.token('core/dossiers', part)}|{pc.sum(past).as_py() or 0}".encode()
        if stamp_of(lake, "built/at_risk_observed", part) == stamp:
            continue
        dossiers, held = store.path("built/dossiers", part), store.path("core/dossiers", part)
        table = count_outcomes(dossiers, held, calendar, as_of_on)
        store.write(table.replace_schema_metadata({STAMP: stamp}), "built/at_risk_observed", part)
        counted += 1
    store.remove("built/at_risk_observed", set(store.parts("built/at_risk_observed")) - set(parts))
    return counted


def count_outcomes(dossiers: Source, held: Source, calendar: pa.Table, as_of_on: date) -> pa.Table:
    """Count outcomes of built dossiers by the working days that they had left.

    `held` are the same dossiers as held in core, with their steps; the calendar covers them.

    Returns:
        Counts `dossiers` and `late`; the key is due_month, said_month (month in which they had so many days left),
        procedure_code, unit_code, step, days_left.
    """
    tables = {"dossiers": dossiers, "held": held, "calendar": calendar, "checkpoints": _CHECKPOINTS}
    return run_file("core/at_risk_observed", _OBSERVED, **tables, run=run_table(as_of_on))


def predict(cases: pa.Table, group_counts: pa.Table) -> pa.Table:
    """Predict the probability of lateness per case, from counts of the months before.

    The share of late dossiers of the step is shrunk towards that of the unit, the procedure and all dossiers; each
    group above weighs `PRIOR_DOSSIERS` dossiers.

    Args:
        cases: month, days_left, procedure_code, unit_code, step; distinct.
        group_counts: counts by group as known at the beginning of each month of the cases, see `count_groups`.

    Returns:
        The cases with probability (0 to 1; null where nothing was known), level (the narrowest group with dossiers),
        group_dossiers and group_late.
    """
    return run_file("core/at_risk_said", params={"prior": PRIOR_DOSSIERS}, cases=cases, model=group_counts)


def count_groups(cases: pa.Table, outcomes: pa.Table) -> pa.Table:
    """Count dossiers and late ones by group, as known when each month begins.

    Args:
        cases: groups with their `month`.
        outcomes: see `count_outcomes`; due months of the last `MEMORY_MONTHS` count.

    Returns:
        One row per month, days_left and group (level `step`, `unit`, `procedure`, `all`): dossiers, late.
    """
    return run_file("core/at_risk_model", params={"memory": MEMORY_MONTHS}, observed=outcomes, cases=cases)


def build_at_risk(lake: Lake, as_of_on: date, hours: WorkingHours | None = None) -> pa.Table:
    """Build the published table `at_risk_dossiers`: open dossiers not yet overdue."""
    schema = load_contract("at_risk_dossiers").arrow_schema()
    table = schema.empty_table()
    if lake.store.parts("built/dossiers"):
        calendar = _calendar(as_of_on)
        waiting = run_file(
            "core/at_risk_open",
            dossiers=lake.store.source_of_parts("built/dossiers"),
            calendar=calendar,
            openings=openings(hours or working_hours(), calendar),
            checkpoints=_CHECKPOINTS,
            run=run_table(as_of_on),
        )
        cases = _cases(waiting)
        predictions = predict(cases, count_groups(cases, _outcomes(lake)))
        table = run_file("core/at_risk_dossiers", schema, open=waiting, said=predictions)
    lake.store.update(table, "built/at_risk_dossiers")
    return table


def build_calibration(lake: Lake, as_of_on: date) -> pa.Table:
    """Build the published table `at_risk_calibration` from past predictions."""
    table = calibrate(_outcomes(lake), as_of_on)
    lake.store.update(table, "built/at_risk_calibration")
    return table


def calibrate(outcomes: pa.Table, as_of_on: date) -> pa.Table:
    """Compare predicted with observed lateness by tenth of the probability.

    Months of due dates that are over on `as_of_on` are judged; on `outcomes` see `count_outcomes`.

    Returns:
        One row per decile, 0 for all of them: predicted_mean and observed_share (0 to 1), and the Brier score, the mean
        of (probability - late)^2 (Brier 1950), beside that of the overall share.
    """
    first = as_of_on.year * 12 + as_of_on.month - 1 - JUDGED_MONTHS
    since = pa.scalar(date(first // 12, first % 12 + 1, 1), pa.date32())
    recent = outcomes.filter(pc.greater_equal(outcomes["said_month"], since))
    cases = _cases(recent.rename_columns(["month" if n == "said_month" else n for n in recent.schema.names]))
    model = count_groups(cases, outcomes)
    tables = {"observed": recent, "said": predict(cases, model), "model": model, "run": run_table(as_of_on)}
    return run_file("core/at_risk_calibration", load_contract("at_risk_calibration").arrow_schema(), **tables)


def _cases(table: pa.Table) -> pa.Table:
    """Return the distinct cases of a table, see `predict`."""
    names = ["month", "days_left", "procedure_code", "unit_code", "step"]
    return table.select(names).group_by(names).aggregate([])


def _outcomes(lake: Lake) -> pa.Table:
    parts = lake.store.source_of_parts("built/at_risk_observed", _OBSERVED)
    return run_sql("SELECT * FROM parts", _OBSERVED, parts=parts)


def _calendar(as_of_on: date) -> pa.Table:
    return calendar_table(FIRST, date(as_of_on.year + 2, 12, 31))
