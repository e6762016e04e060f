"""Arrange what moved since the night before and in a week, and the line of every unit night by night."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from cchc_pipeline.drawing.spark import Night, spark
from cchc_pipeline.indicators.disclosure import SMALL
from cchc_pipeline.site import words
from cchc_pipeline.site.tables import Row, grouped, run

#: What a night is compared with -> column of the change, and of the reason why there is none.
SPANS = {"night": ("change", "change_reason_vi"), "week": ("change_week", "change_week_reason_vi")}
SOURCES = ("local", "portal")
SHOWN = 10


@dataclass(frozen=True)
class Move:
    """A unit whose total moved, with the criteria that moved it, the largest first.

    `earlier` is the criterion that moved it most where that moved on an earlier night than the total is told on.
    """

    total: Row
    change: float
    criteria: tuple[tuple[Row, float], ...]
    earlier: Row | None = None


@dataclass(frozen=True)
class Moves:
    """Units that rose and that fell, the largest change first; the province is not among them.

    Attributes:
        reason: why nothing can be told, where nothing can.
        compared: how many totals were compared.
        since: the night that was compared with, where it is one for all.
    """

    up: list[Move]
    down: list[Move]
    reason: str | None
    compared: int
    since: date | None


class Days:
    """The newest night of `score_days`, and the lines of the last 31 days; `published` is its Parquet file."""

    def __init__(self, published: Path) -> None:
        rows = run("days", {"fewest": SMALL}, days=published)
        self.night: date | None = rows[0]["night_on"] if rows else None
        self._rows = grouped(rows, "source")
        #: (source, unit) -> total of the newest month, criteria of both months.
        self._totals: dict[tuple[str, str], Row] = {}
        for row in rows:
            if row["criterion_level"] == "total":
                self._totals.setdefault((row["source"], row["unit_code"]), row)
        lines = run("days_lines", None, days=published)
        self._lines: dict[tuple[str, str], list[Row]] = {}
        for line in lines:
            self._lines.setdefault((line["source"], line["unit_code"]), []).append(line)
        self._first = min((line["night_on"] for line in lines), default=None)

    def total(self, source: str, unit: str) -> Row | None:
        """Return the total of a unit in the newest month that it was scored in, or None."""
        return self._totals.get((source, unit))

    def scored(self, source: str) -> set[str]:
        """Return the codes of the units that the newest night scored from a source."""
        return {unit for of, unit in self._totals if of == source}

    def moves(self, source: str, span: str) -> Moves:
        """Return who moved since the night before (`night`) or in a week (`week`)."""
        column, why = SPANS[span]
        rows = self._rows.get(source, [])
        totals = [row for row in rows if row["criterion_level"] == "total"]
        criteria = [row for row in rows if row["criterion_level"] == "criterion"]
        by_card = grouped([{**row, "card": (row["unit_code"], row["period_start"])} for row in criteria], "card")
        found = [
            Move(
                row,
                row[column],
                tuple((one, one[column]) for one in _same_way(row, by_card, column)),
                _earlier(row, by_card) if span == "night" else None,
            )
            for row in totals
            if row[column] and row["unit_level"] != "province"
        ]
        found.sort(key=lambda move: (-abs(move.change), move.total["unit_code"], move.total["period_start"]))
        told = [row for row in totals if row[column] is not None]
        reasons = {row[why] for row in totals if row["unit_level"] != "province" or len(totals) == 1}
        since = {row["before_on" if span == "night" else "week_before_on"] for row in told}
        return Moves(
            [move for move in found if move.change > 0][:SHOWN],
            [move for move in found if move.change < 0][:SHOWN],
            next(iter(sorted(filter(None, reasons))), None) if not told else None,
            len(told),
            since.pop() if len(since) == 1 else None,
        )

    def criteria(self, source: str, unit: str) -> list[Row]:
        """Return the criteria of a unit that moved since the night before or in a week, the largest change first."""
        rows = (row for row in self._rows.get(source, ()) if row["unit_code"] == unit)
        moved = [row for row in rows if row["criterion_level"] == "criterion" and (row["change"] or row["change_week"])]
        order = ("change", "change_week")
        return sorted(moved, key=lambda row: ([-abs(row[name] or 0) for name in order], row["criterion_code"]))

    def line(self, source: str, unit: str) -> str | None:
        """Draw the total of a unit night by night; None without points. Nights without a run are gaps."""
        held = {row["night_on"]: row for row in self._lines.get((source, unit), ())}
        if not held or self.night is None or self._first is None:
            return None
        days = (held.get(self._first + timedelta(days=n)) for n in range((self.night - self._first).days + 1))
        gap: Row = {"points": None, "stretch": "", "is_older_figure": False}
        nights = [Night(row["points"], row["stretch"], row["is_older_figure"]) for row in (day or gap for day in days)]
        values = [night.value for night in nights if night.value is not None]
        return spark(nights, f"{words.points(values[0])} → {words.points(values[-1])}") if values else None


def _earlier(total: Row, criteria: dict[object, list[Row]]) -> Row | None:
    """Return the criterion that moved a total most, where its own change was told before."""
    rows = criteria.get((total["unit_code"], total["period_start"]), [])
    return next((row for row in rows if row["criterion_code"] == total["moved_by"] and not row["change"]), None)


def _same_way(total: Row, criteria: dict[object, list[Row]], column: str) -> Iterable[Row]:
    """Return the criteria that moved a total in the direction of its change, the largest first."""
    rows = criteria.get((total["unit_code"], total["period_start"]), [])
    same = [row for row in rows if (row[column] or 0) * total[column] > 0]
    return sorted(same, key=lambda row: (-abs(row[column]), row["criterion_code"]))[:3]
