"""Build the rows of registers that meet published figures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from cchc_pipeline.sandbox.life import workdays
from cchc_pipeline.sandbox.life.province_parts import SandboxError, Unit

Row = dict[str, object]
TABLES = (
    "registers__observations",
    "registers__plan_tasks",
    "registers__inspections",
    "registers__petitions",
    "registers__external_indices",
)


def _months(start: date, end: date) -> list[tuple[date, date]]:
    """Split [start, end] into (first day, last day) of each month."""
    parts = []
    while start <= end:
        following = (start.replace(day=1) + timedelta(days=32)).replace(day=1)
        parts.append((start, min(end, following - timedelta(days=1))))
        start = following
    return parts


class RegisterBook:
    """The rows of the registers by table; each method adds those of one figure.

    Rows use the column names of the contract of their table.

    Args:
        province: code of the province.
        units: its units.
    """

    def __init__(self, province: str, units: Sequence[Unit]) -> None:
        self._province, self._units = province, units
        self.tables: dict[str, list[Row]] = {table: [] for table in TABLES}

    def flow(self, measure: str, total: int, start: date, end: date, *, system: str, unit: str | None = None) -> None:
        """Add a count that adds up over periods: a row per month, together `total`."""
        months = _months(start, end)
        span = (end - start).days + 1
        done = 0
        for first, last in months:
            value = round(total * ((last - start).days + 1) / span) - done
            done += value
            self._observe(measure, unit, first, last, value, None, system)

    def stock(
        self, measure: str, value: float, day: date, *, system: str, total: float | None = None, unit: str | None = None
    ) -> None:
        """Add a level as of `day`; `total` where it is a part of a whole."""
        self._observe(measure, unit, day, day, value, total, system)

    def part(self, measure: str, value: float, total: float, start: date, end: date, *, system: str) -> None:
        """Add a row of the `value` reached of the planned `total` in [start, end]."""
        self._observe(measure, None, start, end, value, total, system)

    def flags(self, measure: str, units: Sequence[str], day: date, *, system: str, without: int = 0) -> None:
        """Add 1 for each unit as of `day`, 0 for the last `without` of them."""
        for position, unit in enumerate(units):
            self._observe(measure, unit, day, day, int(position < len(units) - without), None, system)

    def codes(self, level: str) -> list[str]:
        """Return the codes of the units of a level."""
        return [unit.code for unit in self._units if unit.level == level]

    def plan(
        self, year: int, *, fields: int, tasks: int, activities: int, done: int, until: date, unit: str | None = None
    ) -> None:
        """Add the reform plan of `year`, its first `done` activities finished.

        They are finished before `until`; tasks are spread over `fields`, activities over `tasks`.
        """
        first = date(year, 1, 1)
        for i in range(activities):
            task = i % tasks
            due_on = workdays.shift(first, 10 + i * 220 // activities)
            finished_on = min(due_on, workdays.shift(until, -1)) if i < done else None
            self.tables["registers__plan_tasks"].append(
                {
                    "plan_year": year,
                    "activity_code": f"{year}.HD{i + 1:03d}",
                    "field_code": f"LV{task % fields + 1:02d}",
                    "task_code": f"NV{task + 1:02d}",
                    "name": f"Hoạt động mẫu {i + 1:03d}",
                    "unit_code": unit or self._province,
                    "due_on": due_on,
                    "finished_on": finished_on,
                }
            )

    def inspections(self, year: int, units: Sequence[str]) -> None:
        """Add one inspection planned and held in each of `units`."""
        for i, unit in enumerate(units):
            day = workdays.shift(date(year, 2, 1), 2 * i % 200)
            self.tables["registers__inspections"].append(
                {
                    "inspection_code": f"KT{year}.{i + 1:03d}",
                    "plan_year": year,
                    "unit_code": unit,
                    "planned_on": day,
                    "inspected_on": workdays.shift(day, i % 4),
                    "conclusion_number": f"{100 + i}/KL-ĐKT",
                }
            )

    def petitions(self, kind: str, count: int, start: date, end: date) -> None:
        """Add `count` petitions or questions, all answered in time."""
        span = (end - start).days - 20
        for i in range(count):
            day = workdays.shift(start + timedelta(days=span * i // count), 1)
            self.tables["registers__petitions"].append(
                {
                    "petition_code": f"{'HD' if kind == 'question' else 'PA'}{start.year}.{i + 1:04d}",
                    "kind": kind,
                    "unit_code": self._province,
                    "received_on": day,
                    "due_on": workdays.shift(day, 10),
                    "answered_on": workdays.shift(day, 3 + i % 5),
                    "channel": "portal",
                }
            )

    def index(
        self,
        code: str,
        year: int,
        as_of_on: date,
        *,
        source: str,
        value: float | None = None,
        rank: int | None = None,
        rank_of: int | None = 63,
        band: str | None = None,
    ) -> None:
        """Add a published value of an index and its rank.

        Raises:
            SandboxError: neither value nor rank is given.
        """
        if value is None and rank is None:
            raise SandboxError(f"index {code} of {year}: give a value or a rank", index=code)
        self.tables["registers__external_indices"].append(
            {
                "index_code": code,
                "unit_code": self._province,
                "year": year,
                "as_of_on": as_of_on,
                "value": value,
                "rank": rank,
                "rank_of": rank_of if rank is not None else None,
                "band": band,
                "source": source,
            }
        )

    def _observe(
        self,
        measure: str,
        unit: str | None,
        first: date,
        last: date,
        value: float,
        total: float | None,
        system: str,
    ) -> None:
        self.tables["registers__observations"].append(
            {
                "measure_code": measure,
                "unit_code": unit or self._province,
                "period_start": first,
                "observed_on": last,
                "value": value,
                "total": total,
                "system": system,
                "note": None,
            }
        )
