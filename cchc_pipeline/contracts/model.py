"""A contract as an object: its columns, its rules, its Arrow schema.

Belongs here: the plain data classes. Not here: reading the YAML (`contract.py`), compiling rules
(`rules.py`), judging rows (`verdict.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pyarrow as pa
from sqlglot import exp

Severity = Literal["reject", "warn", "note"]
SEVERITIES: tuple[Severity, ...] = ("reject", "warn", "note")
TIME_ZONE = "Asia/Ho_Chi_Minh"

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


@dataclass(frozen=True)
class Column:
    """One column. `unit` and the constraints are None where the contract has none."""

    name: str
    physical_type: str
    required: bool
    label_vi: str
    label_en: str
    description: str
    classification: str
    unit: str | None = None
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
            "classification": self.classification,
            "unit": self.unit,
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
    """A contract: one table that enters or leaves the pipeline."""

    name: str
    version: str
    title_vi: str
    title_en: str
    purpose: str
    usage: str
    grain: str
    owner: str
    source: str | None
    is_published: bool
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    rules: tuple[Rule, ...] = field(repr=False)
    sha256: str
    file: str

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
