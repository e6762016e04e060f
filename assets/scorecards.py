"""Scorecard assets: QĐ 766 from two sides, PAPI, PAR INDEX with what people scored, and how sure their ranks are."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pyarrow as pa

from assets import metadata
from assets.contracts import staged_key
from assets.core import COMMON, core_documents, core_units
from assets.failures import as_failure
from assets.indicators import indicator_values
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.drawing import charts
from cchc_pipeline.drawing.ranks import ranks_png
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.scorecards import build
from cchc_pipeline.scorecards import rank_intervals as intervals
from cchc_pipeline.scorecards.papi.todays_map import build_papi_today
from cchc_pipeline.scorecards.par_index import rubrics as par_index
from cchc_pipeline.scorecards.par_index.appraisals import build_appraisals
from cchc_pipeline.site import FOLDER, preview

#: Rows that a check names.
SHOWN_ROWS = 20
SETTINGS: dict[str, Any] = {
    **COMMON,
    "group_name": "scorecards",
    "kinds": {"yaml", "parquet"},
    "required_resource_keys": {"province"},
}


def site_page(lake: Lake, page: str = "index.html") -> dg.MetadataValue:
    """Where a page of the site lies in the current version; it is there once that is published."""
    return dg.MetadataValue.path(str(lake.published / "current" / FOLDER / page))


def _result(
    lake: Lake, name: str, table: pa.Table, chart: dg.MetadataValue | None, **more: object
) -> dg.MaterializeResult:
    found = metadata.of_table(table, load_contract(name), lake.state_file("built", name), **more)
    return dg.MaterializeResult(metadata={**found, "chart": chart} if chart is not None else found)


@dg.asset(
    deps=[indicator_values, core_units],
    check_specs=[
        dg.AssetCheckSpec(
            "every_metric_scored",
            asset="scorecard_index766",
            description="Every metric that the portal publishes is a criterion of a version of the rubric.",
        )
    ],
    **SETTINGS,
)
def scorecard_index766(context: dg.AssetExecutionContext) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
    """Bộ chỉ số 766: every unit from our own dossiers and from the portal's counts, side by side."""
    lake: Lake = context.resources.province.lake()
    with as_failure(context, "scorecard_index766"):
        shelf = context.resources.province.rubrics()
        table = build.build_index766(lake, shelf)
        unknown = build.unknown_metrics(lake, shelf)
    yield dg.AssetCheckResult(
        passed=not unknown,
        check_name="every_metric_scored",
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"not_scored": unknown, "fix": "describe the metric in a new version of the rubric index766"},
    )
    labels, values, period = build.totals(table, "portal")
    chart = (
        metadata.picture(charts.bars(labels, values, f"Bộ chỉ số 766 trên Cổng DVCQG, {period}", 108), "766")
        if labels
        else None
    )
    yield _result(
        lake,
        "scorecard_index766",
        table,
        chart,
        rubric_versions=", ".join(sorted(set(table["rubric_version"].to_pylist()))),
        units=len(set(table["unit_code"].to_pylist())),
        site=site_page(lake),
        site_preview=dg.MetadataValue.md(preview.markdown(table, "local", "month")),
    )


@dg.asset(
    deps=[staged_key("registers__appraisals"), core_documents, core_units],
    check_specs=[
        dg.AssetCheckSpec(
            "none_refused",
            asset="par_index_appraisals",
            description="Every row agrees with its rubric and with the stages before it.",
        )
    ],
    **SETTINGS,
)
def par_index_appraisals(context: dg.AssetExecutionContext) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
    """Chấm điểm PAR INDEX: self-score, two appraisals and the survey, each kept apart, with the one that stands."""
    lake: Lake = context.resources.province.lake()
    with as_failure(context, "par_index_appraisals"):
        table = build_appraisals(lake, par_index.rubrics(context.resources.province.rubrics()))
    refused = table.filter(table["is_refused"]).to_pylist()
    yield dg.AssetCheckResult(
        passed=not refused,
        check_name="none_refused",
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "rows": len(refused),
            "refused": [
                f"{row['unit_code']} {row['year']} {row['criterion_code']} {row['stage']}: {row['reason_vi']}"
                for row in refused[:SHOWN_ROWS]
            ],
        },
    )
    found = _result(lake, "par_index_appraisals", table, None)
    note = {} if table.num_rows else {"note": "no file appraisals.csv or appraisals.xlsx in the drop folder so far"}
    yield dg.MaterializeResult(metadata={**(found.metadata or {}), **note})


@dg.asset(deps=[indicator_values, par_index_appraisals, core_documents, core_units], **SETTINGS)
def scorecard_par_index(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """PAR INDEX, provisional throughout: the official points are not public, so each criterion counts one unit."""
    lake: Lake = context.resources.province.lake()
    with as_failure(context, "scorecard_par_index"):
        table = build.build_par_index(lake, context.resources.province.rubrics())
    glimpse = dg.MetadataValue.md(preview.markdown(table, "local", "year"))
    return _result(lake, "scorecard_par_index", table, None, site=site_page(lake), site_preview=glimpse)


@dg.asset(deps=[staged_key("papi__subdimensions"), staged_key("papi__totals")], **SETTINGS)
def scorecard_papi(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """PAPI by province from the tables in the drop folder; gaps stay gaps, with their reason."""
    lake: Lake = context.resources.province.lake()
    with as_failure(context, "scorecard_papi"):
        table = build.build_papi(lake)
    years = sorted({day.year for day in table["period_start"].to_pylist()})
    note = "no table in the drop folder papi (YYYY.csv or .xlsx)" if not years else ", ".join(map(str, years))
    glimpse = dg.MetadataValue.md(preview.markdown(table, "table", "year"))
    return _result(
        lake, "scorecard_papi", table, None, years=note, site=site_page(lake, "papi.html"), site_preview=glimpse
    )


@dg.asset(deps=[scorecard_papi], **{**SETTINGS, "kinds": {"duckdb", "parquet"}})
def scorecard_papi_today(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """PAPI theo 34 tỉnh: points of provinces that are as they were, the range of its parts for a merged one."""
    lake: Lake = context.resources.province.lake()
    with as_failure(context, "scorecard_papi_today"):
        table = build_papi_today(lake)
    return _result(lake, "scorecard_papi_today", table, None, units=len(set(table["unit_code"].to_pylist())))


@dg.asset(deps=[scorecard_index766, scorecard_papi], **{**SETTINGS, "kinds": {"numpy", "parquet"}})
def rank_intervals(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Khoảng thứ hạng: the ranks that each unit could as well have, by chance and under other methods."""
    province = context.resources.province
    lake: Lake = province.lake()
    with as_failure(context, "rank_intervals"):
        built = intervals.build_rank_intervals(lake, province.rubrics())
    shown = intervals.newest(built.table)
    chart = metadata.picture(ranks_png(shown[0], shown[1]), shown[1]) if shown else None
    counts = {"rankings": built.strata, "computed_now": built.computed}
    return _result(lake, "rank_intervals", built.table, chart, **counts, site=site_page(lake, "ranks.html"))
