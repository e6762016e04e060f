"""Read YAML files into pydantic models, naming the place of every mistake."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from cchc_pipeline.errors import CchcError

T = TypeVar("T")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SHOWN = 5


class PlacedError(ValueError):
    """A mistake at `place`, a path of keys below the model whose validator raises it."""

    def __init__(self, message: str, *place: str | int) -> None:
        super().__init__(message)
        self.place = place


class Strict(BaseModel):
    """Base of models of YAML files: immutable, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


def _quoted_day(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        return value
    raise ValueError('no day; write it in quotes as "yyyy-mm-dd"')


#: Text that is not empty.
Text = Annotated[str, Field(min_length=1)]
#: A civil day, quoted, so that every reader of YAML sees the same.
QuotedDay = Annotated[date, BeforeValidator(_quoted_day)]


def read_yaml(text: str | bytes, model: type[T], origin: str, error: type[CchcError] = CchcError) -> T:
    """Return the content of a YAML text as a validated `model`.

    Args:
        text: the file's content.
        model: a pydantic model, or any type that a `TypeAdapter` takes (`list[Cause]`, `dict[str, Family]`).
        origin: name of the file, first in every message.
        error: class of the error that is raised, with the detail `file`.

    Raises:
        CchcError: (as `error`) the text is not YAML, has a key twice, or does not fit the model. The message names
            file, line, path of keys and what is wrong, for the first five mistakes.
    """
    try:
        loader = _LOADER(text)
        root = loader.get_single_node()
        twice = _key_twice(root)
        content = None if root is None or twice else loader.construct_document(root)
    except yaml.YAMLError as problem:
        raise error(f"{origin}: no YAML: {' '.join(str(problem).split())}", file=origin) from None
    if twice:
        raise error(f"{origin}, {twice}", file=origin)
    try:
        return TypeAdapter(model).validate_python(content)
    except ValidationError as problem:
        found = problem.errors(include_url=False)
        placed = [(getattr(one.get("ctx", {}).get("error"), "place", ()), one) for one in found[:_SHOWN]]
        lines = [f"{origin}, {_place(root, (*one['loc'], *below))}: {_sentence(one)}" for below, one in placed]
        more = [f"… and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
        raise error("\n".join([*lines, *more]), file=origin) from None


def _sentence(found: Any) -> str:
    """Return what is wrong at one place, with the value where it is a scalar."""
    if found["type"] == "extra_forbidden":
        return "unknown key; correct its name or remove it"
    if found["type"] == "missing":
        return "this key is missing; add it"
    message = str(found["msg"]).removeprefix("Value error, ")
    value = found["input"]
    shown = f" (found {value!r})" if isinstance(value, str | int | float | bool | None) else ""
    return f"{message}{shown}"


def _place(root: yaml.Node | None, path: Sequence[str | int]) -> str:
    """Return line and key path of a mistake; parts that are no key are left out."""
    node, line, shown = root, 1 if root is None else root.start_mark.line + 1, ""
    for part in path:
        if entry := _entry(node, part):
            start, node, name = entry
            line, shown = start.start_mark.line + 1, shown + name
        elif part == path[-1] and isinstance(node, yaml.CollectionNode):
            shown += f".{part}"
    return f"line {line}, {shown.lstrip('.') or 'the whole file'}"


def _entry(node: yaml.Node | None, part: str | int) -> tuple[yaml.Node, yaml.Node, str] | None:
    """Return where an entry begins, its node, and its part of the path.

    In a list of {property, value} an entry is found by its property; its node is the value if that is a collection.
    """
    if isinstance(node, yaml.MappingNode):
        return next(((key, value, f".{part}") for key, value in node.value if key.value == str(part)), None)
    entries = node.value if isinstance(node, yaml.SequenceNode) else []
    if isinstance(part, int) and part < len(entries):
        return entries[part], entries[part], f"[{part}]"
    for entry in entries:
        held = {key.value: value for key, value in entry.value} if isinstance(entry, yaml.MappingNode) else {}
        if "property" in held and held["property"].value == part:
            found = held["value"] if isinstance(held.get("value"), yaml.CollectionNode) else entry
            return found, found, f".{part}"
    return None


def _key_twice(node: yaml.Node | None) -> str | None:
    """Return the place of a key twice in one mapping: YAML silently keeps the last."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen and key.tag != "tag:yaml.org,2002:merge":
                return f"line {key.start_mark.line + 1}: the key {key.value!r} stands twice; keep one"
            seen.add(key.value)
            if found := _key_twice(value):
                return found
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            if found := _key_twice(item):
                return found
    return None
