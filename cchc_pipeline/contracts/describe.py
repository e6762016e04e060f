"""Describe contracts as plain values for data packages, dictionaries and tools."""

from __future__ import annotations

from typing import Any

from cchc_pipeline.contracts.model import Contract
from cchc_pipeline.contracts.parts import Column
from cchc_pipeline.lake.engine import sql_text


def resource(contract: Contract) -> dict[str, Any]:
    """Return the data package resource of the table, without path, size and hash.

    `schema` is its Frictionless Table Schema. Of each text, `title` and `description` are Vietnamese, those in `_en`
    English.
    """
    described = {
        "name": contract.name.replace("_", "-"),
        "title": contract.title_vi,
        "title_en": contract.title_en,
        "description": contract.purpose_vi,
        "description_en": contract.purpose,
        "grain": contract.grain,
        "contract": {
            "name": contract.name,
            "version": contract.version,
            "sha256": contract.sha256,
            "changelog": [change.model_dump(mode="json") for change in contract.changelog],
        },
        **promises(contract),
        "schema": {"fields": [_field(one, contract) for one in contract.columns], "primaryKey": list(contract.key)},
    }
    if contract.derived_from and contract.end_of_support:
        current, until = contract.derived_from.table, contract.end_of_support
        described["superseded_by"] = current
        described["description"] += (
            f" Phiên bản cũ của bảng {current}, còn được công bố đến hết ngày {until:%d/%m/%Y}; "
            f"hãy chuyển sang {current}."
        )
        described["description_en"] += f" Former shape of {current}, published until {until}; move to {current}."
    return described


def promises(contract: Contract) -> dict[str, Any]:
    """Return freshness, retention, end of support, drift and volume, where promised."""
    return _held(
        {
            "freshness_hours": contract.freshness_hours,
            "retention_days": contract.retention_days,
            "end_of_support": contract.end_of_support and contract.end_of_support.isoformat(),
            "drift": contract.drift and contract.drift.model_dump(),
            "volume": contract.volume and contract.volume.model_dump(),
        }
    )


def rule_list(contract: Contract) -> list[dict[str, Any]]:
    """Return the rules of `contract` for a data dictionary, one mapping per rule."""
    names = ("severity", "column", "dimension", "sentence_vi", "sentence_en")
    return [
        {"rule_id": rule.id, **{name: getattr(rule, name) for name in names}, "broken_where": sql_text(rule.predicate)}
        for rule in contract.rules
    ]


def contract_document(contract: Contract) -> dict[str, Any]:
    """Return the whole contract as plain values."""
    return {
        **{name: value for name, value in resource(contract).items() if name != "name"},
        "name": contract.name,
        "direction": "published" if contract.is_published else "inbound",
        "source": contract.source,
        "owner": contract.owner,
        "usage": contract.usage,
        "promises": promises(contract),
        "rules": rule_list(contract),
    }


def _field(column: Column, contract: Contract) -> dict[str, Any]:
    is_closed = column.valid_values is not None and column.valid_values_severity == "reject"
    constraints = {
        "required": column.required or None,
        "pattern": column.pattern,
        "minimum": column.minimum,
        "maximum": column.maximum,
        "enum": list(column.valid_values or ()) if is_closed else None,
    }
    codes = contract.code_list(column.code_list).codes if column.code_list else ()
    return _held(
        {
            "name": column.name,
            "type": "datetime" if column.logical_type == "timestamp" else column.logical_type,
            "title": column.label_vi,
            "title_en": column.label_en,
            "description": column.description_vi,
            "description_en": column.description,
            "classification": column.classification,
            "unit": column.unit or None,
            "categories": [{"value": one.code, "label": one.label_vi, "label_en": one.label_en} for one in codes]
            or None,
            "constraints": _held(constraints) or None,
        }
    )


def _held(values: dict[str, Any]) -> dict[str, Any]:
    """Return the entries that have a value."""
    return {name: value for name, value in values.items() if value is not None}
