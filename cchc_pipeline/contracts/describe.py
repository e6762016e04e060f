"""Contracts for people and tools: Table Schema of `datapackage.json`, and rules as a list.

Belongs here: turning a contract into plain dictionaries. Not here: writing files (`lake/`).
"""

from __future__ import annotations

from typing import Any

from .model import Column, Contract

#: ODCS logicalType -> Frictionless Table Schema type.
_FRICTIONLESS = {
    "string": "string",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "datetime",
}


def table_schema(contract: Contract) -> dict[str, Any]:
    """Frictionless Table Schema of `contract`; titles in Vietnamese, English ones beside them."""
    return {"fields": [_field(column) for column in contract.columns], "primaryKey": list(contract.key)}


def resource(contract: Contract) -> dict[str, Any]:
    """What a data package says of the table, without path, size and hash."""
    return {
        "name": contract.name.replace("_", "-"),
        "title": contract.title_vi,
        "title_en": contract.title_en,
        "description": contract.purpose,
        "contract": {"name": contract.name, "version": contract.version, "sha256": contract.sha256},
        "schema": table_schema(contract),
    }


def rule_list(contract: Contract) -> list[dict[str, Any]]:
    """The rules of `contract` for a data dictionary."""
    return [
        {
            "rule_id": rule.id,
            "severity": rule.severity,
            "column": rule.column,
            "dimension": rule.dimension,
            "sentence_vi": rule.sentence_vi,
            "sentence_en": rule.sentence_en,
            "broken_where": rule.predicate.sql(dialect="duckdb"),
        }
        for rule in contract.rules
    ]


def _field(column: Column) -> dict[str, Any]:
    constraints: dict[str, Any] = {
        "required": column.required or None,
        "pattern": column.pattern,
        "minimum": column.minimum,
        "maximum": column.maximum,
        "enum": list(column.valid_values) if column.valid_values and column.valid_values_severity == "reject" else None,
    }
    field: dict[str, Any] = {
        "name": column.name,
        "type": _FRICTIONLESS[column.logical_type],
        "title": column.label_vi,
        "title_en": column.label_en,
        "description": column.description,
        "classification": column.classification,
    }
    if column.unit:
        field["unit"] = column.unit
    if held := {name: value for name, value in constraints.items() if value is not None}:
        field["constraints"] = held
    return field
