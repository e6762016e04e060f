"""Define the assets `published`, a complete new version, and `retention`."""

from collections.abc import Iterator

import dagster as dg

from assets.core import at_risk_calibration, core_units, late_dossiers
from assets.failures import as_failure, run_command
from assets.indicators import indicator_values_public
from assets.ingest import INBOUND
from assets.resources import ProvinceResource
from assets.scorecards import (
    rank_intervals,
    reconciliation,
    score_days,
    scorecard_index766,
    scorecard_papi,
    scorecard_papi_today,
    scorecard_par_index,
)
from assets.table_asset import ERROR, check, check_specs, lake_step, markdown_table, page_path, picture
from cchc_pipeline.days import Window
from cchc_pipeline.lake.publish import read_published, what_stays
from cchc_pipeline.release.release import missing_days, release
from cchc_pipeline.site import preview
from cchc_pipeline.site.quality_page import FOLDER as QUALITY_FOLDER
from cchc_pipeline.validation.retention import prune


@dg.asset(
    deps=[
        *(core_units, late_dossiers, at_risk_calibration, indicator_values_public, scorecard_index766, scorecard_papi),
        *(scorecard_par_index, rank_intervals, scorecard_papi_today, reconciliation, score_days),
    ],
    group_name="published",
    check_specs=check_specs(
        "published", {"no_missing_days": "Every day since the first was pulled from every source."}
    ),
    **lake_step("published", "release", "site", "lake"),
)
def published(
    context: dg.AssetExecutionContext, province: ProvinceResource
) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
    """Bản công bố: a complete version with one Parquet file per table, then the pointer `current`."""
    lake, settings = province.lake(), province.settings()
    gaps = missing_days(lake, settings.overlap_days)
    listed = [f"{source}: {first} … {last}" for source, first, last in gaps]
    commands = list(dict.fromkeys(run_command(Window(first, last)) for _, first, last in gaps))
    yield check("no_missing_days", ERROR, passed=not gaps, missing=listed, run=commands)
    if gaps:
        raise dg.Failure(
            description=f"published: days were never pulled ({'; '.join(listed)}); figures over them would be wrong, "
            f"so {what_stays(lake.published)}. Run: {'; '.join(f'`{command}`' for command in commands)}",
            allow_retries=False,
        )
    with as_failure(context, "published"):
        done = release(lake, settings, INBOUND, context.run.run_id)
    rows = [(name, f"{count:,}", "yes" if name in done.changed else "") for name, count in done.rows.items()]
    card = read_published(lake.published, "scorecard_index766")
    radar = preview.radar(card, settings.province_code, "month")
    yield dg.MaterializeResult(
        metadata={
            "dagster/row_count": sum(done.rows.values()),
            "version": done.version,
            "tables": markdown_table(["table", "rows", "changed"], rows),
            "tables_changed": len(done.changed),
            "support_ended": ", ".join(done.ended) or "none",
            "path": dg.MetadataValue.path(str(done.folder)),
            "quality_report": page_path(lake, folder=QUALITY_FOLDER),
            "site": page_path(lake),
            "site_preview": dg.MetadataValue.md(preview.markdown(card, "local", "month")),
            **({"site_radar": picture(radar, "QĐ 766")} if radar else {}),
            "current": dg.MetadataValue.path(str(lake.published / "current")),
        }
    )


@dg.asset(deps=[published], group_name="published", **lake_step("published", "validation"))
def retention(context: dg.AssetExecutionContext, province: ProvinceResource) -> dg.MaterializeResult:
    """Thời hạn lưu giữ: landed and staged days, profiles and counts older than their contract keeps are removed.

    Only after a version was published; days that wait to be taken in, and rows in quarantine, stay.
    """
    with as_failure(context, "retention"):
        lake = province.lake()
        done = prune(lake, INBOUND, lake.span().as_of_on)
    head = ["table", "kept from", "days removed", "older, still waiting", "profiles", "counts"]
    rows = [
        (one.table, one.kept_from, _days(one.days), _days(one.waiting), one.profile_days, one.counts) for one in done
    ]
    removed = sum(len(one.days) for one in done)
    by_table = markdown_table(head, rows)
    return dg.MaterializeResult(metadata={"dagster/row_count": removed, "days_removed": removed, "by_table": by_table})


def _days(days: tuple[object, ...]) -> str:
    return f"{len(days)}: {days[0]} … {days[-1]}" if days else "-"
