"""Plan dossiers that meet published counts exactly."""

from __future__ import annotations

import itertools
import random
from collections import defaultdict
from datetime import date
from functools import cache

from cchc_pipeline.sandbox.life import workdays
from cchc_pipeline.sandbox.life.dossiers import Fate
from cchc_pipeline.sandbox.life.draws import draw_aftermath, draw_fate
from cchc_pipeline.sandbox.life.province_parts import Procedure, SandboxError, Unit
from cchc_pipeline.sandbox.life.scenario import DossierPlan, Scenario
from cchc_pipeline.yaml_files import QuotedDay, Strict

LEVELS = ("department", "district", "commune")
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
    levels: tuple[str, ...] = LEVELS
    online_full: int | None = None
    withdrawn: int = 0
    stopped: int = 0
    dateless: int = 0
    suspended: int = 0
    dissatisfied: int = 0
    neutral: int = 0
    satisfied: int = 0
    electronic: int | None = None


class DossierPlanner:
    """The planned dossiers of a scenario by day, added stratum by stratum."""

    def __init__(self, scenario: Scenario, rng: random.Random) -> None:
        self.scenario, self.rng = scenario, rng
        self.dossiers: DossierPlan = defaultdict(list)
        self._receivers, self._offered = cache(self._receivers_of), cache(self._offered_by)

    def exactly(self, stratum: Stratum) -> None:
        """Plan the dossiers of `stratum`.

        Raises:
            SandboxError: the unit of a late group offers no procedure of the service drawn.
        """
        rng = self.rng
        days = workdays.spread(rng, stratum.start, stratum.end, stratum.received)
        states, late = self._states(stratum, days)
        sample = rng.sample(range(len(days)), stratum.online)
        online, full = set(sample), set(sample[: stratum.online_full])
        done = [i for i, state in states.items() if state not in ("open", "withdrawn", "stopped")]
        scores = [1] * stratum.dissatisfied + [2] * stratum.neutral + [3] * stratum.satisfied
        ratings = dict(zip(rng.sample(done, len(scores)), scores, strict=True))
        electronic = None if stratum.electronic is None else set(rng.sample(done, stratum.electronic))
        last, pauses = workdays.working_days(stratum.start, stratum.end)[-1], stratum.suspended
        for i, day in enumerate(days):
            channel = service = "online" if i in online else "direct" if rng.random() < DIRECT_SHARE else "postal"
            if channel == "online" and stratum.online_full is not None:
                service = "full" if i in full else "partial"
            state, (group, has_apology) = states[i], late.get(i, (None, False))
            unit, procedure = self._pick(stratum.levels, service, group)
            fate = Fate(channel=channel)
            if group is not None:
                self._late(fate, day, procedure, group)
                fate.apology_on = fate.due_on if has_apology else None
            elif state == "open":
                self._left_open(fate, day, procedure, stratum.end)
            else:
                self._in_time(fate, day, procedure.processing_time, last, is_early=state == "early")
                if pauses and state == "on_time" and rng.random() < 0.05 and self._pause(fate, day):
                    pauses -= 1
            if state in ("withdrawn", "stopped"):
                fate.closed_status = 7 if state == "withdrawn" else 8
            else:
                draw_aftermath(rng, fate, unit, day, fate.resumed_on or day)
            if state == "dateless":
                fate.due_on = None
            if i in ratings:
                fate.rating, fate.rated_on = ratings[i], fate.closed_on
            if electronic is not None:
                fate.is_electronic = i in electronic
            self.dossiers[day].append((unit, procedure, fate))

    def ordinary(self, start: date, end: date, count: int, online: float) -> None:
        """Plan `count` dossiers from the units' profiles, for days outside any report."""
        for day in workdays.spread(self.rng, start, end, count):
            channel = "online" if self.rng.random() < online else "direct"
            unit, procedure = self._pick(LEVELS, channel, None)
            fate = draw_fate(self.rng, unit, procedure, day, has_defects=False)
            fate.channel = channel
            self.dossiers[day].append((unit, procedure, fate))

    def never_received(self, start: date, end: date, drafts: int, refused: int) -> None:
        """Plan drafts and refusals, all of them online."""
        for kind, count in (("draft", drafts), ("refused", refused)):
            for day in workdays.spread(self.rng, start, end, count):
                unit, procedure = self._pick(LEVELS, "online", None)
                self.dossiers[day].append((unit, procedure, Fate(kind=kind, channel="online")))

    # -- who and what -------------------------------------------------------------------------------------------

    def _pick(self, levels: tuple[str, ...], service: str, group: LateGroup | None) -> tuple[Unit, Procedure]:
        """Draw a unit of these levels and a procedure that it offers.

        `service` is a channel, or `full` or `partial` for what is filed online.
        """
        units, cumulative = self._receivers(levels)
        while True:
            fixed = group.unit if group is not None else None
            unit = self.scenario.unit(fixed) if fixed else self.rng.choices(units, cum_weights=cumulative)[0]
            if group is not None and group.procedure is not None:
                named = [p for p in self.scenario.procedures_of(unit) if group.procedure in p.name]
                return unit, named[0]
            some, weights = self._offered(unit.code, service)
            if some:
                return unit, self.rng.choices(some, cum_weights=weights)[0]
            if fixed:
                raise SandboxError(f"{unit.code} offers no procedure for {service}: give it one", unit=unit.code)

    def _receivers_of(self, levels: tuple[str, ...]) -> tuple[list[Unit], list[float]]:
        units = [unit for unit in self.scenario.units if unit.weight > 0 and unit.level in levels]
        return units, list(itertools.accumulate(unit.weight for unit in units))

    def _offered_by(self, code: str, service: str) -> tuple[list[Procedure], list[float]]:
        wanted = {"online": ("full", "partial"), "full": ("full",), "partial": ("partial",)}.get(service)
        own = self.scenario.procedures_of(self.scenario.unit(code))
        some = [p for p in own if wanted is None or p.service_level in wanted]
        return some, list(itertools.accumulate(p.weight for p in some))

    def _states(self, stratum: Stratum, days: list[date]) -> tuple[dict[int, str], dict[int, tuple[LateGroup, bool]]]:
        """Draw the state of every slot (position in `days`), and who is late, with or without an apology.

        States: on_time, late, early, withdrawn, stopped or dateless, oldest dossiers first; then open.
        """
        rng = self.rng
        late = [(group, number < group.apologies) for group in stratum.late for number in range(group.count)]
        resolved = stratum.early + stratum.on_time + len(late)
        by_age = sorted(range(len(days)), key=lambda i: days[i].toordinal() + rng.uniform(0, 14))
        closed, still_open = by_age[:resolved], by_age[resolved:]
        longest = max((p.processing_time for p in self.scenario.procedures if p.processing_time_unit == "d"), default=1)
        room = longest + max((group.most for group, _ in late), default=0)
        until = workdays.shift(stratum.end, -room)
        late_slots = dict(zip(rng.sample([i for i in closed if days[i] <= until], len(late)), late, strict=True))
        others = [i for i in closed if i not in late_slots]
        rng.shuffle(others)
        states = (
            dict.fromkeys(closed, "on_time") | dict.fromkeys(late_slots, "late") | dict.fromkeys(still_open, "open")
        )
        drawn = iter(others)
        for kind in ("early", "withdrawn", "stopped", "dateless"):
            states |= dict.fromkeys(itertools.islice(drawn, getattr(stratum, kind)), kind)
        return states, late_slots

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

    def _late(self, fate: Fate, day: date, procedure: Procedure, group: LateGroup) -> None:
        """Set the days of a dossier finished some working days after its due date."""
        fate.due_on = due_on = workdays.shift(day, procedure.processing_time)
        fate.closed_on = closed_on = workdays.shift(due_on, self.rng.randint(group.least, group.most))
        fate.late_cause, fate.slow_units = group.cause, group.slow_units
        paper = workdays.shift(due_on, -self.rng.randint(0, 1)) if group.cause == "software_only" else closed_on
        fate.result_issued_on = max(paper, day)

    def _left_open(self, fate: Fate, day: date, procedure: Procedure, end: date) -> None:
        """Set the days of a dossier that is open and in time at `end`."""
        following = workdays.shift(end, 1)
        after = workdays.shift(following, self.rng.randint(0, 6))
        fate.due_on = max(workdays.shift(day, procedure.processing_time), after)
        fate.closed_on = workdays.shift(following, self.rng.randint(0, workdays.between(following, fate.due_on)))
