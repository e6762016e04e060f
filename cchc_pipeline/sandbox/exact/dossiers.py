"""Plan dossiers that meet published counts exactly."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass
from datetime import date

from cchc_pipeline.sandbox.life import workdays
from cchc_pipeline.sandbox.life.dossiers import Fate
from cchc_pipeline.sandbox.life.draws import draw_aftermath, draw_fate
from cchc_pipeline.sandbox.life.province_parts import Procedure, SandboxError, Unit
from cchc_pipeline.sandbox.life.scenario import DossierPlan, Scenario
from cchc_pipeline.yaml_files import QuotedDay, Strict

DIRECT_SHARE = 0.92  # of what is not filed online; the rest comes by post


class LateGroup(Strict):
    """A number of late dossiers with a common unit, delay and cause.

    Attributes:
        count: number of dossiers.
        unit: code of the unit; None: any of the stratum.
        apologies: number of them with an apology letter.
        least: fewest working days of delay.
        most: most working days of delay.
        cause: one of `steps.CAUSES`; None: `steps.settle_cause` decides.
        slow_units: codes of the units that held it too long; empty: its own.
        procedure: text that the procedure's name contains; None: any procedure.
    """

    count: int
    unit: str | None = None
    apologies: int = 0
    least: int = 2
    most: int = 15
    cause: str | None = None
    slow_units: tuple[str, ...] = ()
    procedure: str | None = None


class Stratum(Strict):
    """The counts of dossiers that some levels receive in [start, end], as of `end`.

    What is neither early, on time nor late is open and in time. Withdrawn, stopped and dateless ones and pauses are
    among those on time, ratings among those done. `electronic` is the number of results issued electronically among
    those done (None: drawn from profiles); `online_full` the number filed for a full service (None: not fixed).
    """

    start: QuotedDay
    end: QuotedDay
    received: int
    online: int
    early: int
    on_time: int
    late: tuple[LateGroup, ...] = ()
    levels: tuple[str, ...] = ("department", "district", "commune")
    online_full: int | None = None
    withdrawn: int = 0
    stopped: int = 0
    dateless: int = 0
    suspended: int = 0
    dissatisfied: int = 0
    neutral: int = 0
    satisfied: int = 0
    electronic: int | None = None


@dataclass(frozen=True, slots=True)
class _Marks:
    """What is fixed of the slots (positions in the days of a stratum).

    `state` is open, late, early, withdrawn, stopped or dateless; a slot without one is resolved on time.
    """

    online: set[int]
    full: set[int] | None
    state: dict[int, str]
    late: dict[int, tuple[LateGroup, bool]]  # slot -> group, whether with an apology
    ratings: dict[int, int]
    electronic: set[int] | None


class DossierPlanner:
    """The planned dossiers of a scenario by day, added stratum by stratum."""

    def __init__(self, scenario: Scenario, rng: random.Random) -> None:
        self.scenario, self.rng = scenario, rng
        self.dossiers: DossierPlan = {}
        self._receivers: dict[tuple[str, ...], tuple[list[Unit], list[float]]] = {}
        self._choices: dict[tuple[str, str], tuple[list[Procedure], list[float]]] = {}

    def exactly(self, stratum: Stratum) -> None:
        """Plan the dossiers of `stratum`.

        Raises:
            SandboxError: the unit of a late group offers no procedure of the service drawn.
        """
        days = workdays.spread(self.rng, stratum.start, stratum.end, stratum.received)
        marks = self._mark(stratum, days)
        last, pauses = workdays.working_days(stratum.start, stratum.end)[-1], stratum.suspended
        for i, day in enumerate(days):
            channel = "online" if i in marks.online else "direct" if self.rng.random() < DIRECT_SHARE else "postal"
            service = channel if channel != "online" or marks.full is None else "full" if i in marks.full else "partial"
            state = marks.state.get(i)
            if state == "late":
                group, has_apology = marks.late[i]
                unit, procedure = self._pick(stratum.levels, service, group)
                fate = self._late(day, procedure, group)
                fate.channel = channel
                fate.apology_on = fate.due_on if has_apology else None
            else:
                unit, procedure = self._pick(stratum.levels, service, None)
                fate = Fate(channel=channel)
                if state == "open":
                    self._left_open(fate, day, procedure, stratum.end)
                else:
                    self._in_time(fate, day, procedure.processing_time, last, is_early=state == "early")
                    if pauses and state is None and self.rng.random() < 0.05 and self._pause(fate, day):
                        pauses -= 1
            self._finish(fate, unit, day, i, marks)
            self.put(day, unit, procedure, fate)

    def ordinary(self, start: date, end: date, count: int, online: float) -> None:
        """Plan `count` dossiers from the units' profiles, for days outside any report."""
        for day in workdays.spread(self.rng, start, end, count):
            channel = "online" if self.rng.random() < online else "direct"
            unit, procedure = self._pick(("department", "district", "commune"), channel, None)
            fate = draw_fate(self.rng, unit, procedure, day, has_defects=False)
            fate.channel = channel
            self.put(day, unit, procedure, fate)

    def never_received(self, start: date, end: date, drafts: int, refused: int) -> None:
        """Plan drafts and refusals, all of them online."""
        for kind, count in (("draft", drafts), ("refused", refused)):
            for day in workdays.spread(self.rng, start, end, count):
                unit, procedure = self._pick(("department", "district", "commune"), "online", None)
                self.put(day, unit, procedure, Fate(kind=kind, channel="online"))

    def put(self, day: date, unit: Unit, procedure: Procedure, fate: Fate) -> None:
        """Add one dossier."""
        self.dossiers.setdefault(day, []).append((unit, procedure, fate))

    # -- who and what -------------------------------------------------------------------------------------------

    def _pick(self, levels: tuple[str, ...], service: str, group: LateGroup | None) -> tuple[Unit, Procedure]:
        """Draw a unit of these levels and a procedure that it offers.

        `service` is a channel, or `full` or `partial` for what is filed online.
        """
        units, cumulative = self._receivers_of(levels)
        while True:
            fixed = group.unit if group is not None else None
            unit = self.scenario.unit(fixed) if fixed else self.rng.choices(units, cum_weights=cumulative)[0]
            if group is not None and group.procedure is not None:
                named = [p for p in self.scenario.procedures_of(unit) if group.procedure in p.name]
                return unit, named[0]
            some, weights = self._offered(unit, service)
            if some:
                return unit, self.rng.choices(some, cum_weights=weights)[0]
            if fixed:
                raise SandboxError(f"{unit.code} offers no procedure for {service}: give it one", unit=unit.code)

    def _receivers_of(self, levels: tuple[str, ...]) -> tuple[list[Unit], list[float]]:
        if levels not in self._receivers:
            units = [unit for unit in self.scenario.units if unit.weight > 0 and unit.level in levels]
            self._receivers[levels] = units, list(itertools.accumulate(unit.weight for unit in units))
        return self._receivers[levels]

    def _offered(self, unit: Unit, service: str) -> tuple[list[Procedure], list[float]]:
        if (unit.code, service) not in self._choices:
            wanted = {"online": ("full", "partial"), "full": ("full",), "partial": ("partial",)}.get(service)
            own = self.scenario.procedures_of(unit)
            some = [p for p in own if wanted is None or p.service_level in wanted]
            self._choices[unit.code, service] = some, list(itertools.accumulate(p.weight for p in some))
        return self._choices[unit.code, service]

    # -- marks --------------------------------------------------------------------------------------------------

    def _mark(self, stratum: Stratum, days: list[date]) -> _Marks:
        rng, count = self.rng, len(days)
        late = [(group, number < group.apologies) for group in stratum.late for number in range(group.count)]
        resolved = stratum.early + stratum.on_time + len(late)
        by_age = sorted(range(count), key=lambda i: days[i].toordinal() + rng.uniform(0, 14))
        closed, still_open = by_age[:resolved], by_age[resolved:]
        longest = max((p.processing_time for p in self.scenario.procedures if p.processing_time_unit == "d"), default=1)
        room = longest + max((group.most for group, _ in late), default=0)
        until = workdays.shift(stratum.end, -room)
        candidates = [i for i in closed if days[i] <= until]
        late_slots = dict(zip(rng.sample(candidates, len(late)), late, strict=True))
        others = [i for i in closed if i not in late_slots]
        rng.shuffle(others)
        state = dict.fromkeys(still_open, "open") | dict.fromkeys(late_slots, "late")
        drawn = iter(others)
        for kind in ("early", "withdrawn", "stopped", "dateless"):
            state |= dict.fromkeys(itertools.islice(drawn, getattr(stratum, kind)), kind)
        done = [i for i in closed if state.get(i) not in ("withdrawn", "stopped")]
        scores = [1] * stratum.dissatisfied + [2] * stratum.neutral + [3] * stratum.satisfied
        online = rng.sample(range(count), stratum.online)
        return _Marks(
            online=set(online),
            full=None if stratum.online_full is None else set(online[: stratum.online_full]),
            state=state,
            late=late_slots,
            ratings=dict(zip(rng.sample(done, len(scores)), scores, strict=True)),
            electronic=None if stratum.electronic is None else set(rng.sample(done, stratum.electronic)),
        )

    # -- courses ------------------------------------------------------------------------------------------------

    def _in_time(self, fate: Fate, day: date, days: int, last: date, *, is_early: bool) -> None:
        """Set due and closing day of a dossier resolved in time, by `last`."""
        room = workdays.between(day, last)
        if is_early:
            days = max(days, 2)
            fate.closed_on = workdays.shift(day, min(self.rng.randint(0, days - 1), room))
            fate.due_on = workdays.shift(day, days)
        else:
            fate.closed_on = fate.due_on = workdays.shift(day, min(days, room))

    def _pause(self, fate: Fate, day: date) -> bool:
        """Put a suspension into a dossier on time; return whether there was room."""
        assert fate.due_on is not None  # noqa: S101
        if workdays.between(day, fate.due_on) < 7:
            return False
        fate.suspended_on = workdays.shift(day, self.rng.randint(1, 2))
        gap = self.rng.randint(1, 3)
        fate.resumed_on = workdays.shift(fate.suspended_on, gap)
        fate.extended_due_on, fate.due_on = fate.due_on, workdays.shift(fate.due_on, -gap)
        return True

    def _late(self, day: date, procedure: Procedure, group: LateGroup) -> Fate:
        """Draw the fate of a dossier finished some working days after its due date."""
        due_on = workdays.shift(day, procedure.processing_time)
        fate = Fate(due_on=due_on, closed_on=workdays.shift(due_on, self.rng.randint(group.least, group.most)))
        fate.late_cause, fate.slow_units = group.cause, group.slow_units
        paper = workdays.shift(due_on, -self.rng.randint(0, 1)) if group.cause == "software_only" else fate.closed_on
        assert paper is not None  # noqa: S101
        fate.result_issued_on = max(paper, day)
        return fate

    def _left_open(self, fate: Fate, day: date, procedure: Procedure, end: date) -> None:
        """Set the days of a dossier that is open and in time at `end`."""
        following = workdays.shift(end, 1)
        after = workdays.shift(following, self.rng.randint(0, 6))
        fate.due_on = max(workdays.shift(day, procedure.processing_time), after)
        fate.closed_on = workdays.shift(following, self.rng.randint(0, workdays.between(following, fate.due_on)))

    def _finish(self, fate: Fate, unit: Unit, day: date, slot: int, marks: _Marks) -> None:
        """Set final status, aftermath, rating and electronic result."""
        state = marks.state.get(slot)
        if state in ("withdrawn", "stopped"):
            fate.closed_status = 7 if state == "withdrawn" else 8
        else:
            draw_aftermath(self.rng, fate, unit, day, fate.resumed_on or day)
        if state == "dateless":
            fate.due_on = None
        if slot in marks.ratings:
            fate.rating, fate.rated_on = marks.ratings[slot], fate.closed_on
        if marks.electronic is not None:
            fate.is_electronic = slot in marks.electronic
