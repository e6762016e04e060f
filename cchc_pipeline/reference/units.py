"""Resolve unit codes to units by day, and trace units through their changes.

A code does not name a unit by itself. On 1/7/2025 the statistical code 15 went from Yên Bái to the new Lào
Cai, whose own old code was 10. So a unit has an id: its code, or where the code belongs to another unit by
now the code and the last day on which it held it, `15.TO25.0630`, in the form of an agency code.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from cchc_pipeline.errors import CchcError

Kind = Literal["merged", "renamed", "split", "dissolved", "recoded"]
_ByDay = dict[date, list["UnitChange"]]


class UnitHistoryError(CchcError):
    """A list of changes that contradicts itself."""


@dataclass(frozen=True, slots=True)
class UnitChange:
    """One step from an old unit to a new one; a split has a change for every part.

    Attributes:
        old_code: code until the day before `changed_on`.
        old_name: name under that code.
        new_code: code from `changed_on` on; None where nobody took over.
        new_name: name under the new code.
        changed_on: first civil day of the new unit.
        kind: merged, renamed, split, dissolved or recoded.
        is_exact: whether the whole old unit went into this new one. False for a part of it: its figures cannot
            be divided.
        legal_basis: resolution or decision.
    """

    old_code: str
    old_name: str | None
    new_code: str | None
    new_name: str | None
    changed_on: date
    kind: Kind
    is_exact: bool = True
    legal_basis: str | None = None

    @property
    def keeps_unit(self) -> bool:
        """Return whether the holder stays the same unit: renamed, or joined by others."""
        return self.old_code == self.new_code and (
            self.kind == "renamed" or self.old_name == self.new_name or not (self.old_name and self.new_name)
        )


@dataclass(frozen=True, slots=True)
class Tenure:
    """A unit holding a code, and a name, from one day to another.

    `valid_from` and `valid_to` are civil days, both included; None where it is not known or still goes on.
    """

    unit_id: str
    code: str
    name: str | None
    valid_from: date | None
    valid_to: date | None

    def holds(self, day: date) -> bool:
        """Return whether `day` lies within the tenure."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Succession:
    """A step between two units, seen from either of them."""

    unit_id: str
    change: UnitChange


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a unit is found on the map of a day.

    Attributes:
        unit_ids: the units that hold it on that day; empty where nobody took over.
        is_exact: whether all of it lies in exactly one of them.
    """

    unit_ids: tuple[str, ...]
    is_exact: bool


class UnitHistory:
    """The history of units, from a list of changes.

    A code that no change names is one unit for all time.

    Raises:
        UnitHistoryError: two changes of one day cannot both be true.
    """

    def __init__(self, changes: Iterable[UnitChange]) -> None:
        self.changes = tuple(
            sorted(set(changes), key=lambda c: (c.changed_on, c.old_code, c.new_code or "", c.new_name or ""))
        )
        self._tenures = self._all_tenures()
        self._code_of = {t.unit_id: code for code, tenures in self._tenures.items() for t in tenures}
        self._successors: dict[str, list[Succession]] = {}
        self._predecessors: dict[str, list[Succession]] = {}
        for change in self.changes:
            old = self.holder(change.old_code, change.changed_on - timedelta(days=1)).unit_id
            new = self.holder(change.new_code, change.changed_on).unit_id if change.new_code else None
            if new is not None and new != old:
                self._predecessors.setdefault(new, []).append(Succession(old, change))
            self._successors.setdefault(old, []).append(Succession(new or "", change))

    def _all_tenures(self) -> dict[str, list[Tenure]]:
        """Return code -> tenures in order of time, without gaps where the code goes on."""
        ends: dict[str, _ByDay] = {}
        begins: dict[str, _ByDay] = {}
        for change in self.changes:
            ends.setdefault(change.old_code, {}).setdefault(change.changed_on, []).append(change)
            if change.new_code:
                begins.setdefault(change.new_code, {}).setdefault(change.changed_on, []).append(change)
        for code, day, some in ((code, day, some) for code, by_day in ends.items() for day, some in by_day.items()):
            if len(some) > 1 and any(change.is_exact and change.new_code for change in some):
                targets = ", ".join(str(change.new_code) for change in some)
                raise UnitHistoryError(
                    f"unit changes: {code} goes into {targets} on {day}, and at least one of them is said to hold all "
                    "of it. Set is_exact to false for every part of a split unit.",
                    unit=code,
                )
        return {
            code: _tenures_of(code, ends.get(code, {}), begins.get(code, {})) for code in ends.keys() | begins.keys()
        }

    def tenures(self, code: str) -> tuple[Tenure, ...]:
        """Return every tenure of a code, in order of time."""
        return tuple(self._tenures.get(code, [Tenure(code, code, None, None, None)]))

    @property
    def codes(self) -> frozenset[str]:
        """Return the codes that a change names."""
        return frozenset(self._tenures)

    def holder(self, code: str, on: date) -> Tenure:
        """Return the tenure of `code` on a day; else the last before, else the first."""
        tenures = self.tenures(code)
        for tenure in tenures:
            if tenure.holds(on):
                return tenure
        before = [tenure for tenure in tenures if tenure.valid_to is not None and tenure.valid_to < on]
        return before[-1] if before else tenures[0]

    def of_id(self, unit_id: str) -> tuple[Tenure, ...]:
        """Return the tenures of one unit, in order of time."""
        return tuple(t for t in self.tenures(self._code_of.get(unit_id, unit_id)) if t.unit_id == unit_id)

    def successors(self, unit_id: str) -> tuple[Succession, ...]:
        """Return the steps from a unit, in order; unit id empty where nobody took over."""
        return tuple(s for s in self._successors.get(unit_id, ()) if s.unit_id != unit_id)

    def predecessors(self, unit_id: str) -> tuple[Succession, ...]:
        """Return the steps from a unit's predecessors to it, in order of time."""
        return tuple(self._predecessors.get(unit_id, ()))

    def place(self, unit_id: str, on: date) -> Placement:
        """Find `unit_id` on the map of the day `on`, through every change until then.

        Of a unit that is split, the parts are given and `is_exact` is False; nothing is apportioned. A unit that
        begins later than `on` is found as itself.
        """
        found: dict[str, None] = {}
        is_exact = True
        waiting: list[tuple[str, date]] = [(unit_id, date.min)]
        while waiting:
            unit, since = waiting.pop(0)
            ahead = [s for s in self._successors.get(unit, ()) if since < s.change.changed_on <= on]
            if not ahead:
                found[unit] = None
                continue
            day = min(s.change.changed_on for s in ahead)
            steps = [s for s in ahead if s.change.changed_on == day]
            waiting += [(s.unit_id, day) for s in steps if s.unit_id]
            if len(steps) > 1 or not (steps[0].change.is_exact and steps[0].unit_id):
                is_exact = False
        return Placement(tuple(found), is_exact)


def _tenures_of(code: str, ended: _ByDay, begun: _ByDay) -> list[Tenure]:
    """Return tenures of a code with ids of their units: the last has the bare code."""
    days = sorted(ended.keys() | begun.keys())
    groups: list[list[Tenure]] = []  # one for each unit that held the code
    start: date | None = None
    is_held, goes_on = days[0] in ended, False
    name = next((c.old_name for c in ended.get(days[0], [])), None)
    for day in [*days, date.max]:
        leaving, coming = ended.get(day, []), begun.get(day, [])
        if is_held:
            named = next((c.old_name for c in leaving), name)
            groups += [] if goes_on else [[]]
            until = day - timedelta(days=1) if day < date.max else None
            groups[-1].append(Tenure(code, code, named, start, until))
        stays = any(c.keeps_unit for c in leaving) or (is_held and not leaving)
        goes_on, is_held = is_held and stays, bool(coming) or stays
        if is_held:
            name, start = next((c.new_name for c in coming), None) or name, day
    former = {number: f"{code}.TO{group[-1].valid_to:%y.%m%d}" for number, group in enumerate(groups[:-1])}
    return [replace(held, unit_id=former.get(number, code)) for number, group in enumerate(groups) for held in group]
