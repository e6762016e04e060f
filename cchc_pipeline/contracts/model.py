"""A contract as an object: its columns, its rules, its Arrow schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

import pyarrow as pa
from sqlglot import exp

from cchc_pipeline.contracts.code_lists import CodeList
from cchc_pipeline.contracts.majors import Derivation, family
from cchc_pipeline.contracts.profile_plan import ProfilePlan
from cchc_pipeline.contracts.promises import Change, DriftPolicy, Promises, Volume
from cchc_pipeline.days import TIME_ZONE

Severity = Literal["reject", "warn", "note"]
SEVERITIES: tuple[Severity, ...] = ("reject", "warn", "note")

#: physicalType of a contract (names that `datacontract test` maps to DuckDB) -> (logicalType, Arrow type).
TYPES: Mapping[str, tuple[str, pa.DataType]] = {
    "VARCHAR": ("string", pa.string()),
    "INTEGER": ("integer", pa.int32()),
    "BIGINT": ("integer", pa.int64()),
    "DOUBLE": ("number", pa.float64()),
    "BOOLEAN": ("boolean", pa.bool_()),
    "DATE": ("date", pa.date32()),
    "TIMESTAMP_TZ": ("timestamp", pa.timestamp("us", tz=TIME_ZONE)),
}


#: Classes of personal data, from harmless to careful -> (Vietnamese, English) meaning.
CLASSIFICATIONS: Mapping[str, tuple[str, str]] = {
    "public": ("công khai", "may be shown to anyone"),
    "internal": ("nội bộ", "for staff; says nothing about a person"),
    "indirect-personal": (
        "dữ liệu cá nhân gián tiếp",
        "a dossier's code and dates: whoever has the one-stop system can find the person",
    ),
    "masked-text": ("văn bản tự do đã che", "free text after masking; stays inside the lake"),
}


@dataclass(frozen=True)
class Column:
    """One column. `unit`, `code_list` and the constraints are None where the contract has none.

    `description` is English. `valid_values` are the codes of `code_list`, or a list of the column's own.
    """

    name: str
    physical_type: str
    required: bool
    label_vi: str
    label_en: str
    description: str
    description_vi: str
    classification: str
    unit: str | None = None
    code_list: str | None = None
    pattern: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    valid_values: tuple[Any, ...] | None = None
    valid_values_id: str | None = None
    valid_values_severity: Severity = "reject"

    @property
    def logical_type(self) -> str:
        """ODCS logical type."""
        return TYPES[self.physical_type][0]

    @property
    def arrow_type(self) -> pa.DataType:
        """Arrow type that a write enforces."""
        return TYPES[self.physical_type][1]

    def metadata(self) -> dict[str, str]:
        """What an Arrow field or a Parquet file carries about the column."""
        pairs = {
            "label_vi": self.label_vi,
            "label_en": self.label_en,
            "description": self.description,
            "description_vi": self.description_vi,
            "classification": self.classification,
            "unit": self.unit,
            "code_list": self.code_list,
        }
        return {name: text for name, text in pairs.items() if text}


@dataclass(frozen=True)
class Rule:
    """A rule for rows.

    `predicate` is true where a row BREAKS the rule; unknown (null) means kept. `expectation` is the
    built-in Great Expectations check that is equal to it: `{"type": ..., "kwargs": {...}}`.
    """

    id: str
    severity: Severity
    predicate: exp.Expr = field(compare=False)
    sentence_vi: str
    sentence_en: str
    column: str | None
    expectation: Mapping[str, Any] = field(compare=False)
    dimension: str = "conformity"


@dataclass(frozen=True)
class Contract:
    """A contract: one table that enters or leaves the pipeline.

    `code_lists` are those that its columns name. `derived_from` is set for an older major only.
    `sha256` is that of the file, or of file and code lists where it refers to some.
    """

    name: str
    version: str
    title_vi: str
    title_en: str
    purpose: str
    purpose_vi: str
    usage: str
    grain: str
    owner: str
    source: str | None
    is_published: bool
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    rules: tuple[Rule, ...] = field(repr=False)
    promises: Promises = field(repr=False)
    code_lists: tuple[CodeList, ...] = field(repr=False)
    derived_from: Derivation | None
    profile: ProfilePlan = field(repr=False)
    sha256: str
    file: str

    @property
    def freshness_hours(self) -> int:
        """Highest age, in hours, of the newest data when somebody reads the table."""
        return self.promises.freshness_hours

    @property
    def retention_days(self) -> int:
        """How long what arrived is kept (inbound), or how far back rows can be read (published)."""
        return self.promises.retention_days

    @property
    def end_of_support(self) -> date | None:
        """Last civil day on which the table is published; None while nothing is announced."""
        return self.promises.end_of_support

    @property
    def drift(self) -> DriftPolicy | None:
        """What happens when a batch differs; None for a published table."""
        return self.promises.drift

    @property
    def volume(self) -> Volume | None:
        """How many rows are expected; None for a published table."""
        return self.promises.volume

    @property
    def changelog(self) -> tuple[Change, ...]:
        """What changed and when, newest first."""
        return self.promises.changelog

    @property
    def family(self) -> str:
        """Name of the table across its majors: `dossiers` for `dossiers` and `dossiers_v1`."""
        return family(self.name, self.derived_from)

    @property
    def major(self) -> int:
        """Major version."""
        return int(self.version.split(".")[0])

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names in the order of the contract."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """The column called `name`; KeyError where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name}")

    def code_list(self, name: str) -> CodeList:
        """The code list called `name`; KeyError where no column names it."""
        for found in self.code_lists:
            if found.name == name:
                return found
        raise KeyError(f"{self.name} names no code list {name}")

    def rule(self, rule_id: str) -> Rule:
        """The rule called `rule_id`; KeyError where there is none."""
        for rule in self.rules:
            if rule.id == rule_id:
                return rule
        raise KeyError(f"{self.name} has no rule {rule_id}")

    def arrow_schema(self, *, relaxed: bool = False) -> pa.Schema:
        """The schema that a write enforces, with labels as metadata.

        `relaxed` lets required columns hold nulls: the state of a batch before it is judged.
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
