"""Define the parts of a contract (columns, rules, policies, promises), read from ODCS v3.1."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Annotated, Any, Literal

import pyarrow as pa
from pydantic import AfterValidator, AliasPath, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticUndefined
from sqlglot import exp
from sqlglot.errors import SqlglotError

from cchc_pipeline.days import TIME_ZONE
from cchc_pipeline.lake.engine import parse_sql
from cchc_pipeline.yaml_files import PlacedError, QuotedDay, Strict, Text

#: Keys of the standard that a file may have and that nothing here reads.
_PASSED_OVER = frozenset({
    "arguments", "authoritativeDefinitions", "businessImpact", "businessName", "customProperties", "dataProduct",
    "defaultTimezone", "description", "dimension", "domain", "examples", "id", "limitations", "logicalType", "members",
    "metric", "mustBe", "name", "physicalName", "physicalType", "price", "roles", "servers", "status", "support",
    "tags", "timezone", "type",
})  # fmt: skip
Path = tuple[str | int, ...]
Severity = Literal["reject", "warn", "note"]
DriftAction = Literal["evolve", "freeze", "discard_row"]
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
#: Classes of personal data, least sensitive first; free text stays inside the lake even when masked.
Classification = Literal["public", "internal", "indirect-personal", "masked-text"]


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


def _three_numbers(version: str) -> str:
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise ValueError(f"{version} is no version; write major.minor.patch, as in 1.0.0")
    return version


Version = Annotated[str, AfterValidator(_three_numbers)]


def version_key(version: str) -> tuple[int, int, int]:
    """Return major, minor and patch of a version as numbers, to sort by."""
    major, minor, patch = (int(part) for part in version.split("."))
    return major, minor, patch


def _hours(entry: Any) -> int:
    """Return the hours of a promise {value, unit}."""
    value, unit = (entry.get("value"), entry.get("unit")) if isinstance(entry, dict) else (entry, None)
    if unit not in ("h", "d"):
        raise ValueError(f"unit is {unit}; write unit: h or unit: d")
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"value is {value!r}; write a whole number from 1")
    return value * (24 if unit == "d" else 1)


def _days(entry: Any) -> int:
    """Return the whole days of a promise {value, unit}."""
    if _hours(entry) % 24:
        raise ValueError("not whole days; write unit: d")
    return _hours(entry) // 24


Hours = Annotated[int, BeforeValidator(_hours)]
Days = Annotated[int, BeforeValidator(_days)]


class DriftPolicy(Strict):
    """Reaction to a batch that differs from its contract, per kind of difference.

    `evolve` takes the batch and reports it, `freeze` refuses it, `discard_row` quarantines the rows concerned.

    Attributes:
        columns: a column came that the contract does not have, or an optional one did not come.
        types: a column has another type, or a value that its type cannot hold.
        codes: a value came that is not in the column's code list; a column may say otherwise with
            `code_list_severity`.
    """

    columns: DriftAction
    types: DriftAction
    codes: DriftAction


class Volume(Strict):
    """Number of rows expected.

    Attributes:
        min_rows: fewest rows of a working day, or of a year's table where `per` is year.
        factor: a day is unusual above `factor` times, or below 1/`factor` of, the usual count of its weekday.
        per: what one batch covers.
    """

    min_rows: int = Field(ge=0, strict=True)
    factor: float = Field(gt=1)
    per: Literal["day", "year"]


class Change(Strict):
    """Changelog entry: version, civil day and what changed, in both languages."""

    version: Version
    changed_on: QuotedDay
    text_vi: Text
    text_en: Text


class ProfilePlan(Strict):
    """Columns by which days of an inbound table are compared.

    Attributes:
        dated_by: columns whose first non-null is a row's own civil day; only rows of the landed day itself are
            compared, because a night reads older rows again. Empty where every batch is a full listing.
        settling: columns that go on changing after the row's day; compared between nights only.
        unsteady: columns whose values always change (running numbers, identifiers, subjects of a season): only
            whether they hold a value is compared.
        period: columns that name a period, where rows are figures of periods.
        unit: column of the unit that a figure is about.
        item: column of the figure's code.
        group: column of the group an item belongs to; None where the first characters of the item are it.
        values: columns of the figure itself; totals are sums of the last one.
        single_items: whether one item that repeats another period is suspicious; false where figures are counts.
    """

    dated_by: tuple[str, ...] = ()
    settling: frozenset[str] = frozenset()
    unsteady: frozenset[str] = frozenset()
    period: tuple[str, ...] = ()
    unit: str = ""
    item: str = ""
    group: str | None = None
    values: tuple[str, ...] = ()
    single_items: bool = False

    @model_validator(mode="after")
    def _whole(self) -> ProfilePlan:
        if self.period and not (self.unit and self.item and self.values):
            raise ValueError("a period without unit, item and values; add them")
        return self

    @property
    def has_periods(self) -> bool:
        """Return whether rows are figures of periods (year, month), not records of a day."""
        return bool(self.period)

    @property
    def columns(self) -> set[str]:
        """Return the names of all columns that the plan mentions."""
        lists = (self.dated_by, self.settling, self.unsteady, self.period, self.values)
        return {name for names in lists for name in names} | {n for n in (self.unit, self.item, self.group) if n}


class Derivation(Strict):
    """Query for an older major's table: a SELECT over `{object}`, the current `table`."""

    table: Text
    query: Text

    @model_validator(mode="after")
    def _one_select(self) -> Derivation:
        fix = "write one SELECT … FROM {object} without any other table"
        try:
            tables = {found.name for found in self.tree.find_all(exp.Table)}
        except SqlglotError as error:
            raise PlacedError(f"unreadable SQL: {str(error).splitlines()[0]}; {fix}", "query") from None
        if not isinstance(self.tree, exp.Select) or tables != {"__object__"}:
            raise PlacedError(f"not a query over the current table; {fix}", "query")
        return self

    @cached_property
    def tree(self) -> exp.Expr:
        """Return the parsed query, with `__object__` as its table."""
        return parse_sql(self.query.replace("{object}", "__object__"))

    def over(self, view: str, key: tuple[str, ...]) -> exp.Select:
        """Return the query over `view`, ordered by `key`: equal data gives equal bytes."""
        tree = self.tree.copy()
        for table in tree.find_all(exp.Table):
            table.set("this", exp.to_identifier(view))
        return exp.select("*").from_(tree.subquery("older")).order_by(*map(exp.column, key))  # type: ignore[attr-defined]


class Expectation(Strict):
    """Built-in Great Expectations check; `derive`: columns it needs, in pandas syntax."""

    type: Text
    kwargs: dict[str, Any]
    derive: dict[str, str] = Field(default_factory=dict)


class ListedValues(OdcsPart):
    """Valid values listed at the column, for tools that do not read code lists."""

    id: Text = at("id")
    metric: Literal["invalidValues"] = at("metric")
    values: tuple[Any, ...] = at("arguments", "validValues")
    severity: Severity = at("severity")


class Column(OdcsPart):
    """Column of a contract; `unit`, `code_list` and constraints are None where unset.

    `description` is English. `valid_values` are the codes of `code_list`, or a list of the column's own.
    """

    name: Text = at("name")
    logical_type: str = at("logicalType")
    physical_type: str = at("physicalType")
    required: bool = at("required", default=False)
    is_key: bool = at("primaryKey", default=False)
    key_position: int = at("primaryKeyPosition", default=0)
    label_vi: Text = at("customProperties", "label_vi")
    label_en: Text = at("customProperties", "label_en")
    description: Text = at("description")
    description_vi: Text = at("customProperties", "description_vi")
    classification: Classification = at("classification")
    unit: str | None = at("customProperties", "unit", default=None)
    code_list: Text | None = at("customProperties", "code_list", default=None)
    code_list_severity: Severity | None = at("customProperties", "code_list_severity", default=None)
    pattern: str | None = at("logicalTypeOptions", "pattern", default=None)
    minimum: float | int | None = at("logicalTypeOptions", "minimum", default=None)
    maximum: float | int | None = at("logicalTypeOptions", "maximum", default=None)
    listed: tuple[ListedValues, ...] = at("quality", default=())
    valid_values: tuple[Any, ...] | None = None
    valid_values_id: str | None = None
    valid_values_severity: Severity = "reject"

    @model_validator(mode="after")
    def _known_type(self) -> Column:
        if TYPES.get(self.physical_type, ("",))[0] != self.logical_type:
            pairs = ", ".join(f"{logical}/{name}" for name, (logical, _) in TYPES.items())
            said = f"type {self.logical_type}/{self.physical_type}; use logicalType/physicalType {pairs}"
            raise PlacedError(said, "physicalType")
        if self.code_list_severity and not self.code_list:
            said = "code_list_severity without code_list; name the code list"
            raise PlacedError(said, "customProperties", "code_list_severity")
        if len(self.listed) > 1:
            raise PlacedError("more than one list of valid values; use a sql rule of the table", "quality")
        return self

    @property
    def arrow_type(self) -> pa.DataType:
        """Return the Arrow type that a write enforces."""
        return TYPES[self.physical_type][1]

    def metadata(self) -> dict[str, str]:
        """Return the column's metadata for an Arrow field or a Parquet file."""
        names = ("label_vi", "label_en", "description", "description_vi", "classification", "unit", "code_list")
        return {name: text for name in names if (text := getattr(self, name))}

    def with_values(self, codes: tuple[str | int, ...] | None, severity: Severity) -> Column:
        """Return the column with its valid values: codes of its list, or its listed ones.

        Raises:
            ValueError: the codes have another type than the column, or differ from the listed values.
        """
        found: dict[str, Any] = {"listed": ()}
        for one in self.listed:
            found |= {"valid_values": one.values, "valid_values_id": one.id, "valid_values_severity": one.severity}
        if codes is not None:
            if {"string": str, "integer": int}.get(self.logical_type) is not type(codes[0]):
                problem = f"the codes of {self.code_list} do not have the type {self.logical_type} of the column"
                raise ValueError(f"{problem}; quote the codes in the list, or correct the type")
            if found.get("valid_values", codes) != codes:
                problem = f"the valid values are not those of the code list {self.code_list}"
                raise ValueError(f"{problem}; remove them: the code list is enough")
            found |= {"valid_values": codes, "valid_values_id": f"{self.name}_values"}
            found["valid_values_severity"] = self.code_list_severity or severity
        return self.model_copy(update=found)


class RowRule(OdcsPart):
    """Rule as it stands in a file: a query that counts the rows that break it."""

    id: Text = at("id")
    severity: Severity = at("severity")
    query: Text = at("query")
    must_be: Literal[0] = at("mustBe")
    sentence_vi: Text = at("customProperties", "sentence_vi")
    sentence_en: Text = at("customProperties", "sentence_en")
    expectation: Expectation = at("customProperties", "expectation")
    dimension: str = at("dimension", default="conformity")


@dataclass(frozen=True)
class Rule:
    """Rule for rows: `predicate` is true where a row BREAKS it; null means kept.

    `expectation` is the Great Expectations check that is equal to it.
    """

    id: str
    severity: Severity
    predicate: exp.Expr = field(compare=False)
    sentence_vi: str
    sentence_en: str
    column: str | None
    expectation: Expectation = field(compare=False)
    dimension: str = "conformity"
