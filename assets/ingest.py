"""Define the raw assets: one pull per source system, landed day by day."""

from collections.abc import Iterator
from datetime import date

import dagster as dg

from assets.failures import as_failure
from assets.resources import ProgressResource, ProvinceResource
from assets.table_asset import OWNER, preview
from assets.versions import code_version
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.state import open_dossiers
from cchc_pipeline.days import Window
from cchc_pipeline.sources.landing import known_state, land
from cchc_pipeline.sources.registry import SOURCE_OF_TABLE, SOURCES, SourceKind

#: Every inbound table.
INBOUND = tuple(SOURCE_OF_TABLE)


def raw_key(table: str) -> dg.AssetKey:
    """Return the asset key of a landed table."""
    return dg.AssetKey(f"raw_{table}")


def _raw_assets(kind: SourceKind, days: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    source = kind.name
    specs = [
        dg.AssetSpec(
            raw_key(table),
            group_name=kind.asset_group,
            owners=[OWNER],
            kinds={*kind.formats, "parquet"},
            description=f"{kind.description_vi}. Bảng `{table}`, {load_contract(table).title_en}. "
            "Personal data is dropped before the first write.",
            partitions_def=days,
            tags={"layer": "ingest", "source": source},
            code_version=code_version(*kind.rooms, contract=load_contract(table)),
        )
        for table in kind.tables
    ]

    @dg.multi_asset(name=f"pull_{source}", specs=specs, backfill_policy=dg.BackfillPolicy.single_run(), pool=source)
    def pull(
        context: dg.AssetExecutionContext, province: ProvinceResource, progress: ProgressResource
    ) -> Iterator[dg.MaterializeResult]:
        settings, lake = province.settings(), province.lake()
        keys = context.partition_key_range  # one day at night, a range in a backfill
        window = Window(date.fromisoformat(keys.start), date.fromisoformat(keys.end))
        with as_failure(context, f"pull of {source}"):
            if kind.address:
                settings.require_sources()
            adapter = kind.build(settings)
            held = open_dossiers(lake)  # for sources that cannot say what changed
            still_open = dict(zip(held["dossier_code"].to_pylist(), held["received_on"].to_pylist(), strict=True))
            known = known_state(lake, still_open, settings.history_from)
            landed = land(lake, adapter, window, known, progress.reporter(context.log))
            notes = getattr(adapter, "notes", {})
            for note in notes.values():
                context.log.info(f"{source}: {note}")
        for table in kind.tables:
            landing = f"landing/{table}"
            has_last = lake.store.has(landing, window.last)
            shown = {"preview": preview(lake.store.read(landing, window.last))} if has_last else {}
            if table in notes:
                shown["found"] = dg.MetadataValue.text(notes[table])
            yield dg.MaterializeResult(
                asset_key=raw_key(table),
                metadata={
                    "dagster/row_count": landed[table],
                    "window": str(window),
                    **shown,
                    "path": dg.MetadataValue.path(str(lake.root / landing)),
                },
            )

    return pull


def raw_assets(days: dg.DailyPartitionsDefinition) -> list[dg.AssetsDefinition]:
    """Build the ingestion assets of all sources, partitioned by `days`."""
    return [_raw_assets(kind, days) for kind in SOURCES.values()]
