"""Lateness assets: why dossiers were late.

Belongs here: the assets. Which evidence means what stands in `cchc_pipeline/core/sql/late_dossiers.sql`.
"""

import dagster as dg

from assets import metadata
from assets.core import COMMON, core_dossiers
from assets.failures import as_failure
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.late import build_late, by_month
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.reports import charts


@dg.asset(
    group_name="lateness",
    kinds={"duckdb", "parquet"},
    deps=[core_dossiers],
    required_resource_keys={"province"},
    **COMMON,
)
def late_dossiers(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Hồ sơ trễ hạn: why each late dossier was late, at which step and unit, with or without a letter of apology."""
    lake: Lake = context.resources.province.lake()
    contract = load_contract("late_dossiers")
    with as_failure(context, "late_dossiers"):
        table = build_late(lake)
    months, series = by_month(table)
    drawn = {charts.CAUSES[cause][0]: (values, charts.CAUSES[cause][1]) for cause, values in series.items()}
    picture = charts.stacked_bars(months, drawn, "Hồ sơ giải quyết quá hạn theo nguyên nhân (toàn tỉnh)")
    return dg.MaterializeResult(
        metadata={
            **metadata.of_table(table, contract, lake.state_file("built", "late_dossiers")),
            **{cause: int(sum(values)) for cause, values in series.items()},
            "chart": metadata.picture(picture, "Hồ sơ giải quyết quá hạn theo nguyên nhân"),
        }
    )
