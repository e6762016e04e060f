"""Score QĐ 766 from a file of metrics, the portal's counts, or our indicators.

Two variants share a rubric. `portal` scores what the portal exposes and carries the online group as published;
`local` computes the three online criteria from our own dossiers. The third payment item is exposed by nobody: where
the points of the payment group are published, it is what is left of them after the two that can be computed; otherwise
a total stays `partial` until a file brings it as a row.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from cchc_pipeline.reference.index_codes import TOTAL_CODE
from cchc_pipeline.scorecards.scoring.engine import score
from cchc_pipeline.scorecards.scoring.measures import (
    PERIOD,
    REMAINDER_EVIDENCE,
    REQUIRED,
    MeasureError,
    Table,
    as_frame,
    concat,
    from_indicators,
)
from cchc_pipeline.scorecards.scoring.rubric import Criterion, Rubric, RuleKind
from cchc_pipeline.scorecards.scoring.rubric_set import RubricSet, shipped
from cchc_pipeline.tabular.cells import CellError, read_number
from cchc_pipeline.tabular.files import TableFileError
from cchc_pipeline.tabular.sheets import read_table

RUBRIC = "index766"
ONLINE_GROUPS = ("GROUP.ONLINE", "GROUP.CLGQ")
"""The portal's names of the online group without payment, the better one first (ONLINE_SERVICE includes payment)."""
PAYMENT_GROUP, PAYMENT_REMAINDER = "TTTT", "FORMALITY_PAYMENT_AVAILABLE"
#: The published group and the two computed points are each rounded to 0.01.
_ROUNDING = 0.02
#: Columns of a scored file of metrics, and those that a scorecard calls otherwise.
_SCORED = [
    "unit_code", "metric_code", "level", "group", *REQUIRED[2:], "ratio", "score", "max_score", "status", "reason",
]  # fmt: skip
_RENAMED = {
    "criterion_code": "metric_code", "criterion_level": "level", "points": "score", "max_points": "max_score",
    "reason_vi": "reason",
}  # fmt: skip


def newest() -> Rubric:
    """Return the newest shipped version, of both variants."""
    return shipped().newest(RUBRIC)


def score_metrics(metrics: pd.DataFrame, *, source: str = "portal", rubric: Rubric | None = None) -> pd.DataFrame:
    """Score a table of metrics as an operator has it.

    Args:
        metrics: columns unit_code, metric_code, numerator, denominator (numbers, or text as read from a CSV file);
            other columns are ignored. An empty numerator and denominator is what the portal publishes for a yes/no
            metric. The online group is a row ONLINE with the published points over 12; the payment group may stand
            there as a row TTTT with its published points over 10.
        source: `portal`, or `local` for the three online criteria instead of ONLINE.
        rubric: the version to score by; the newest shipped one where not given.

    Returns:
        Per unit the total, then each group and its criteria: unit_code, metric_code (or group code, or TOTAL), level
        (total, group, criterion), group, numerator, denominator, ratio, score, max_score, status, reason.

    Raises:
        MeasureError: naming the row (as a line of the file, the header being line 1), the culprit and the fix.
    """
    variant = (rubric or newest()).for_source(source)
    given = check_metrics(metrics, variant, {PAYMENT_GROUP: sum(one.max_points for one in _payment(variant).values())})
    is_group = given["metric_code"] == PAYMENT_GROUP
    published = given[is_group].assign(score=given.loc[is_group, "numerator"].astype("float64"))
    table = score(variant, _with_remainder(variant, given[~is_group], published), source=source).to_pandas()
    level = table["criterion_level"]
    table["group"] = (
        table["parent_code"].where(level == "criterion", table["criterion_code"]).where(level != "total", None)
    )
    return table.rename(columns=_RENAMED)[_SCORED]


def portal_measures(rubric: Rubric, portal_metrics: Table) -> pd.DataFrame:
    """Return measures of the portal's own counts.

    Args:
        rubric: the version that they are scored by.
        portal_metrics: the table `national_portal__metrics`. Its published scores are kept in `evidence`; only the
            online group, of which the portal exposes no counts, and the third payment item are taken from them.

    Returns:
        Measures for `score(rubric, ..., source="portal")`. Rows of metrics that the rubric does not know are left
        out: see `unknown_metrics`.
    """
    frame = as_frame(portal_metrics)
    variant = rubric.for_source("portal")
    criteria = {criterion.code: criterion for criterion in variant.criteria()}
    metrics = frame[frame["metric_code"].isin(set(criteria) - {"ONLINE"})].copy()
    refused = metrics["metric_code"].isin([code for code, one in criteria.items() if one.rule.kind is RuleKind.FLAG])
    refused &= metrics["numerator"].isna()
    refused &= metrics["ratio_pct"].eq(0).fillna(False) | metrics["score"].eq(0).fillna(False)
    metrics["numerator"] = metrics["numerator"].where(~refused, 0)
    measures = pd.concat([metrics, _online(frame, criteria["ONLINE"])], ignore_index=True)
    payment = frame[(frame["metric_code"] == f"GROUP.{PAYMENT_GROUP}") & frame["score"].notna()]
    payment = payment.drop_duplicates(["unit_code", *PERIOD])
    doubt = measures["data_quality_status"].astype(object)
    doubtful = doubt.notna() & ~doubt.isin(["", "OK"])
    notes = "Cổng ghi chú chất lượng dữ liệu: " + doubt.where(doubtful, "").astype(str)
    published = ["" if pd.isna(value) else f"; điểm Cổng công bố {value:g}" for value in measures["score"]]
    reports = measures["report"].fillna("").astype(str)
    found = measures[["unit_code", *PERIOD, *REQUIRED[1:]]].assign(
        reason_vi=notes.where(doubtful, None),
        evidence=[f"national_portal:{report}{score}" for report, score in zip(reports, published, strict=True)],
        is_provisional=doubtful,
    )
    return _with_remainder(variant, found, payment)


def unknown_metrics(portal_metrics: Table, rubrics: RubricSet) -> list[str]:
    """Return metric codes that no version scores, sorted; groups and total are known."""
    codes = as_frame(portal_metrics)["metric_code"].dropna().unique().tolist()
    variants = [rubric.for_source("portal") for rubric in rubrics.versions(RUBRIC)]
    known = {criterion.code for variant in variants for criterion in variant.criteria()} | {TOTAL_CODE}
    return sorted(code for code in codes if code not in known and not code.startswith("GROUP."))


def score_portal(rubric: Rubric, portal_metrics: Table) -> pa.Table:
    """Score `national_portal__metrics`; a table of SCORECARD_SCHEMA."""
    return score(rubric, portal_measures(rubric, portal_metrics), source="portal")


def score_local(rubric: Rubric, indicator_values: Table) -> pa.Table:
    """Score our own indicators (`indicator_values`); a table of SCORECARD_SCHEMA."""
    return score(rubric, from_indicators(rubric.for_source("local"), indicator_values), source="local")


def _online(frame: pd.DataFrame, criterion: Criterion) -> pd.DataFrame:
    """Return the published score of the online group as a carried measure."""
    order = {code: rank for rank, code in enumerate((*ONLINE_GROUPS, criterion.code))}
    online = frame[frame["metric_code"].isin(order) & frame["score"].notna()]
    online = online.sort_values("metric_code", key=lambda codes: codes.map(order), kind="stable")
    online = online.drop_duplicates(["unit_code", *PERIOD])
    scores = online["score"].astype("float64")
    return online.assign(metric_code=criterion.code, numerator=scores, denominator=criterion.max_points)


def _payment(variant: Rubric) -> dict[str, Criterion]:
    return {leaf.code: leaf for group in variant.groups if group.code == PAYMENT_GROUP for leaf in group.leaves()}


def _with_remainder(variant: Rubric, measures: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Add the third payment item: points of the group less the two computed ones.

    Args:
        variant: the rubric.
        measures: what is known; a row of the item itself stands as it is.
        published: unit_code, period columns where the measures have them, and score: points of the payment group.

    Returns:
        The measures; the item stays missing where what is left is less than 0 or more than it can give.
    """
    leaves = _payment(variant)
    if PAYMENT_REMAINDER not in leaves or published.empty:
        return measures
    most, keys = leaves[PAYMENT_REMAINDER].max_points, ["unit_code", *(name for name in PERIOD if name in measures)]
    others = measures[measures["metric_code"].isin(set(leaves) - {PAYMENT_REMAINDER})]
    counted = score(variant, others, source="portal").to_pandas(date_as_object=False)
    counted = counted[counted["criterion_code"].isin(others["metric_code"]) & (counted["status"] == "ok")]
    sums = counted.groupby(keys, dropna=False)["points"].agg(["sum", "size"]).reset_index()
    found = published[[*keys, "score"]].merge(sums[sums["size"] == len(leaves) - 1], on=keys)
    given = pd.MultiIndex.from_frame(measures.loc[measures["metric_code"] == PAYMENT_REMAINDER, keys])
    left = found["score"] - found["sum"]
    fits = left.between(-_ROUNDING, most + _ROUNDING) & ~pd.MultiIndex.from_frame(found[keys]).isin(given)
    told = [f"{points:g}".replace(".", ",") for points in found.loc[fits, "score"]]
    remainders = found.loc[fits, keys].assign(
        metric_code=PAYMENT_REMAINDER,
        numerator=float("nan"),
        denominator=float("nan"),
        points=left[fits].clip(0, most).round(2),
        reason_vi=[f"Suy ra: điểm nhóm Cổng công bố {one} trừ hai tiêu chí tính được" for one in told],
        evidence=[f"{REMAINDER_EVIDENCE} {one}" for one in told],
        is_provisional=True,
    )
    return concat([measures, remainders])


def read_metrics(path: Path) -> pd.DataFrame:
    """Read the table of metrics as it stands there; nothing is guessed.

    Returns:
        The columns of the file; the index is the number of the line less 2.

    Raises:
        MeasureError: the file is missing, or is no table with such columns.
    """
    try:
        sheet = read_table(path, lambda text: text.strip() in REQUIRED, expected=", ".join(REQUIRED))
        sheet.require_rows_to_fit()
    except TableFileError as error:
        raise MeasureError(str(error), file=str(path)) from error
    lines = [number - 2 for number, _ in sheet.records]
    rows = [cells[: len(sheet.headers)] for _, cells in sheet.records]
    return pd.DataFrame(rows, index=lines, columns=sheet.headers, dtype=object)


def check_metrics(metrics: pd.DataFrame, rubric: Rubric, groups: Mapping[str, float] | None = None) -> pd.DataFrame:
    """Check metrics, trim their codes, turn figures into numbers and drop blank rows.

    Args:
        metrics: at least unit_code, metric_code, numerator and denominator, as numbers or text.
        rubric: says which metric codes there are.
        groups: groups whose published points may stand in the file as well, with their maximum.

    Raises:
        MeasureError: naming the line, the culprit and the fix. The header is line 1.
    """
    if absent := [name for name in REQUIRED if name not in metrics.columns]:
        found = ", ".join(str(name) for name in metrics.columns) or "none"
        needs = f"it needs {', '.join(REQUIRED)}, separated by commas (found: {found})"
        raise MeasureError(f"The metrics file lacks the column {', '.join(absent)}; {needs}", columns=absent)
    most = {one.code: one.max_points if one.rule.kind is RuleKind.CARRIED else None for one in rubric.criteria()}
    most |= groups or {}
    rows: dict[tuple[str, str], tuple[float, float]] = {}
    for place, *cells in metrics[list(REQUIRED)].itertuples(name=None):
        unit, code, *counts = (
            None if pd.isna(cell) else cell.strip() if isinstance(cell, str) else cell for cell in cells
        )
        if not any(cell not in (None, "") for cell in (unit, code, *counts)):
            continue
        try:
            if (unit, code) in rows:
                raise ValueError("this metric of this unit is already in the file; keep one of the rows")
            rows[str(unit or ""), str(code or "")] = _counts(unit, code, counts, most)
        except ValueError as problem:
            where = f"Line {place + 2} (unit {unit or '?'}, metric {code or '?'})"
            raise MeasureError(f"{where}: {problem}", line=place + 2) from None
    if not rows:
        raise MeasureError("The metrics file has no rows; put one row per unit and metric below the header")
    return pd.DataFrame([(*key, *counts) for key, counts in rows.items()], columns=list(REQUIRED))


def _counts(unit: Any, code: Any, cells: Sequence[Any], most: Mapping[str, float | None]) -> tuple[float, float]:
    """Return both counts of a row, NaN where empty; ValueError says what is wrong."""
    for name, cell in (("unit_code", unit), ("metric_code", code)):
        if not cell:
            raise ValueError(f"{name} is empty; fill it in")
    if code not in most:
        raise ValueError(f"metric_code is unknown; leave it out or use one of: {', '.join(most)}")
    counts = []
    for name, cell in zip(REQUIRED[2:], cells, strict=True):
        try:
            counts.append(math.nan if cell in (None, "") else read_number(cell))
        except CellError as problem:
            raise ValueError(f"{name} {cell!r} {problem.en}") from None
        if counts[-1] < 0:
            raise ValueError(f"{name} is negative: {cell}; counts start at 0")
    numerator, denominator = counts
    full = most[code]
    if full is not None and (numerator > full or not (math.isnan(denominator) or denominator == full)):
        raise ValueError(f"write the published points as numerator (0 to {full:g}) and {full:g} as denominator")
    if numerator > denominator:
        raise ValueError(f"numerator {numerator:g} is larger than denominator {denominator:g}; check both counts")
    return numerator, denominator
