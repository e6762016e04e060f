"""Define the staged assets: a verdict per landed row, and rules as asset checks.

Few checks per table keep the UI readable: those of `CHECKS`, one per rule that a column constraint cannot say, and the
comparisons with the days before.
"""

import re
from collections.abc import Iterator, Sequence

import dagster as dg

from assets.failures import as_failure
from assets.ingest import INBOUND, raw_key
from assets.lineage import staged_lineage
from assets.resources import ProvinceResource
from assets.table_asset import ERROR, WARN, check, check_specs, lake_step, page_path, table_metadata
from cchc_pipeline.contracts import Contract, load_contract
from cchc_pipeline.contracts.errors import RuleCouldNotRun
from cchc_pipeline.contracts.parts import Rule
from cchc_pipeline.days import today
from cchc_pipeline.site.quality_page import FOLDER as QUALITY_FOLDER
from cchc_pipeline.sources.registry import SOURCE_OF_TABLE
from cchc_pipeline.validation.drift.compare import checks_of, compare
from cchc_pipeline.validation.drift.comparison import Break, Comparison
from cchc_pipeline.validation.staging import Staged, pending_days, stage

#: Check of every table -> description of what passes, for the UI.
CHECKS = {
    "shape": "The columns and types are those of the contract.",
    "conservation": "Rows in = rows valid + rows quarantined.",
    "column_rules": "Not null, unique, patterns, code lists, bounds.",
    "great_expectations": "Every rule could run in Great Expectations, and agrees with the verdict.",
}
#: Check -> description of what passes, for the UI.
DESCRIPTIONS = {
    "codes": "Mã chưa từng thấy: no code outside its list, none that was never seen before.",
    "volume": "Số lượng: the day has about as many rows as the same weekday usually has.",
    "level": "Gãy chuỗi: no source, unit or figure moved to another level and stayed there.",
    "distribution": "Phân bố: no column's values are spread otherwise than in the weeks before.",
    "instrument": "Bộ chỉ số: no group has other items than in the period before.",
    "copies": "Số liệu chép lại: no two periods hold the same figures.",
}
#: Field of `Staged` -> sentence about each of its entries: {0} the name, {1} the value.
SHAPE = {
    "broken": "Ngày {0} bị từ chối cả lô. / Day {0} was refused whole. {1}",
    "unknown_columns": "Cột lạ «{0}» không được lưu. / The unknown column «{0}» is not stored.",
    "absent_columns": "Cột «{0}» không có trong lô, để trống. / The column «{0}» did not come and is null.",
    "retyped_columns": "Cột «{0}» đến với kiểu {1}, đã đọc về kiểu của hợp đồng. / The column «{0}» came as {1} and "
    "was read into the contract's type.",
    "discarded_rows": "{1} bản ghi bị cách ly vì cột «{0}». / {1} rows went to quarantine because of the column «{0}».",
}
TOO_LITTLE = "Chưa đủ lịch sử để so sánh. / Too little history to compare with."
NOTHING_NEW = "Không có gì khác thường. / Nothing unusual."
SHOWN = 50


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
            done = stage(lake, table, days, max([*lake.pulls(source), *days, today()]))
            yield from _check_results(done)
            if done.stuck:
                raise RuleCouldNotRun(table=table, file=contract.file, problems=done.stuck)
            yield from map(drift_result, compare(lake, contract, [day for day in done.days if day not in done.partial]))
        if done.broken:  # what was staged of these days before stays, and the night goes on without them
            refused = {day: f"Day {day} was refused whole. {error}" for day, error in done.broken.items()}
            lake.refuse_days(source, refused)
            context.log.error(" ".join(refused.values()))
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


def drift_result(one: Comparison) -> dg.AssetCheckResult:
    """Return a comparison as the result of its check; too little history passes, `comparisons` is 0."""
    found = {
        "finding": dg.MetadataValue.md(_said(one.breaks) or (NOTHING_NEW if one.judged else TOO_LITTLE)),
        "comparisons": one.judged,
        "breaks": [{"culprit": b.culprit, **b.numbers} for b in one.breaks[:SHOWN]],
        "breaks_found": len(one.breaks),
        "known_before": _said(one.known) or "-",
        **one.about,
    }
    return check(one.check, passed=not one.breaks, **found)


def _said(breaks: Sequence[Break]) -> str:
    lines = [f"{one.sentence_vi} / {one.sentence_en}" for one in breaks[:SHOWN]]
    more = len(breaks) - SHOWN
    return "\n\n".join([*lines, f"… +{more}"] if more > 0 else lines)


def shape_result(done: Staged) -> dg.AssetCheckResult:
    """Return the check of columns and types: ERROR for refused days, else WARN."""
    said = []
    for part, sentence in SHAPE.items():
        found = getattr(done, part)
        said += [sentence.format(name, found[name] if isinstance(found, dict) else "") for name in sorted(found)]
    shown = {
        "finding": dg.MetadataValue.md("\n\n".join(said) or "Đúng hợp đồng dữ liệu. / As the contract has it."),
        "refused_days": {str(day): str(error) for day, error in done.broken.items()},
        "unknown_columns": sorted(done.unknown_columns),
        "absent_columns": sorted(done.absent_columns),
        "retyped_columns": dict(done.retyped_columns),
        "discarded_rows": dict(done.discarded_rows),
        **({"policy": vars(done.contract.drift)} if done.contract.drift else {}),
    }
    return check("shape", ERROR if done.broken else WARN, passed=not said, **shown)


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
