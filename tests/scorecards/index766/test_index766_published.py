"""QĐ 766: every score that the portal published is reproduced to the last digit, from its counts alone."""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from command_line import output
from published_files import published

from cchc_pipeline.scorecards.index766 import metrics_file
from cchc_pipeline.scorecards.index766 import published as held
from cchc_pipeline.scorecards.index766 import scorecard as index766
from cchc_pipeline.scorecards.scoring.rubric_set import shipped
from cchc_pipeline.scorecards.scoring.rules import hundredths

pytestmark = pytest.mark.acceptance
HEADER = ["unit_code", "metric_code", "numerator", "denominator"]
PHU_THO = "acceptance/index766_published_phu_tho_2026-08.csv"
INPUTS = {
    "DOSSIER_ONLINE_PAYMENT": ("totalDossierOnlinePaymentSuccess", "totalDossierFinancialObligation"),
    "FORMALITY_ONLINE_PAYMENT": ("totalDossierOnlineFormalityPaymentSuccess", "totalFeeDossierFormalityDistinct"),
    "FORMALITY_PAYMENT_AVAILABLE": ("totalFeeDossierFormality", "totalFeeFormality"),
    "ONLINE_PROCEDURES_USED": ("onlineDossierCount", "onlineServiceTotal"),
    "ONLINE_DOSSIERS": ("channelOnlineSum", "channelTotalSum"),
}
#: By hand: 389481/436768 = 89.17 %, of 6; 146/349 = 41.83 %, of 80 % of 2; and so on.
PAYMENT = {"DOSSIER_ONLINE_PAYMENT": [5.35, 5.52, 5.19], "FORMALITY_ONLINE_PAYMENT": [1.05, 1.33, 0.74]}
NAMES = {"GROUP.ONLINE": "CLGQ"}


@cache
def phu_tho() -> pd.DataFrame:
    """The published rows of the six reports; those of a single procedure apart."""
    rows = pd.read_csv(published(PHU_THO))
    rows = rows[~rows["report"].str.contains(" formality ", regex=False)].reset_index(drop=True)
    return rows.assign(inputs=rows["inputs"].map(json.loads))


def as_metrics(rows: pd.DataFrame, *, groups: bool = True) -> pd.DataFrame:
    """The file that an operator would write from them: counts, further inputs as rows of their own."""
    lines: list[tuple[Any, ...]] = []
    for row in rows.itertuples():
        if not row.metric.startswith("GROUP."):
            lines.append((row.unit_code, row.metric, row.numerator, row.denominator))
            continue
        if groups or row.metric == "GROUP.ONLINE":
            lines.append((row.unit_code, row.metric, row.published_score, row.published_max))
        for code, (top, bottom) in INPUTS.items():
            if top in row.inputs:
                lines.append((row.unit_code, code, row.inputs[top], row.inputs[bottom]))
        if "authorityCount" in row.inputs:
            some = row.inputs
            lines.append(
                (row.unit_code, "ONLINE_PROCEDURES", some["partialCount"] + some["fullCount"], some["authorityCount"])
            )
    return pd.DataFrame(lines, columns=HEADER)


def scores(scored: pd.DataFrame) -> dict[tuple[str, str], float]:
    return scored.set_index(["unit_code", "metric_code"])["score"].to_dict()


def misses(found: dict[tuple[str, str], float], rows: pd.DataFrame) -> list[Any]:
    """What is not reproduced to the last digit."""
    wrong = []
    for row in rows.itertuples():
        code = row.metric.removeprefix("GROUP.")
        points = found[row.unit_code, NAMES.get(row.metric, code)]
        if repr(float(points)) != repr(float(row.published_score)):
            wrong.append((row.unit_code, row.metric, points, row.published_score))
    return wrong


def test_all_2940_published_scores_of_the_six_reports() -> None:
    rows = phu_tho()
    told = rows[rows["published_score"].notna()]
    assert len(told) == 2940
    scored = metrics_file.score_metrics(as_metrics(rows, groups=False))
    assert misses(scores(scored), told) == []
    criteria = scored[(scored["level"] == "criterion") & (scored["group"] == "CLGQ")].set_index(["unit_code"])
    carried = criteria[criteria["metric_code"] == "ONLINE"]
    assert (carried["status"] == "ok").sum() == 163, "children publish the group only: carried, never split"
    assert carried.loc[carried["status"] == "ok", "reason"].eq("Ghi nhận điểm của cả nhóm như Cổng công bố").all()
    assert carried.loc["H44", "status"] == "not_applicable"
    parts = criteria[criteria["metric_code"] != "ONLINE"]
    assert parts.loc["H44", "score"].tolist() == [2.0, 0.83, 6.0]
    assert parts.drop("H44")["score"].isna().all()
    assert set(scored.loc[scored["level"] == "total", "status"]) == {"ok"}


def test_the_command_writes_the_same_scores(tmp_path: Path) -> None:
    rows = phu_tho()
    file, out = tmp_path / "metrics.csv", tmp_path / "scored.csv"
    as_metrics(rows).to_csv(file, index=False)
    said = output("score", "index766", "--metrics", file, "--out", out)
    assert "kept, not scored: PETITION_CLASSIFICATION_STAFF, PETITION_CLASSIFICATION_TTHC" in said
    scored = pd.read_csv(out)
    assert misses(scores(scored), rows[rows["published_score"].notna()]) == []


def test_published_groups_and_ratios_are_met() -> None:
    rows = phu_tho()
    file = as_metrics(rows)
    scored = metrics_file.score_metrics(file)
    assert scored["published"].notna().sum() == 5 * 164
    assert metrics_file.differences(scored, file, index766.newest()).empty
    groups = rows[rows["metric"].str.startswith("GROUP.")]
    found = scores(scored)
    percent = [
        100 * found[one.unit_code, held.groups_of(one.metric)[0]] / one.published_max for one in groups.itertuples()
    ]
    wrong = [
        (row.unit_code, row.metric, ratio)
        for row, ratio in zip(groups.itertuples(), hundredths(pd.Series(percent).to_numpy()) / 100, strict=True)
        if ratio != row.inputs["ratio"]
    ]
    assert wrong == []
    changed = file.copy()
    at = (changed["unit_code"] == "H44.100") & (changed["metric_code"] == "GROUP.TTTT")
    changed.loc[at, "numerator"] -= 0.01
    wrong_one = metrics_file.differences(metrics_file.score_metrics(changed), changed, index766.newest())
    assert wrong_one[["unit_code", "metric_code"]].to_numpy().tolist() == [["H44.100", "TTTT"]]


def test_the_same_from_rows_of_the_portals_table() -> None:
    """Scorecard and check read what the adapter delivers: counts, nulls, groups with their reports."""
    rows = phu_tho()
    metrics = as_metrics(rows, groups=False)
    metrics = metrics[metrics["metric_code"] != "GROUP.ONLINE"].assign(report="r", score=None)
    groups = rows[rows["metric"].str.startswith("GROUP.")]
    groups = groups.rename(columns={"metric": "metric_code", "published_score": "score"}).assign(numerator=None)
    columns = ["unit_code", "metric_code", "numerator", "denominator", "report", "score"]
    table = pd.concat([metrics[columns], groups.assign(denominator=None)[columns]], ignore_index=True)
    month = {"period_type": "month", "period_start": date(2026, 8, 1), "period_end": date(2026, 8, 31)}
    table = table.assign(**month, ratio_pct=None, data_quality_status=None)
    table = table.astype({"numerator": float, "denominator": float, "score": float, "ratio_pct": float})
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    card = index766.score_portal(index766.newest(), arrow).to_pandas().rename(columns={"criterion_code": "metric_code"})
    assert misses(scores(card.assign(score=card["points"])), rows[rows["published_score"].notna()]) == []
    assert held.differences(arrow, shipped()).empty
    assert index766.unknown_metrics(arrow, shipped()) == []
    table.loc[(table["unit_code"] == "H44") & (table["metric_code"] == "GROUP.TTTT"), "score"] += 0.01
    wrong = held.differences(pa.Table.from_pandas(table, preserve_index=False), shipped())
    assert wrong[["unit_code", "metric_code", "published", "computed"]].to_numpy().tolist() == [
        ["H44", "GROUP.TTTT", 6.26, 6.25]
    ]


def test_every_published_metric_score_of_six_units() -> None:
    rows = pd.read_csv(published("acceptance/index766_metrics_2026-10-10.csv"))
    scored = metrics_file.score_metrics(rows)
    told = rows[rows["published_score"].notna()].rename(columns={"metric_code": "metric"})
    assert len(told) == 90
    assert misses(scores(scored), told) == []
    found = scores(scored)
    paid = {code: [found[unit, code] for unit in ("H24", "H21", "H48")] for code in PAYMENT}
    assert paid == PAYMENT


@cache
def six_units() -> tuple[pd.DataFrame, pd.DataFrame]:
    units = pd.read_csv(published("acceptance/index766_units_2026-10-10.csv")).set_index("unit_code")
    return units, pd.read_csv(published("acceptance/index766_metrics_2026-10-10.csv"))


def test_published_groups_and_totals_of_six_units() -> None:
    units, metrics = six_units()
    groups = [("ONLINE", "ONLINE12", 12), ("TTTT", "TTTT10", 10)]
    carried = [(unit, code, units.loc[unit, name], most) for unit in units.index for code, name, most in groups]
    scored = metrics_file.score_metrics(pd.concat([metrics, pd.DataFrame(carried, columns=HEADER)]))
    found = scored[scored["level"].isin(["group", "total"])].pivot(
        index="unit_code", columns="metric_code", values="score"
    )
    columns = {"CKMB": "CKMB18", "TDGQ": "TDGQ20", "CLGQ": "ONLINE12", "TTTT": "TTTT10", "MDSH": "MDSH22"}
    for code, column in {**columns, "MDHL": "MDHL18", "TOTAL": "total_score"}.items():
        wrong = found[code][found[code] != units[column].reindex(found.index)]
        assert wrong.empty, (code, wrong)
    assert set(scored.loc[scored["level"] == "total", "status"]) == {"ok"}


def test_the_payment_groups_of_six_units_come_from_whole_counts() -> None:
    """The third count is not in the files; a number of procedures must exist that gives the published group exactly."""
    units, metrics = six_units()
    fees = units["pay_formality_fee"].to_dict()
    for unit, group in units["TTTT10"].items():
        own = metrics[(metrics["unit_code"] == unit) & (metrics["group"] == "TTTT")]
        tries = pd.concat(own.assign(unit_code=f"{count}") for count in range(int(fees[unit]) + 1))
        third = pd.DataFrame(
            [(f"{count}", "FORMALITY_PAYMENT_AVAILABLE", count, fees[unit]) for count in range(int(fees[unit]) + 1)],
            columns=HEADER,
        )
        scored = metrics_file.score_metrics(pd.concat([tries, third]))
        found = scored[scored["metric_code"] == "TTTT"]
        assert (found["score"] == group).any(), unit


def test_totals_of_34_provinces_are_the_sums_of_their_groups_and_a_country_is_their_mean() -> None:
    path = published("acceptance/national_portal_service_results_2026-09-17.json")
    reply = json.loads(path.read_text("utf-8"))
    provinces = reply.get("data", reply)["evaluation"]
    assert len(provinces) == 34
    wrong = [one for one in provinces if round(sum(one["groupScores"].values()), 2) != one["totalScore"]]
    assert wrong == []
    groups = {code: [one["groupScores"][code] for one in provinces] for code in provinces[0]["groupScores"]}
    found = held.country(groups)
    assert found["CKMB"] == 9.82
    assert found["TOTAL"] == round(sum(points for code, points in found.items() if code != "TOTAL"), 2)
