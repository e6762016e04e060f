"""Read the indicator catalogue from `families/`: indicators and their relations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property, lru_cache
from importlib import resources
from typing import Annotated, Any, Literal, TypeVar

import pyarrow as pa
import sqlglot
from pydantic import BeforeValidator, Field
from sqlglot import exp

from cchc_pipeline.arrow import table_from_records
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.errors import CchcError
from cchc_pipeline.lake.engine import parse_sql
from cchc_pipeline.yaml_files import Strict, read_yaml

#: Kinds of indicators whose value is the numerator, not a ratio.
VALUE_IS_NUMERATOR = ("median", "index")
_NO_SUMS = (exp.Median, exp.Quantile, exp.Avg, exp.Max, exp.Min, exp.ArgMax, exp.ArgMin, exp.AnyValue)

#: Unit of measure -> as officials write it.
_UNITS_VI = {
    "%": "%",
    "accounts": "tài khoản",
    "activities": "hoạt động",
    "billion VND": "tỷ đồng",
    "calls": "cuộc gọi",
    "days": "ngày",
    "decisions": "quyết định",
    "documents": "văn bản",
    "dossiers": "hồ sơ",
    "fields": "lĩnh vực",
    "inspections": "cuộc kiểm tra",
    "interactions": "lượt tương tác",
    "petitions": "phản ánh, kiến nghị",
    "places": "bậc",
    "points": "điểm",
    "procedures": "TTHC",
    "questions": "câu hỏi",
    "rank": "hạng",
    "ratings": "lượt đánh giá",
    "systems": "hệ thống",
    "tasks": "nhiệm vụ",
    "units": "đơn vị",
    "visits": "lượt",
    "visits and calls": "lượt",
    "working days": "ngày làm việc",
}

Entry = TypeVar("Entry", "Relation", "Indicator")


class CatalogueError(CchcError):
    """A wrong entry of the indicator catalogue."""


class OtherSources(Strict):
    """Measures whose terms need other sources than the rest of their relation."""

    sources: tuple[str, ...]
    measures: tuple[str, ...]


class Relation(Strict):
    """A view by unit and period that terms aggregate over.

    Attributes:
        id: name in `over` of a term.
        family: name of the file that declares it.
        view: view or table that the SQL file makes, with unit_code, period_type, period_start and period_end; for a
            cumulative relation what is added up (unit_code, step_end).
        sql: file in `indicators/sql` that makes it, run after `relations.sql`.
        tables: published tables it is made from.
        kind: what the value of an indicator over it is.
        grain: what one row counts, in words.
        meaning: which rows belong to a unit and period, in words.
        cumulative: `end` adds up everything to the period's end, `opening` everything before its start.
        absent: what it means that a unit and period has no row.
        sums: table of the units' own rows (own_code, step_start, step_end) that the view rolls up. Every aggregate is a
            SUM then, and is made before rolling up.
        covered_by: view of the periods (period_type, period_start, period_end) in which "no row" is a zero after
            all, because somebody counted.
        sources: sources that have to be read for a period, before "no row" is a zero in it.
        other_sources: measures whose terms need others.
    """

    id: str
    family: str = ""
    view: str
    sql: str
    tables: tuple[str, ...] = ()
    kind: Literal["flow", "stock", "median", "index"]
    grain: str
    meaning: str
    cumulative: Literal["end", "opening"] | None = None
    absent: Literal["zero", "unknown"] = "zero"
    covered_by: str | None = None
    sums: str | None = None
    sources: tuple[str, ...] = ()
    other_sources: tuple[OtherSources, ...] = ()


@cache
def _parsed(sql: str) -> exp.Expr:
    return parse_sql(sql)


def _expression(text: Any) -> str:
    sql = str(text).strip()
    try:
        _parsed(sql)
    except sqlglot.errors.ParseError as error:
        raise ValueError(f"SQL does not parse: {' '.join(str(error).split())}") from error
    return sql


#: An expression of SQL, as a text that parses.
Sql = Annotated[str, BeforeValidator(_expression)]


class Term(Strict):
    """One aggregate over one relation: a numerator or a denominator."""

    over: str = "flow"
    sql: Sql

    @property
    def tree(self) -> exp.Expr:
        """Return the syntax tree that terms of this text share: do not change it."""
        return _parsed(self.sql)

    @cached_property
    def adds_up(self) -> bool:
        """Return whether the term is a sum or a count, so that nothing adds up to zero."""
        return not self.tree.find(*_NO_SUMS)

    @property
    def relation(self) -> Relation:
        """Return the relation that the term aggregates over."""
        return relations()[self.over]

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """Return the sources without which nothing is known of what the term counts."""
        measures = {one.this for one in self.tree.find_all(exp.Literal) if one.is_string}
        told = [some.sources for some in self.relation.other_sources if measures.intersection(some.measures)]
        return tuple(dict.fromkeys(source for some in (told or [self.relation.sources]) for source in some))


class Indicator(Strict):
    """An indicator: numerator, and a denominator where it is a rate or a mean.

    `unit` is `%` for rates (value = 100 x numerator / denominator), otherwise what is counted. A median and an index
    value carry as denominator what they rest on (dossiers, or the units that are ranked): their value is the numerator.
    """

    id: str
    family: str = ""
    name_vi: str
    name_en: str
    legal_basis: str
    unit: str
    direction: Literal["higher", "lower", "none"]
    numerator: Term
    denominator: Term | None = None
    is_additive: bool = True

    @property
    def terms(self) -> tuple[Term, ...]:
        """Return the numerator, and the denominator where there is one."""
        return (self.numerator, self.denominator) if self.denominator else (self.numerator,)

    @property
    def relations(self) -> tuple[Relation, ...]:
        """Return the relations of its terms, the numerator's first."""
        return tuple(dict.fromkeys(term.relation for term in self.terms))

    @property
    def kind(self) -> str:
        """Return the kind of its values, as published: flow, stock, median or index."""
        return self.numerator.relation.kind

    @property
    def sources(self) -> tuple[str, ...]:
        """Return the sources that have to be read before it is known."""
        return tuple(dict.fromkeys(source for term in self.terms for source in term.sources))

    @property
    def source_tables(self) -> tuple[str, ...]:
        """Return the published tables that it is computed from."""
        return tuple(dict.fromkeys(table for relation in self.relations for table in relation.tables))


class Family(Strict):
    """A file of `families/`; its YAML anchors stand in `legal` and `terms`."""

    relations: tuple[Relation, ...] = ()
    legal: dict[str, str] = Field(default_factory=dict)
    terms: dict[str, Term] = Field(default_factory=dict)
    indicators: tuple[Indicator, ...]


def read_family(text: str, name: str) -> Family:
    """Read one file of `families/`; its entries carry `name` as their family.

    Raises:
        CatalogueError: an entry is incomplete or unknown, or its SQL does not parse; the message names the line.
    """
    family = read_yaml(text, Family, f"indicators/families/{name}.yaml", CatalogueError)
    named = {
        part: tuple(entry.model_copy(update={"family": name}) for entry in getattr(family, part))
        for part in ("relations", "indicators")
    }
    return family.model_copy(update=named)


@lru_cache(maxsize=1)
def families() -> tuple[Family, ...]:
    """Read all files of `families/`, in the order of their names.

    Raises:
        CatalogueError: a file is wrong.
    """
    files = {file.name: file for file in resources.files(__package__).joinpath("families").iterdir()}
    names = sorted(name for name in files if name.endswith(".yaml"))
    return tuple(read_family(files[name].read_text(encoding="utf-8"), name.removesuffix(".yaml")) for name in names)


@lru_cache(maxsize=1)
def relations() -> Mapping[str, Relation]:
    """Return every relation that a family declares, by id.

    Raises:
        CatalogueError: two have one id, or a file is wrong.
    """
    return _by_id("relation", (relation for family in families() for relation in family.relations))


@lru_cache(maxsize=1)
def catalogue() -> tuple[Indicator, ...]:
    """Return all indicators, family after family, in the order of the files.

    Raises:
        CatalogueError: two have one id, a term stands over no relation or is no sum where it has to be, or a file is
            wrong.
    """
    return checked(indicator for family in families() for indicator in family.indicators)


def checked(indicators: Iterable[Indicator]) -> tuple[Indicator, ...]:
    """Return indicators after a check of their ids and terms.

    Raises:
        CatalogueError: see `catalogue`.
    """
    found = tuple(_by_id("indicator", indicators).values())
    for indicator in found:
        for term in indicator.terms:
            if term.over not in relations():
                raise CatalogueError(
                    f"indicator {indicator.id}: relation {term.over!r} is none of {', '.join(relations())}."
                )
            sums = all(
                isinstance(one, exp.Sum) and not isinstance(one.this, exp.Distinct)
                for one in term.tree.find_all(exp.AggFunc)
            )
            if term.relation.sums and not sums:
                raise CatalogueError(
                    f"indicator {indicator.id}: {term.sql!r} is not a sum, and {term.over} holds sums only. "
                    "Count over used_procedures, or declare a relation."
                )
    return found


def _by_id(what: str, entries: Iterable[Entry]) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for entry in entries:
        if entry.id in found:
            raise CatalogueError(f"{what} {entry.id} stands in the catalogue twice. Rename one.")
        found[entry.id] = entry
    return found


def catalogue_table(scored_in: Mapping[str, Sequence[str]]) -> pa.Table:
    """Return the catalogue as the published table `indicators`: one row per indicator.

    Args:
        scored_in: criteria of rubrics by indicator, see `scorecards.indicators_used`.
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
            "scored_in": "; ".join(scored_in.get(i.id, ())) or None,
        }
        for i in catalogue()
    ]
    return table_from_records(rows, load_contract("indicators").arrow_schema())


def unit_vi(unit: str) -> str:
    """Return a unit of measure in Vietnamese; an unknown one as it is."""
    return _UNITS_VI.get(unit, unit)
