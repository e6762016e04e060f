"""Raw assets: one pull per source system, landed day by day."""

from collections.abc import Iterator
from datetime import date

import dagster as dg

from assets.failures import as_failure
from assets.partitions import ONE_RUN, window_of
from assets.resources import ProgressResource, ProvinceResource
from assets.table_asset import OWNER, code_version, preview
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.upsert import open_dossiers
from cchc_pipeline.lake import files
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.sources.configured import configured_sources
from cchc_pipeline.sources.landing import land
from cchc_pipeline.sources.protocol import KnownState
from cchc_pipeline.sources.registers.source import TABLES as REGISTER_TABLES

#: Sources that are folders of files: they have no address that could be missing.
DROP_FOLDERS = ("papi", "registers")

#: source -> (tables, group, kinds, what it is)
SOURCES: dict[str, tuple[tuple[str, ...], str, set[str], str]] = {
    "one_stop": (
        ("one_stop__dossiers", "one_stop__procedures"),
        "source_one_stop",
        {"http", "json"},
        "Hệ thống một cửa (giải quyết TTHC): hồ sơ và danh mục thủ tục",
    ),
    "documents": (
        ("documents__documents", "documents__statuses"),
        "source_documents",
        {"http", "xml"},
        "Hệ thống quản lý văn bản và điều hành, trục liên thông: văn bản và trạng thái",
    ),
    "national_portal": (
        ("national_portal__metrics",),
        "source_portal",
        {"http", "json"},
        "Cổng Dịch vụ công quốc gia: số liệu và điểm Bộ chỉ số 766",
    ),
    "papi": (
        ("papi__subdimensions", "papi__totals"),
        "source_files",
        {"csv", "excel"},
        "Thư mục tệp: bảng PAPI theo năm",
    ),
    "registers": (
        tuple(REGISTER_TABLES.values()),
        "source_files",
        {"csv", "excel"},
        "Thư mục tệp: sổ theo dõi do cơ quan tự lập",
    ),
}


#: Packages that make the tables of a source, for the code version.
_ROOMS = {
    "one_stop": ("sources", "sources.one_stop", "sources.one_stop.vnpt_igate"),
    "documents": ("sources", "sources.documents", "sources.documents.lgsp"),
    **{name: ("sources", f"sources.{name}") for name in ("national_portal", "papi", "registers")},
}
INBOUND = tuple(table for tables, *_ in SOURCES.values() for table in tables)


def raw_key(table: str) -> dg.AssetKey:
    """Asset key of a landed table."""
    return dg.AssetKey(f"raw_{table}")


def _raw_assets(source: str, days: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    tables, group, kinds, what = SOURCES[source]
    specs = [
        dg.AssetSpec(
            raw_key(table),
            group_name=group,
            owners=[OWNER],
            kinds={*kinds, "parquet"},
            description=f"{what}. Bảng `{table}`, {load_contract(table).title_en}. "
            "Personal data is dropped before the first write.",
            partitions_def=days,
            tags={"layer": "ingest", "source": source},
            code_version=code_version(*_ROOMS[source], contract=load_contract(table)),
        )
        for table in tables
    ]

    @dg.multi_asset(
        name=f"pull_{source}",
        specs=specs,
        backfill_policy=ONE_RUN,
        pool=source,
    )
    def pull(
        context: dg.AssetExecutionContext, province: ProvinceResource, progress: ProgressResource
    ) -> Iterator[dg.MaterializeResult]:
        settings, lake = province.settings(), province.lake()
        window = window_of(context)
        with as_failure(context, f"pull of {source}"):
            if source not in DROP_FOLDERS:
                settings.require_sources()
            adapter = configured_sources(settings)[source]
            known = known_state(lake, settings.history_from)
            report = progress.reporter(context.log)
            landed = land(lake, adapter, window, known, report)
            notes = getattr(adapter, "notes", {})
            for note in notes.values():
                context.log.info(f"{source}: {note}")
        for table in tables:
            last = lake.day_file("landing", table, window.last)
            shown = {"preview": preview(files.read_parquet(last))} if last.exists() else {}
            if table in notes:
                shown["found"] = dg.MetadataValue.text(notes[table])
            yield dg.MaterializeResult(
                asset_key=raw_key(table),
                metadata={
                    "dagster/row_count": landed[table],
                    "window": str(window),
                    **shown,
                    "path": dg.MetadataValue.path(str(last.parent)),
                },
            )

    return pull


def raw_assets(days: dg.DailyPartitionsDefinition) -> list[dg.AssetsDefinition]:
    """The ingestion assets of all sources, partitioned by `days`."""
    return [_raw_assets(source, days) for source in SOURCES]


def known_state(lake: Lake, history_from: date) -> KnownState:
    """What the core tables still hold open, for adapters that cannot ask a source what changed."""
    held = open_dossiers(lake)
    codes, days = held["dossier_code"].to_pylist(), held["received_on"].to_pylist()
    return KnownState(open_dossiers=dict(zip(codes, days, strict=True)), first_day=history_from)
