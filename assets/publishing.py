"""Publishing: one asset that switches the province to a complete new version."""

from collections.abc import Iterator

import dagster as dg

from assets import metadata
from assets.again import run_command
from assets.contracts import INBOUND, quality_page
from assets.core import COMMON, core_units
from assets.failures import as_failure
from assets.indicators import indicator_values_public
from assets.lateness import at_risk_calibration, late_dossiers
from assets.reconciliation import reconciliation
from assets.scorecards import (
    rank_intervals,
    scorecard_index766,
    scorecard_papi,
    scorecard_papi_today,
    scorecard_par_index,
    site_page,
)
from cchc_pipeline.days import Window
from cchc_pipeline.lake.publish import read_published, what_stays
from cchc_pipeline.release.release import missing_days, release
from cchc_pipeline.site import preview


@dg.asset(
    group_name="published",
    kinds={"parquet"},
    deps=[
        core_units,
        late_dossiers,
        at_risk_calibration,
        indicator_values_public,
        scorecard_index766,
        scorecard_papi,
        scorecard_par_index,
        rank_intervals,
        scorecard_papi_today,
        reconciliation,
    ],
    required_resource_keys={"province"},
    check_specs=[
        dg.AssetCheckSpec(
            "no_missing_days", asset="published", description="Every day since the first was pulled from every source."
        )
    ],
    **COMMON,
)
def published(context: dg.AssetExecutionContext) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
    """Bản công bố: a complete version with one Parquet file per table, then the pointer `current`."""
    province = context.resources.province
    lake, settings = province.lake(), province.settings()
    gaps = missing_days(lake, settings.overlap_days)
    commands = [run_command(Window(first, last)) for _, first, last in gaps]
    yield dg.AssetCheckResult(
        passed=not gaps,
        check_name="no_missing_days",
        metadata={"missing": [f"{source}: {first} … {last}" for source, first, last in gaps], "run": commands},
    )
    if gaps:
        listed = "; ".join(f"{source}: {first} … {last}" for source, first, last in gaps)
        raise dg.Failure(
            description=f"published: days were never pulled ({listed}); figures over them would be wrong, "
            f"so {what_stays(lake.published)}. Run: {'; '.join(f'`{c}`' for c in dict.fromkeys(commands))}",
            allow_retries=False,
        )
    with as_failure(context, "published"):
        done = release(lake, settings, INBOUND, context.run.run_id)
    rows = "\n".join(
        ["| table | rows | changed |", "|---|---|---|"]
        + [f"| {name} | {count:,} | {'yes' if name in done.changed else ''} |" for name, count in done.rows.items()]
    )
    card = read_published(lake.published, "scorecard_index766")
    radar = preview.radar(card, settings.province_code, "month")
    yield dg.MaterializeResult(
        metadata={
            "dagster/row_count": sum(done.rows.values()),
            "version": done.version,
            "tables": dg.MetadataValue.md(rows),
            "tables_changed": len(done.changed),
            "support_ended": ", ".join(done.ended) or "none",
            "path": dg.MetadataValue.path(str(done.folder)),
            "quality_report": quality_page(lake),
            "site": site_page(lake),
            "site_preview": dg.MetadataValue.md(preview.markdown(card, "local", "month")),
            **({"site_radar": metadata.picture(radar, "QĐ 766")} if radar else {}),
            "current": dg.MetadataValue.path(str(lake.published / "current")),
        }
    )
