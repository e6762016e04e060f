"""The known causes of a difference, and the figures that are compared: read and checked from `causes.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any

import sqlglot
import yaml
from sqlglot import exp

from cchc_pipeline.errors import CchcError

UNEXPLAINED = "UNEXPLAINED"


class CauseError(CchcError):
    """An entry of `causes.yaml` is wrong."""


@dataclass(frozen=True)
class Figure:
    """A figure of the portal that we can count too.

    Attributes:
        id: name of the figure.
        metric: the portal's metric that shows it, and the criterion that is scored from it.
        side: numerator or denominator of that metric.
        condition: which dossiers count, over the columns of the state.
        is_distinct: whether distinct procedures are counted instead of dossiers.
        indicator: the indicator that shows our own count on the same side.
        denominator: for a numerator the figure that the portal divides it by.
    """

    id: str
    name_vi: str
    name_en: str
    metric: str
    side: str
    condition: exp.Expr
    is_distinct: bool
    indicator: str
    denominator: str | None = None


@dataclass(frozen=True)
class Cause:
    """Why the national side differs: which dossiers it touches, and what that side holds of them.

    Attributes:
        id: name of the cause; `D01` to `D12` are the distortions of the push by their number.
        applies: whether it can touch a figure that is compared.
        where: the dossiers that it touches; None where `applies` is false.
        sets: column -> what the national side holds.
        is_listed: whether its dossiers are listed even where no figure changes.
    """

    id: str
    number: int | None
    name_vi: str
    name_en: str
    sentence_vi: str
    fix_en: str
    applies: bool = True
    where: exp.Expr | None = None
    sets: Mapping[str, exp.Expr] = field(default_factory=dict)
    is_listed: bool = True


@dataclass(frozen=True)
class Causes:
    """Everything in `causes.yaml`."""

    trailing_days: int
    figures: tuple[Figure, ...]
    causes: tuple[Cause, ...]
    unexplained: Cause

    @property
    def applied(self) -> tuple[Cause, ...]:
        """The causes that can touch a figure, in the order in which they apply."""
        return tuple(cause for cause in self.causes if cause.applies)

    def cause(self, cause_id: str) -> Cause:
        """The cause of this id.

        Raises:
            CauseError: there is none.
        """
        for cause in (*self.causes, self.unexplained):
            if cause.id == cause_id:
                return cause
        known = ", ".join(cause.id for cause in (*self.causes, self.unexplained))
        raise CauseError(f"reconciliation: no cause {cause_id}. Causes are {known}.")


@lru_cache(maxsize=1)
def causes() -> Causes:
    """The causes and figures of `causes.yaml`."""
    return read_causes(yaml.safe_load(resources.files(__package__).joinpath("causes.yaml").read_text(encoding="utf-8")))


def read_causes(entries: Mapping[str, Any]) -> Causes:
    """Causes and figures from the content of a file.

    Raises:
        CauseError: an entry is incomplete or its SQL does not parse.
    """
    days = int(entries["trailing_days"])
    figures = tuple(_figure(name, entry, days) for name, entry in entries["figures"].items())
    found = tuple(_cause(entry, days) for entry in entries["causes"])
    if len({cause.id for cause in found}) != len(found):
        raise CauseError("causes.yaml: an id stands there twice. Rename one.")
    return Causes(days, figures, found, _cause({**entries["unexplained"], "applies": False}, days))


def _figure(name: str, entry: Mapping[str, Any], days: int) -> Figure:
    try:
        return Figure(
            id=name,
            name_vi=entry["name_vi"],
            name_en=entry["name_en"],
            metric=entry["metric"],
            side=entry["side"],
            condition=_parse(name, entry["sql"], days),
            is_distinct=entry.get("distinct", False),
            indicator=entry["indicator"],
            denominator=entry.get("denominator"),
        )
    except KeyError as error:
        raise CauseError(f"causes.yaml: figure {name} lacks {error}. Add it to the entry.") from error


def _cause(entry: Mapping[str, Any], days: int) -> Cause:
    name, applies = entry.get("id", "(no id)"), entry.get("applies", True)
    try:
        return Cause(
            id=entry["id"],
            number=entry.get("number"),
            name_vi=entry["name_vi"],
            name_en=entry["name_en"],
            sentence_vi=entry["sentence_vi"],
            fix_en=entry["fix_en"],
            applies=applies,
            where=_parse(name, entry["where"], days) if applies else None,
            sets={column: _parse(name, sql, days) for column, sql in entry["sets"].items()} if applies else {},
            is_listed=entry.get("is_listed", True),
        )
    except KeyError as error:
        raise CauseError(f"causes.yaml: cause {name} lacks {error}. Add it to the entry.") from error


def _parse(name: str, sql: str, days: int) -> exp.Expr:
    try:
        tree = sqlglot.parse_one(sql, dialect="duckdb")
    except sqlglot.errors.ParseError as error:
        raise CauseError(f"causes.yaml: {name}: SQL does not parse: {sql!r}. {error}") from error

    def number(node: exp.Expr) -> exp.Expr:
        is_days = isinstance(node, (exp.Parameter, exp.Placeholder)) and node.name == "trailing_days"
        return exp.Literal.number(days) if is_days else node

    return tree.transform(number)
