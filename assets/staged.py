"""Define the staged assets: a verdict per landed row, and rules as asset checks.

Few checks per table keep the UI readable: those of `CHECKS`, one per rule that a column constraint cannot say, and the
comparisons with the days before (`assets/checks.py`).
"""

import re
from collections.abc import Iterator

import dagster as dg

from assets.checks import DESCRIPTIONS, drift_result, shape_result
from assets.failures import as_failure, failure
from assets.ingest import INBOUND, raw_key
from assets.lineage import staged_lineage
from assets.resources import ProvinceResource
from assets.table_asset import ERROR, check, check_specs, lake_step, page_path, table_metadata
from cchc_pipeline.contracts import Contract, load_contract
from cchc_pipeline.contracts.errors import RuleCouldNotRun
from cchc_pipeline.contracts.parts import Rule
from cchc_pipeline.days import Window, today
from cchc_pipeline.site.quality_page import FOLDER as QUALITY_FOLDER
from cchc_pipeline.sources.registry import SOURCE_OF_TABLE
from cchc_pipeline.validation.drift.compare import checks_of, compare
from cchc_pipeline.validation.staging import Staged, pending_days, stage

#: Check of every table -> description of what passes, for the UI.
CHECKS = {
    "shape": "The columns and types are those of the contract.",
    "conservation": "Rows in = rows valid + rows quarantined.",
    "column_rules": "Not null, unique, patterns, code lists, bounds.",
    "great_expectations": "Every rule could run in Great Expectations, and agrees with the verdict.",
}


def staged_key(table: str) -> dg.AssetKey:
    """Return the asset key of a staged table."""
    return dg.AssetKey(f"staged_{table}")


def _named_rules(contract: Contract) -> dict[str, Rule]:
    """Return the rules beyond column constraints by the check that each has: `rule_DQ06` -> one_stop__dossiers.DQ06."""
    named = [rule for rule in contract.rules if rule.column is None]
    return {"rule_" + re.sub(r"[\W_]", "_", rule.id.split(".", 1)[-1]): rule for rule in named}


def _staged_asset(table: str) -> dg.AssetsDefinition:
    contract = load_contract(table)
    checks = CHECKS | {
        name: f"{rule.sentence_vi} / {rule.sentence_en} ({rule.severity})"
        for name, rule in _named_rules(contract).items()
    }
    checks |= {name: DESCRIPTIONS[name] for name in checks_of(contract)}

    @dg.asset(
        key=staged_key(table),
        deps=[raw_key(table)],
        group_name="contracts",
        description=f"{contract.title_vi}: rows that keep the contract `{table}` {contract.version}. "
        "The others are in quarantine with their reasons.",
        check_specs=check_specs(f"staged_{table}", checks),
        **lake_step("staged", "validation", "contracts", contract=contract, kinds=("greatexpectations", "duckdb")),
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
            if done.stuck:
                raise RuleCouldNotRun(table=table, file=contract.file, problems=done.stuck)
            yield from map(drift_result, compare(lake, contract, done.days))
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
                **{name: getattr(done, name) for name in ("rows_in", "rows_quarantined", "rows_accepted")},
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
    yield shape_result(done)
    apart = {
        r.rule_id: {"great_expectations": r.unexpected_count, "verdict": done.rows_broken[r.rule_id]}
        for r in done.results.values()
        if not done.stuck and (r.unexpected_count > 0) != (done.rows_broken[r.rule_id] > 0)
    }
    ran = {"rules_run": len(done.results), "could_not_run": done.stuck, "disagree_with_verdict": apart}
    yield check("great_expectations", ERROR, passed=not done.stuck and not apart, **ran)
    if done.stuck:
        return
    counts = {name: getattr(done, name) for name in ("rows_in", "rows_valid", "rows_quarantined")}
    yield check("conservation", ERROR, passed=done.is_conserved, **counts)
    columns = {id_: rows for id_, rows in done.rows_broken.items() if contract.rule(id_).column is not None}
    broken = {rule_id: rows for rule_id, rows in columns.items() if rows}
    passed = all(contract.rule(rule_id).severity == "note" for rule_id in broken)
    yield check("column_rules", passed=passed, rules=len(columns), rows_broken=broken)
    for name, rule in _named_rules(contract).items():
        rows = done.rows_broken[rule.id]
        about = {part: getattr(rule, part) for part in ("severity", "sentence_vi", "sentence_en")}
        yield check(name, passed=rows == 0 or rule.severity == "note", rows_broken=rows, rule=rule.id, **about)


def staged_assets() -> list[dg.AssetsDefinition]:
    """Build the staged asset of every inbound table."""
    return [_staged_asset(table) for table in INBOUND]
