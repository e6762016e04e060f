"""Define the indicator assets: the catalogue and its values by unit and period."""

from datetime import date
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from assets.core import core_documents, core_dossier_events, core_procedures, core_units, register_assets
from assets.table_asset import Made, Work, picture, table_asset
from cchc_pipeline.drawing import charts
from cchc_pipeline.indicators.build import (
    build_indicator_values,
    build_indicator_values_public,
    build_indicator_values_today,
    monthly,
)
from cchc_pipeline.indicators.catalogue import catalogue_table
from cchc_pipeline.scorecards.indicators_used import criteria_by_indicator

indicator_asset = partial(
    table_asset, group="indicators", rooms=("indicators", "indicators.families", "indicators.sql")
)


@indicator_asset("indicators", kinds=("yaml",))
def indicators(work: Work) -> pa.Table:
    """Danh mục chỉ số: every indicator with its names, legal basis, numerator and denominator."""
    table = catalogue_table(criteria_by_indicator())
    work.lake.store.update(table, "built/indicators")
    return table


@indicator_asset(
    "indicator_values",
    deps=[indicators, core_dossier_events, core_documents, core_procedures, core_units, *register_assets],
)
def indicator_values(work: Work) -> Made:
    """Giá trị chỉ số: numerator, denominator and value by unit at every level and by period."""
    table = build_indicator_values(work.lake, _free_periods(work))
    labels, values = monthly(table, "timely_rate", work.settings.province_code)
    drawing = charts.bars(labels, values, "Tỷ lệ giải quyết trước và đúng hạn theo tháng (%)", 110)
    return Made(table, {"chart": picture(drawing, "timely_rate")})


@indicator_asset("indicator_values_today", deps=[indicator_values])
def indicator_values_today(work: Work) -> Made:
    """Giá trị chỉ số theo địa giới hiện nay: what former units counted stands with their successors."""
    table = build_indicator_values_today(work.lake, _free_periods(work))
    return Made(table, {"rows_inexact": pc.sum(pc.invert(table["is_exact"])).as_py() or 0})


@indicator_asset("indicator_values_public", deps=[indicator_values_today], kinds=("python",))
def indicator_values_public(work: Work) -> Made:
    """Giá trị chỉ số công khai: without counts of one to four people or dossiers, and without a way to them."""
    table = build_indicator_values_public(work.lake)
    return Made(table, {"rows_suppressed": pc.sum(table["is_suppressed"]).as_py() or 0})


def _free_periods(work: Work) -> list[tuple[date, date]]:
    return [(period.first, period.last) for period in work.settings.report_periods]
