"""The reconciliation asset: our dossiers against the portal's figures, and a check on what nobody can explain."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from assets import metadata
from assets.core import COMMON, core_dossiers, core_procedures, core_units
from assets.failures import as_failure
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.scorecards.reconciliation import build
from cchc_pipeline.scorecards.reconciliation.build import Reconciled

#: Above this share of a figure of the province the check does not pass.
TOLERATED_SHARE = 0.005
SHOWN = 20


@dg.asset(
    group_name="scorecards",
    kinds={"duckdb", "yaml", "parquet"},
    deps=[core_dossiers, core_procedures, core_units],
    required_resource_keys={"province"},
    check_specs=[
        dg.AssetCheckSpec(
            "explained",
            asset="reconciliation",
            description="Known causes explain the province's difference from the portal, figure by figure, but for "
            f"{TOLERATED_SHARE:.1%} of the portal's figure.",
        )
    ],
    **COMMON,
)
def reconciliation(context: dg.AssetExecutionContext) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
    """Đối chiếu với Cổng DVCQG: each difference between our figures and the portal's, by cause, with its points."""
    province = context.resources.province
    lake: Lake = province.lake()
    code: str = province.settings().province_code
    with as_failure(context, "reconciliation"):
        done = build.build_reconciliation(lake, province.settings().history_from, province.rubrics())
    contract = load_contract("reconciliation")
    yield _explained(done, code)
    yield dg.MaterializeResult(
        metadata={
            **metadata.of_table(done.table, contract, lake.state_file("built", "reconciliation")),
            "dossiers_with_a_cause": done.dossiers.num_rows,
            "by_cause": dg.MetadataValue.md(_by_cause(done, code)),
        }
    )


def _explained(done: Reconciled, code: str) -> dg.AssetCheckResult:
    left, share = done.unexplained(code), done.unexplained_share(code)
    lines = ["| kỳ | số liệu | Cổng | phải có | chưa rõ |", "|---|---|---|---|---|"]
    for row in sorted(left, key=lambda row: -abs(row["effect"]))[:SHOWN]:
        shown: list[Any] = [f"{row['period_type']} {row['period_start']}", row["figure_name_vi"], row["portal_value"]]
        lines.append("| " + " | ".join(str(value) for value in (*shown, row["expected_value"], row["effect"])) + " |")
    return dg.AssetCheckResult(
        passed=share <= TOLERATED_SHARE,
        check_name="explained",
        asset_key=dg.AssetKey("reconciliation"),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "unexplained_share": share,
            "tolerated_share": TOLERATED_SHARE,
            "figures_with_a_rest": len(left),
            "rest": dg.MetadataValue.md("\n".join(lines) if left else "không còn chênh lệch chưa rõ nguyên nhân"),
        },
    )


def _by_cause(done: Reconciled, code: str) -> str:
    """Dossiers and points of the province by cause, in the newest month that the portal was read for."""
    rows = done.by_cause(code)
    if not rows:
        return "Cổng chưa có số liệu / the portal was not read yet"
    lines = [f"{rows[0]['period_start']:%m/%Y}", "", "| nguyên nhân | hồ sơ | điểm mất |", "|---|---|---|"]
    lines += [f"| {row['cause_name_vi']} | {row['dossiers']:,} | {row['points_lost']:.2f} |" for row in rows]
    return "\n".join(lines)
