"""Define the raw assets: one pull per source system, landed day by day."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import dagster as dg

from assets.failures import as_failure, run_command
from assets.resources import ProgressResource, ProvinceResource
from assets.table_asset import ERROR, OWNER, preview
from assets.versions import code_version
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.state import open_dossiers
from cchc_pipeline.days import Window
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.progress import Progress
from cchc_pipeline.settings import Settings
from cchc_pipeline.sources.errors import SourceError
from cchc_pipeline.sources.landing import known_state, land
from cchc_pipeline.sources.registry import SOURCE_OF_TABLE, SOURCES, SourceKind, require_any
from cchc_pipeline.sources.states import source_states

#: Check of every source: whether it was read.
READ = "source_read"
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

    first = raw_key(kind.tables[0])
    read = dg.AssetCheckSpec(
        READ, asset=first, description="Đọc được nguồn: the source was read to the end, or the settings do not name it."
    )

    @dg.multi_asset(
        name=f"pull_{source}", specs=specs, check_specs=[read], backfill_policy=dg.BackfillPolicy.single_run(),
        pool=source,
    )  # fmt: skip
    def pull(
        context: dg.AssetExecutionContext, province: ProvinceResource, progress: ProgressResource
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        settings, lake = province.settings(), province.lake()
        keys = context.partition_key_range  # one day at night, a range in a backfill
        window = Window(date.fromisoformat(keys.start), date.fromisoformat(keys.end))
        with as_failure(context, f"pull of {source}"):
            require_any(settings)
            error, notes = _pulled(kind, settings, lake, window, progress.reporter(context.log))
            if error is not None:
                context.log.error(str(error))
            for note in notes.values():
                context.log.info(f"{source}: {note}")
            state, outcome = source_states(lake)[source], lake.pulls(source)[window.last]
            landed = outcome.get("rows", {})
        about = {"state": state.state, "sentence": state.sentence_vi, "run_again": run_command(window)}
        found = f"{state.sentence_vi} / {state.sentence_en}" + (f" {error}" if error else "")
        yield dg.AssetCheckResult(
            check_name=READ, asset_key=first, passed=error is None, severity=ERROR, metadata={"finding": found, **about}
        )
        for table in kind.tables:
            landing = f"landing/{table}"
            has_last = lake.store.has(landing, window.last)
            shown = {"preview": preview(lake.store.read(landing, window.last))} if has_last else {}
            if table in notes:
                shown["found"] = dg.MetadataValue.text(notes[table])
            shown["state"] = dg.MetadataValue.text(state.sentence_vi)
            yield dg.MaterializeResult(
                asset_key=raw_key(table),
                metadata={
                    "dagster/row_count": landed.get(table, 0),
                    "window": str(window),
                    **shown,
                    "path": dg.MetadataValue.path(str(lake.root / landing)),
                },
            )

    return pull


def _pulled(
    kind: SourceKind, settings: Settings, lake: Lake, window: Window, progress: Progress
) -> tuple[SourceError | None, dict[str, Any]]:
    """Pull a source, if the settings name it; return why it could not be read, and what the pull says of its tables.

    A source that fails leaves what it gave, and the night goes on: the asset `days_complete` says at its end whether
    days are missing.
    """
    if lacking := kind.lacks(settings, window):
        lake.record_pull(kind.name, window.first, window.last, {"status": "absent", "error": lacking})
        return None, {}
    adapter = kind.build(settings)
    held = open_dossiers(lake)  # for sources that cannot say what changed
    still_open = dict(zip(held["dossier_code"].to_pylist(), held["received_on"].to_pylist(), strict=True))
    known = known_state(lake, still_open, settings.history_from)
    try:
        land(lake, adapter, window, known, progress, settings.overlap_days if kind.is_daily else 0)
    except SourceError as error:
        return error, getattr(adapter, "notes", {})
    return None, getattr(adapter, "notes", {})


def raw_assets(days: dg.DailyPartitionsDefinition) -> list[dg.AssetsDefinition]:
    """Build the ingestion assets of all sources, partitioned by `days`."""
    return [_raw_assets(kind, days) for kind in SOURCES.values()]
