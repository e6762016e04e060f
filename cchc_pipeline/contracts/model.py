"""Define the contract of a table as a model, and load contracts from their files."""

from __future__ import annotations

import hashlib
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
from pydantic import field_validator, model_validator

from cchc_pipeline.contracts.code_lists import CodeList, code_list_names, load_code_list
from cchc_pipeline.contracts.errors import ContractFileError
from cchc_pipeline.contracts.parts import (
    Change,
    Column,
    Days,
    Derivation,
    DriftPolicy,
    Hours,
    OdcsPart,
    ProfilePlan,
    RowRule,
    Rule,
    Severity,
    Version,
    Volume,
    at,
    version_key,
)
from cchc_pipeline.contracts.rules import column_rules, key_rule, sql_rule
from cchc_pipeline.yaml_files import PlacedError, QuotedDay, Text, read_yaml

_COLUMNS, _RULES = ("schema", 0, "properties"), ("schema", 0, "quality")
SUFFIX = ".odcs.yaml"


class Contract(OdcsPart):
    """Contract of one table. Equal only to itself, so that it can key a cache.

    Attributes:
        source: system that delivers the table; None where it is published.
        freshness_hours: highest age, in hours, of the newest data when somebody reads the table.
        retention_days: how long what arrived is kept (inbound), or how far back rows can be read (published).
        end_of_support: last civil day on which the table is published; None while nothing is announced.
        drift: policy for batches that differ; None where the table is published, as is `volume`.
        changelog: newest first; its first entry is the version of the contract.
        derived_from: query over the current table; set for an older major only.
        file_columns: columns as the file has them, without valid values (see `columns`); so `file_rules` and
            `file_code_lists`.
        file: the file that it was read from, as messages name it.
        sha256: hash of the file and of the code lists that it refers to.
    """

    api_version: str = at("apiVersion")
    kind: Literal["DataContract"] = at("kind")
    tables: tuple[Any, ...] = at("schema")
    name: Text = at("schema", 0, "name")
    version: Version = at("version")
    direction: Literal["inbound", "published"] = at("customProperties", "direction")
    title_vi: Text = at("schema", 0, "customProperties", "label_vi")
    title_en: Text = at("schema", 0, "customProperties", "label_en")
    purpose: Text = at("description", "purpose")
    purpose_vi: Text = at("schema", 0, "customProperties", "description_vi")
    usage: str = at("description", "usage", default="")
    grain: Text = at("schema", 0, "dataGranularityDescription")
    owner: Text = at("team", "name")
    source: Text | None = at("customProperties", "source", default=None)
    file_columns: tuple[Column, ...] = at(*_COLUMNS)
    file_rules: tuple[RowRule, ...] = at(*_RULES, default=())
    file_code_lists: tuple[CodeList, ...] = at("customProperties", "code_lists", default=())
    freshness_hours: Hours = at("slaProperties", "freshness")
    retention_days: Days = at("slaProperties", "retention")
    end_of_support: QuotedDay | None = at("slaProperties", "endOfSupport", default=None)
    drift: DriftPolicy | None = at("customProperties", "drift", default=None)
    volume: Volume | None = at("customProperties", "volume", default=None)
    changelog: tuple[Change, ...] = at("customProperties", "changelog")
    derived_from: Derivation | None = at("customProperties", "derived_from", default=None)
    profile: ProfilePlan = at("customProperties", "profile", default=ProfilePlan())
    file: str = ""
    sha256: str = ""

    @field_validator("api_version")
    @classmethod
    def _third_version(cls, version: str) -> str:
        if not version.startswith("v3."):
            raise ValueError("not an ODCS v3 contract; write apiVersion: v3.1.0")
        return version

    @field_validator("tables")
    @classmethod
    def _one_table(cls, tables: tuple[Any, ...]) -> tuple[Any, ...]:
        if len(tables) != 1:
            raise ValueError("not exactly one table; describe one table per file")
        return tables

    @model_validator(mode="after")
    def _whole(self) -> Contract:
        for name in ("drift", "volume") if self.is_published else ("source", "drift", "volume"):
            if self.is_published != (getattr(self, name) is None):
                said = f"{name} of a published table; remove it" if self.is_published else f"{name} is missing; add it"
                raise PlacedError(said, "customProperties", name)
        versions = [one.version for one in self.changelog]
        if versions != sorted(set(versions), key=version_key, reverse=True):
            said = "versions out of order or twice; write the newest entry first"
            raise PlacedError(said, "customProperties", "changelog")
        if not versions or versions[0] != self.version:
            said = (
                f"the newest entry is {versions[0] if versions else 'none'}, the version of the contract {self.version}"
            )
            fix = "add an entry for it on top that says what changed, or correct the version"
            raise PlacedError(f"{said}; {fix}", "customProperties", "changelog")
        if unknown := sorted(self.profile.columns - set(self.column_names)):
            said = f"no column {', '.join(unknown)}; name columns of this contract"
            raise PlacedError(said, "customProperties", "profile")
        if self.derived_from and self.name != f"{self.family}_v{self.major}":
            said = f"the table is called {self.name}; call it {self.family}_v{self.major}"
            raise PlacedError(said, "customProperties", "derived_from", "table")
        if self.derived_from and not (self.is_published and self.end_of_support):
            said = "an older major that is not published, or without end; write direction: published and endOfSupport"
            raise PlacedError(said, "customProperties", "derived_from")
        _ = self.key, self.rules
        return self

    @property
    def is_published(self) -> bool:
        """Return whether the table leaves the pipeline."""
        return self.direction == "published"

    @cached_property
    def lists_by_name(self) -> dict[str, CodeList]:
        """Return the columns' code lists by name; the file's own override the project's."""
        carried = {one.name: one for one in self.file_code_lists}
        found: dict[str, CodeList] = {}
        for place, name in enumerate(column.code_list for column in self.file_columns):
            if name and name not in carried and name not in code_list_names():
                known = ", ".join(code_list_names())
                said = f"there is no code list {name}; add data_contracts/code_lists/{name}.yaml, or use one of {known}"
                raise PlacedError(said, *_COLUMNS, place, "customProperties", "code_list")
            if name:
                found[name] = carried.get(name) or load_code_list(name)
        return found

    @property
    def code_lists(self) -> tuple[CodeList, ...]:
        """Return the code lists that columns name, in their order."""
        return tuple(self.lists_by_name.values())

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """Return the columns with their valid values."""
        severity: Severity = "warn" if self.drift and self.drift.codes == "evolve" else "reject"
        lists, found = self.lists_by_name, []
        for place, column in enumerate(self.file_columns):
            try:
                codes = lists[column.code_list].values if column.code_list else None
                found.append(column.with_values(codes, severity))
            except ValueError as error:
                raise PlacedError(str(error), *_COLUMNS, place) from None
            if column.name in [one.name for one in self.file_columns[:place]]:
                raise PlacedError(f"{column.name} comes twice; rename or remove one", *_COLUMNS, place, "name")
        return tuple(found)

    @cached_property
    def key(self) -> tuple[str, ...]:
        """Return the names of the key columns, in order."""
        marked = {column.key_position: column for column in self.file_columns if column.is_key}
        if not marked or sorted(marked) != list(range(1, len(marked) + 1)):
            raise PlacedError("no key, or positions not 1, 2, …; number primaryKeyPosition", *_COLUMNS)
        for place, column in enumerate(self.file_columns):
            if column.is_key and not column.required:
                said = f"{column.name} is part of the key, which may not be null; write required: true"
                raise PlacedError(said, *_COLUMNS, place)
        return tuple(marked[position].name for position in sorted(marked))

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Return the rules of columns and key, then the file's own."""
        found = [rule for column in self.columns for rule in column_rules(self.name, column)]
        found.append(key_rule(self.name, self.columns, self.key))
        for place, rule in enumerate(self.file_rules):
            try:
                found.append(sql_rule(self.name, rule, self.column_names))
            except ValueError as error:
                raise PlacedError(str(error), *_RULES, place, "query") from None
            if found[-1].id in [one.id for one in found[:-1]]:
                raise PlacedError(f"{found[-1].id} comes twice; rename or remove one", *_RULES, place, "id")
        return tuple(found)

    @property
    def family(self) -> str:
        """Return the table's name across its majors: `dossiers` also for `dossiers_v1`."""
        return self.derived_from.table if self.derived_from else self.name

    @property
    def major(self) -> int:
        """Return the major version."""
        return version_key(self.version)[0]

    @property
    def column_names(self) -> tuple[str, ...]:
        """Return the column names in the order of the contract."""
        return tuple(column.name for column in self.file_columns)

    def column(self, name: str) -> Column:
        """Return the column called `name`; KeyError where there is none."""
        return {column.name: column for column in self.columns}[name]

    def code_list(self, name: str) -> CodeList:
        """Return the code list called `name`; KeyError where no column names it."""
        return self.lists_by_name[name]

    def rule(self, rule_id: str) -> Rule:
        """Return the rule called `rule_id`; KeyError where there is none."""
        return {rule.id: rule for rule in self.rules}[rule_id]

    def arrow_schema(self, *, relaxed: bool = False) -> pa.Schema:
        """Return the Arrow schema that a write enforces, with labels as metadata.

        With `relaxed`, required columns may hold nulls, as in a batch that is not judged yet.
        """
        fields = [
            pa.field(column.name, column.arrow_type, relaxed or not column.required, column.metadata())
            for column in self.columns
        ]
        about = {
            "contract": self.name,
            "contract_version": self.version,
            "contract_sha256": self.sha256,
            "label_vi": self.title_vi,
            "label_en": self.title_en,
            "key": ",".join(self.key),
        }
        return pa.schema(fields, metadata=about)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


def parse_contract(text: bytes | str, *, file: str) -> Contract:
    """Parse the contract in `text`; `file` is its name in error messages.

    Code lists that the contract carries in itself, as recorded versions do, override those of the project.

    Raises:
        ContractFileError: with line and keys of each mistake, the problem and the fix.
    """
    raw = text.encode() if isinstance(text, str) else text
    contract = read_yaml(raw, Contract, file, ContractFileError)
    lists = b"".join(one.sha256.encode() for one in contract.code_lists)
    return contract.model_copy(update={"file": file, "sha256": hashlib.sha256(raw + lists).hexdigest()})


def contract_folder() -> Path:
    """Return the folder of the project's own contracts."""
    return Path(str(resources.files("data_contracts")))


@cache
def contract_names() -> tuple[str, ...]:
    """Return the names of the project's contracts, sorted."""
    return _names(contract_folder())


@cache
def load_contract(name: str) -> Contract:
    """Load the contract of table `name`.

    Raises:
        ContractFileError: there is no such contract, or its file is wrong.
    """
    return folder_contract(name, contract_folder(), shown_as="data_contracts")


def all_contracts() -> tuple[Contract, ...]:
    """Load every contract of the project, sorted by name."""
    return tuple(load_contract(name) for name in contract_names())


def read_contract(path: Path) -> Contract:
    """Read the contract in the file `path`; ContractFileError where it is wrong."""
    return parse_contract(path.read_bytes(), file=str(path))


def folder_contracts(folder: Path) -> tuple[Contract, ...]:
    """Read every contract in a folder, sorted by name; raises as `folder_contract`."""
    return tuple(folder_contract(name, folder) for name in _names(folder))


def folder_contract(name: str, folder: Path, *, shown_as: str = "") -> Contract:
    """Read the contract of table `name` in a folder, called `shown_as` in messages.

    Raises:
        ContractFileError: there is none, it is wrong, or its file is not named after its table.
    """
    path, file = folder / f"{name}{SUFFIX}", f"{shown_as or folder}/{name}{SUFFIX}"
    if not path.is_file():
        known = ", ".join(_names(folder))
        raise ContractFileError(f"{file}: there is no such contract; use one of {known}", file=file)
    contract = parse_contract(path.read_bytes(), file=file)
    if contract.name != name:
        raise ContractFileError(f"{file}: the table is called {contract.name}; give both one name", file=file)
    return contract


def _names(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(path.name.removesuffix(SUFFIX) for path in folder.glob(f"*{SUFFIX}")))
