"""Read the rows that the pages show from the published tables, by unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from cchc_pipeline.lake import engine, files
from cchc_pipeline.scorecards.par_index.stage_sums import Stages, stage_sums

#: Published tables that the site needs. Indicator values come from `indicator_values_public`, which hides small counts.
NEEDED = (
    "units", "indicators", "indicator_values_public", "scorecard_index766", "scorecard_par_index", "scorecard_papi",
    "scorecard_papi_today", "external_indices", "at_risk_dossiers", "rank_intervals",
)  # fmt: skip
#: A dossier counts as due soon within these working days, and as likely late from this probability on.
SOON_DAYS, LIKELY = 2, 0.5


@dataclass(frozen=True)
class Shown:
    """The period that pages show, with its neighbours.

    Attributes:
        period_type: month or year.
        first, last: its first and last day.
        is_over: whether the data reach its last day.
        before: first day of the period directly before it; None where that has no figures.
        running: first day of the newest later period, which is not over yet.
    """

    period_type: str
    first: date
    last: date
    is_over: bool
    before: date | None = None
    running: date | None = None


#: A row of a query; its columns stand in the SQL file of that name.
Row = dict[str, Any]


def shown_period(tables: Mapping[str, Path], table: str, period_type: str, data_until: date) -> Shown | None:
    """Return the newest period of a scorecard that is over, else the newest, or None.

    Args:
        tables: published table -> Parquet file.
        table: name of the scorecard's table.
        period_type: month or year.
        data_until: last day of data.
    """
    rows = engine.run_sql(
        "SELECT DISTINCT period_start, period_end FROM card WHERE period_type = $kind AND period_start <= $until "
        "ORDER BY period_start",
        params={"kind": period_type, "until": data_until},
        card=tables[table],
    ).to_pylist()
    found = [(row["period_start"], row["period_end"]) for row in rows]
    if not found:
        return None
    over = [pair for pair in found if pair[1] <= data_until]
    first, last = (over or found)[-1]
    starts = [pair[0] for pair in found]
    place = starts.index(first)
    before = starts[place - 1] if place and _follows(starts[place - 1], first, period_type) else None
    running = starts[-1] if starts[-1] > first else None
    return Shown(period_type, first, last, last <= data_until, before, running)


def _follows(earlier: date, later: date, period_type: str) -> bool:
    months = 12 * (later.year - earlier.year) + later.month - earlier.month
    return months == (1 if period_type == "month" else 12)


def card(tables: Mapping[str, Path], table: str, source: str, shown: Shown) -> dict[str, list[Row]]:
    """Return unit -> rows of one scorecard and source in the period shown.

    Columns as in `card.sql`; key: criterion_code.
    """
    parameters = {
        "source": source,
        "period_type": shown.period_type,
        "shown": shown.first,
        "before": shown.before,
        "running": shown.running,
    }
    rows = run("card", parameters, card=tables[table], public=tables["indicator_values_public"])
    return grouped(rows)


def history(tables: Mapping[str, Path], table: str) -> dict[str, list[Row]]:
    """Return unit -> totals of every period, oldest first, as in `history.sql`."""
    return grouped(run("history", None, card=tables[table]))


def figures(tables: Mapping[str, Path], shown: Shown) -> dict[str, list[Row]]:
    """Return unit -> public values of its indicators; columns as in `indicators.sql`.

    They are of the period shown, of the one before and of the year.
    """
    parameters = {
        "period_type": shown.period_type,
        "shown": shown.first,
        "before": shown.before,
        "year": shown.first.replace(month=1, day=1),
    }
    return grouped(run("indicators", parameters, public=tables["indicator_values_public"]))


def stages(tables: Mapping[str, Path], shown: Shown) -> dict[str, dict[str, Stages]]:
    """Return unit -> criterion, group or total of PAR INDEX -> its stages.

    Units without points from an appraisal are absent.
    """
    rows = run("stages", {"shown": shown.first}, card=tables["scorecard_par_index"])
    found = {unit: stage_sums(some) for unit, some in grouped(rows).items()}
    return {unit: some for unit, some in found.items() if any(one.is_by_people for one in some.values())}


def risks(tables: Mapping[str, Path]) -> dict[str, Row]:
    """Return unit -> open dossiers before their due date, in bands of five.

    Columns: open_from (all), soon_from (due within `SOON_DAYS` working days), likely_from (probably late). Each holds
    the first number of its band, so that small counts stay hidden.
    """
    parameters = {"soon_days": SOON_DAYS, "likely": LIKELY}
    rows = run("risk", parameters, units=tables["units"], at_risk=tables["at_risk_dossiers"])
    return {row["unit_code"]: row for row in rows}


def whole(tables: Mapping[str, Path], table: str) -> pa.Table:
    """Read a whole table."""
    return files.read_parquet(tables[table])


def run(name: str, parameters: Mapping[str, Any] | None, **inputs: Path) -> list[Row]:
    """Return the rows of `site/sql/<name>.sql` over Parquet files."""
    return engine.run_file(f"site/{name}", params=parameters, **inputs).to_pylist()


def grouped(rows: Iterable[Row], column: str = "unit_code") -> dict[Any, list[Row]]:
    """Return value of a column -> its rows, in order."""
    found: dict[Any, list[Row]] = {}
    for row in rows:
        found.setdefault(row[column], []).append(row)
    return found
