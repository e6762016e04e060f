"""Code lists: the values that a coded column may hold, with their meaning, named once and referred to."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

from cchc_pipeline.contracts.document import civil_day, entries, load_yaml, mapping, need
from cchc_pipeline.contracts.errors import ContractFileError

_FOLDER = "code_lists"
_KEYS = ("name", "label_vi", "label_en", "source", "codes")
_CODE = ("code", "label_vi", "label_en", "valid_from", "valid_to", "attributes")


@dataclass(frozen=True)
class Code:
    """One code. `valid_from` and `valid_to` are civil days, both inclusive; None where unknown or open.

    `attributes` is what else the list says about it; the list's `source` says what they mean.
    """

    code: str | int
    label_vi: str
    label_en: str
    valid_from: date | None = None
    valid_to: date | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class CodeList:
    """A list of codes, in the order of its file. `source` says who defines it."""

    name: str
    label_vi: str
    label_en: str
    source: str
    codes: tuple[Code, ...]
    sha256: str

    @property
    def values(self) -> tuple[str | int, ...]:
        """The codes themselves, ended ones too: they stand in old records."""
        return tuple(code.code for code in self.codes)

    @property
    def labels_vi(self) -> dict[str, str]:
        """Code -> Vietnamese label."""
        return {str(code.code): code.label_vi for code in self.codes}

    def document(self) -> dict[str, Any]:
        """The list as plain values, as it stands in its file."""
        return {
            "name": self.name,
            "label_vi": self.label_vi,
            "label_en": self.label_en,
            "source": self.source,
            "codes": [
                {
                    name: value.isoformat() if isinstance(value, date) else value
                    for name in _CODE
                    if (value := getattr(code, name)) not in (None, {})
                }
                for code in self.codes
            ],
        }


@cache
def code_list_names() -> tuple[str, ...]:
    """Names of the code lists that come with the project, sorted."""
    files = resources.files("data_contracts").joinpath(_FOLDER).iterdir()
    return tuple(sorted(file.name.removesuffix(".yaml") for file in files if file.name.endswith(".yaml")))


@cache
def load_code_list(name: str) -> CodeList:
    """The code list `name`.

    Raises:
        ContractFileError: there is no such list, or its file is wrong.
    """
    file = f"data_contracts/{_FOLDER}/{name}.yaml"
    if name not in code_list_names():
        raise ContractFileError(
            file=file,
            where="the file",
            problem="there is no such code list",
            fix=f"add the file, or use one of {', '.join(code_list_names())}",
        )
    text = resources.files("data_contracts").joinpath(_FOLDER, f"{name}.yaml").read_bytes()
    found = parse_code_list(load_yaml(text, file), file=file)
    if found.name != name:
        raise ContractFileError(file=file, where="name", problem=f"it is {found.name}", fix=f"write name: {name}")
    return found


def parse_code_list(document: Any, *, file: str) -> CodeList:
    """A code list from plain values; ContractFileError where something is missing, unknown or twice."""
    held = mapping(document, _KEYS, file, "the code list")
    codes = []
    for entry in entries(held.get("codes"), file, "codes"):
        entry = mapping(entry, _CODE, file, "codes")
        where = f"code {entry.get('code')!r}"
        code = need(entry, "code", file, "codes")
        if isinstance(code, bool) or not isinstance(code, str | int):
            raise ContractFileError(file=file, where=where, problem="no text and no whole number", fix="quote it")
        days: dict[str, date] = {
            name: civil_day(entry[name], file, where, name) for name in ("valid_from", "valid_to") if name in entry
        }
        more = mapping(entry.get("attributes", {}), tuple(entry.get("attributes", {})), file, where)
        labels = need(entry, "label_vi", file, where), need(entry, "label_en", file, where)
        codes.append(Code(code, *labels, days.get("valid_from"), days.get("valid_to"), more))
    values = [code.code for code in codes]
    twice = sorted({str(value) for value in values if values.count(value) > 1})
    if not codes or twice or len({type(value) for value in values}) > 1:
        problem = f"{', '.join(twice)} comes twice" if twice else "no codes, or texts and numbers mixed"
        raise ContractFileError(file=file, where="codes", problem=problem, fix="correct the list")
    return CodeList(
        name=need(held, "name", file, "the code list"),
        label_vi=need(held, "label_vi", file, "the code list"),
        label_en=need(held, "label_en", file, "the code list"),
        source=need(held, "source", file, "the code list"),
        codes=tuple(codes),
        sha256=hashlib.sha256(repr(sorted_items(held)).encode()).hexdigest(),
    )


def sorted_items(value: Any) -> Any:
    """`value` with its mappings as sorted pairs, so that equal values have one text."""
    if isinstance(value, Mapping):
        return sorted((str(name), sorted_items(held)) for name, held in value.items())
    if isinstance(value, list):
        return [sorted_items(held) for held in value]
    return value
