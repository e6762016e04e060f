"""Describe the figures of registers, and build the rows that meet them.

Each model is one entry under `registers` of a scenario; `rows` yields (register, row) with the row in the columns of
the register's contract.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import Field, model_validator

from cchc_pipeline.sandbox.drop import Rows, register_row
from cchc_pipeline.sandbox.life import workdays
from cchc_pipeline.sandbox.life.province_parts import Unit
from cchc_pipeline.yaml_files import QuotedDay, Strict


class Flow(Strict):
    """A count that adds up over periods: a row per month, together `total`."""

    add: Literal["flow"]
    measure: str
    total: int
    start: QuotedDay
    end: QuotedDay
    system: str

    def rows(self, units: Sequence[Unit]) -> Rows:
        """Yield the rows of the province, which is first of `units`."""
        span, done = (self.end - self.start).days + 1, 0
        for first, last in workdays.months(self.start, self.end):
            value = round(self.total * ((last - self.start).days + 1) / span) - done
            done += value
            yield register_row("observations", self.measure, units[0].code, first, last, value, None, self.system, None)


class Level(Strict):
    """A figure of [start, day], without `start` as of `day`; `total` where it is a part."""

    add: Literal["level"]
    measure: str
    value: int | float
    day: QuotedDay
    start: QuotedDay | None = None
    total: int | float | None = None
    system: str

    def rows(self, units: Sequence[Unit]) -> Rows:
        """Yield the row of the province."""
        first, figure = self.start or self.day, (self.value, self.total)
        yield register_row("observations", self.measure, units[0].code, first, self.day, *figure, self.system, None)


class Flags(Strict):
    """1 for each unit of `level` but the last `left_out`; 0 for the last `without`."""

    add: Literal["flags"]
    measure: str
    level: str
    day: QuotedDay
    system: str
    left_out: int = 0
    without: int = 0

    def rows(self, units: Sequence[Unit]) -> Rows:
        """Yield a row per unit."""
        codes = [unit.code for unit in units if unit.level == self.level]
        count = len(codes) - self.left_out
        for i, code in enumerate(codes[:count]):
            value = int(i < count - self.without)
            yield register_row("observations", self.measure, code, self.day, self.day, value, None, self.system, None)


class Plan(Strict):
    """The reform plan of `year`, its first `done` activities finished before `until`.

    Tasks are spread over `fields`, activities over `tasks`. The plan is the province's where `unit` is None.
    """

    add: Literal["plan"]
    year: int
    fields: int
    tasks: int
    activities: int
    done: int
    until: QuotedDay
    unit: str | None = None

    def rows(self, units: Sequence[Unit]) -> Rows:
        """Yield a row per activity."""
        for i in range(self.activities):
            task = i % self.tasks
            codes = f"{self.year}.HD{i + 1:03d}", f"LV{task % self.fields + 1:02d}", f"NV{task + 1:02d}"
            due_on = workdays.shift(date(self.year, 1, 1), 10 + i * 220 // self.activities)
            done_on = min(due_on, workdays.shift(self.until, -1)) if i < self.done else None
            holder = self.unit or units[0].code, due_on, done_on
            yield register_row("plan_tasks", self.year, *codes, f"Hoạt động mẫu {i + 1:03d}", *holder)


class Inspections(Strict):
    """An inspection planned and held in each of `count` units below the province."""

    add: Literal["inspections"]
    year: int
    count: int

    def rows(self, units: Sequence[Unit]) -> Rows:
        """Yield a row per inspection: departments first, then districts, communes."""
        codes = [unit.code for level in ("department", "district", "commune") for unit in units if unit.level == level]
        for i, code in enumerate(codes[: self.count]):
            day = workdays.shift(date(self.year, 2, 1), 2 * i % 200)
            number, conclusion = f"KT{self.year}.{i + 1:03d}", f"{100 + i}/KL-ĐKT"
            held_on = workdays.shift(day, i % 4)
            yield register_row("inspections", number, self.year, code, day, held_on, conclusion)


class Petitions(Strict):
    """`count` petitions or questions, all answered in time."""

    add: Literal["petitions"]
    of: Literal["petition", "question"]
    count: int
    start: QuotedDay
    end: QuotedDay

    def rows(self, units: Sequence[Unit]) -> Rows:
        """Yield a row per petition."""
        span = (self.end - self.start).days - 20
        for i in range(self.count):
            day = workdays.shift(self.start + timedelta(days=span * i // self.count), 1)
            number = f"{'HD' if self.of == 'question' else 'PA'}{self.start.year}.{i + 1:04d}"
            days = day, workdays.shift(day, 10), workdays.shift(day, 3 + i % 5)
            yield register_row("petitions", number, self.of, units[0].code, *days, "portal")


class Index(Strict):
    """A published value of an index, its rank, or both."""

    add: Literal["index"]
    code: str
    year: int
    as_of_on: QuotedDay
    source: str
    value: float | None = None
    rank: int | None = None
    rank_of: int = 63
    band: str | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Index:
        if self.value is None and self.rank is None:
            raise ValueError(f"index {self.code} of {self.year}: give a value or a rank")
        return self

    def rows(self, units: Sequence[Unit]) -> Rows:
        """Yield the row of the province."""
        placed = (self.rank, self.rank_of if self.rank is not None else None, self.band)
        day, code = self.as_of_on, units[0].code
        yield register_row("external_indices", self.code, code, self.year, day, self.value, *placed, self.source)


Figure = Annotated[Flow | Level | Flags | Plan | Inspections | Petitions | Index, Field(discriminator="add")]
