"""Hold figures of QĐ 766 against each other: what is computed and published, and the portal's own reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from cchc_pipeline.lake.engine import run_file
from cchc_pipeline.lake.files import Source
from cchc_pipeline.reference.index_codes import TOTAL_CODE
from cchc_pipeline.scorecards.index766.scorecard import RUBRIC, score_portal
from cchc_pipeline.scorecards.scoring.measures import PERIOD, Table, as_frame
from cchc_pipeline.scorecards.scoring.rubric_set import RubricSet
from cchc_pipeline.scorecards.scoring.rule import Arithmetic
from cchc_pipeline.scorecards.scoring.rules import hundredths

#: Code of the country's own row among the provinces.
COUNTRY = "VN"
#: The report that adds groups up, from ratios that are rounded where the rubric says `in_totals`.
TOTALS_REPORT = "service-results"
#: Published code -> the groups that it sums, where it is not called as the group.
_SUMS = {"ONLINE": ("CLGQ",), "ONLINE_SERVICE": ("CLGQ", "TTTT")}


def groups_of(code: str) -> tuple[str, ...]:
    """Return the groups (or TOTAL) that a published code such as GROUP.ONLINE sums; empty for a metric.

    RADAR.CKMB is the group as the totals report has it.
    """
    if code == TOTAL_CODE:
        return (TOTAL_CODE,)
    kind, _, name = code.partition(".")
    return _SUMS.get(name, (name,)) if kind in ("GROUP", "RADAR") else ()


def differences(portal_metrics: Table, rubrics: RubricSet) -> pd.DataFrame:
    """Return groups and totals that are computed otherwise than they were published.

    Only versions with the portal's arithmetic are held against it, and only what can be computed in full.

    Args:
        portal_metrics: the table `national_portal__metrics`.
        rubrics: rubrics; each period is scored by its version.

    Returns:
        unit_code, period_type, period_start, period_end, report, metric_code (together the key), published, computed
        (points); empty where all agree.
    """
    keys = ["unit_code", *PERIOD]
    found = [pd.DataFrame(columns=[*keys, "report", "metric_code", "published", "computed"])]
    for rubric, table in rubrics.by_version(RUBRIC, portal_metrics):
        if rubric.arithmetic is not Arithmetic.BINARY:
            continue
        frame = as_frame(table)
        published = frame[frame["metric_code"].map(lambda code: bool(groups_of(str(code)))) & frame["score"].notna()]
        in_totals = published["report"] == TOTALS_REPORT
        for variant, some in ((rubric, published[~in_totals]), (rubric.for_totals(), published[in_totals])):
            if some.empty:
                continue
            counts = frame[frame["unit_code"].isin(some["unit_code"])]
            card = score_portal(variant, counts).to_pandas(date_as_object=False)
            card = card[(card["criterion_level"] != "criterion") & (card["status"] == "ok")]
            points = card.set_index([*keys, "criterion_code"])["points"].to_dict()
            computed = [_sum(points, row[:-1], row[-1]) for row in some[[*keys, "metric_code"]].itertuples(index=False)]
            rows = some[[*keys, "report", "metric_code", "score"]].rename(columns={"score": "published"})
            rows = rows.assign(computed=computed)
            differs = (rows["computed"] * 100).round() != (rows["published"].astype(float) * 100).round()
            found.append(rows[rows["computed"].notna() & differs])
    return pd.concat([part for part in found if len(part)] or found, ignore_index=True)


def out_of_step(portal_metrics: Source) -> list[str]:
    """Return a sentence for each figure that two reports of the portal state otherwise: the province's first.

    Compared are dossiers received, and those received online, between reports and with the sum of a report's own units;
    and the days on which the reports of a period were read. Each sentence names unit, period, both reports and figures.
    """
    said = []
    rows = run_file("scorecards/portal_in_step", held=portal_metrics).to_pylist()
    for row in sorted(rows, key=lambda row: "." in row["unit_code"]):
        where = f"{row['unit_code']} {row['period_type']} {row['period_start']:%Y-%m-%d}"
        if row["figure"] == "read on":
            figures = (row["read_on"], row["other_read_on"])
        else:
            figures = (f"{row['quantity']:.0f}", f"{row['other_quantity']:.0f}")
        said.append(f"{where}, {row['figure']}: {row['report']} {figures[0]}, {row['other_report']} {figures[1]}")
    return said


def country_differences(ranks: Table) -> list[str]:
    """Return a sentence for each score of the country that is not what its provinces make it; none where all agree.

    Args:
        ranks: the table `portal_ranks`; its newest reading is looked at.
    """
    frame = as_frame(ranks)
    newest = frame[(frame["captured_on"] == frame["captured_on"].max()) & frame["score"].notna()]
    is_country = newest["unit_code"] == COUNTRY
    groups = newest[~is_country & newest["metric_code"].str.startswith("GROUP.")]
    if groups.empty or not is_country.any():
        return []
    computed = country({code.partition(".")[2]: list(some) for code, some in groups.groupby("metric_code")["score"]})
    said = []
    for row in newest[is_country].to_dict("records"):
        names = ["ONLINE" if name == "CLGQ" else name for name in groups_of(row["metric_code"])]
        known = [computed[name] for name in names if name in computed]
        if len(known) == len(names) > 0 and round(100 * sum(known)) != round(100 * row["score"]):
            figures = f"computed {sum(known):.2f}, published {row['score']:.2f}"
            said.append(f"{row['captured_on']:%Y-%m-%d} {row['metric_code']}: {figures}")
    return said


def country(groups: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Compute the scores of the country: each group the mean of the provinces' groups, TOTAL their sum.

    Args:
        groups: group code -> published points of every province.
    """
    means = np.array([sum(points) / len(points) for points in groups.values()], dtype=np.float64)
    rounded = hundredths(means)
    return {**dict(zip(groups, (rounded / 100).tolist(), strict=True)), TOTAL_CODE: int(rounded.sum()) / 100}


def _sum(points: Mapping[tuple[object, ...], float], key: tuple[object, ...], code: str) -> float:
    return sum((points.get((*key, group), np.nan) for group in groups_of(code)), 0.0)
