"""Score QĐ 766 from the portal's counts, or from our indicators.

Two variants share a rubric. `portal` scores the counts that the portal publishes; where it publishes a group only, the
group is carried and says so. `local` computes the same criteria from our own dossiers.
"""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from cchc_pipeline.reference.index_codes import TOTAL_CODE
from cchc_pipeline.scorecards.scoring.engine import score
from cchc_pipeline.scorecards.scoring.measures import PERIOD, REQUIRED, Table, as_frame, from_indicators
from cchc_pipeline.scorecards.scoring.rubric import Criterion, Rubric
from cchc_pipeline.scorecards.scoring.rubric_set import RubricSet, shipped
from cchc_pipeline.scorecards.scoring.rule import RuleKind

RUBRIC = "index766"
#: Criteria that carry a published group, and the portal's names of it, the better one first.
CARRIED = {"ONLINE": ("GROUP.ONLINE", "GROUP.CLGQ"), "PAYMENT": ("GROUP.TTTT",)}
#: Published with maximum 0, so not scored.
UNSCORED = ("PETITION_CLASSIFICATION_TTHC", "PETITION_CLASSIFICATION_STAFF")
#: How codes begin of what the portal publishes beside metrics: groups, groups within totals, other figures.
BESIDE = ("GROUP.", "RADAR.", "FIELD.")


def newest() -> Rubric:
    """Return the newest shipped version, of both variants."""
    return shipped().newest(RUBRIC)


def portal_measures(rubric: Rubric, portal_metrics: Table) -> pd.DataFrame:
    """Return measures of the portal's own counts.

    Args:
        rubric: the version that they are scored by.
        portal_metrics: the table `national_portal__metrics`. Its published scores and the days that its figures are
            of are kept in `evidence`; points are taken from them only for the groups of `CARRIED`, which count where
            their criteria have no counts.

    Returns:
        Measures for `score(rubric, ..., source="portal")`. Rows of metrics that the rubric does not know are left
        out: see `unknown_metrics`.
    """
    frame = as_frame(portal_metrics)
    criteria = {criterion.code: criterion for criterion in rubric.for_source("portal").criteria()}
    carried = [one for one in criteria.values() if one.rule.kind is RuleKind.CARRIED]
    metrics = frame[frame["metric_code"].isin(set(criteria) - {one.code for one in carried})].copy()
    refused = metrics["metric_code"].isin([code for code, one in criteria.items() if one.rule.kind is RuleKind.FLAG])
    refused &= metrics["numerator"].isna()
    refused &= metrics["ratio_pct"].eq(0).fillna(False) | metrics["score"].eq(0).fillna(False)
    metrics["numerator"] = metrics["numerator"].where(~refused, 0)
    measures = pd.concat([metrics, *(_published_group(frame, one) for one in carried)], ignore_index=True)
    doubt = measures["data_quality_status"].astype(object)
    doubtful = doubt.notna() & ~doubt.isin(["", "OK"])
    notes = "Cổng ghi chú chất lượng dữ liệu: " + doubt.where(doubtful, "").astype(str)
    published = ["" if pd.isna(value) else f"; điểm Cổng công bố {value:g}" for value in measures["score"]]
    reports = measures["report"].fillna("").astype(str)
    if "captured_on" in measures:  # lakes of older code do not know the day of the pull
        days = ["" if pd.isna(day) else f"; đọc ngày {day:%d/%m/%Y}" for day in measures["captured_on"]]
        published = [score + day for score, day in zip(published, days, strict=True)]
    return measures[["unit_code", *PERIOD, *REQUIRED[1:]]].assign(
        reason_vi=notes.where(doubtful, None),
        evidence=[f"national_portal:{report}{score}" for report, score in zip(reports, published, strict=True)],
        is_provisional=doubtful,
    )


def unknown_metrics(portal_metrics: Table, rubrics: RubricSet) -> list[str]:
    """Return metric codes that no version scores, sorted.

    What is published beside metrics is known, and what is published with maximum 0 only is not to be scored.
    """
    frame = as_frame(portal_metrics)
    if "max_score" in frame:
        counts = frame["max_score"].isna() | frame["max_score"].ne(0).fillna(True)
        frame = frame[counts]
    codes = frame["metric_code"].dropna().unique().tolist()
    variants = [rubric.for_source("portal") for rubric in rubrics.versions(RUBRIC)]
    known = {criterion.code for variant in variants for criterion in variant.criteria()} | {TOTAL_CODE, *UNSCORED}
    return sorted(code for code in codes if code not in known and not code.startswith(BESIDE))


def score_portal(rubric: Rubric, portal_metrics: Table) -> pa.Table:
    """Score `national_portal__metrics`; a table of SCORECARD_SCHEMA."""
    return score(rubric, portal_measures(rubric, portal_metrics), source="portal")


def score_local(rubric: Rubric, indicator_values: Table) -> pa.Table:
    """Score our own indicators (`indicator_values`); a table of SCORECARD_SCHEMA.

    A count of 0 over 0 is what a period without any gives; both null is a period that no source covers, and missing.
    """
    measures = from_indicators(rubric.for_source("local"), indicator_values)
    known = measures["numerator"].notna() | measures["denominator"].notna()
    return score(rubric, measures[known], source="local")


def _published_group(frame: pd.DataFrame, criterion: Criterion) -> pd.DataFrame:
    """Return published points of a group as a carried measure."""
    order = {code: rank for rank, code in enumerate((*CARRIED.get(criterion.code, ()), criterion.code))}
    rows = frame[frame["metric_code"].isin(order) & frame["score"].notna()]
    rows = rows.sort_values("metric_code", key=lambda codes: codes.map(order), kind="stable")
    rows = rows.drop_duplicates(["unit_code", *PERIOD])
    scores = rows["score"].astype("float64")
    return rows.assign(metric_code=criterion.code, numerator=scores, denominator=criterion.max_points)
