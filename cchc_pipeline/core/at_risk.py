"""Tomorrow's late dossiers: open dossiers with how often such a dossier was late, and how well that came true.

The model is a table of counts. What is said in a month rests on due dates of earlier months only, so what would have
been said in a past month can be computed today from the same counts, and compared with what became of it.
"""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.deadlines import openings
from cchc_pipeline.core.queries import calendar_table, run_table
from cchc_pipeline.lake import files
from cchc_pipeline.lake.engine import run_file, run_sql, sql_file
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.reference.working_time import WorkingHours, working_hours

#: Working days left at which dossiers are compared; one between two of them is compared with the smaller.
CHECKPOINTS = (0, 1, 2, 3, 4, 5, 7, 10, 15, 20, 30)
#: The group above weighs as much as so many dossiers: below that, a group's own count says little.
PRIOR_DOSSIERS = 20
#: Months of due dates that count: older practice says little about tomorrow.
MEMORY_MONTHS = 24
#: Months whose predictions are judged.
JUDGED_MONTHS = 6
_FINGERPRINT = b"cchc.inputs"
_OBSERVED = pa.schema(
    [
        ("due_month", pa.date32()),
        ("said_month", pa.date32()),
        ("procedure_code", pa.string()),
        ("unit_code", pa.string()),
        ("step", pa.string()),
        ("days_left", pa.int32()),
        ("dossiers", pa.int64()),
        ("late", pa.int64()),
    ]
)


def checkpoints() -> pa.Table:
    """The one-column table `checkpoints` (days_left)."""
    return pa.table({"days_left": pa.array(CHECKPOINTS, pa.int32())})


def observe(lake: Lake, as_of_on: date) -> int:
    """Count what became of the dossiers of every month that changed; months counted.

    A month is counted again when its core rows or the SQL changed, or when an open dossier fell due since.
    """
    logic = hashlib.sha256((sql_file("core/at_risk_observed") + str(CHECKPOINTS)).encode()).hexdigest()
    parts = lake.parts("built", "dossiers")
    calendar, counted = _calendar(as_of_on), 0
    for part in parts:
        built, held = lake.state_file("built", "dossiers", part), lake.state_file("core", "dossiers", part)
        stat = held.stat()
        fallen = _fallen_due(pq.read_table(built, columns=["is_open", "due_on"], partitioning=None), as_of_on)
        stamp = f"{logic}|{stat.st_size}|{stat.st_mtime_ns}|{fallen}".encode()
        target = lake.state_file("built", "at_risk_observed", part)
        if target.exists() and (pq.read_schema(target).metadata or {}).get(_FINGERPRINT) == stamp:
            continue
        table = observed(
            pq.read_table(built, partitioning=None), pq.read_table(held, partitioning=None), calendar, as_of_on
        )
        files.write_parquet(table.replace_schema_metadata({_FINGERPRINT: stamp}), target)
        counted += 1
    for gone in set(lake.parts("built", "at_risk_observed")) - set(parts):
        lake.state_file("built", "at_risk_observed", gone).unlink()
    return counted


def _fallen_due(table: pa.Table, as_of_on: date) -> int:
    past = pc.and_(table["is_open"], pc.less(table["due_on"], pa.scalar(as_of_on, pa.date32())))
    return int(pc.sum(pc.fill_null(past, fill_value=False).cast(pa.int64())).as_py() or 0)


def observed(dossiers: pa.Table | Path, held: pa.Table | Path, calendar: pa.Table, as_of_on: date) -> pa.Table:
    """Counts of what became of dossiers with so many working days left.

    Args:
        dossiers: built dossiers.
        held: the same dossiers as held in core, with their steps.
        calendar: working calendar that covers them.
        as_of_on: last civil day of data.

    Returns:
        One row per month of the due date, month in which it had so many days left, procedure, unit, step and days
        left: dossiers, late.
    """
    return run_file(
        "core/at_risk_observed",
        _OBSERVED,
        dossiers=dossiers,
        held=held,
        calendar=calendar,
        checkpoints=checkpoints(),
        run=run_table(as_of_on),
    )


def said(cases: pa.Table, model: pa.Table) -> pa.Table:
    """What is said about each case in its month, from counts of the months before it.

    Args:
        cases: month, days_left, procedure_code, unit_code, step; distinct.
        model: counts by group as known at the beginning of each month of the cases, see `known`.

    Returns:
        The cases with probability (null where nothing was known), level, group_dossiers and group_late.
    """
    return run_file("core/at_risk_said", cases=cases, model=model, prior=pa.table({"dossiers": [PRIOR_DOSSIERS]}))


def known(cases: pa.Table, counts: pa.Table) -> pa.Table:
    """Counts by group, from the finest to the coarsest, as known at the beginning of each month of `cases`.

    Args:
        cases: groups with their month.
        counts: see `observed`.
    """
    months = pa.table({"month": pc.unique(cases["month"])})
    memory = pa.table({"months": pa.array([MEMORY_MONTHS], pa.int32())})
    return run_file("core/at_risk_model", observed=counts, months=months, memory=memory)


def build_at_risk(lake: Lake, as_of_on: date, hours: WorkingHours | None = None) -> pa.Table:
    """The published table `at_risk_dossiers`: open dossiers whose due date has not passed."""
    schema = load_contract("at_risk_dossiers").arrow_schema()
    paths = [lake.state_file("built", "dossiers", part) for part in lake.parts("built", "dossiers")]
    table = schema.empty_table()
    if paths:
        calendar = _calendar(as_of_on)
        days = calendar["day_on"]
        spans = openings(hours or working_hours(), pc.min(days).as_py(), pc.max(days).as_py())
        waiting = run_file(
            "core/at_risk_open",
            dossiers=paths,
            calendar=calendar,
            openings=spans,
            checkpoints=checkpoints(),
            run=run_table(as_of_on),
        )
        cases = _cases(waiting)
        told = said(cases, known(cases, _counts(lake)))
        table = run_file("core/at_risk_dossiers", schema, open=waiting, said=told)
    lake.write_state(table, "built", "at_risk_dossiers")
    return table


def build_calibration(lake: Lake, as_of_on: date) -> pa.Table:
    """The published table `at_risk_calibration`: what would have been said in the last months against what came."""
    schema = load_contract("at_risk_calibration").arrow_schema()
    table = calibration(_counts(lake), as_of_on).select(schema.names).cast(schema)
    lake.write_state(table, "built", "at_risk_calibration")
    return table


def calibration(counts: pa.Table, as_of_on: date) -> pa.Table:
    """Predicted against observed by tenth of the probability, with Brier score, from counts (see `observed`)."""
    first = as_of_on.year * 12 + as_of_on.month - 1 - JUDGED_MONTHS
    since = pa.scalar(date(first // 12, first % 12 + 1, 1), pa.date32())
    recent = counts.filter(pc.greater_equal(counts["said_month"], since))
    cases = _cases(recent.rename_columns(["month" if n == "said_month" else n for n in recent.schema.names]))
    model = known(cases, counts)
    return run_file(
        "core/at_risk_calibration",
        observed=recent,
        said=said(cases, model),
        model=model,
        run=run_table(as_of_on),
    )


def _cases(table: pa.Table) -> pa.Table:
    """The distinct groups of a table."""
    names = ["month", "days_left", "procedure_code", "unit_code", "step"]
    return table.select(names).group_by(names).aggregate([])


def _counts(lake: Lake) -> pa.Table:
    return run_sql(
        "SELECT * FROM parts", _OBSERVED, parts=lake.store.source_of_parts("built/at_risk_observed", _OBSERVED)
    )


def _calendar(as_of_on: date) -> pa.Table:
    return calendar_table(date(2015, 1, 1), date(as_of_on.year + 2, 12, 31))
