"""How the days of a table are compared: what a contract says in its custom property `profile`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cchc_pipeline.contracts.errors import ContractFileError

_KEYS = ("dated_by", "settling", "unsteady", "period", "unit", "item", "group", "values", "single_items")


@dataclass(frozen=True)
class ProfilePlan:
    """What makes the days of an inbound table comparable.

    Attributes:
        dated_by: columns whose first non-null is a row's own civil day; only rows of the landed day itself are
            compared, because a night reads older rows again. Empty where every batch is a full listing.
        settling: columns that go on changing after the row's day; compared between nights only.
        unsteady: columns whose values come and go by themselves (running numbers, identifiers, subjects of a
            season): only whether they hold a value is compared.
        period: columns that name a period, where rows are figures of periods.
        unit: column of the unit that a figure is about.
        item: column of the figure's code.
        group: column of the group an item belongs to; None where the first characters of the item are it.
        values: columns of the figure itself; the last one is what totals are made of.
        single_items: whether one item that repeats another period is suspicious; where figures are counts it is not.
    """

    dated_by: tuple[str, ...] = ()
    settling: frozenset[str] = frozenset()
    unsteady: frozenset[str] = frozenset()
    period: tuple[str, ...] = ()
    unit: str | None = None
    item: str | None = None
    group: str | None = None
    values: tuple[str, ...] = ()
    single_items: bool = False

    @property
    def has_periods(self) -> bool:
        """Whether rows are figures of periods (a year, a month) and not things of a day."""
        return bool(self.period)


def read_plan(value: Any, columns: Sequence[str], file: str) -> ProfilePlan:
    """The plan in a contract's custom property `profile`; without one every batch is a full listing.

    Raises:
        ContractFileError: an unknown key, or a column that the contract does not have.
    """
    where = "customProperties profile"
    if value is None:
        return ProfilePlan()
    if not isinstance(value, Mapping) or set(value) - set(_KEYS):
        raise ContractFileError(
            file=file, where=where, problem="not a mapping of known keys", fix=f"use {', '.join(_KEYS)}"
        )
    lists = {name: tuple(value.get(name, ())) for name in ("dated_by", "settling", "unsteady", "period", "values")}
    singles = {name: value.get(name) for name in ("unit", "item", "group")}
    named = [*(one for names in lists.values() for one in names), *(one for one in singles.values() if one)]
    if unknown := sorted(set(named) - set(columns)):
        raise ContractFileError(
            file=file, where=where, problem=f"no column {', '.join(unknown)}", fix="name columns of this contract"
        )
    if lists["period"] and not (singles["unit"] and singles["item"] and lists["values"]):
        raise ContractFileError(
            file=file, where=where, problem="a period without unit, item and values", fix="add them"
        )
    return ProfilePlan(
        dated_by=lists["dated_by"],
        settling=frozenset(lists["settling"]),
        unsteady=frozenset(lists["unsteady"]),
        period=lists["period"],
        values=lists["values"],
        single_items=bool(value.get("single_items", False)),
        **singles,
    )
