"""Make the tree of units on the map of a day, along which sums are rolled up.

On the map of a day, a unit counts where it is found on that day: in itself while it exists, in its successor
where all of it went there. A unit that was split, or that nobody took over, stays a row of its own below the
nearest unit that holds all its parts; nothing is apportioned, and every total above is exact.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import cached_property
from typing import Literal

import pyarrow as pa

from cchc_pipeline.arrow import table_from_rows
from cchc_pipeline.reference.units import UnitHistory

MapName = Literal["as-was", "today"]
BEGINNING, END = date(1, 1, 1), date(9999, 12, 31)
_DAY, _CODE = pa.date32(), pa.string()
LINEAGE = pa.schema(
    {"map_from": _DAY, "map_until": _DAY, "unit_code": _CODE, "ancestor_code": _CODE, "is_alive": pa.bool_()}
)
INEXACT = pa.schema({"unit_code": _CODE, "missing_code": _CODE})


class UnitMap:
    """The tree of units on one day.

    Args:
        units: the published table `units` (unit_code, unit_level, parent_code; valid_from, valid_to where known).
        history: what became of the units, by unit id.
        on: the day.
    """

    def __init__(self, units: pa.Table, history: UnitHistory, on: date) -> None:
        self._units = {row["unit_code"]: row for row in units.to_pylist()}
        self._history = history
        self.on = on

    def is_alive(self, code: str) -> bool:
        """Return whether the unit exists on the day."""
        unit = self._units[code]
        return (unit.get("valid_from") or BEGINNING) <= self.on <= (unit.get("valid_to") or END)

    def node(self, code: str) -> str:
        """Return the unit in which `code` counts."""
        if self.is_alive(code):
            return code
        place = self._history.place(code, self.on)
        heir = place.unit_ids[0] if place.is_exact else code
        return heir if heir in self._units and self.is_alive(heir) else code

    @cached_property
    def _parents(self) -> dict[str, str | None]:
        parents: dict[str, str | None] = {}
        # Two units that went into units below each other would be above themselves, and a whole branch would be
        # missing from the province: the one that closes the circle goes below the next unit above instead.
        for code in sorted(self._units):
            above = self._above(code)
            parents[code] = next((node for node in above if code not in self._chain(node, parents)), None)
        for code in self._units:
            if parts := self._parts(code):
                parents[code] = _common([self._chain(part, parents) for part in parts]) or parents[code]
        return parents

    def _above(self, code: str) -> Iterator[str]:
        """Yield units above that exist on the day, or their heirs; none above a province."""
        if self._units[code]["unit_level"] == "province" and self.is_alive(code):
            return
        above, seen = self._units[code].get("parent_code"), {code}
        while above is not None and above in self._units and above not in seen:
            node = self.node(above)
            if self.is_alive(node):
                yield node
            seen.add(above)
            above = self._units[above].get("parent_code")

    def _parts(self, code: str) -> list[str]:
        """Return the living units that hold parts of a unit, if none holds all of it."""
        if self.node(code) != code or self.is_alive(code):
            return []
        return [part for part in self._history.place(code, self.on).unit_ids if part in self._units and part != code]

    @staticmethod
    def _chain(code: str, parents: dict[str, str | None]) -> list[str]:
        chain: list[str] = []
        at: str | None = code
        while at is not None and at not in chain:
            chain.append(at)
            at = parents.get(at)
        return chain

    def parents(self) -> dict[str, str | None]:
        """Return unit -> unit right above it on this map; None at the top."""
        return {code: self._parents[code] for code in self._units if self.node(code) == code}

    def lineage(self) -> Iterator[tuple[str, str, bool]]:
        """Yield (unit, unit it counts in or one above that, whether the latter exists)."""
        for code in self._units:
            for ancestor in self._chain(self.node(code), self._parents):
                yield code, ancestor, self.is_alive(ancestor)

    def inexact(self) -> Iterator[tuple[str, str]]:
        """Yield (unit with incomplete figures, split unit whose figures it lacks)."""
        for code in self._units:
            parts = self._parts(code)
            held = set(self._chain(self._parents[code] or "", self._parents))
            for short in sorted({unit for part in parts for unit in self._chain(part, self._parents)} - held):
                yield short, code


def _common(chains: Sequence[list[str]]) -> str | None:
    """Return the nearest unit above that all chains share, none of the parts."""
    parts = {chain[0] for chain in chains}
    return next((unit for unit in chains[0] if unit not in parts and all(unit in chain for chain in chains)), None)


def lineage_table(units: pa.Table, history: UnitHistory, first: date, as_of_on: date, which: MapName) -> pa.Table:
    """Pair every unit with each unit that its counts belong to, by stretch of time.

    Args:
        units: the published table `units`.
        history: what became of the units, by unit id.
        first: first civil day of data.
        as_of_on: last civil day of data; later changes are not yet true.
        which: `as-was`, the map of each day; `today`, that of `as_of_on` for all days.

    Returns:
        map_from, map_until (both days included), unit_code, ancestor_code, is_alive (whether the ancestor exists); the
        stretches cover all time without overlap.
    """
    changed = sorted({change.changed_on for change in history.changes if change.changed_on <= as_of_on})
    cuts = [day for day in changed if day > first] if which == "as-was" else []
    starts = [BEGINNING, *cuts]
    rows = []
    for start, following in zip(starts, [*starts[1:], None], strict=True):
        until = following - timedelta(days=1) if following else END
        on_map = UnitMap(units, history, min(until, as_of_on))
        rows += [(start, until, *pair) for pair in on_map.lineage()]
    return table_from_rows(rows, LINEAGE)


def inexact_table(units: pa.Table, history: UnitHistory, as_of_on: date) -> pa.Table:
    """Return units lacking figures of a split unit: unit_code, missing_code."""
    rows = sorted(UnitMap(units, history, as_of_on).inexact())
    return table_from_rows(rows, INEXACT)
