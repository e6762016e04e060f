"""The code location as Dagster sees it: what loads, how the graph hangs together, when it runs."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
from desk import INBOUND

from assets.definitions import build_defs
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.sources.registry import SOURCES
from cchc_pipeline.validation.drift.compare import checks_of

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]

#: tables of what people keep in registers
REGISTERS = ("external_indices", "inspections", "observations", "petitions", "plan_tasks")

#: asset -> assets it depends on
GRAPH = {
    **{f"raw_{table}": set() for table in INBOUND},
    **{f"staged_{table}": {f"raw_{table}"} for table in INBOUND},
    "core_dossiers": {"staged_one_stop__dossiers", "staged_documents__documents", "staged_registers__unit_changes"},
    **{f"core_{table}": {f"staged_registers__{table}", "core_units"} for table in REGISTERS},
    "core_dossier_events": {"core_dossiers"},
    "late_dossiers": {"core_dossiers"},
    "at_risk_dossiers": {"core_dossiers"},
    "at_risk_calibration": {"at_risk_dossiers"},
    "core_documents": {"core_dossiers", "staged_documents__statuses"},
    "core_procedures": {"staged_one_stop__procedures", "core_dossiers"},
    "core_units": {
        *(f"staged_national_portal__{table}" for table in ("metrics", "provinces", "procedures")),
        *("core_dossiers", "core_documents", "core_procedures"),
    },
    "indicators": set(),
    "indicator_values": {
        *("indicators", "core_dossier_events", "core_documents", "core_procedures", "core_units"),
        *(f"core_{table}" for table in REGISTERS),
    },
    "indicator_values_today": {"indicator_values"},
    "indicator_values_public": {"indicator_values_today"},
    "scorecard_index766": {"indicator_values", "core_units"},
    "par_index_appraisals": {"staged_registers__appraisals", "core_documents", "core_units"},
    "scorecard_par_index": {"indicator_values", "par_index_appraisals", "core_documents", "core_units"},
    "scorecard_papi": {"staged_papi__subdimensions", "staged_papi__totals"},
    "scorecard_papi_today": {"scorecard_papi"},
    **{key: {"core_units"} for key in ("portal_metrics", "portal_procedures", "portal_ranks")},
    "rank_intervals": {"scorecard_index766", "scorecard_papi"},
    "score_days": {"scorecard_index766"},
    "reconciliation": {"core_dossiers", "core_procedures", "core_units"},
    "published": {
        "reconciliation",
        "core_units",
        "late_dossiers",
        "at_risk_calibration",
        "indicator_values_public",
        "scorecard_index766",
        "scorecard_papi",
        "scorecard_par_index",
        "rank_intervals",
        "scorecard_papi_today",
        *("portal_metrics", "portal_procedures", "portal_ranks"),
        "score_days",
    },
    "retention": {"published"},
    "days_complete": {"retention"},
}
#: the start of a key -> the pool of its step; raw assets have one pool per source
POOLS = {f"raw_{table}": table.split("__")[0] for table in INBOUND}

LOADS = """
import json, sys, time
started = time.perf_counter()
import assets.definitions
definitions = assets.definitions.defs
location = definitions() if callable(definitions) else definitions
names = sorted(key.to_user_string() for key in location.resolve_asset_graph().get_all_asset_keys())
heavy = [name for name in ("great_expectations", "matplotlib", "pandas") if name in sys.modules]
print(json.dumps({"assets": len(names), "heavy": heavy, "seconds": time.perf_counter() - started}))
"""


@pytest.fixture(scope="module")
def repository() -> dg.RepositoryDefinition:
    return build_defs().get_repository_def()


@pytest.fixture(scope="module")
def specs(repository: dg.RepositoryDefinition) -> dict[str, dg.AssetSpec]:
    graph = repository.asset_graph
    found = {}
    for definition in graph.assets_defs:
        found |= {spec.key.to_user_string(): spec for spec in definition.specs}
    return found


def test_loading_it_imports_no_validator() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADS], capture_output=True, text=True, check=False, cwd=ROOT, timeout=300
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["assets"] == len(GRAPH)
    assert "great_expectations" not in said["heavy"]
    assert "matplotlib" not in said["heavy"]


def test_the_assets_and_what_they_depend_on(specs: dict[str, dg.AssetSpec]) -> None:
    assert {key: {dep.asset_key.to_user_string() for dep in spec.deps} for key, spec in specs.items()} == GRAPH


def test_sources_contracts_indicators_and_scorecards_are_groups(specs: dict[str, dg.AssetSpec]) -> None:
    groups: dict[str, set[str]] = {}
    for key, spec in specs.items():
        groups.setdefault(spec.group_name or "", set()).add(key)
    raw = {group: keys for group, keys in groups.items() if any(key.startswith("raw_") for key in keys)}
    # one group per source, and nothing else in it; what people drop as files is one
    sources = (("documents",), ("national_portal",), ("one_stop",), ("papi", "registers"))
    assert sorted(raw.values(), key=sorted) == sorted(
        ({key for key in GRAPH if key.startswith(tuple(f"raw_{name}__" for name in names))} for names in sources),
        key=sorted,
    )
    others = {frozenset(keys) for group, keys in groups.items() if group not in raw}
    assert others == {
        frozenset(f"staged_{table}" for table in INBOUND),
        frozenset({"portal_metrics", "portal_procedures", *(key for key in GRAPH if key.startswith("core_"))}),
        frozenset({"late_dossiers", "at_risk_dossiers", "at_risk_calibration"}),
        frozenset({"indicators", "indicator_values", "indicator_values_today", "indicator_values_public"}),
        frozenset(
            {
                "reconciliation",
                "rank_intervals",
                "score_days",
                "portal_ranks",
                "par_index_appraisals",
                *(key for key in GRAPH if key.startswith("scorecard_")),
            }
        ),
        frozenset({"published", "retention", "days_complete"}),
    }


def test_every_asset_says_what_it_is_and_whose(specs: dict[str, dg.AssetSpec]) -> None:
    for key, spec in specs.items():
        assert spec.group_name not in (None, "", "default"), key
        assert spec.owners, key
        assert spec.description, key
        assert spec.kinds, key
        assert spec.tags["layer"], key
        assert spec.code_version, key


def test_only_pulls_have_days_and_the_days_are_vietnams(specs: dict[str, dg.AssetSpec]) -> None:
    for key, spec in specs.items():
        if key.startswith("raw_"):
            days = spec.partitions_def
            assert isinstance(days, dg.DailyPartitionsDefinition)
            assert str(days.timezone) == "Asia/Ho_Chi_Minh"
        else:
            assert spec.partitions_def is None, key


def test_every_source_has_a_pool_and_the_rest_share_one(repository: dg.RepositoryDefinition) -> None:
    for definition in repository.asset_graph.assets_defs:
        if definition.is_executable:
            for key in definition.keys:
                assert definition.op.pool == POOLS.get(key.to_user_string(), "lake"), key


def test_a_range_of_pulls_is_one_run(repository: dg.RepositoryDefinition) -> None:
    for definition in repository.asset_graph.assets_defs:
        if any(key.to_user_string().startswith("raw_") for key in definition.keys):
            assert definition.backfill_policy == dg.BackfillPolicy.single_run()


def test_the_checks_come_from_the_contracts(repository: dg.RepositoryDefinition) -> None:
    checks: dict[str, set[str]] = {}
    for key in repository.asset_graph.asset_check_keys:
        checks.setdefault(key.asset_key.to_user_string(), set()).add(key.name)
    of_figures = {name: names for name, names in checks.items() if not name.startswith("staged_")}
    assert of_figures == {
        **{f"raw_{kind.tables[0]}": {"source_read"} for kind in SOURCES.values()},
        **{f"core_{table}": {"units_known"} for table in ("inspections", "petitions", "plan_tasks")},
        "par_index_appraisals": {"none_refused"},
        "core_procedures": {"procedures_listed"},
        "core_dossiers": {"unit_changes_agree"},
        "scorecard_index766": {"every_metric_scored", "published_met", "reports_in_step"},
        "portal_procedures": {"catalogue_complete"},
        "portal_ranks": {"every_province", "country_met"},
        "core_observations": {"units_known", "no_overlapping_periods"},
        "core_external_indices": {"units_known", "no_contradictions"},
        "reconciliation": {"explained"},
        "published": {"no_missing_days"},
    }
    assert set(checks) == {f"staged_{table}" for table in INBOUND} | set(of_figures)
    for table in INBOUND:
        names = checks[f"staged_{table}"]
        assert {"shape", "conservation", "column_rules", "great_expectations"} <= names
        beyond_columns = [rule.id for rule in load_contract(table).rules if rule.column is None]
        compared = set(checks_of(load_contract(table)))
        assert compared <= names
        assert len(names) == 4 + len(beyond_columns) + len(compared)


def test_the_nightly_job_is_everything(repository: dg.RepositoryDefinition) -> None:
    job = repository.get_job("nightly")
    assert {key.to_user_string() for key in job.asset_layer.executable_asset_keys} == set(GRAPH)
    assert {check.name for check in job.asset_layer.asset_graph.asset_check_keys} >= {"conservation", "no_missing_days"}


def test_the_night_is_at_one_oclock_and_for_the_day_before(repository: dg.RepositoryDefinition) -> None:
    (schedule,) = repository.schedule_defs
    assert schedule.cron_schedule == "0 1 * * *"
    assert schedule.execution_timezone == "Asia/Ho_Chi_Minh"
    assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED
    context = dg.build_schedule_context(
        scheduled_execution_time=datetime(2026, 11, 21, 18, tzinfo=UTC), repository_def=repository
    )
    (request,) = schedule.evaluate_tick(context).run_requests or []
    assert request.partition_key == "2026-11-21"
