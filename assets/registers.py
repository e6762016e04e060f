"""Register assets: what offices keep by hand, as it stands now."""

from collections.abc import Iterator

import dagster as dg
import pyarrow.compute as pc

from assets import metadata
from assets.contracts import staged_key
from assets.core import COMMON, core_units
from assets.failures import as_failure
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.registers import TABLES, build_register, strangers
from cchc_pipeline.lake.layout import Lake

#: What a table can hold that no single row shows: (check, column that marks the rows, what it says).
_MARKS = {
    "observations": ("no_overlapping_periods", "is_overlapping", "Kỳ chồng lấn một phần: không tính vào chỉ số."),
    "external_indices": ("no_contradictions", "is_contradicted", "Các nguồn mâu thuẫn: không tính vào chỉ số."),
}
_SHOWN_ROWS = 20


def _asset(name: str) -> dg.AssetsDefinition:
    contract = load_contract(name)
    key = dg.AssetKey(f"core_{name}")
    checks = [dg.AssetCheckSpec("units_known", asset=key, description="Every unit is one of the province's units.")]
    if name in _MARKS:
        checks.append(dg.AssetCheckSpec(_MARKS[name][0], asset=key, description=_MARKS[name][2]))

    @dg.asset(
        key=key,
        deps=[staged_key(TABLES[name]), core_units],
        group_name="core",
        kinds={"duckdb", "parquet"},
        description=f"{contract.title_vi}: {contract.purpose}",
        check_specs=checks,
        required_resource_keys={"province"},
        **COMMON,
    )
    def register(context: dg.AssetExecutionContext) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
        lake: Lake = context.resources.province.lake()
        with as_failure(context, f"core_{name}"):
            table = build_register(lake, name, lake.span().as_of_on)
            unknown = strangers(lake, name)
        yield dg.AssetCheckResult(
            passed=not unknown,
            check_name="units_known",
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"unknown_units": unknown[:_SHOWN_ROWS], "units": len(unknown)},
        )
        if name in _MARKS:
            check, column, sentence = _MARKS[name]
            marked = table.filter(table[column])
            keys = [" | ".join(str(row[part]) for part in contract.key) for row in marked.to_pylist()[:_SHOWN_ROWS]]
            more = marked["contradiction_vi"].to_pylist()[:_SHOWN_ROWS] if name == "external_indices" else []
            yield dg.AssetCheckResult(
                passed=marked.num_rows == 0,
                check_name=check,
                severity=dg.AssetCheckSeverity.WARN,
                metadata={"rows": marked.num_rows, "sentence_vi": sentence, "keys": keys, "details": more},
            )
        found = metadata.of_table(table, contract, lake.state_file("built", name))
        if not table.num_rows:
            found["note"] = f"no file {name}.csv or {name}.xlsx in the drop folder so far"
        if "is_overdue" in table.column_names:
            found["overdue"] = pc.sum(table["is_overdue"]).as_py() or 0
        yield dg.MaterializeResult(metadata=found)

    return register


register_assets = [_asset(name) for name in TABLES]
