"""Reading YAML with care: mappings whose keys are known, values that have to be there."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

import yaml

from cchc_pipeline.contracts.errors import ContractFileError

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_yaml(text: bytes | str, file: str) -> Any:
    """The YAML in `text`; ContractFileError where it is none."""
    try:
        return yaml.load(text, Loader=_LOADER)  # noqa: S506 - a safe loader, in C where there is one
    except yaml.YAMLError as error:
        problem = " ".join(str(error).split())
        raise ContractFileError(file=file, where="the file", problem=problem, fix="correct the YAML") from error


def mapping(value: Any, known: Collection[str], file: str, where: str) -> dict[str, Any]:
    """`value` as a mapping without unknown keys."""
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


def entries(value: Any, file: str, where: str) -> list[Any]:
    """`value` as a list; nothing is an empty list."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise ContractFileError(file=file, where=where, problem="not a list", fix="write entries that begin with -")
    return value


def need(held: Any, name: str, file: str, where: str) -> Any:
    """The value called `name`, which must be there and not empty."""
    value = held.get(name) if isinstance(held, Mapping) else None
    if value is None or value == "":
        raise ContractFileError(file=file, where=where, problem=f"{name} is missing", fix=f"add {name}")
    return value


def one_of(value: Any, known: Collection[str], file: str, where: str, what: str) -> str:
    """`value`, which must be one of `known`."""
    if value not in known:
        raise ContractFileError(
            file=file, where=where, problem=f"{what} is {value!r}", fix=f"write one of {', '.join(known)}"
        )
    return str(value)


def whole_number(value: Any, file: str, where: str, what: str, least: int) -> int:
    """`value` as a whole number that is not below `least`."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ContractFileError(
            file=file, where=where, problem=f"{what} is {value!r}", fix=f"write a whole number from {least}"
        )
    return value


def civil_day(value: Any, file: str, where: str, what: str) -> date:
    """`value` as a date; text must be quoted `yyyy-mm-dd`, so that every YAML reader sees the same."""
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise ContractFileError(
        file=file, where=where, problem=f"{what} is {value!r}, no day", fix='write it in quotes as "yyyy-mm-dd"'
    )


def custom_properties(held: Mapping[str, Any], known: Collection[str], file: str, where: str) -> dict[str, Any]:
    """The `customProperties` of a part of a contract by name; none unknown, none twice."""
    place = f"{where} customProperties"
    found: dict[str, Any] = {}
    for item in entries(held.get("customProperties"), file, place):
        item = mapping(item, ("property", "value", "description"), file, place)
        name = need(item, "property", file, place)
        if name in found:
            raise ContractFileError(file=file, where=place, problem=f"{name} comes twice", fix="remove one")
        found[name] = need(item, "value", file, place)
    mapping(found, known, file, place)
    return found
