"""Compute what each cause costs: QĐ 766 scored with it and without."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from cchc_pipeline.arrow import table_from_frame
from cchc_pipeline.scorecards.index766 import scorecard as index766
from cchc_pipeline.scorecards.reconciliation.causes import Causes
from cchc_pipeline.scorecards.scoring.engine import score
from cchc_pipeline.scorecards.scoring.measures import PERIOD, as_frame
from cchc_pipeline.scorecards.scoring.rubric import Rubric
from cchc_pipeline.scorecards.scoring.rubric_set import RubricSet

_WHOSE = ["unit_code", *PERIOD[:2]]
_POINTS = pa.schema([(name, pa.string()) for name in ("unit_code", "period_type", "cause", "figure")])
_POINTS = _POINTS.append(pa.field("period_start", pa.date32())).append(pa.field("points_lost", pa.float64()))


def points_of_causes(portal_metrics: pa.Table, effects: pa.Table, found: Causes, rubrics: RubricSet) -> pa.Table:
    """Compute the points lost by cause under QĐ 766, by unit, period and figure.

    A criterion is scored from the portal's counts as they are, and again with what the cause changes taken out of its
    numerator and its denominator; the difference stands at the figure that is the numerator. A negative number is what
    the cause gives. Points of several causes do not add up exactly: thresholds and rounding are not linear.

    Args:
        portal_metrics: the table `national_portal__metrics`.
        effects: unit_code, period_type, period_start, figure, cause, effect.
        found: figures and causes.
        rubrics: rubrics; each period is scored by its version.

    Returns:
        unit_code, period_type, period_start, cause, figure (together the key) and points_lost; only where not 0.
    """
    changes = as_frame(effects)[[*_WHOSE, "figure", "cause", "effect"]]
    numerators = found.numerators
    denominators = {criterion: found.figures[figure].denominator for criterion, figure in numerators.items()}
    parts = []
    for rubric, rows in rubrics.by_version(index766.RUBRIC, portal_metrics):
        measures = index766.portal_measures(rubric, rows)
        base = _points(rubric, measures)
        for cause, some in changes[changes["effect"] != 0].groupby("cause"):
            taken = some.set_index([*_WHOSE, "figure"])["effect"]
            without = measures[measures["metric_code"].isin(list(numerators))].copy()
            for side, figure_of in (("numerator", numerators), ("denominator", denominators)):
                keys = pd.MultiIndex.from_frame(without[_WHOSE].assign(figure=without["metric_code"].map(figure_of)))
                change = taken.reindex(keys).fillna(0).astype(float).to_numpy()
                without[side] = (without[side].astype(float) - change).clip(lower=0)
            after = _points(rubric, without)
            lost = (after - base.reindex(after.index)).round(2)
            parts.append(lost[lost.notna() & (lost != 0)].rename("points_lost").reset_index().assign(cause=cause))
    if not parts:
        return _POINTS.empty_table()
    points = pd.concat(parts, ignore_index=True)
    points["figure"] = points["criterion_code"].map(dict(numerators))
    return table_from_frame(points[_POINTS.names], _POINTS)


def _points(rubric: Rubric, measures: pd.DataFrame) -> pd.Series:
    """Score measures: points by unit, period and criterion."""
    card = score(rubric, measures, source="portal").to_pandas(date_as_object=False)
    card = card[card["criterion_level"] == "criterion"]
    return card.set_index([*_WHOSE, "criterion_code"])["points"]
