"""Build late dossiers with their cause: monthly parts, events, the whole table."""

from __future__ import annotations

import csv
from functools import lru_cache
from importlib import resources

import pyarrow as pa

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.items import counts
from cchc_pipeline.lake.engine import run_file, run_sql, sql_file
from cchc_pipeline.lake.files import Source
from cchc_pipeline.lake.layout import Lake

#: Causes of lateness; parts of the measure `resolved_late`.
CAUSES = ("in_fact", "other_authority", "software_only", "unknown")
_APOLOGIES = pa.schema({"dossier_code": pa.string(), "letter_code": pa.string(), "letter_on": pa.date32()})


@lru_cache(maxsize=1)
def step_kinds() -> pa.Table:
    """Return the known kinds of steps: pattern (regex for lower case), kind."""
    text = resources.files("cchc_pipeline.reference").joinpath("step_kinds.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    return pa.table({name: pa.array([row[name] for row in rows], pa.string()) for name in ("pattern", "kind")})


def late_schema() -> pa.Schema:
    """Return the Arrow schema of the published table `late_dossiers`."""
    return load_contract("late_dossiers").arrow_schema()


def logic() -> str:
    """Return the text that late dossiers follow from; a change makes months stale."""
    files = sql_file("core/late_dossiers") + sql_file("core/late_items")
    return f"{files}{late_schema()}{step_kinds().to_pydict()}"


def apologies(lake: Lake) -> pa.Table:
    """Return first apology letters per dossier: dossier_code, letter_code, letter_on."""
    documents = lake.store.source("core/documents__documents", load_contract("documents__documents").arrow_schema())
    return run_file("core/late_apologies", _APOLOGIES, documents=documents)


def build_part(lake: Lake, part: str, **tables: Source) -> pa.Table:
    """Write the late dossiers of a month; return their events by cause.

    Args:
        lake: the lake.
        part: the month.
        tables: `dossiers`, the month as built; `held`, as held in core, with the steps; `apologies`; `calendar`, which
            covers every day of the dossiers; `run` with `as_of_on`.
    """
    late = run_file("core/late_dossiers", late_schema(), **tables, step_kinds=step_kinds())
    lake.store.write(late, "built/late_dossiers", part)
    return counts("late_items", late=late)


def build_late(lake: Lake) -> pa.Table:
    """Build the published table `late_dossiers` from all months, ordered by its key."""
    schema = late_schema()
    months = lake.store.source_of_parts("built/late_dossiers", schema)
    table = run_sql("SELECT * FROM months ORDER BY dossier_id", schema, months=months)
    lake.store.update(table, "built/late_dossiers")
    return table


def by_month(late: pa.Table) -> tuple[list[str], dict[str, list[float]]]:
    """Return months (yyyy-MM), and dossiers resolved late in each of them by cause."""
    rows = run_sql(
        "SELECT STRFTIME(finished_on, '%Y-%m') AS month, cause, COUNT(*)::DOUBLE AS dossiers FROM late "
        "WHERE resolution = 'resolved_late' GROUP BY ALL",
        late=late,
    ).to_pylist()
    months = sorted({row["month"] for row in rows})
    found = {(row["month"], row["cause"]): row["dossiers"] for row in rows}
    return months, {cause: [found.get((month, cause), 0.0) for month in months] for cause in CAUSES}
