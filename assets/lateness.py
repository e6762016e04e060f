"""Lateness assets: why dossiers were late, and which will be tomorrow."""

import dagster as dg
import pyarrow.compute as pc

from assets import metadata
from assets.core import COMMON, core_dossiers
from assets.failures import as_failure
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core import at_risk
from cchc_pipeline.core.late import build_late, by_month
from cchc_pipeline.drawing import charts
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.reference.working_time import working_hours


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


@dg.asset(
    group_name="lateness",
    kinds={"duckdb", "parquet"},
    deps=[core_dossiers],
    required_resource_keys={"province"},
    **COMMON,
)
def at_risk_dossiers(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Hồ sơ có nguy cơ trễ hạn: open dossiers by working hours left and by how often such a dossier was late."""
    province = context.resources.province
    lake: Lake = province.lake()
    contract = load_contract("at_risk_dossiers")
    with as_failure(context, "at_risk_dossiers"):
        as_of_on = lake.span().as_of_on
        counted = at_risk.observe(lake, as_of_on)
        hours = working_hours(province.settings().drop_folder / "working_hours.csv")
        table = at_risk.build_at_risk(lake, as_of_on, hours)
    likely = table.filter(pc.greater_equal(table["late_probability"], 0.5)).num_rows
    return dg.MaterializeResult(
        metadata={
            **metadata.of_table(table, contract, lake.state_file("built", "at_risk_dossiers")),
            "preview": metadata.preview(
                table.sort_by([("late_probability", "descending"), ("working_hours_left", "ascending")]),
                ["dossier_code", "unit_code", "due_on", "working_hours_left", "late_probability", "sentence_vi"],
            ),
            "more_likely_late_than_not": likely,
            "months_counted": counted,
        }
    )


@dg.asset(
    group_name="lateness",
    kinds={"duckdb", "parquet"},
    deps=[at_risk_dossiers],
    required_resource_keys={"province"},
    **COMMON,
)
def at_risk_calibration(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Độ tin cậy của cảnh báo trễ hạn: what would have been said in the last months against what came of it."""
    lake: Lake = context.resources.province.lake()
    contract = load_contract("at_risk_calibration")
    with as_failure(context, "at_risk_calibration"):
        table = at_risk.build_calibration(lake, lake.span().as_of_on)
    rows = table.to_pylist()
    found = metadata.of_table(table, contract, lake.state_file("built", "at_risk_calibration"))
    whole = next((row for row in rows if row["decile"] == 0), None)
    if whole is None:
        return dg.MaterializeResult(metadata={**found, "note": "Chưa đủ hai tháng hồ sơ hết hạn để so sánh."})
    points = [(row["predicted_mean"], row["observed_share"], row["predictions"]) for row in rows if row["decile"]]
    picture = charts.calibration(points, "Khả năng trễ hạn đã nói và tỷ lệ thực tế")
    return dg.MaterializeResult(
        metadata={
            **found,
            "brier_score": whole["brier_score"],
            "base_brier_score": whole["base_brier_score"],
            "skill_score": whole["skill_score"] or 0.0,
            "predictions": whole["predictions"],
            "chart": metadata.picture(picture, "Khả năng trễ hạn đã nói và tỷ lệ thực tế"),
        }
    )
