"""Retention: one asset that lets go of what is older than the contracts keep."""

import dagster as dg

from assets.contracts import INBOUND
from assets.core import COMMON
from assets.failures import as_failure
from assets.publishing import published
from cchc_pipeline.validation.retention import prune


@dg.asset(group_name="published", kinds={"parquet"}, deps=[published], required_resource_keys={"province"}, **COMMON)
def retention(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Thời hạn lưu giữ: landed and staged days, profiles and counts older than their contract keeps are removed.

    Only after a version was published; days that wait to be taken in, and rows in quarantine, stay.
    """
    lake = context.resources.province.lake()
    with as_failure(context, "retention"):
        done = prune(lake, INBOUND, lake.span().as_of_on)
    lines = [
        f"| {one.table} | {one.kept_from} | {_days(one.days)} | {_days(one.waiting)} | {one.profile_days} "
        f"| {one.counts} |"
        for one in done
    ]
    head = [
        "| table | kept from | days removed | older, still waiting | profiles | counts |",
        "|---|---|---|---|---|---|",
    ]
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": sum(len(one.days) for one in done),
            "days_removed": sum(len(one.days) for one in done),
            "by_table": dg.MetadataValue.md("\n".join([*head, *lines])),
        }
    )


def _days(days: tuple[object, ...]) -> str:
    return f"{len(days)}: {days[0]} … {days[-1]}" if days else "-"
