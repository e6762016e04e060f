"""Lineage in the metadata of assets: every column of every table, and only columns of assets that there are."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from assets import lineage
from assets.definitions import build_defs
from assets.lineage import lineage_metadata
from assets.table_asset import KEYS
from cchc_pipeline.contracts import all_contracts, load_contract
from cchc_pipeline.lake.layout import Lake

RUN = ("late_dossiers", "scorecard_papi_today", "indicator_values_public", "staged_papi__totals")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "cchc"


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return build_defs()


def names(table: str) -> set[str]:
    return {column.name for column in load_contract(table).columns}


def test_every_column_of_every_table_has_a_lineage_or_a_gap(definitions):
    graph = definitions.resolve_asset_graph()
    of_assets = {key: contract for contract, key in KEYS.items()}
    of_assets |= {f"staged_{one.name}": one.name for one in all_contracts() if not one.is_published}
    for table in KEYS:
        found = lineage_metadata(table, KEYS)
        deps = found["dagster/column_lineage"].deps_by_column
        assert set(deps) == names(table)
        for column, sources in deps.items():
            assert sources or found["lineage_gaps"][column], (table, column)
            for source in sources:
                assert graph.has(source.asset_key)
                assert source.column_name in names(of_assets[source.asset_key.to_user_string()])


def test_a_run_shows_it(definitions, own_lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CCHC_DATA_DIR", str(own_lake.root))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "instance"))
    with dg.DagsterInstance.ephemeral() as instance:
        job = definitions.resolve_implicit_global_asset_job_def()
        done = job.execute_in_process(instance=instance, asset_selection=[dg.AssetKey(name) for name in RUN])
        assert done.success
        shown = {}
        for name in RUN:
            event = instance.get_latest_materialization_event(dg.AssetKey(name))
            shown[name] = event.asset_materialization.metadata["dagster/column_lineage"].value.deps_by_column
    late = [dep.asset_key.to_user_string() + "." + dep.column_name for dep in shown["late_dossiers"]["finished_on"]]
    assert late == ["core_dossiers.closed_on"]
    (landed,) = shown["staged_papi__totals"]["year"]
    assert (landed.asset_key, landed.column_name) == (dg.AssetKey("raw_papi__totals"), "year")
    assert shown["scorecard_papi_today"]["points"] == [
        dg.TableColumnDep(dg.AssetKey("scorecard_papi"), "points")
    ]  # fmt: skip
    assert set(shown["indicator_values_public"]) == names("indicator_values_public")
    assert not any(shown["indicator_values_public"].values())  # Python suppresses small counts: nothing is guessed


def test_the_same_sql_is_traced_once(own_cache: Path, monkeypatch: pytest.MonkeyPatch):
    few = {table: KEYS[table] for table in ("documents", "units")}
    lineage._traced.cache_clear()
    first = lineage_metadata("documents", few)
    (kept,) = own_cache.iterdir()
    written = kept.stat().st_mtime_ns
    lineage._traced.cache_clear()
    assert lineage_metadata("documents", few) == first
    assert kept.stat().st_mtime_ns == written
    # another text of the SQL has another name, and what cannot be read is traced again
    monkeypatch.setattr(lineage, "ROOMS", lineage.ROOMS[:2])
    lineage._traced.cache_clear()
    assert lineage_metadata("documents", few) == first
    assert len(list(own_cache.iterdir())) == 2
    kept.write_text("{", encoding="utf-8")
    monkeypatch.undo()


def test_a_service_without_a_home_has_its_lineage(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kept file is no condition: where no home can be told, the columns are traced."""

    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(lineage.Path, "home", no_home)
    found = lineage._traced.__wrapped__(("units",))
    assert found["units"]["unit_code"]
