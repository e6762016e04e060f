"""Arrange the overview of the province and the list of ranks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cchc_pipeline.drawing import plots
from cchc_pipeline.drawing.output import page_svg
from cchc_pipeline.drawing.ranks import PHONE, Dot, dots
from cchc_pipeline.scorecards.par_index.stage_sums import Stages
from cchc_pipeline.site import words
from cchc_pipeline.site.card import SOURCES, Line
from cchc_pipeline.site.data import SiteData, Unit
from cchc_pipeline.site.tables import Row
from cchc_pipeline.site.unit_page import UnitPage
from cchc_pipeline.vietnamese import period_label

SHOWN, ENDS = 5, 3
LEVELS = ("department", "district", "commune")


@dataclass(frozen=True)
class Standing:
    """A unit's QĐ 766 in the period shown: total, rank interval, portal total, groups."""

    unit: Unit
    total: Row
    interval: Row | None
    portal: Row | None
    groups: dict[str, Row]


@dataclass(frozen=True)
class Level:
    """The units of one level, best first; units without a rank come last."""

    level: str
    standings: tuple[Standing, ...]

    @property
    def ranked(self) -> tuple[Standing, ...]:
        """Return the units with a rank."""
        return tuple(one for one in self.standings if one.total["rank"] is not None)

    @property
    def ahead(self) -> tuple[Standing, ...]:
        """Return the first few, at most half of the ranked, so that none is also behind."""
        return self.ranked[: min(ENDS, len(self.ranked) // 2)]

    @property
    def behind(self) -> tuple[Standing, ...]:
        """Return the last few, the last one first."""
        few = min(ENDS, len(self.ranked) // 2)
        return tuple(reversed(self.ranked[len(self.ranked) - few :])) if few else ()


@dataclass(frozen=True)
class Changes:
    """Largest changes of points since the period before: criteria and unit totals."""

    better: tuple[Line, ...]
    worse: tuple[Line, ...]
    units_better: tuple[Standing, ...]
    units_worse: tuple[Standing, ...]


def levels(data: SiteData) -> tuple[Level, ...]:
    """Return the units of every level by their rank in QĐ 766."""
    found: dict[str, list[Standing]] = {}
    for unit in data.units.values():
        rows = data.local.get(unit.code, ())
        total = next((row for row in rows if row["criterion_level"] == "total"), None)
        if total is None or data.shown is None or unit.level not in LEVELS:
            continue
        portal = next((row for row in data.portal.get(unit.code, ()) if row["criterion_level"] == "total"), None)
        groups = {row["criterion_code"]: row for row in rows if row["parent_code"] == "TOTAL"}
        interval = data.interval("index766", "local", data.shown, unit.code)
        found.setdefault(unit.level, []).append(Standing(unit, total, interval, portal, groups))
    for standings in found.values():
        standings.sort(key=lambda one: (one.total["rank"] is None, one.total["rank"] or 0, one.unit.code))
    return tuple(Level(level, tuple(found[level])) for level in LEVELS if level in found)


@dataclass(frozen=True)
class ParStanding:
    """A unit's total in PAR INDEX, with the stages of its appraisal."""

    unit: Unit
    total: Row
    stages: Stages | None


@dataclass(frozen=True)
class ParLevel:
    """The units of one level by PAR INDEX, best first; those without a rank come last."""

    level: str
    standings: tuple[ParStanding, ...]


def par_levels(data: SiteData) -> tuple[ParLevel, ...]:
    """Return the units of every level by their rank in PAR INDEX."""
    found: dict[str, list[ParStanding]] = {}
    for unit in data.units.values():
        total = next((row for row in data.par.get(unit.code, ()) if row["criterion_level"] == "total"), None)
        if total is not None and unit.level in LEVELS:
            stages = data.stages.get(unit.code, {}).get(total["criterion_code"])
            found.setdefault(unit.level, []).append(ParStanding(unit, total, stages))
    for standings in found.values():
        standings.sort(key=lambda one: (one.total["rank"] is None, one.total["rank"] or 0, one.unit.code))
    return tuple(ParLevel(level, tuple(found[level])) for level in LEVELS if level in found)


def changes(page: UnitPage, ranks: Iterable[Level]) -> Changes:
    """Return the largest changes in points, at most `SHOWN` of each kind."""
    lines = [] if page.local is None else [one for one in page.local.lines if one.row["criterion_level"] == "criterion"]
    moved = sorted(
        (one for one in lines if one.row["change"]), key=lambda one: (one.row["change"] or 0, one.row["criterion_code"])
    )
    all_units = [one for level in ranks for one in level.standings if one.total["change"]]
    units = sorted(all_units, key=lambda one: (one.total["change"] or 0, one.unit.code))
    return Changes(
        tuple(one for one in reversed(moved) if (one.row["change"] or 0) > 0)[:SHOWN],
        tuple(one for one in moved if (one.row["change"] or 0) < 0)[:SHOWN],
        tuple(one for one in reversed(units) if (one.total["change"] or 0) > 0)[:SHOWN],
        tuple(one for one in units if (one.total["change"] or 0) < 0)[:SHOWN],
    )


def lost(page: UnitPage) -> tuple[Line, ...]:
    """Return the criteria with the most points lost, most first, at most 2 × `SHOWN`."""
    if page.local is None:
        return ()
    rows = [one for one in page.local.lines if one.row["criterion_level"] == "criterion" and one.row["points_lost"]]
    return tuple(sorted(rows, key=lambda one: (-(one.row["points_lost"] or 0), one.row["criterion_code"])))[: 2 * SHOWN]


def newest_external(data: SiteData) -> list[dict[str, Any]]:
    """Return the newest reading of each external index, by index code."""
    newest: dict[str, dict[str, Any]] = {}
    for row in data.external:
        held = newest.get(row["index_code"])
        if held is None or (row["year"], row["as_of_on"]) > (held["year"], held["as_of_on"]):
            newest[row["index_code"]] = row
    return [newest[code] for code in sorted(newest)]


def radar(page: UnitPage) -> str | None:
    """Draw shares of reachable points by QĐ 766 group and source; None without any."""
    sides = [card for card in (page.local, page.portal) if card is not None]
    if not sides:
        return None
    codes = [line.row["criterion_code"] for line in sides[0].groups]
    series = {}
    for card in sides:
        shares = {line.row["criterion_code"]: line.share for line in card.groups}
        series[words.phrase(SOURCES[card.source])] = [shares.get(code) for code in codes]
    return page_svg(
        plots.radar(codes, series), "radar", words.phrase("Tỷ lệ điểm đạt được theo nhóm của Bộ chỉ số 766")
    )


def trend(page: UnitPage) -> str | None:
    """Draw the monthly share of reachable points by source; None without figures.

    The line is broken where other criteria were scored.
    """
    months = [one for one in page.history if one.period_type == "month"]
    if not months:
        return None
    series: dict[str, list[plots.Spot]] = {}
    for source in ("local", "portal"):
        spots = []
        for one in months:
            total = one.local if source == "local" else one.portal
            share = None if total is None or total["ratio"] is None else 100 * total["ratio"]
            stretch = "" if total is None else total["measured_by"]
            spots.append(plots.Spot(period_label("month", one.first, one.last), share, stretch, one.is_open))
        if any(spot.value is not None for spot in spots):
            series[words.phrase(SOURCES[source])] = spots
    if not series:
        return None
    return page_svg(plots.trend(series), "trend", words.phrase("Tổng điểm theo tháng, phần trăm điểm có thể đạt"))


def rank_dots(level: Level) -> str | None:
    """Draw ranks with their intervals; None where there are no intervals."""
    rows = [
        Dot(one.unit.name, one.total["rank"], one.interval["rank_low"], one.interval["rank_high"])
        for one in level.ranked
        if one.total["rank"] is not None and one.interval is not None
    ]
    if not rows:
        return None
    return page_svg(dots(rows, PHONE), f"ranks-{level.level}", words.phrase("Thứ hạng và khoảng thứ hạng"))
