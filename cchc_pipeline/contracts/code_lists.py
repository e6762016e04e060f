"""Load code lists: the values that a coded column may hold, with their meaning."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import pyarrow as pa
from pydantic import Field, StrictInt, StrictStr, field_validator

from cchc_pipeline.arrow import table_from_records
from cchc_pipeline.contracts.errors import ContractFileError
from cchc_pipeline.yaml_files import PlacedError, QuotedDay, Strict, Text, read_yaml

_FOLDER = "code_lists"
#: Columns that the adapter of the registers fills in; a file need not have them.
OWN_COLUMNS = ("source_row", "parse_errors")


class Code(Strict):
    """Code with its labels. Both days are inclusive; None where unknown or open."""

    code: StrictStr | StrictInt
    label_vi: Text
    label_en: Text
    valid_from: QuotedDay | None = None
    valid_to: QuotedDay | None = None
    attributes: dict[str, Any] = Field(default_factory=dict)


class CodeList(Strict):
    """Codes in file order. `source` says who defines them and what attributes mean."""

    name: Text
    label_vi: Text
    label_en: Text
    source: Text
    codes: tuple[Code, ...] = Field(min_length=1)

    @field_validator("codes")
    @classmethod
    def _unique(cls, codes: tuple[Code, ...]) -> tuple[Code, ...]:
        values = [one.code for one in codes]
        if len({type(value) for value in values}) > 1:
            raise ValueError("texts and numbers mixed; quote the numbers")
        for place, value in enumerate(values):
            if value in values[:place]:
                raise PlacedError(f"{value} comes twice; keep one", place)
        return codes

    @property
    def values(self) -> tuple[str | int, ...]:
        """Return the codes, ended ones too: old records hold them."""
        return tuple(code.code for code in self.codes)

    @property
    def labels_vi(self) -> dict[str, str]:
        """Return the Vietnamese label by code, codes as text."""
        return {str(code.code): code.label_vi for code in self.codes}

    def document(self) -> dict[str, Any]:
        """Return the list as plain values, as it stands in its file."""
        return self.model_dump(mode="json", exclude_defaults=True)

    @property
    def sha256(self) -> str:
        """Return the hash of the list's content, independent of the order of keys."""
        return hashlib.sha256(repr(_as_pairs(self.document())).encode()).hexdigest()


@cache
def code_list_names() -> tuple[str, ...]:
    """Return the names of the project's code lists, sorted."""
    folder = Path(str(resources.files("data_contracts"))) / _FOLDER
    return tuple(sorted(path.stem for path in folder.glob("*.yaml")))


@cache
def load_code_list(name: str) -> CodeList:
    """Load the code list `name`.

    Raises:
        ContractFileError: there is no such list, or its file is wrong.
    """
    file = f"data_contracts/{_FOLDER}/{name}.yaml"
    if name not in code_list_names():
        known = ", ".join(code_list_names())
        raise ContractFileError(f"{file}: there is no such code list; add the file, or use one of {known}", file=file)
    text = resources.files("data_contracts").joinpath(_FOLDER, f"{name}.yaml").read_bytes()
    found = read_yaml(text, CodeList, file, ContractFileError)
    if found.name != name:
        raise ContractFileError(f"{file}: the list is called {found.name}; write name: {name}", file=file)
    return found


def _as_pairs(value: Any) -> Any:
    """Return mappings as sorted pairs, so that equal values have equal text."""
    if isinstance(value, Mapping):
        return sorted((str(name), _as_pairs(held)) for name, held in value.items())
    return [_as_pairs(held) for held in value] if isinstance(value, list) else value


@cache
def day_measures() -> frozenset[str]:
    """Return the codes of stocks and flags: their period starts on the day observed."""
    codes = load_code_list("register_measure").codes
    return frozenset(str(one.code) for one in codes if one.attributes["kind"] != "flow")


def measure_table() -> pa.Table:
    """Return rows of measure_code, measure_name_vi/_en, measure_kind, unit_of_measure."""
    return _table("register_measure", "measure", measure_kind="kind", unit_of_measure="unit")


def index_table() -> pa.Table:
    """Return rows of index_code, index_name_vi/_en, max_value, series."""
    return _table("external_index", "index", max_value="max_value", series="series")


def _table(name: str, prefix: str, **attributes: str) -> pa.Table:
    """Return a row per code of a list, with `attributes` (column -> name there)."""
    return table_from_records(
        {f"{prefix}_code": one.code, f"{prefix}_name_vi": one.label_vi, f"{prefix}_name_en": one.label_en}
        | {column: one.attributes[held] for column, held in attributes.items()}
        for one in load_code_list(name).codes
    )


@cache
def codes_by_name(name: str) -> Mapping[str, str]:
    """Return the codes of a list by code and name (vi, en), without case."""
    return {
        " ".join(str(getattr(code, key)).split()).casefold(): str(code.code)
        for key in ("label_en", "label_vi", "code")
        for code in load_code_list(name).codes
    }
