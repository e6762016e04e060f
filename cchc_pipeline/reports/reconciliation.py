"""Read the published reconciliation: province against national portal, by cause."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from cchc_pipeline.days import Period, period_of
from cchc_pipeline.lake.engine import run_sql
from cchc_pipeline.lake.publish import read_published
from cchc_pipeline.reports.scope import ReportError, Rows, unit_or_error
from cchc_pipeline.scorecards.reconciliation.causes import UNEXPLAINED
from cchc_pipeline.vietnamese import days

FIGURES = """
SELECT figure, ANY_VALUE(figure_name_vi) AS figure_name_vi, ANY_VALUE(local_value) AS local_value,
    ANY_VALUE(expected_value) AS expected_value, ANY_VALUE(portal_value) AS portal_value,
    COALESCE(SUM(effect) FILTER (cause = $unexplained), 0) AS unexplained
FROM chosen GROUP BY figure ORDER BY figure
"""
CAUSES = """
SELECT cause, ANY_VALUE(cause_name_vi) AS cause_name_vi, MAX(dossiers) AS dossiers,
    SUM(effect) FILTER (figure = 'received') AS received, SUM(effect) FILTER (figure = 'not_late') AS not_late,
    ROUND(SUM(points_lost), 2) + 0.0 AS points_lost, ANY_VALUE(cause_vi) AS cause_vi
FROM chosen WHERE effect <> 0 OR points_lost <> 0 OR cause = $unexplained
GROUP BY cause, cause_order ORDER BY cause_order
"""
EFFECTS = """
SELECT cause, figure, figure_name_vi, effect, dossiers, points_lost + 0.0 AS points_lost FROM chosen ORDER BY figure
"""
DOSSIERS = """
WITH RECURSIVE below AS (
    SELECT unit_code FROM units WHERE unit_code = $unit
    UNION
    SELECT units.unit_code FROM units JOIN below ON units.parent_code = below.unit_code
)
SELECT dossiers.* FROM dossiers SEMI JOIN below USING (unit_code)
WHERE received_on BETWEEN $first AND $last AND ($cause IS NULL OR cause = $cause)
ORDER BY received_on, dossier_code, cause LIMIT $limit
"""


@dataclass(frozen=True)
class Reconciliation:
    """The published reconciliation of one unit and period.

    Attributes:
        figures: one row per figure: figure, figure_name_vi, local_value, expected_value, portal_value, unexplained.
        causes: one row per cause: cause, cause_name_vi, dossiers, received and not_late (its effect on these figures),
            points_lost, cause_vi.
        effects: one row per cause and figure: cause, figure, figure_name_vi, effect, dossiers, points_lost.
    """

    unit_code: str
    unit_name: str
    period: Period
    figures: Rows
    causes: Rows
    effects: Rows


def reconciliation_of(published: Path, period: Period | None, unit: str | None) -> Reconciliation:
    """Return figures and causes of a unit with everything below it.

    By default the period is the newest month that the portal was read for, and the unit the province.

    Raises:
        ReportError: the unit is unknown, or the portal was not read for the unit and period.
        PublishError: nothing was published.
    """
    table = read_published(published, "reconciliation")
    code, name = unit_or_error(published, unit)
    own = table.filter(pc.field("unit_code") == code)
    if period is None:
        newest = pc.max(own.filter(pc.field("period_type") == "month")["period_start"]).as_py()
        if newest is None:
            raise ReportError(f"report: the portal shows nothing of {code} {name}. {_read_periods(table)}")
        period = period_of("month", newest)
    chosen = own.filter((pc.field("period_type") == period.kind) & (pc.field("period_start") == period.first))
    if chosen.num_rows == 0:
        asked = f"{code} {name} in {days(period.first, period.last)} ({period.kind})"
        raise ReportError(f"report: the portal was not read for {asked}. {_read_periods(table)}")
    given = {"unexplained": UNEXPLAINED}
    figures, by_cause = (run_sql(sql, params=given, chosen=chosen).to_pylist() for sql in (FIGURES, CAUSES))
    return Reconciliation(code, name, period, figures, by_cause, run_sql(EFFECTS, chosen=chosen).to_pylist())


def dossiers_of(published: Path, found: Reconciliation, cause: str | None, limit: int) -> Rows:
    """Return the first dossiers that a cause (None: any) affects, by day of reception.

    Rows are those of the published `reconciliation_dossiers`.
    """
    held = read_published(published, "reconciliation_dossiers")
    given = {"unit": found.unit_code, "first": found.period.first, "last": found.period.last}
    given |= {"cause": cause, "limit": limit}
    return run_sql(DOSSIERS, params=given, dossiers=held, units=read_published(published, "units")).to_pylist()


def _read_periods(table: Any) -> str:
    pairs = zip(table["period_type"].to_pylist(), table["period_start"].to_pylist(), strict=True)
    listed = ", ".join(f"{kind} {first:%Y-%m}" for kind, first in sorted(set(pairs)))
    return f"It was read for: {listed or 'nothing'}."
