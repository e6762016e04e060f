"""Read the rows that the pages show from the published tables, by unit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from cchc_pipeline.days import period_of
from cchc_pipeline.lake import engine

#: Published tables that the site needs. Indicator values come from `indicator_values_public`, which hides small counts.
NEEDED = (
    "units", "indicators", "indicator_values_public", "scorecard_index766", "scorecard_par_index", "scorecard_papi",
    "scorecard_papi_today", "external_indices", "at_risk_dossiers", "rank_intervals", "source_states",
    "score_days", "portal_ranks",
)  # fmt: skip
#: A row of a query; its columns stand in the SQL file of that name.
Row = dict[str, Any]


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


def shown_period(card: Path, period_type: str, data_until: date) -> Shown | None:
    """Return the newest period of a scorecard that is over, else the newest, or None.

    `period_type` is month or year, `card` the Parquet file of the scorecard.
    """
    rows = engine.run_sql(
        "SELECT DISTINCT period_start, period_end FROM card WHERE period_type = $kind AND period_start <= $until "
        "ORDER BY period_start",
        params={"kind": period_type, "until": data_until},
        card=card,
    ).to_pylist()
    if not rows:
        return None
    ends = {row["period_start"]: row["period_end"] for row in rows}
    starts = list(ends)
    first = max((start for start in starts if ends[start] <= data_until), default=starts[-1])
    before = period_of(period_type, first).before().first
    running = starts[-1] if starts[-1] > first else None
    return Shown(
        period_type, first, ends[first], ends[first] <= data_until, before if before in ends else None, running
    )


def run(name: str, parameters: Mapping[str, Any] | None, **inputs: Path) -> list[Row]:
    """Return the rows of `site/sql/<name>.sql` over Parquet files."""
    return engine.run_file(f"site/{name}", params=parameters, **inputs).to_pylist()


def grouped(rows: Iterable[Row], column: str = "unit_code") -> dict[Any, list[Row]]:
    """Return value of a column -> its rows, in order."""
    found: dict[Any, list[Row]] = {}
    for row in rows:
        found.setdefault(row[column], []).append(row)
    return found


def total_of(rows: Iterable[Row]) -> Row | None:
    """Return the row of the total, or None."""
    return next((row for row in rows if row["criterion_level"] == "total"), None)


def tree(rows: Sequence[Row]) -> list[Row]:
    """Return the rows as a tree from the total, with their `depth` (0: total).

    Rows of one parent keep their order.
    """
    below = grouped(rows, "parent_code")

    def walk(row: Row, depth: int) -> Iterator[Row]:
        yield {**row, "depth": depth}
        for child in below.get(row["criterion_code"], ()):
            yield from walk(child, depth + 1)

    total = total_of(rows)
    return list(walk(total, 0)) if total else []
