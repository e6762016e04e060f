"""The indicator catalogue as objects: read and checked from the files in `families/`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import pyarrow as pa
import sqlglot
import yaml
from sqlglot import exp

from cchc_pipeline.arrow import table_from_records
from cchc_pipeline.errors import CchcError


class CatalogueError(CchcError):
    """An entry of the indicator catalogue is wrong."""


#: What the value of an indicator is, by the relation of its numerator; in `VALUE_IS_NUMERATOR` it is not a ratio.
KINDS = ("flow", "stock", "median", "index")
VALUE_IS_NUMERATOR = ("median", "index")


@dataclass(frozen=True)
class Relation:
    """What a term can stand over: a view with the columns of a unit and a period, and columns to aggregate.

    Attributes:
        id: name in `over` of a term.
        family: file of `families/` that declares it.
        view: view or table that the SQL file makes, with unit_code, period_type, period_start and period_end; for a
            cumulative relation what is added up (unit_code, step_end).
        sql: file in `indicators/sql` that makes it, run after `relations.sql`.
        tables: published tables it is made from.
        kind: flow, stock, median or index.
        grain: what one row counts, in words.
        meaning: which rows belong to a unit and period, in words.
        cumulative: None, or "end" and "opening": everything up to the period's end, or before its start.
        absent: what it means that a unit and period has no row: "zero", or "unknown".
        sums: table of the units' own rows (own_code, step_start, step_end) that the view rolls up. Every aggregate is a
            SUM then, and is made before rolling up.
        covered_by: view of the periods (period_type, period_start, period_end) in which "no row" is a zero after
            all, because somebody counted.
    """

    id: str
    family: str
    view: str
    sql: str
    tables: tuple[str, ...]
    kind: str
    grain: str
    meaning: str
    cumulative: str | None = None
    absent: str = "zero"
    covered_by: str | None = None
    sums: str | None = None


@dataclass(frozen=True)
class Term:
    """One aggregate over one relation: a numerator or a denominator."""

    over: str
    sql: str

    def expression(self) -> exp.Expr:
        """The aggregate as a syntax tree."""
        return sqlglot.parse_one(self.sql, dialect="duckdb")

    @property
    def adds_up(self) -> bool:
        """Whether nothing adds up to zero: a sum or a count, and not a median, a mean or a single value."""
        tree = self.expression()
        return not tree.find(exp.Median, exp.Quantile, exp.Avg, exp.Max, exp.Min, exp.ArgMax, exp.ArgMin, exp.AnyValue)


@dataclass(frozen=True)
class Indicator:
    """An indicator: numerator, and a denominator where it is a rate or a mean.

    `unit` is `%` for rates (value = 100 x numerator / denominator), otherwise what is counted. A median and an index
    value carry as denominator what they rest on (dossiers, or the units that are ranked): their value is the numerator.
    """

    id: str
    family: str
    name_vi: str
    name_en: str
    legal_basis: str
    unit: str
    direction: str
    numerator: Term
    denominator: Term | None
    is_additive: bool

    @property
    def terms(self) -> tuple[Term, ...]:
        """Numerator, and denominator where there is one."""
        return (self.numerator, self.denominator) if self.denominator else (self.numerator,)

    @property
    def relations(self) -> tuple[Relation, ...]:
        """The relations of its terms, the numerator's first."""
        return tuple(dict.fromkeys(relations()[term.over] for term in self.terms))

    @property
    def kind(self) -> str:
        """One of `KINDS`, as published."""
        return self.relations[0].kind

    @property
    def source_tables(self) -> tuple[str, ...]:
        """Published tables that it is computed from."""
        return tuple(dict.fromkeys(table for relation in self.relations for table in relation.tables))


@lru_cache(maxsize=1)
def catalogue() -> tuple[Indicator, ...]:
    """All indicators, family after family, in the order of the files.

    Raises:
        CatalogueError: an entry is incomplete, doubled, or its SQL does not parse.
    """
    return read_catalogue([{**entry, "family": name} for name, file in _families() for entry in file["indicators"]])


@lru_cache(maxsize=1)
def relations() -> Mapping[str, Relation]:
    """Every relation that a family declares, by id.

    Raises:
        CatalogueError: a declaration is incomplete or doubled.
    """
    return read_relations([{**one, "family": name} for name, file in _families() for one in file.get("relations", [])])


@lru_cache(maxsize=1)
def _families() -> tuple[tuple[str, dict[str, Any]], ...]:
    folder = resources.files(__package__).joinpath("families")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".yaml")), key=lambda file: file.name)
    return tuple((file.name.removesuffix(".yaml"), yaml.safe_load(file.read_text(encoding="utf-8"))) for file in files)


def read_relations(declared: Sequence[Mapping[str, Any]]) -> dict[str, Relation]:
    """Relations from the declarations of family files; see `relations`."""
    found: dict[str, Relation] = {}
    for entry in declared:
        name = entry.get("id", "(no id)")
        try:
            relation = Relation(**{**entry, "tables": tuple(entry.get("tables", ()))})
        except TypeError as error:
            raise CatalogueError(f"indicator catalogue: relation {name}: {error}. Correct the declaration.") from error
        if name in found:
            raise CatalogueError(f"indicator catalogue: relation {name} is declared twice. Rename one.")
        for value, known in (
            (relation.kind, KINDS),
            (relation.cumulative, (None, "end", "opening")),
            (relation.absent, ("zero", "unknown")),
        ):
            if value not in known:
                choices = ", ".join(str(one) for one in known)
                raise CatalogueError(f"indicator catalogue: relation {name}: {value!r} is none of {choices}.")
        found[name] = relation
    return found


def read_catalogue(entries: list[dict[str, Any]]) -> tuple[Indicator, ...]:
    """Indicators from the entries of a catalogue file; see `catalogue`."""
    indicators: dict[str, Indicator] = {}
    for entry in entries:
        name = entry.get("id", "(no id)")
        try:
            indicator = Indicator(
                id=entry["id"],
                family=entry.get("family", ""),
                name_vi=entry["name_vi"],
                name_en=entry["name_en"],
                legal_basis=entry["legal_basis"],
                unit=entry["unit"],
                direction=entry["direction"],
                numerator=_term(name, entry["numerator"]),
                denominator=_term(name, entry["denominator"]) if "denominator" in entry else None,
                is_additive=entry.get("is_additive", True),
            )
        except KeyError as error:
            raise CatalogueError(f"indicator catalogue: {name} lacks {error}. Add it to the entry.") from error
        if name in indicators:
            raise CatalogueError(f"indicator catalogue: {name} stands there twice. Rename one.")
        indicators[name] = indicator
    return tuple(indicators.values())


def _term(indicator: str, entry: dict[str, str]) -> Term:
    term = Term(entry.get("over", "flow"), entry["sql"])
    if term.over not in relations():
        known = ", ".join(relations())
        raise CatalogueError(f"indicator catalogue: {indicator}: relation {term.over!r} is none of {known}.")
    try:
        aggregates = term.expression().find_all(exp.AggFunc)
    except sqlglot.errors.ParseError as error:
        raise CatalogueError(f"indicator catalogue: {indicator}: SQL does not parse: {term.sql!r}. {error}") from error
    is_sum = all(isinstance(one, exp.Sum) and not isinstance(one.this, exp.Distinct) for one in aggregates)
    if relations()[term.over].sums and not is_sum:
        raise CatalogueError(
            f"indicator catalogue: {indicator}: {term.sql!r} is not a sum, and {term.over} holds sums only. "
            "Count over used_procedures, or declare a relation."
        )
    return term


def catalogue_table(schema: pa.Schema, scored_in: Mapping[str, Sequence[str]] | None = None) -> pa.Table:
    """The catalogue as the published table `indicators`.

    Args:
        schema: Arrow schema of that table.
        scored_in: criteria of rubrics by indicator, as `scorecards.usage` reads them off the rubrics.
    """
    rows = [
        {
            "indicator_id": i.id,
            "name_vi": i.name_vi,
            "name_en": i.name_en,
            "legal_basis": i.legal_basis,
            "unit_of_measure": i.unit,
            "direction": i.direction,
            "kind": i.kind,
            "source_table": i.source_tables[0],
            "numerator_definition": f"{i.numerator.over}: {i.numerator.sql}",
            "denominator_definition": f"{i.denominator.over}: {i.denominator.sql}" if i.denominator else None,
            "is_additive": i.is_additive,
            "family": i.family,
            "source_tables": "; ".join(i.source_tables),
            "grain": i.relations[0].grain,
            "scored_in": "; ".join((scored_in or {}).get(i.id, ())) or None,
        }
        for i in catalogue()
    ]
    return table_from_records(rows, schema=schema)
