"""Define the staged assets: a verdict per landed row, and rules as asset checks.

Few checks per table keep the UI readable: `shape` (columns and types), `conservation` (rows in =
valid + quarantined), `column_rules` (what columns constrain by themselves), `great_expectations`
(every rule could run and agrees with the verdict); one per rule that a column constraint cannot say;
and the comparisons with the days before (`assets/checks.py`).
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from assets.checks import drift_check_results, drift_check_specs, shape_result
from assets.failures import as_failure, failure
from assets.ingest import INBOUND, raw_key
from assets.lineage import staged_lineage
from assets.partitions import window_of_run
from assets.resources import ProvinceResource
from assets.table_asset import LAKE_POOL, OWNER, page_path, table_metadata
from assets.versions import code_version
from cchc_pipeline.contracts import Contract, load_contract
from cchc_pipeline.contracts.errors import RuleCouldNotRun
from cchc_pipeline.days import Window, today
from cchc_pipeline.site.quality_page import FOLDER as QUALITY_FOLDER
from cchc_pipeline.sources.registry import SOURCE_OF_TABLE
from cchc_pipeline.validation.drift.compare import compare
from cchc_pipeline.validation.staging import Staged, pending_days, stage


def staged_key(table: str) -> dg.AssetKey:
    """Return the asset key of a staged table."""
    return dg.AssetKey(f"staged_{table}")


def _named_rules(contract: Contract) -> list[str]:
    """Return the rules beyond column constraints; each has a check of its own."""
    return [rule.id for rule in contract.rules if rule.column is None]


def _check_name(rule_id: str) -> str:
    """Return the check of a rule: `one_stop__dossiers.DQ06` -> `rule_DQ06`."""
    return "rule_" + "".join(c if c.isalnum() else "_" for c in rule_id.split(".", 1)[-1])


def _check_specs(contract: Contract) -> list[dg.AssetCheckSpec]:
    key = staged_key(contract.name)
    named = {_check_name(rule_id): contract.rule(rule_id) for rule_id in _named_rules(contract)}
    described = {
        "shape": "The columns and types are those of the contract.",
        "conservation": "Rows in = rows valid + rows quarantined.",
        "column_rules": "Not null, unique, patterns, code lists, bounds.",
        "great_expectations": "Every rule could run in Great Expectations, and agrees with the verdict.",
        **{check: f"{rule.sentence_vi} / {rule.sentence_en} ({rule.severity})" for check, rule in named.items()},
    }
    specs = [dg.AssetCheckSpec(check, asset=key, description=text) for check, text in described.items()]
    return specs + drift_check_specs(contract, key)


def _staged_asset(table: str) -> dg.AssetsDefinition:
    contract = load_contract(table)

    @dg.asset(
        key=staged_key(table),
        deps=[raw_key(table)],
        group_name="contracts",
        owners=[OWNER],
        kinds={"greatexpectations", "duckdb", "parquet"},
        description=f"{contract.title_vi}: rows that keep the contract `{table}` {contract.version}. "
        "The others are in quarantine with their reasons.",
        check_specs=_check_specs(contract),
        pool=LAKE_POOL,
        tags={"layer": "staged"},
        code_version=code_version("validation", "contracts", contract=contract),
    )
    def staged(
        context: dg.AssetExecutionContext, province: ProvinceResource
    ) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
        lake = province.lake()
        source = SOURCE_OF_TABLE[table].name
        with as_failure(context, f"contract {table}"):
            days = pending_days(lake, table)
            # "In the future" means after the day of the pull: asked about past days, a source knows what followed.
            done = stage(lake, table, days, max([lake.span(source).as_of_on, *days, today()]))
        yield from _check_results(done)
        if not done.stuck:
            yield from drift_check_results(compare(lake, contract, done.days), staged_key(table))
        if done.stuck:
            could_not_run = RuleCouldNotRun(table=table, file=contract.file, problems=done.stuck)
            raise failure(context, f"contract {table}", str(could_not_run), "RuleCouldNotRun", window_of_run(context))
        if done.broken:
            problem = " ".join(f"Day {day} was refused whole. {error}" for day, error in done.broken.items())
            raise failure(
                context, f"contract {table}", problem, "ContractBroken", Window(min(done.broken), max(done.broken))
            )
        last = max(days) if days else ""
        rows = lake.store.read(f"staged/{table}", last, schema=contract.arrow_schema())
        yield dg.MaterializeResult(
            metadata={
                **table_metadata(rows, contract),
                "dagster/column_lineage": staged_lineage(contract),
                "path": dg.MetadataValue.path(str(lake.root / "staged" / table)),
                "dagster/row_count": done.rows_valid,
                "rows_in": done.rows_in,
                "rows_quarantined": done.rows_quarantined,
                "rows_accepted": done.rows_accepted,
                "quality_report": page_path(lake, f"{source}.html", QUALITY_FOLDER),
                "days": f"{len(days)}: {days[0]} … {days[-1]}" if days else "nothing new",
            }
        )

    return staged


def _check_results(done: Staged) -> Iterator[dg.AssetCheckResult]:
    """Yield the checks of a table.

    Where a rule could not run only `shape` and `great_expectations`: the batch was not judged to the end.
    """
    contract = done.contract
    key = staged_key(contract.name)

    def check(name: str, passed: bool, level: dg.AssetCheckSeverity, **found: Any) -> dg.AssetCheckResult:  # noqa: FBT001
        return dg.AssetCheckResult(passed=passed, check_name=name, asset_key=key, severity=level, metadata=dict(found))

    yield shape_result(done, key)
    apart = {
        r.rule_id: {"great_expectations": r.unexpected_count, "verdict": done.rows_broken[r.rule_id]}
        for r in done.results.values()
        if not done.stuck and (r.unexpected_count > 0) != (done.rows_broken[r.rule_id] > 0)
    }
    yield check(
        "great_expectations",
        not done.stuck and not apart,
        dg.AssetCheckSeverity.ERROR,
        rules_run=len(done.results),
        could_not_run=done.stuck,
        disagree_with_verdict=apart,
    )
    if done.stuck:
        return
    yield check(
        "conservation",
        done.is_conserved,
        dg.AssetCheckSeverity.ERROR,
        rows_in=done.rows_in,
        rows_valid=done.rows_valid,
        rows_quarantined=done.rows_quarantined,
    )
    named = set(_named_rules(contract))
    columns = {rule_id: rows for rule_id, rows in done.rows_broken.items() if rule_id not in named}
    broken = {rule_id: rows for rule_id, rows in columns.items() if rows}
    passed = all(contract.rule(rule_id).severity == "note" for rule_id in broken)
    yield check("column_rules", passed, dg.AssetCheckSeverity.WARN, rules=len(columns), rows_broken=broken)
    for rule_id in _named_rules(contract):
        rows = done.rows_broken[rule_id]
        rule = contract.rule(rule_id)
        yield check(
            _check_name(rule_id),
            rows == 0 or rule.severity == "note",
            dg.AssetCheckSeverity.WARN,
            rows_broken=rows,
            rule=rule_id,
            severity=rule.severity,
            sentence_vi=rule.sentence_vi,
            sentence_en=rule.sentence_en,
        )


def staged_assets() -> list[dg.AssetsDefinition]:
    """Build the staged asset of every inbound table."""
    return [_staged_asset(table) for table in INBOUND]
