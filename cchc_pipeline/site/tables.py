"""Reading what the pages show out of the published tables: rows as plain objects, by unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from cchc_pipeline.lake import engine, files
from cchc_pipeline.scorecards.par_index.stage_sums import Stages, stage_sums

#: Published tables that the site cannot be made without. Counts of people come through `indicator_values_public`.
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
        before: first day of the period before it; None where there is no figure of it.
        running: first day of a later period that is not over yet.
    """

    period_type: str
    first: date
    last: date
    is_over: bool
    before: date | None = None
    running: date | None = None


@dataclass(frozen=True, slots=True)
class CardRow:
    """A row of a scorecard as a page shows it; columns as in the scorecard's contract.

    Attributes:
        has_counts: whether numerator, denominator and ratio may be shown to everybody.
        change: points now minus points in the period before; None where they cannot be compared.
        points_running: points of the period that is not over.
    """

    unit_code: str
    index_code: str
    rubric_version: str
    is_provisional: bool
    criterion_level: str
    criterion_code: str
    parent_code: str | None
    criterion_name_vi: str
    criterion_name_en: str
    rule: str
    numerator: float | None
    denominator: float | None
    ratio: float | None
    points: float | None
    max_points: float | None
    points_lost: float | None
    status: str
    reason_vi: str | None
    evidence: str | None
    indicator_id: str | None
    band_vi: str | None
    rank: int | None
    rank_of: int | None
    has_counts: bool
    change: float | None
    points_before: float | None
    rank_before: int | None
    points_running: float | None


@dataclass(frozen=True, slots=True)
class Total:
    """The total of a unit in one period. `measured_by` differs where other criteria were scored."""

    unit_code: str
    unit_level: str | None
    source: str
    period_type: str
    period_start: date
    period_end: date
    is_provisional: bool
    points: float | None
    max_points: float | None
    reachable: float | None
    ratio: float | None
    status: str
    reason_vi: str | None
    rank: int | None
    rank_of: int | None
    measured_by: str


@dataclass(frozen=True, slots=True)
class Figure:
    """Public values of an indicator; a hidden one is None and says so."""

    unit_code: str
    indicator_id: str
    value: float | None
    numerator: float | None
    denominator: float | None
    is_hidden: bool
    value_before: float | None
    is_hidden_before: bool
    value_year: float | None
    is_hidden_year: bool


@dataclass(frozen=True, slots=True)
class Risk:
    """Open dossiers before their due date; each number is the first of a band of five (0 means 0 to 4)."""

    unit_code: str
    open_from: int
    soon_from: int
    likely_from: int


OfUnit = TypeVar("OfUnit", CardRow, Total, Figure)


def shown_period(tables: Mapping[str, Path], table: str, period_type: str, data_until: date) -> Shown | None:
    """The newest period of a scorecard that is over, else the newest; None where it has none.

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


def card(tables: Mapping[str, Path], table: str, source: str, shown: Shown) -> dict[str, list[CardRow]]:
    """Rows of one scorecard and source in the period shown, by unit."""
    parameters = {
        "source": source,
        "period_type": shown.period_type,
        "shown": shown.first,
        "before": shown.before,
        "running": shown.running,
    }
    rows = run("card", parameters, card=tables[table], public=tables["indicator_values_public"])
    return _by_unit([CardRow(**row) for row in rows])


def history(tables: Mapping[str, Path], table: str) -> dict[str, list[Total]]:
    """Totals of every period by unit, oldest first."""
    return _by_unit([Total(**row) for row in run("history", None, card=tables[table])])


def figures(tables: Mapping[str, Path], shown: Shown) -> dict[str, list[Figure]]:
    """Public values by unit, in the period shown, the one before and the year."""
    parameters = {
        "period_type": shown.period_type,
        "shown": shown.first,
        "before": shown.before,
        "year": shown.first.replace(month=1, day=1),
    }
    return _by_unit([Figure(**row) for row in run("indicators", parameters, public=tables["indicator_values_public"])])


def stages(tables: Mapping[str, Path], shown: Shown) -> dict[str, dict[str, Stages]]:
    """Stages of the appraisal of PAR INDEX: unit -> criterion, group or total. Units that nobody scored are absent."""
    by_unit: dict[str, list[dict[str, Any]]] = {}
    for row in run("stages", {"shown": shown.first}, card=tables["scorecard_par_index"]):
        by_unit.setdefault(row["unit_code"], []).append(row)
    found = {unit: stage_sums(rows) for unit, rows in by_unit.items()}
    return {unit: some for unit, some in found.items() if any(one.is_by_people for one in some.values())}


def risks(tables: Mapping[str, Path]) -> dict[str, Risk]:
    """Open dossiers at risk by unit, in bands of five."""
    parameters = {"soon_days": SOON_DAYS, "likely": LIKELY}
    rows = run("risk", parameters, units=tables["units"], at_risk=tables["at_risk_dossiers"])
    return {row["unit_code"]: Risk(**row) for row in rows}


def whole(tables: Mapping[str, Path], table: str) -> pa.Table:
    """A small table as it is."""
    return files.read_parquet(tables[table])


def run(name: str, parameters: Mapping[str, Any] | None, **inputs: Path) -> list[dict[str, Any]]:
    """Rows of one SQL file of this room over Parquet files."""
    return engine.run_file(f"site/{name}", params=parameters, **inputs).to_pylist()


def _by_unit(rows: list[OfUnit]) -> dict[str, list[OfUnit]]:
    found: dict[str, list[OfUnit]] = {}
    for row in rows:
        found.setdefault(row.unit_code, []).append(row)
    return found
