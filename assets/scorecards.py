"""Define the scorecard assets, rank intervals and the reconciliation."""

from functools import partial
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.compute as pc

from assets.core import core_documents, core_dossiers, core_procedures, core_units
from assets.indicators import indicator_values
from assets.staged import staged_key
from assets.table_asset import SHOWN_ROWS, Made, Work, check, markdown_table, page_path, picture, table_asset
from cchc_pipeline.drawing import charts
from cchc_pipeline.drawing.plots import WIDE, dots
from cchc_pipeline.reference.units_national import old_provinces
from cchc_pipeline.scorecards import build
from cchc_pipeline.scorecards.index766.published import country_differences, differences, out_of_step
from cchc_pipeline.scorecards.index766.scorecard import unknown_metrics
from cchc_pipeline.scorecards.par_index.appraisals import build_appraisals
from cchc_pipeline.scorecards.rank_intervals import build_rank_intervals, newest
from cchc_pipeline.scorecards.reconciliation.build import Reconciled, build_reconciliation
from cchc_pipeline.scorecards.score_days import build_score_days
from cchc_pipeline.site import preview

ROOMS = (
    "scorecards",
    *(f"scorecards.{room}" for room in ("index766", "papi", "par_index", "scoring", "scoring.rubrics", "sql")),
)
scorecard_asset = partial(table_asset, group="scorecards", rooms=ROOMS, kinds=("yaml",))
#: Largest unexplained share of a provincial figure with which the check `explained` passes.
TOLERATED_SHARE = 0.005


def _pages(work: Work, table: pa.Table, source: str, period_type: str, page: str = "index.html") -> dict[str, Any]:
    """Return the path of a scorecard's page, and a preview of it."""
    glimpse = dg.MetadataValue.md(preview.markdown(table, source, period_type))
    return {"site": page_path(work.lake, page), "site_preview": glimpse}


@scorecard_asset(
    "scorecard_index766",
    deps=[indicator_values, core_units],
    checks={
        "every_metric_scored": "Every metric that the portal publishes is a criterion of a version of the rubric.",
        "published_met": "Groups and totals computed from the portal's counts are those that it publishes.",
        "reports_in_step": "The portal's reports of a period state the same figures, and were read on the same day.",
    },
)
def scorecard_index766(work: Work) -> Made:
    """Bộ chỉ số 766: every unit from our own dossiers and from the portal's counts, side by side."""
    rubrics = work.rubrics()
    table = build.build_index766(work.lake, rubrics)
    portal = work.lake.store.read("core/national_portal__metrics")
    unknown, differ = unknown_metrics(portal, rubrics), differences(portal, rubrics)
    labels, values, period = preview.totals(table, "portal")
    title = f"Bộ chỉ số 766 trên Cổng DVCQG, {period}"
    chart = {"chart": picture(charts.bars(labels, values, title, 108), "766")} if labels else {}
    fix = "describe the metric in a new version of the rubric index766"
    about = {
        "rubric_versions": ", ".join(sorted(set(table["rubric_version"].to_pylist()))),
        "units": len(set(table["unit_code"].to_pylist())),
    }
    more = {**about, **_pages(work, table, "local", "month"), **chart}
    said = [
        f"{row['unit_code']} {row['period_type']} {row['period_start']:%Y-%m-%d} {row['metric_code']} "
        f"({row['report']}): computed {row['computed']:.2f}, published {row['published']:.2f}"
        for row in differ.head(SHOWN_ROWS).to_dict("records")
    ]
    why = "read the period again; where it stays, the portal scores by another rule: describe it in a new version"
    apart = out_of_step(portal)
    wait = "nothing to do where the difference is small: the reports are recomputed at different times; else read again"
    checks = [
        check("reports_in_step", passed=not apart, rows=len(apart), differences=apart[:SHOWN_ROWS], fix=wait),
        check("every_metric_scored", passed=not unknown, not_scored=unknown, fix=fix),
        check("published_met", passed=differ.empty, rows=len(differ), differences=said, fix=why),
    ]
    return Made(table, more, checks)


@scorecard_asset(
    "portal_ranks",
    deps=[core_units],
    kinds=("duckdb",),
    checks={
        "every_province": "The newest list has as many provinces as there are, and all of earlier lists, with scores.",
        "country_met": "The country's scores are those that its provinces make.",
    },
)
def portal_ranks(work: Work) -> Made:
    """Xếp hạng các tỉnh trên Cổng DVCQG: total and groups of every province on each night, with ranks and changes."""
    table = build.build_portal_ranks(work.lake)
    rows = table.to_pylist()
    last = max((row["captured_on"] for row in rows), default=None)
    newest = [row for row in rows if row["captured_on"] == last]
    missing = [f"{one['unit_code']} {one['metric_code']}: {one['reason_vi']}" for one in newest if one["reason_vi"]]
    differ = country_differences(table)
    own = [row for row in newest if row["unit_code"] == work.settings.province_code]
    said = {one["metric_code"]: f"{one['rank']}/{one['rank_of']}" for one in own if one["rank"]}
    provinces = len({row["unit_code"] for row in newest if row["rank"]})
    expected = len({one.successor_agency_code for one in old_provinces()})
    checks = [
        check(
            "every_province",
            passed=not missing and (not newest or provinces >= expected),
            provinces=provinces,
            expected=expected,
            missing=missing[:SHOWN_ROWS],
        ),
        check("country_met", passed=not differ, differences=differ),
    ]
    return Made(table, {"read_on": str(last or "-"), "own_ranks": said}, checks)


@scorecard_asset(
    "par_index_appraisals",
    deps=[staged_key("registers__appraisals"), core_documents, core_units],
    checks={"none_refused": "Every row agrees with its rubric and with the stages before it."},
)
def par_index_appraisals(work: Work) -> Made:
    """Chấm điểm PAR INDEX: self-score, two appraisals and the survey, each kept apart, with the one that stands."""
    table = build_appraisals(work.lake, work.rubrics())
    refused = table.filter(table["is_refused"]).to_pylist()
    said = [
        f"{row['unit_code']} {row['year']} {row['criterion_code']} {row['stage']}: {row['reason_vi']}"
        for row in refused[:SHOWN_ROWS]
    ]
    note = {} if table.num_rows else {"note": "no file appraisals.csv or appraisals.xlsx in the drop folder so far"}
    return Made(table, note, [check("none_refused", passed=not refused, rows=len(refused), refused=said)])


@scorecard_asset("scorecard_par_index", deps=[indicator_values, par_index_appraisals, core_documents, core_units])
def scorecard_par_index(work: Work) -> Made:
    """PAR INDEX, provisional throughout: the official points are not public, so each criterion counts one unit."""
    table = build.build_par_index(work.lake, work.rubrics())
    return Made(table, _pages(work, table, "local", "year"))


@scorecard_asset("scorecard_papi", deps=[staged_key("papi__subdimensions"), staged_key("papi__totals")])
def scorecard_papi(work: Work) -> Made:
    """PAPI by province from the tables in the drop folder; gaps stay gaps, with their reason."""
    table = build.build_papi(work.lake)
    years = sorted({day.year for day in table["period_start"].to_pylist()})
    note = ", ".join(map(str, years)) or "no table in the drop folder papi (YYYY.csv or .xlsx)"
    return Made(table, {"years": note, **_pages(work, table, "table", "year", "papi.html")})


@scorecard_asset("scorecard_papi_today", deps=[scorecard_papi], kinds=("duckdb",))
def scorecard_papi_today(work: Work) -> Made:
    """PAPI theo 34 tỉnh: points of provinces that are as they were, the range of its parts for a merged one."""
    table = build.build_papi_today(work.lake)
    return Made(table, {"units": len(set(table["unit_code"].to_pylist()))})


@scorecard_asset(
    "rank_intervals",
    rooms=(*ROOMS, "scorecards.robustness"),
    deps=[scorecard_index766, scorecard_papi],
    kinds=("numpy",),
)
def rank_intervals(work: Work) -> Made:
    """Khoảng thứ hạng: the ranks that each unit could as well have, by chance and under other methods."""
    built = build_rank_intervals(work.lake, work.rubrics())
    shown = newest(built.table)
    chart = {"chart": picture(dots(shown[0], WIDE, shown[1]), shown[1])} if shown else {}
    counts = {"rankings": built.strata, "computed_now": built.computed}
    return Made(built.table, {**counts, "site": page_path(work.lake, "ranks.html"), **chart})


@scorecard_asset(
    "score_days",
    rooms=(*ROOMS, "core", "core.sql", "indicators", "indicators.families", "indicators.sql"),
    deps=[scorecard_index766],
    kinds=("duckdb",),
)
def score_days(work: Work) -> Made:
    """Điểm từng đêm: who rose and who fell since the night and the week before, by which criterion and dossiers."""
    table = build_score_days(work.lake, work.rubrics())
    totals = table.filter(pc.equal(table["criterion_level"], "total"))
    counts = {name: totals.filter(pc.equal(totals["direction"], name)).num_rows for name in ("up", "down", "equal")}
    older = pc.sum(table["is_older_figure"]).as_py() or 0
    return Made(table, {**counts, "older_figures": older, "site": page_path(work.lake, "days.html")})


@scorecard_asset(
    "reconciliation",
    rooms=(*ROOMS, "scorecards.reconciliation"),
    deps=[core_dossiers, core_procedures, core_units],
    kinds=("duckdb", "yaml"),
    checks={
        "explained": "Known causes explain the province's difference from the portal, figure by figure, but for "
        f"{TOLERATED_SHARE:.1%} of the portal's figure."
    },
)
def reconciliation(work: Work) -> Made:
    """Đối chiếu với Cổng DVCQG: each difference between our figures and the portal's, by cause, with its points."""
    code = work.settings.province_code
    done = build_reconciliation(work.lake, work.settings.history_from, work.rubrics())
    by_cause = {"dossiers_with_a_cause": done.dossiers.num_rows, "by_cause": _by_cause(done, code)}
    return Made(done.table, by_cause, [explained(done, code)])


def explained(done: Reconciled, code: str) -> dg.AssetCheckResult:
    """Return the check that known causes explain the province's differences."""
    left, share = done.unexplained(code)
    rows = [
        (
            f"{row['period_type']} {row['period_start']}",
            *(row[name] for name in ("figure_name_vi", "portal_value", "expected_value", "effect")),
        )
        for row in sorted(left, key=lambda row: -abs(row["effect"]))[:SHOWN_ROWS]
    ]
    rest = markdown_table(["kỳ", "số liệu", "Cổng", "phải có", "chưa rõ"], rows)
    found = {
        "unexplained_share": share,
        "tolerated_share": TOLERATED_SHARE,
        "figures_with_a_rest": len(left),
        "rest": rest if left else "không còn chênh lệch chưa rõ nguyên nhân",
    }
    return check("explained", passed=share <= TOLERATED_SHARE, **found)


def _by_cause(done: Reconciled, code: str) -> dg.MetadataValue:
    """Return the province's dossiers and points by cause, for the portal's last month."""
    rows = done.by_cause(code)
    if not rows:
        return dg.MetadataValue.md("Cổng chưa có số liệu / the portal was not read yet")
    head = [f"nguyên nhân, {rows[0]['period_start']:%m/%Y}", "hồ sơ", "điểm mất"]
    return markdown_table(
        head, [(row["cause_name_vi"], f"{row['dossiers']:,}", f"{row['points_lost']:.2f}") for row in rows]
    )
