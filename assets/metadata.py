"""Metadata for the UI: row counts, column schema, previews and charts."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa

from cchc_pipeline.contracts import Contract

PREVIEW_ROWS = 8
PREVIEW_WIDTH = 60


def column_schema(contract: Contract) -> dg.TableSchema:
    """The contract's columns as Dagster shows them: type, meaning in both languages, keys."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=column.name,
                type=str(contract.arrow_schema().field(column.name).type),
                description=f"{column.label_vi} / {column.label_en}",
                constraints=dg.TableColumnConstraints(
                    nullable=not column.required, unique=contract.key == (column.name,)
                ),
            )
            for column in contract.columns
        ]
    )


def preview(table: pa.Table, columns: Sequence[str] | None = None) -> dg.MetadataValue:
    """The first rows as a Markdown table."""
    shown = table.select(list(columns) if columns else table.schema.names[:12]).slice(0, PREVIEW_ROWS)
    lines = ["| " + " | ".join(shown.schema.names) + " |", "|" + "---|" * shown.num_columns]
    lines += ["| " + " | ".join(_cell(value) for value in row.values()) + " |" for row in shown.to_pylist()]
    return dg.MetadataValue.md("\n".join(lines))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = f"{value:,.4g}" if isinstance(value, float) else str(value)
    text = text.replace("|", "\\|").replace("\n", " ")
    return text if len(text) <= PREVIEW_WIDTH else text[: PREVIEW_WIDTH - 1] + "…"


def picture(png: bytes, title: str) -> dg.MetadataValue:
    """A PNG as it can be shown in the UI."""
    return dg.MetadataValue.md(f"![{title}](data:image/png;base64,{base64.b64encode(png).decode()})")


def of_table(table: pa.Table, contract: Contract, path: Path | None = None, **more: Any) -> dict[str, Any]:
    """Metadata that every table asset has."""
    found: dict[str, Any] = {
        "dagster/row_count": table.num_rows,
        "dagster/column_schema": column_schema(contract),
        "preview": preview(table),
        "contract": f"{contract.name} {contract.version}",
        "contract_sha256": contract.sha256,
        **more,
    }
    if path is not None:
        found["path"] = dg.MetadataValue.path(str(path))
    return found
