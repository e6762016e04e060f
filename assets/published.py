"""Define the assets `published`, a complete new version, and `retention`."""

from collections.abc import Iterator

import dagster as dg

from assets.core import at_risk_calibration, core_units, late_dossiers, portal_metrics, portal_procedures
from assets.failures import as_failure, run_command, window_of
from assets.indicators import indicator_values_public
from assets.ingest import INBOUND
from assets.resources import ProvinceResource
from assets.scorecards import (
    portal_ranks,
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
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.lake.publish import read_published
from cchc_pipeline.release.release import missing_days, release
from cchc_pipeline.site import preview
from cchc_pipeline.site.quality_page import FOLDER as QUALITY_FOLDER
from cchc_pipeline.sources.registry import SOURCES
from cchc_pipeline.sources.states import source_states
from cchc_pipeline.validation.retention import prune


@dg.asset(
    deps=[
        *(core_units, late_dossiers, at_risk_calibration, indicator_values_public, scorecard_index766, scorecard_papi),
        *(scorecard_par_index, rank_intervals, scorecard_papi_today, reconciliation, score_days),
        *(portal_metrics, portal_procedures, portal_ranks),
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
    listed, commands = _gaps(lake)
    yield check("no_missing_days", ERROR, passed=not listed, missing=listed, run=commands)
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
            "sources": dg.MetadataValue.md("\n\n".join(one.sentence_vi for one in source_states(lake).values())),
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


@dg.asset(deps=[retention], group_name="published", **lake_step("published", "release", "sources"))
def days_complete(context: dg.AssetExecutionContext, province: ProvinceResource) -> dg.MaterializeResult:
    """Đủ ngày số liệu: the end of a night. It fails where days of the one-stop or the document system are missing.

    What is complete was published before it, with a mark. Portal, PAPI and registers give whole periods: without them
    the night ends well, and their checks say what is missing.
    """
    lake, window = province.lake(), window_of(context)
    said, commands = _gaps(lake)
    for source in (name for name, kind in SOURCES.items() if kind.is_daily):
        for day, found in lake.pulls(source).items():
            # Of days before the window, those that came and were refused: nothing but another pull mends them.
            is_asked = window is not None and window.first <= day <= window.last
            if found["status"] == "failed" and (is_asked or found.get("is_refused")):
                said.append(str(found["error"]))
                commands.append(run_command(window if window and is_asked else Window(day, day)))
    said = list(dict.fromkeys(said))
    if said:
        commands = list(dict.fromkeys(commands))
        until = lake.span().as_of_on
        context.log.error("; ".join(said))
        raise dg.Failure(
            description=f"days_complete: days are missing. {' '.join(said)}\nPublished, with a mark: what is complete, "
            f"until {until}. Run again: {'; '.join(f'`{command}`' for command in commands)}",
            metadata={"run_again": commands, "missing": said},
            allow_retries=False,
        )
    return dg.MaterializeResult(metadata={one.source: one.sentence_vi for one in source_states(lake).values()})


def _gaps(lake: Lake) -> tuple[list[str], list[str]]:
    """Return the ranges of days that were never read, and the commands that read them."""
    gaps = missing_days(lake)
    listed = [f"{source}: {first} … {last}" for source, first, last in gaps]
    return listed, list(dict.fromkeys(run_command(Window(first, last)) for _, first, last in gaps))


def _days(days: tuple[object, ...]) -> str:
    return f"{len(days)}: {days[0]} … {days[-1]}" if days else "-"
