"""The indicator catalogue as objects: read and checked from the files in `families/`.

Belongs here: what an indicator is. Not here: how it is computed (`compute.py`). A new indicator is
one entry in the file of its family.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import pyarrow as pa
import sqlglot
import yaml
from sqlglot import exp

from cchc_pipeline.errors import CchcError

RELATIONS = ("flow", "stock", "opening", "snapshot", "dossiers")
_SOURCES = {"flow": "events", "stock": "events", "opening": "events", "snapshot": "procedures", "dossiers": "dossiers"}


class CatalogueError(CchcError):
    """An entry of the indicator catalogue is wrong."""


@dataclass(frozen=True)
class Term:
    """One aggregate over one relation: a numerator or a denominator."""

    over: str
    sql: str

    def expression(self) -> exp.Expr:
        """The aggregate as a syntax tree."""
        return sqlglot.parse_one(self.sql, dialect="duckdb")


@dataclass(frozen=True)
class Indicator:
    """An indicator: numerator, and a denominator where it is a rate or a mean.

    `unit` is `%` for rates (value = 100 x numerator / denominator), otherwise what is counted.
    """

    id: str
    name_vi: str
    name_en: str
    legal_basis: str
    unit: str
    direction: str
    numerator: Term
    denominator: Term | None
    is_additive: bool

    @property
    def kind(self) -> str:
        """flow, stock or median, as published."""
        return {"opening": "stock", "snapshot": "stock", "dossiers": "median"}.get(
            self.numerator.over, self.numerator.over
        )


@lru_cache(maxsize=1)
def catalogue() -> tuple[Indicator, ...]:
    """All indicators, family after family, in the order of the files.

    Raises:
        CatalogueError: an entry is incomplete, doubled, or its SQL does not parse.
    """
    files = sorted(resources.files(__package__).joinpath("families").iterdir(), key=lambda file: file.name)
    texts = [file.read_text(encoding="utf-8") for file in files if file.name.endswith(".yaml")]
    return read_catalogue([entry for text in texts for entry in yaml.safe_load(text)["indicators"]])


def read_catalogue(entries: list[dict[str, Any]]) -> tuple[Indicator, ...]:
    """Indicators from the entries of a catalogue file; see `catalogue`."""
    indicators: dict[str, Indicator] = {}
    for entry in entries:
        name = entry.get("id", "(no id)")
        try:
            indicator = Indicator(
                id=entry["id"],
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
    if term.over not in RELATIONS:
        raise CatalogueError(
            f"indicator catalogue: {indicator}: relation {term.over!r} is none of {', '.join(RELATIONS)}."
        )
    try:
        term.expression()
    except sqlglot.errors.ParseError as error:
        raise CatalogueError(f"indicator catalogue: {indicator}: SQL does not parse: {term.sql!r}. {error}") from error
    return term


def catalogue_table(schema: pa.Schema) -> pa.Table:
    """The catalogue as the published table `indicators`."""
    rows = [
        {
            "indicator_id": i.id,
            "name_vi": i.name_vi,
            "name_en": i.name_en,
            "legal_basis": i.legal_basis,
            "unit_of_measure": i.unit,
            "direction": i.direction,
            "kind": i.kind,
            "source_table": _SOURCES[i.numerator.over],
            "numerator_definition": f"{i.numerator.over}: {i.numerator.sql}",
            "denominator_definition": f"{i.denominator.over}: {i.denominator.sql}" if i.denominator else None,
            "is_additive": i.is_additive,
        }
        for i in catalogue()
    ]
    return pa.Table.from_pylist(rows, schema=schema)
