"""Indicator assets: the catalogue and its values for every unit and period."""

import dagster as dg
import pyarrow.compute as pc

from assets import metadata
from assets.core import COMMON, core_documents, core_dossier_events, core_procedures, core_units
from assets.failures import as_failure
from assets.registers import register_assets
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.drawing import charts
from cchc_pipeline.indicators.build import (
    build_indicator_values,
    build_indicator_values_public,
    build_indicator_values_today,
    monthly,
)
from cchc_pipeline.indicators.catalogue import catalogue_table
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.scorecards.indicators_used import criteria_by_indicator


@dg.asset(group_name="indicators", kinds={"yaml"}, required_resource_keys={"province"}, **COMMON)
def indicators(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Danh mục chỉ số: every indicator with its names, legal basis, numerator and denominator."""
    lake: Lake = context.resources.province.lake()
    contract = load_contract("indicators")
    table = catalogue_table(contract.arrow_schema(), criteria_by_indicator())
    lake.write_state(table, "built", "indicators")
    return dg.MaterializeResult(metadata=metadata.of_table(table, contract, lake.state_file("built", "indicators")))


@dg.asset(
    group_name="indicators",
    kinds={"duckdb", "parquet"},
    deps=[indicators, core_dossier_events, core_documents, core_procedures, core_units, *register_assets],
    required_resource_keys={"province"},
    **COMMON,
)
def indicator_values(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Giá trị chỉ số: numerator, denominator and value by unit at every level and by period."""
    province = context.resources.province
    lake: Lake = province.lake()
    contract = load_contract("indicator_values")
    with as_failure(context, "indicator_values"):
        free = [(period.first, period.last) for period in province.settings().report_periods]
        table = build_indicator_values(lake, free, contract.arrow_schema())
    labels, values = monthly(table, "timely_rate", province.settings().province_code)
    return dg.MaterializeResult(
        metadata={
            **metadata.of_table(table, contract, lake.state_file("built", "indicator_values")),
            "chart": metadata.picture(
                charts.bars(labels, values, "Tỷ lệ giải quyết trước và đúng hạn theo tháng (%)", 110), "timely_rate"
            ),
        }
    )


@dg.asset(
    group_name="indicators",
    kinds={"duckdb", "parquet"},
    deps=[indicator_values],
    required_resource_keys={"province"},
    **COMMON,
)
def indicator_values_today(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Giá trị chỉ số theo địa giới hiện nay: what former units counted stands with their successors."""
    province = context.resources.province
    lake: Lake = province.lake()
    contract = load_contract("indicator_values_today")
    with as_failure(context, "indicator_values_today"):
        free = [(period.first, period.last) for period in province.settings().report_periods]
        table = build_indicator_values_today(lake, free, contract.arrow_schema())
    inexact = pc.sum(pc.invert(table["is_exact"])).as_py() or 0
    return dg.MaterializeResult(
        metadata={
            **metadata.of_table(table, contract, lake.state_file("built", "indicator_values_today")),
            "rows_inexact": inexact,
        }
    )


@dg.asset(
    group_name="indicators",
    kinds={"python", "parquet"},
    deps=[indicator_values_today],
    required_resource_keys={"province"},
    **COMMON,
)
def indicator_values_public(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Giá trị chỉ số công khai: without counts of one to four people or dossiers, and without a way to them."""
    lake: Lake = context.resources.province.lake()
    contract = load_contract("indicator_values_public")
    with as_failure(context, "indicator_values_public"):
        table = build_indicator_values_public(lake, contract.arrow_schema())
    return dg.MaterializeResult(
        metadata={
            **metadata.of_table(table, contract, lake.state_file("built", "indicator_values_public")),
            "rows_suppressed": pc.sum(table["is_suppressed"]).as_py() or 0,
        }
    )
