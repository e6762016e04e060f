"""Apply the causes to our dossiers in order, and note what each changes."""

from __future__ import annotations

from collections.abc import Iterator

from cchc_pipeline.lake.engine import Engine, sql_file
from cchc_pipeline.scorecards.reconciliation.causes import Causes
from cchc_pipeline.scorecards.scoring.measures import PERIOD

_KEY = ", ".join((*PERIOD, "unit_code", "procedure_code"))


def apply_causes(engine: Engine, found: Causes) -> None:
    """Make the table `moved`: our count as step 0, then each cause's changes.

    Args:
        engine: with what state.sql names.
        found: figures and causes.
    """
    for statement in statements(found):
        engine.execute(statement)


def statements(found: Causes) -> Iterator[str]:
    """Yield the SQL that makes `state` and `moved`, in order."""
    # 1 where a dossier counts, else 0
    counts = {
        name: f"CAST(COALESCE(is_present AND ({figure.condition}), FALSE) AS INTEGER)"
        for name, figure in found.figures.items()
    }
    before = ", ".join(f"{count} AS b_{name}" for name, count in counts.items())
    own = ", ".join(f"CAST(NULLIF(SUM({count}), 0) AS INTEGER) AS f_{name}" for name, count in counts.items())
    changes = ", ".join(f"NULLIF({count} - b_{name}, 0) AS f_{name}" for name, count in counts.items())
    yield sql_file("scorecards/reconciliation/state")
    yield (
        f"CREATE TEMP TABLE moved AS SELECT 0 AS step, NULL::VARCHAR AS cause, {_KEY}, NULL::VARCHAR AS dossier_id, "
        f"{own} FROM state GROUP BY {_KEY}"
    )
    for step, cause in enumerate(found.applied, start=1):
        yield f"UPDATE state SET is_touched = COALESCE({found.condition(cause)}, FALSE)"
        held = f"SELECT *, {before} FROM state WHERE is_touched"
        after = ", ".join(f"{value} AS {column}" for column, value in cause.sets.items())
        held = f"SELECT * REPLACE ({after}) FROM ({held})" if after else held
        yield (
            f"INSERT INTO moved BY NAME SELECT {step} AS step, '{cause.id}' AS cause, {_KEY}, dossier_id, {changes} "
            f"FROM ({held})"
        )
        if cause.sets:
            sets = ", ".join(f"{column} = {value}" for column, value in cause.sets.items())
            yield f"UPDATE state SET {sets} WHERE is_touched"
