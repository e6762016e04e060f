"""Build the asset of a table: dependencies, checks, failures and metadata."""

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
import pyarrow as pa

from assets.failures import as_failure
from assets.lineage import lineage_metadata
from assets.resources import ProvinceResource
from assets.versions import code_version
from cchc_pipeline.contracts import Contract, load_contract
from cchc_pipeline.drawing.output import png
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.scorecards.scoring.rubric_set import RubricSet
from cchc_pipeline.settings import Settings
from cchc_pipeline.site import FOLDER as SITE_FOLDER

OWNER = "team:cchc-data"
#: Table -> key of its asset.
KEYS: dict[str, str] = {}
#: Pool of derived tables: one step at a time writes the lake.
LAKE_POOL = "lake"
WARN, ERROR = dg.AssetCheckSeverity.WARN, dg.AssetCheckSeverity.ERROR
PREVIEW_ROWS = 8
PREVIEW_COLUMNS = 12
PREVIEW_WIDTH = 60
#: Rows that the metadata of a check names.
SHOWN_ROWS = 20


@dataclass(frozen=True)
class Work:
    """Input of one table: its contract; lake, settings and rubrics of the province."""

    contract: Contract
    lake: Lake
    settings: Settings
    rubrics: Callable[[], RubricSet]


@dataclass(frozen=True)
class Made:
    """A table, metadata beyond what every table has, and the results of its checks."""

    table: pa.Table
    metadata: Mapping[str, Any] = field(default_factory=dict)
    checks: Sequence[dg.AssetCheckResult] = ()


def table_asset(
    contract: str,
    *,
    group: str,
    rooms: Sequence[str],
    deps: Iterable[Any] = (),
    key: str | None = None,
    kinds: Iterable[str] = ("duckdb",),
    checks: Mapping[str, str] | None = None,
) -> Callable[[Callable[[Work], pa.Table | Made]], dg.AssetsDefinition]:
    """Return a decorator that turns `make(work) -> table` into the asset of a table.

    The asset belongs to the team, runs in the pool of the lake, fails with a sentence that says what to run again, and
    shows row count, column schema, preview, contract and path. The docstring of `make` is its description, or the
    contract's title and purpose where it has none.

    Args:
        contract: name of the table and its contract.
        group: asset group; also the tag `layer`.
        rooms: packages whose files make the table; their content is the code version.
        deps: assets that have to be there before.
        key: asset key; the contract's name where it is not given.
        kinds: engines and forms beyond Parquet.
        checks: name of a check -> its description. Severity is WARN.
    """
    name = key or contract
    KEYS[contract] = name

    def decorate(make: Callable[[Work], pa.Table | Made]) -> dg.AssetsDefinition:
        promised = load_contract(contract)

        @dg.asset(
            key=name,
            deps=list(deps),
            group_name=group,
            description=make.__doc__ or f"{promised.title_vi}: {promised.purpose}",
            check_specs=check_specs(name, checks or {}),
            **lake_step(group, *rooms, contract=promised, kinds=kinds),
        )
        def asset(
            context: dg.AssetExecutionContext, province: ProvinceResource
        ) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
            with as_failure(context, name):
                work = Work(promised, province.lake(), province.settings(), province.rubrics)
                made = make(work)
            made = made if isinstance(made, Made) else Made(made)
            yield from made.checks
            path = dg.MetadataValue.path(str(work.lake.store.path(f"built/{contract}")))
            shown = {**table_metadata(made.table, promised), **lineage_metadata(contract, KEYS)}
            yield dg.MaterializeResult(metadata={**shown, "path": path, **made.metadata})

        return asset

    return decorate


def lake_step(layer: str, *rooms: str, contract: Contract | None = None, kinds: Iterable[str] = ()) -> dict[str, Any]:
    """Return what every asset that writes the lake is declared with: owner, kinds, tag, pool, code version."""
    return {
        "owners": [OWNER],
        "kinds": {*kinds, "parquet"},
        "tags": {"layer": layer},
        "pool": LAKE_POOL,
        "code_version": code_version(*rooms, contract=contract),
    }


def check_specs(key: str, checks: Mapping[str, str]) -> list[dg.AssetCheckSpec]:
    """Return the checks of an asset, from name -> description."""
    return [dg.AssetCheckSpec(name, asset=key, description=text) for name, text in checks.items()]


def check(name: str, level: dg.AssetCheckSeverity = WARN, /, *, passed: bool, **found: Any) -> dg.AssetCheckResult:
    """Return the result of a check of the asset that yields it, with what was found as metadata."""
    return dg.AssetCheckResult(check_name=name, passed=passed, severity=level, metadata=found)


def table_metadata(table: pa.Table, contract: Contract) -> dict[str, Any]:
    """Return the metadata of every table: rows, column schema, preview, contract."""
    return {
        "dagster/row_count": table.num_rows,
        "dagster/column_schema": column_schema(contract),
        "preview": preview(table),
        "contract": f"{contract.name} {contract.version}",
        "contract_sha256": contract.sha256,
    }


def column_schema(contract: Contract) -> dg.TableSchema:
    """Return the contract's columns for the UI: type, labels in both languages, keys."""
    schema = contract.arrow_schema()
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=column.name,
                type=str(schema.field(column.name).type),
                description=f"{column.label_vi} / {column.label_en}",
                constraints=dg.TableColumnConstraints(
                    nullable=not column.required, unique=contract.key == (column.name,)
                ),
            )
            for column in contract.columns
        ]
    )


def preview(table: pa.Table, columns: Sequence[str] | None = None) -> dg.MetadataValue:
    """Return the first rows as a Markdown table."""
    shown = table.select(list(columns or table.schema.names[:PREVIEW_COLUMNS])).slice(0, PREVIEW_ROWS)
    return markdown_table(shown.schema.names, ([_cell(value) for value in row.values()] for row in shown.to_pylist()))


def markdown_table(names: Sequence[str], rows: Iterable[Sequence[object]]) -> dg.MetadataValue:
    """Return rows as a Markdown table for the UI."""
    lines = [names, ["---"] * len(names), *rows]
    return dg.MetadataValue.md("\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = f"{value:,.4g}" if isinstance(value, float) else str(value)
    text = text.replace("|", "\\|").replace("\n", " ")
    return text if len(text) <= PREVIEW_WIDTH else text[: PREVIEW_WIDTH - 1] + "…"


def picture(figure: Any, title: str) -> dg.MetadataValue:
    """Return a figure of matplotlib as metadata that the UI shows."""
    return dg.MetadataValue.md(f"![{title}](data:image/png;base64,{base64.b64encode(png(figure)).decode()})")


def page_path(lake: Lake, page: str = "index.html", folder: str = SITE_FOLDER) -> dg.MetadataValue:
    """Return the path of a page in the current version, published or not yet."""
    return dg.MetadataValue.path(str(lake.published / "current" / folder / page))
