"""Core assets: current state by key, and what follows from it."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from assets import metadata
from assets.contracts import staged_key
from assets.failures import as_failure
from assets.sources import OWNER
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core import state
from cchc_pipeline.core.build import build_documents, build_dossiers, build_events, build_procedures
from cchc_pipeline.core.holders import former_holders
from cchc_pipeline.core.procedure_lists import unlisted
from cchc_pipeline.core.units import REGISTER, build_units, register_history
from cchc_pipeline.drawing import charts
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.reference.working_time import working_hours

#: What is derived has no days of its own: it takes in whatever was staged since the last time.
_SHOWN_PROCEDURES = 20
COMMON: dict[str, Any] = {"owners": [OWNER], "pool": "lake"}


@dg.asset(
    group_name="core",
    kinds={"duckdb", "parquet"},
    deps=[staged_key(t) for t in ("one_stop__dossiers", "documents__documents", REGISTER)],
    required_resource_keys={"province"},
    **COMMON,
)
def core_dossiers(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Hồ sơ TTHC: current state of every dossier with outcome, pending, overdue and handling time."""
    lake: Lake = context.resources.province.lake()
    with as_failure(context, "core_dossiers"):
        state.take_in(lake, "documents__documents")
        changed = state.take_in_dossiers(lake)
        state.take_in(lake, REGISTER)
        span = lake.span()
        parts, rebuilt = build_dossiers(
            lake,
            span.as_of_on,
            load_contract("dossiers").arrow_schema(),
            load_contract("dossier_events").arrow_schema(),
            hours=working_hours(context.resources.province.settings().drop_folder / "working_hours.csv"),
            former=former_holders(register_history(lake)),
        )
    contract = load_contract("dossiers")
    # the newest month is shown; days without any dossier, such as a first weekend, have none
    newest = [lake.state_file("built", "dossiers", part) for part in lake.parts("built", "dossiers")[-1:]]
    shown = state.read_files(newest) if newest else contract.arrow_schema().empty_table()
    return dg.MaterializeResult(
        metadata={
            **metadata.of_table(shown, contract, lake.state_file("built", "dossiers").with_suffix("")),
            "dagster/row_count": state.count(lake, "built", "dossiers"),
            "months_held": parts,
            "months_changed": len(changed),
            "months_rebuilt": rebuilt,
        }
    )


@dg.asset(
    group_name="core", kinds={"duckdb", "parquet"}, deps=[core_dossiers], required_resource_keys={"province"}, **COMMON
)
def core_dossier_events(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Sự kiện hồ sơ: additive daily counts by unit, procedure, channel and measure; the heart of all figures."""
    lake: Lake = context.resources.province.lake()
    contract = load_contract("dossier_events")
    with as_failure(context, "core_dossier_events"):
        events = build_events(lake, lake.span().as_of_on, contract.arrow_schema())
        lake.write_state(events, "built", "dossier_events")
    # A quarter of days can be told apart in the picture; drawing years of them took longer than counting them.
    days, series = state.daily_outcomes(events, last=92)
    drawn = {
        "Trước hạn": (series["resolved_early"], charts.EARLY),
        "Đúng hạn": (series["resolved_on_time"], charts.ON_TIME),
        "Quá hạn": (series["resolved_late"], charts.LATE),
    }
    picture = charts.stacked_days(days, drawn, "Hồ sơ giải quyết theo ngày (toàn tỉnh, 92 ngày gần nhất)")
    return dg.MaterializeResult(
        metadata={
            **metadata.of_table(events, contract, lake.state_file("built", "dossier_events")),
            "chart": metadata.picture(picture, "Hồ sơ giải quyết theo ngày"),
        }
    )


@dg.asset(
    group_name="core",
    kinds={"duckdb", "parquet"},
    deps=[core_dossiers, staged_key("documents__statuses")],
    required_resource_keys={"province"},
    **COMMON,
)
def core_documents(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Văn bản điện tử: documents sent by the province's units, publication decisions with their lateness."""
    lake: Lake = context.resources.province.lake()
    contract = load_contract("documents")
    with as_failure(context, "core_documents"):
        state.take_in(lake, "documents__statuses")
        table = build_documents(lake, contract.arrow_schema(), former=former_holders(register_history(lake)))
    return dg.MaterializeResult(metadata=metadata.of_table(table, contract, lake.state_file("built", "documents")))


@dg.asset(
    group_name="core",
    kinds={"duckdb", "parquet"},
    deps=[staged_key("one_stop__procedures"), core_dossiers],
    check_specs=[
        dg.AssetCheckSpec(
            "procedures_listed",
            asset="core_procedures",
            description="DQ14: mã TTHC của hồ sơ có hiệu lực trong danh mục của ngày tiếp nhận (92 ngày gần nhất).",
        )
    ],
    required_resource_keys={"province"},
    **COMMON,
)
def core_procedures(context: dg.AssetExecutionContext) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
    """Thủ tục hành chính: the catalogue as it is, and a daily snapshot of its counts."""
    lake: Lake = context.resources.province.lake()
    contract = load_contract("procedures")
    with as_failure(context, "core_procedures"):
        state.replace(lake, "one_stop__procedures")
        as_of_on = lake.span().as_of_on
        table = build_procedures(lake, as_of_on, contract.arrow_schema())
        missing = unlisted(lake, as_of_on)
    dossiers = sum(missing["dossiers"].to_pylist()) if missing.num_rows else 0
    yield dg.AssetCheckResult(
        passed=missing.num_rows == 0,
        check_name="procedures_listed",
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "procedures": missing.num_rows,
            "dossiers": dossiers,
            "not_listed": [
                f"{row['procedure_code']}: {row['dossiers']} hồ sơ, {row['first_on']} … {row['last_on']}, "
                + ("đã bãi bỏ / abolished" if row["is_listed"] else "không có trong danh mục / in no list")
                for row in missing.slice(0, _SHOWN_PROCEDURES).to_pylist()
            ],
        },
    )
    yield dg.MaterializeResult(metadata=metadata.of_table(table, contract, lake.state_file("built", "procedures")))


@dg.asset(
    group_name="core",
    kinds={"duckdb", "parquet"},
    deps=[staged_key("national_portal__metrics"), core_dossiers, core_documents, core_procedures],
    required_resource_keys={"province"},
    **COMMON,
)
def core_units(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """Đơn vị: province, departments, districts (until 30/6/2025) and communes with their parents."""
    province = context.resources.province
    lake: Lake = province.lake()
    contract = load_contract("units")
    with as_failure(context, "core_units"):
        state.take_in(lake, "national_portal__metrics")
        table = build_units(lake, province.settings().province_code, lake.span().as_of_on, contract.arrow_schema())
    return dg.MaterializeResult(metadata=metadata.of_table(table, contract, lake.state_file("built", "units")))
