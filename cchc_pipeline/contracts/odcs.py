"""Reading the text of a contract: an Open Data Contract Standard (ODCS v3.1) file as an object."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from cchc_pipeline.contracts.code_lists import CodeList, code_list_names, load_code_list, parse_code_list
from cchc_pipeline.contracts.document import custom_properties, entries, load_yaml, mapping, need, one_of
from cchc_pipeline.contracts.errors import ContractFileError
from cchc_pipeline.contracts.majors import read_derivation
from cchc_pipeline.contracts.model import CLASSIFICATIONS, TYPES, Column, Contract, Rule, Severity
from cchc_pipeline.contracts.profile_plan import read_plan
from cchc_pipeline.contracts.promises import check_version, read_promises
from cchc_pipeline.contracts.rules import column_rules, key_rule, severity, sql_rule

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
_DIRECTIONS = ("inbound", "published")
# custom properties
_OF_FILE = frozenset({
    "direction", "source", "drift", "volume", "changelog", "code_lists", "derived_from", "profile",
})
_OF_TABLE = frozenset({"label_vi", "label_en", "description_vi"})
_OF_COLUMN = frozenset({"label_vi", "label_en", "description_vi", "unit", "code_list", "code_list_severity"})
# fmt: on


def parse_contract(text: bytes | str, *, file: str) -> Contract:
    """The contract in `text`; `file` is what error messages call it.

    Code lists that the contract carries in itself, as released ones do, go before those of the project.

    Raises:
        ContractFileError: with the place, the problem and the fix.
    """
    raw = text.encode() if isinstance(text, str) else text
    document = mapping(load_yaml(raw, file), _TOP, file, "the file")
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
    table = mapping(objects[0], _OBJECT, file, "schema")
    labels, top = (
        custom_properties(table, _OF_TABLE, file, "schema"),
        custom_properties(document, _OF_FILE, file, "the file"),
    )
    name = str(need(table, "name", file, "schema"))
    published = one_of(top.get("direction"), _DIRECTIONS, file, "customProperties", "direction") == "published"
    drift = top.get("drift")
    # What `drift.codes` says is the severity of every code list, unless the column says otherwise.
    lists = _CodeLists(top, file, "warn" if isinstance(drift, dict) and drift.get("codes") == "evolve" else "reject")
    columns = tuple(_column(entry, lists, file) for entry in need(table, "properties", file, "schema"))
    key = _key(table["properties"], file)
    description = need(document, "description", file, "the file")
    version = check_version(str(need(document, "version", file, "the file")), file)
    promises = read_promises(document, top, version, published=published, file=file)
    derived = read_derivation(top["derived_from"], name, version, file=file) if "derived_from" in top else None
    if derived and (not published or promises.end_of_support is None):
        problem = "an older major that is not published, or without end"
        raise ContractFileError(
            file=file, where="derived_from", problem=problem, fix="write direction: published and an endOfSupport"
        )
    return Contract(
        name=name,
        version=version,
        title_vi=need(labels, "label_vi", file, "schema customProperties"),
        title_en=need(labels, "label_en", file, "schema customProperties"),
        purpose=need(description, "purpose", file, "description"),
        purpose_vi=need(labels, "description_vi", file, "schema customProperties"),
        usage=description.get("usage", ""),
        grain=need(table, "dataGranularityDescription", file, "schema"),
        owner=need(need(document, "team", file, "the file"), "name", file, "team"),
        source=None if published else str(need(top, "source", file, "customProperties")),
        is_published=published,
        columns=columns,
        key=key,
        rules=_rules(name, columns, key, table, file),
        profile=read_plan(top.get("profile"), [column.name for column in columns], file),
        promises=promises,
        code_lists=tuple(lists.used.values()),
        derived_from=derived,
        sha256=hashlib.sha256(raw + b"".join(used.sha256.encode() for used in lists.used.values())).hexdigest(),
        file=file,
    )


class _CodeLists:
    """Code lists by name: those that the contract carries, then those of the project."""

    def __init__(self, top: Mapping[str, Any], file: str, severity: Severity) -> None:
        self.severity = severity
        carried = [
            parse_code_list(entry, file=f"{file}, code_lists")
            for entry in entries(top.get("code_lists"), file, "customProperties code_lists")
        ]
        self._carried = {found.name: found for found in carried}
        self.used: dict[str, CodeList] = {}

    def get(self, name: str, file: str, where: str) -> CodeList:
        if name not in self._carried and name not in code_list_names():
            raise ContractFileError(
                file=file,
                where=where,
                problem=f"there is no code list {name}",
                fix=f"add data_contracts/code_lists/{name}.yaml, or use one of {', '.join(code_list_names())}",
            )
        found = self._carried.get(name) or load_code_list(name)
        self.used[name] = found
        return found


def _column(entry: Any, lists: _CodeLists, file: str) -> Column:
    where = f"column {entry.get('name', '(without name)')}" if isinstance(entry, dict) else "properties"
    entry = mapping(entry, _PROPERTY, file, where)
    options = mapping(entry.get("logicalTypeOptions", {}), _OPTIONS, file, f"{where} logicalTypeOptions")
    custom = custom_properties(entry, _OF_COLUMN, file, where)
    physical = str(need(entry, "physicalType", file, where))
    if physical not in TYPES or entry.get("logicalType") != TYPES[physical][0]:
        pairs = ", ".join(f"{logical}/{name}" for name, (logical, _) in TYPES.items())
        raise ContractFileError(
            file=file,
            where=where,
            problem=f"type {entry.get('logicalType')}/{physical}",
            fix=f"use logicalType/physicalType {pairs}",
        )
    return Column(
        name=str(need(entry, "name", file, where)),
        physical_type=physical,
        required=bool(entry.get("required", False)),
        label_vi=need(custom, "label_vi", file, f"{where} customProperties"),
        label_en=need(custom, "label_en", file, f"{where} customProperties"),
        description=need(entry, "description", file, where),
        description_vi=need(custom, "description_vi", file, f"{where} customProperties"),
        classification=one_of(
            need(entry, "classification", file, where), CLASSIFICATIONS, file, where, "classification"
        ),
        unit=custom.get("unit"),
        pattern=options.get("pattern"),
        minimum=options.get("minimum"),
        maximum=options.get("maximum"),
        **_valid_values(entry, custom, TYPES[physical][0], lists, file, where),
    )


def _valid_values(
    entry: Mapping[str, Any], custom: Mapping[str, Any], logical_type: str, lists: _CodeLists, file: str, where: str
) -> dict[str, Any]:
    """The values that a column may hold: a code list by name, or a list of its own; equal where both stand."""
    listed: dict[str, Any] = {}
    for quality in entries(entry.get("quality"), file, f"{where} quality"):
        quality = mapping(quality, _RULE, file, f"{where} quality")
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
            "valid_values_id": need(quality, "id", file, f"{where} quality"),
            "valid_values_severity": severity(quality.get("severity"), file=file, where=f"{where} quality"),
        }
    if "code_list" not in custom:
        if "code_list_severity" in custom:
            raise ContractFileError(
                file=file, where=where, problem="code_list_severity without code_list", fix="name the code list"
            )
        return listed
    codes = lists.get(str(custom["code_list"]), file, where).values
    if logical_type not in ("string", "integer") or {type(code) for code in codes} != {
        int if logical_type == "integer" else str
    }:
        raise ContractFileError(
            file=file,
            where=where,
            problem=f"the codes of {custom['code_list']} do not have the type {logical_type} of the column",
            fix="quote the codes in the list, or correct the type",
        )
    if listed and listed["valid_values"] != codes:
        raise ContractFileError(
            file=file,
            where=f"{where} quality",
            problem=f"the valid values are not those of the code list {custom['code_list']}",
            fix="remove them: the code list is enough",
        )
    level = severity(custom.get("code_list_severity", lists.severity), file=file, where=where)
    return {
        "code_list": str(custom["code_list"]),
        "valid_values": codes,
        "valid_values_id": f"{entry.get('name')}_values",
        "valid_values_severity": level,
    }


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
    for entry in entries(table.get("quality"), file, "schema quality"):
        entry = mapping(entry, _RULE, file, f"rule {entry.get('id') if isinstance(entry, dict) else entry}")
        rules.append(sql_rule(name, entry, names, file=file))
    for what, found in (("column", names), ("rule", [rule.id for rule in rules])):
        twice = sorted({one for one in found if found.count(one) > 1})
        if twice:
            raise ContractFileError(
                file=file, where=what, problem=f"{', '.join(twice)} comes twice", fix="rename or remove one"
            )
    return tuple(rules)
