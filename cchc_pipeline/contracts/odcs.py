"""Reading the text of a contract: an Open Data Contract Standard (ODCS v3.1) file as an object.

Belongs here: reading and checking one file. Everything that is wrong with it is said when it is
read, with the place and the fix; an unknown key is an error, because the public linter only warns
and then forgets the rule behind it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import yaml

from .errors import ContractFileError
from .model import TYPES, Column, Contract, Rule
from .rules import column_rules, key_rule, severity, sql_rule

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# fmt: off
_TOP = frozenset({
    "apiVersion", "kind", "id", "name", "version", "status", "domain", "dataProduct", "tags", "description", "team",
    "customProperties", "servers", "schema", "support", "slaProperties", "roles", "price",
    "authoritativeDefinitions",
})
_OBJECT = frozenset({
    "name", "physicalName", "logicalType", "physicalType", "description", "dataGranularityDescription",
    "customProperties", "properties", "quality", "tags", "businessName", "authoritativeDefinitions",
})
_PROPERTY = frozenset({
    "name", "description", "logicalType", "physicalType", "logicalTypeOptions", "required", "primaryKey",
    "primaryKeyPosition", "classification", "examples", "customProperties", "quality", "tags", "businessName",
    "authoritativeDefinitions",
})
_RULE = frozenset({
    "id", "name", "type", "metric", "arguments", "dimension", "severity", "query", "mustBe", "customProperties",
    "description", "businessImpact", "tags",
})
_OPTIONS = frozenset({
    "pattern", "minimum", "maximum", "timezone", "defaultTimezone",
})
# fmt: on


def parse_contract(text: bytes | str, *, file: str) -> Contract:
    """The contract in `text`; `file` is what error messages call it.

    Raises:
        ContractFileError: with the place, the problem and the fix.
    """
    raw = text.encode() if isinstance(text, str) else text
    try:
        document = yaml.load(raw, Loader=_LOADER)  # noqa: S506 - a safe loader, in C where there is one
    except yaml.YAMLError as error:
        problem = " ".join(str(error).split())
        raise ContractFileError(file=file, where="the file", problem=problem, fix="correct the YAML") from error
    document = _mapping(document, _TOP, file, "the file")
    if not str(document.get("apiVersion", "")).startswith("v3.") or document.get("kind") != "DataContract":
        raise ContractFileError(
            file=file,
            where="apiVersion and kind",
            problem="not an ODCS v3 contract",
            fix="write apiVersion: v3.1.0 and kind: DataContract",
        )
    objects = document.get("schema")
    if not isinstance(objects, list) or len(objects) != 1:
        raise ContractFileError(
            file=file, where="schema", problem="not exactly one table", fix="describe one table per file"
        )
    table = _mapping(objects[0], _OBJECT, file, "schema")
    name = str(_need(table, "name", file, "schema"))
    columns = tuple(_column(entry, file) for entry in _need(table, "properties", file, "schema"))
    key = _key(table["properties"], file)
    labels, top = _custom(table, file, "schema"), _custom(document, file, "the file")
    description = _need(document, "description", file, "the file")
    return Contract(
        name=name,
        version=str(_need(document, "version", file, "the file")),
        title_vi=_need(labels, "label_vi", file, "schema customProperties"),
        title_en=_need(labels, "label_en", file, "schema customProperties"),
        purpose=_need(description, "purpose", file, "description"),
        usage=description.get("usage", ""),
        grain=table.get("dataGranularityDescription", ""),
        owner=_need(_need(document, "team", file, "the file"), "name", file, "team"),
        source=top.get("source"),
        is_published=_need(top, "direction", file, "customProperties") == "published",
        columns=columns,
        key=key,
        rules=_rules(name, columns, key, table, file),
        sha256=hashlib.sha256(raw).hexdigest(),
        file=file,
    )


def _mapping(value: Any, known: frozenset[str], file: str, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ContractFileError(file=file, where=where, problem="not a mapping", fix="write keys and values")
    unknown = sorted(str(name) for name in value if name not in known)
    if unknown:
        raise ContractFileError(
            file=file,
            where=where,
            problem=f"unknown key {', '.join(unknown)}",
            fix=f"correct it or remove it; known keys are {', '.join(sorted(known))}",
        )
    return value


def _need(mapping: Mapping[str, Any], name: str, file: str, where: str) -> Any:
    value = mapping.get(name) if isinstance(mapping, Mapping) else None
    if value is None or value == "":
        raise ContractFileError(file=file, where=where, problem=f"{name} is missing", fix=f"add {name}")
    return value


def _custom(mapping: Mapping[str, Any], file: str, where: str) -> dict[str, Any]:
    place = f"{where} customProperties"
    return {
        _need(item, "property", file, place): _need(item, "value", file, place)
        for item in mapping.get("customProperties", [])
    }


def _column(entry: Any, file: str) -> Column:
    where = f"column {entry.get('name', '(without name)')}" if isinstance(entry, dict) else "properties"
    entry = _mapping(entry, _PROPERTY, file, where)
    options = _mapping(entry.get("logicalTypeOptions", {}), _OPTIONS, file, f"{where} logicalTypeOptions")
    custom = _custom(entry, file, where)
    physical = str(_need(entry, "physicalType", file, where))
    if physical not in TYPES or entry.get("logicalType") != TYPES[physical][0]:
        pairs = ", ".join(f"{logical}/{name}" for name, (logical, _) in TYPES.items())
        raise ContractFileError(
            file=file,
            where=where,
            problem=f"type {entry.get('logicalType')}/{physical}",
            fix=f"use logicalType/physicalType {pairs}",
        )
    listed: dict[str, Any] = {}
    for quality in entry.get("quality", []):
        quality = _mapping(quality, _RULE, file, f"{where} quality")
        values = (quality.get("arguments") or {}).get("validValues")
        if quality.get("metric") != "invalidValues" or not values or listed:
            raise ContractFileError(
                file=file,
                where=f"{where} quality",
                problem="not one list of valid values",
                fix="use metric: invalidValues with arguments.validValues here and a sql rule of the table otherwise",
            )
        listed = {
            "valid_values": tuple(values),
            "valid_values_id": _need(quality, "id", file, f"{where} quality"),
            "valid_values_severity": severity(quality.get("severity"), file=file, where=f"{where} quality"),
        }
    return Column(
        name=str(_need(entry, "name", file, where)),
        physical_type=physical,
        required=bool(entry.get("required", False)),
        label_vi=_need(custom, "label_vi", file, f"{where} customProperties"),
        label_en=_need(custom, "label_en", file, f"{where} customProperties"),
        description=_need(entry, "description", file, where),
        classification=_need(entry, "classification", file, where),
        unit=custom.get("unit"),
        pattern=options.get("pattern"),
        minimum=options.get("minimum"),
        maximum=options.get("maximum"),
        **listed,
    )


def _key(properties: list[dict[str, Any]], file: str) -> tuple[str, ...]:
    marked: dict[int, dict[str, Any]] = {
        int(entry.get("primaryKeyPosition") or 0): entry for entry in properties if entry.get("primaryKey")
    }
    if not marked or sorted(marked) != list(range(1, len(marked) + 1)):
        raise ContractFileError(
            file=file, where="primaryKey", problem="no key, or positions not 1, 2, …", fix="number primaryKeyPosition"
        )
    for entry in marked.values():
        if not entry.get("required"):
            raise ContractFileError(
                file=file, where=f"column {entry['name']}", problem="key may be null", fix="write required: true"
            )
    return tuple(marked[position]["name"] for position in sorted(marked))


def _rules(
    name: str, columns: tuple[Column, ...], key: tuple[str, ...], table: dict[str, Any], file: str
) -> tuple[Rule, ...]:
    names = [column.name for column in columns]
    rules = [rule for column in columns for rule in column_rules(name, column)]
    rules.append(key_rule(name, columns, key))
    for entry in table.get("quality", []):
        entry = _mapping(entry, _RULE, file, f"rule {entry.get('id') if isinstance(entry, dict) else entry}")
        rules.append(sql_rule(name, entry, names, file=file))
    for what, found in (("column", names), ("rule", [rule.id for rule in rules])):
        twice = sorted({one for one in found if found.count(one) > 1})
        if twice:
            raise ContractFileError(
                file=file, where=what, problem=f"{', '.join(twice)} comes twice", fix="rename or remove one"
            )
    return tuple(rules)
