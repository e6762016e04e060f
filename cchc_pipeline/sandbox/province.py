"""Generate the dossiers and letters of a province by civil day, on demand."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from random import Random

from cchc_pipeline.sandbox.exact.scenario import build_exact
from cchc_pipeline.sandbox.letter_book import LetterBook
from cchc_pipeline.sandbox.life import workdays
from cchc_pipeline.sandbox.life.dossiers import Fate, Life
from cchc_pipeline.sandbox.life.draws import draw_fate, live
from cchc_pipeline.sandbox.life.province_parts import Procedure, SandboxError, Unit
from cchc_pipeline.sandbox.life.scenario import Scenario
from cchc_pipeline.sandbox.scenarios import merger_2025, two_level_2026

# A dossier is applied for at most this many days before it is received.
LONGEST_WAIT_DAYS = 3
LONGEST_APOLOGY_DAYS = 150  # civil days from a dossier's reception to its apology letter
WEEKEND_SHARE = 0.025
SCENARIO_NAMES = (
    "two-level-2026",
    "dak-nong-2020",
    "dak-nong-2024",
    "ha-giang-2023",
    "kon-tum-2024",
    "nam-dinh-2019",
    "merger-2025",
)


def load_scenario(name: str, seed: int) -> Scenario:
    """Build the scenario `name` for `seed`.

    Raises:
        SandboxError: no scenario has this name.
    """
    if name not in SCENARIO_NAMES:
        raise SandboxError(f"no sandbox scenario {name!r}; choose one of {sorted(SCENARIO_NAMES)}", scenario=name)
    for drawn in (two_level_2026, merger_2025):
        if name == drawn.NAME:
            return drawn.build(seed)
    return build_exact(Path(__file__).parent / "scenarios" / f"{name}.yaml", seed)


class Province:
    """The units, dossiers and letters of a scenario; equal for equal arguments.

    Args:
        scenario: a name from `SCENARIO_NAMES`.
        seed: any integer.
        size: scales the number of dossiers per day (letters grow with its square root); ignored by scenarios
            with exact figures.

    Raises:
        SandboxError: `size` is not above 0, or no scenario has this name.
    """

    def __init__(self, scenario: str = "two-level-2026", seed: int = 766, size: float = 1.0) -> None:
        if size <= 0:
            raise SandboxError(f"size {size} of scenario {scenario}: it has to be above 0", size=size)
        self.scenario: Scenario = load_scenario(scenario, seed)
        self.seed = seed
        self.size = size if self.scenario.plan is None else 1.0
        self._lives: dict[date, list[Life]] = {}
        self._apologies: dict[date, list[Life]] = {}
        self.letters = LetterBook(self.scenario, self.size, self.rng, self.apologies)

    @property
    def units(self) -> tuple[Unit, ...]:
        """Return all units, the province first."""
        return self.scenario.units

    @property
    def procedures(self) -> tuple[Procedure, ...]:
        """Return all procedures, including internal ones and those out of force."""
        return self.scenario.procedures

    def rng(self, *parts: object) -> Random:
        """Return the random generator of a subject, independent of earlier draws."""
        return Random("|".join(map(str, (self.scenario.name, self.seed, *parts))))

    def default_clock(self, now: datetime) -> datetime:
        """Return the instant that a server shows when no clock is set.

        The end of the last reported day where the scenario has one; else `now`, or the end of the thirtieth day
        after go-live where that is later.
        """
        if self.scenario.reported_on is not None:
            return workdays.end_of(self.scenario.reported_on)
        return max(now, workdays.end_of(self.scenario.go_live + timedelta(days=30)))

    def lives(self, day: date) -> list[Life]:
        """Return the dossiers received on `day`, or drawn for it and never received."""
        made = self._lives.get(day)
        if made is None:
            made = self._lives[day] = self._generate(day) if self.scenario.is_live(day) else []
        return made

    def lives_between(self, start: date, end: date) -> Iterator[Life]:
        """Yield the dossiers of [start, end], clipped to the days that hold data."""
        first = max(start, self.scenario.go_live)
        last = min(end, self.scenario.last_day or end)
        for ordinal in range(first.toordinal(), last.toordinal() + 1):
            yield from self.lives(date.fromordinal(ordinal))

    def apologies(self, day: date) -> list[Life]:
        """Return the dossiers with an apology letter on `day`."""
        for earlier in workdays.days(day - timedelta(days=LONGEST_APOLOGY_DAYS), day):
            self.lives(earlier)
        return self._apologies.get(day, [])

    def find(self, code: str, clock: datetime) -> Life | None:
        """Return the dossier with this code, which holds its day, if it exists at `clock`, else None."""
        stamp = re.search(r"(\d{6})[-/]", code)
        try:
            day = date.fromisoformat(f"20{stamp[1]}" if stamp else "")
        except ValueError:
            return None
        until = workdays.local(clock).date() + timedelta(days=LONGEST_WAIT_DAYS)
        some = self.lives_between(day, min(day, until))
        return next((life for life in some if life.dossier_code == code and life.applied_at <= clock), None)

    def expected_defects(self, as_of_on: date, start: date, end: date) -> list[Life]:
        """Return the defective records of [start, end] by `as_of_on`; none counts anywhere."""
        return [life for life in self.lives_between(start, min(end, as_of_on)) if life.defect is not None]

    # -- generation ---------------------------------------------------------------------------------------------

    @cached_property
    def _receivers(self) -> tuple[list[Unit], list[float]]:
        units = [unit for unit in self.units if unit.weight > 0]
        return units, list(itertools.accumulate(unit.weight for unit in units))

    @cached_property
    def _offers(self) -> dict[tuple[str, bool], tuple[list[Procedure], list[float]]]:
        """Return procedures and cumulative weights by (unit code, is a working day).

        On days off only what can be filed online is offered; a unit without online services has no entry.
        """
        offers = {}
        for unit in self._receivers[0]:
            some = self.scenario.procedures_of(unit)
            rng = self.rng("offers", unit.code)  # every unit has a mix of its own
            weights = [p.weight * rng.lognormvariate(0, 0.4) for p in some]
            offers[unit.code, True] = some, list(itertools.accumulate(weights))
            online = [(p, w) for p, w in zip(some, weights, strict=True) if p.service_level != "information"]
            if online:
                offers[unit.code, False] = [p for p, _ in online], list(itertools.accumulate(w for _, w in online))
        return offers

    def dossier_count(self, day: date) -> int:
        """Draw how many dossiers reach a province without a plan on `day`."""
        rng = self.rng("count", day.isoformat())
        mean = self.scenario.dossiers_per_day * self.size / 0.965  # drafts and refusals come on top
        if not workdays.works(day):
            mean *= WEEKEND_SHARE
        else:
            season = 1 + 0.12 * math.sin(2 * math.pi * (day.timetuple().tm_yday - 60) / 365)
            mean *= season * (1.12, 1.05, 1.0, 0.97, 0.88, 0.5, 0.5)[day.weekday()]
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))

    def _draws(self, day: date, rng: Random) -> list[tuple[Unit, Procedure, Fate]]:
        every, cumulative = self._receivers
        works = workdays.works(day)
        units = [unit for unit in every if unit.exists_on(day) and (unit.code, works) in self._offers]
        if len(units) < len(every):
            cumulative = list(itertools.accumulate(unit.weight for unit in units))
        drawn = []
        for unit in rng.choices(units, cum_weights=cumulative, k=self.dossier_count(day)):
            some, shares = self._offers[unit.code, works]
            procedure = rng.choices(some, cum_weights=shares)[0]
            drawn.append((unit, procedure, draw_fate(rng, unit, procedure, day, has_defects=True)))
        return drawn

    def _generate(self, day: date) -> list[Life]:
        rng = self.rng("day", day.isoformat())
        plan = self.scenario.plan
        drawn = self._draws(day, rng) if plan is None else plan.dossiers.get(day, [])
        floor = workdays.moment(self.scenario.go_live, 23400)
        sequence: dict[str, int] = {}
        made = []
        for unit, procedure, fate in drawn:
            sequence[unit.code] = sequence.get(unit.code, 0) + 1
            life = live(rng, fate, unit, procedure, day, sequence[unit.code], floor)
            made.append(life)
            if life.apology_on is not None and life.dossier_code is not None and life.defect is None:
                self._apologies.setdefault(life.apology_on, []).append(life)
        return made
