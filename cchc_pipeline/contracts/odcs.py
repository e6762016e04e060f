"""Read models from the keys of the Open Data Contract Standard (ODCS v3.1)."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import AliasPath, ConfigDict, Field, model_validator
from pydantic_core import PydanticUndefined

from cchc_pipeline.yaml_files import PlacedError, Strict

#: Keys of the standard that a file may have and that nothing here reads.
_PASSED_OVER = frozenset({
    "arguments", "authoritativeDefinitions", "businessImpact", "businessName", "customProperties", "dataProduct",
    "defaultTimezone", "description", "dimension", "domain", "examples", "id", "limitations", "logicalType", "members",
    "metric", "mustBe", "name", "physicalName", "physicalType", "price", "roles", "servers", "status", "support",
    "tags", "timezone", "type",
})  # fmt: skip
Path = tuple[str | int, ...]


def at(*path: str | int, default: Any = PydanticUndefined) -> Any:
    """Return a model field read from a path of keys; required without a default."""
    return Field(default=default, validation_alias=AliasPath(path[0], *path[1:]))  # type: ignore[arg-type]


class OdcsPart(Strict):
    """Part of a contract file; only fields declared with `at` are read from it."""

    model_config = ConfigDict(extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, held: Any) -> Any:
        held = _by_property(held, ())
        for prefix, known in _keys(cls).items():
            node = held
            for key in prefix:
                here = isinstance(node, list | dict) and key in (range(len(node)) if isinstance(node, list) else node)
                node = node[key] if here else None
            unknown = sorted(set(node) - known - _PASSED_OVER) if isinstance(node, dict) else []
            if unknown:
                said = f"unknown key; correct its name or remove it; known are {', '.join(sorted(known))}"
                raise PlacedError(said, *prefix, unknown[0])
        return held


@cache
def _keys(model: type[OdcsPart]) -> dict[Path, frozenset[str]]:
    """Return the keys that a model reads, by the path of the mapping that holds them."""
    aliases = [field.validation_alias for field in model.model_fields.values()]
    paths = [tuple(alias.path) for alias in aliases if isinstance(alias, AliasPath)]
    prefixes = {path[:i] for path in paths for i in range(len(path))}
    return {
        prefix: frozenset(str(path[len(prefix)]) for path in paths if path[: len(prefix)] == prefix != path)
        for prefix in sorted(prefixes, key=len)
    }


def _by_property(value: Any, place: Path) -> Any:
    """Turn lists of {property, value} into mappings; entries with more keys keep them."""
    if isinstance(value, dict):
        return {key: _by_property(held, (*place, key)) for key, held in value.items()}
    if not isinstance(value, list):
        return value
    if not any(isinstance(entry, dict) and "property" in entry for entry in value):
        return [_by_property(held, (*place, number)) for number, held in enumerate(value)]
    found: dict[str, Any] = {}
    for number, entry in enumerate(value):
        name = entry.get("property") if isinstance(entry, dict) else None
        if not isinstance(name, str) or name in found:
            said = f"{name} comes twice; remove one" if isinstance(name, str) else "write {property: …, value: …}"
            raise PlacedError(said, *place, number)
        rest = {key: held for key, held in entry.items() if key not in ("property", "description")}
        found[name] = _by_property(rest["value"] if set(rest) == {"value"} else rest, (*place, name))
    return found
