"""Arrange the overview of the province and the list of ranks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cchc_pipeline.drawing import plots
from cchc_pipeline.drawing.output import page_svg
from cchc_pipeline.drawing.plots import PHONE, Dot, dots
from cchc_pipeline.scorecards.par_index.stage_sums import Stages
from cchc_pipeline.site import words
from cchc_pipeline.site.data import SiteData, Unit, UnitPage
from cchc_pipeline.site.tables import Row, total_of

SHOWN, ENDS = 5, 3
LEVELS = ("department", "district", "commune")


@dataclass(frozen=True)
class Standing:
    """A unit's total and groups (by code) in a scorecard.

    Beside them stand its total on the national portal and the interval of its rank, of QĐ 766, and the stages of its
    appraisal, of PAR INDEX.
    """

    unit: Unit
    total: Row
    groups: dict[str, Row]
    portal: Row | None
    interval: Row | None
    stages: Stages | None


@dataclass(frozen=True)
class Level:
    """The units of one level, best first; units without a rank come last."""

    level: str
    standings: list[Standing]

    @property
    def ranked(self) -> list[Standing]:
        """Return the units with a rank."""
        return [one for one in self.standings if one.total["rank"] is not None]

    @property
    def ahead(self) -> list[Standing]:
        """Return the first few, at most half of the ranked, so that none is also behind."""
        return self.ranked[: min(ENDS, len(self.ranked) // 2)]

    @property
    def behind(self) -> list[Standing]:
        """Return the last few, the last one first."""
        return self.ranked[::-1][: min(ENDS, len(self.ranked) // 2)]


def levels(data: SiteData, card: Mapping[str, Sequence[Row]]) -> list[Level]:
    """Return the units of every level by their rank in a scorecard: unit code -> rows."""
    found = [
        Standing(
            unit,
            total,
            {row["criterion_code"]: row for row in card[unit.code] if row["parent_code"] == "TOTAL"},
            total_of(data.portal.get(unit.code, ())),
            data.interval("index766", "local", data.shown, unit.code),
            data.stages.get(unit.code, {}).get(total["criterion_code"]),
        )
        for unit in data.units.values()
        if (total := total_of(card.get(unit.code, ()))) is not None
    ]
    found.sort(key=lambda one: (one.total["rank"] is None, one.total["rank"] or 0, one.unit.code))
    held = ((level, [one for one in found if one.unit.level == level]) for level in LEVELS)
    return [Level(level, standings) for level, standings in held if standings]


def by_level(data: SiteData) -> dict[str, list[Unit]]:
    """Return level -> its units that the newest night scored, by their codes; the province first."""
    codes = data.days.scored("local") | data.days.scored("portal")
    scored = [unit for code, unit in sorted(data.units.items()) if code in codes]
    levels = ("province", *LEVELS)
    return {level: some for level in levels if (some := [unit for unit in scored if unit.level == level])}


def changes(page: UnitPage, ranks: Iterable[Level]) -> dict[str, list[Row] | list[Standing]]:
    """Return the largest changes in points, at most `SHOWN` of each kind.

    `better` and `worse` are criteria, `units_better` and `units_worse` units by their total.
    """
    criteria = [row for row in (page.local.criteria if page.local else ()) if row["change"]]
    criteria.sort(key=lambda row: (row["change"], row["criterion_code"]))
    units = [one for level in ranks for one in level.standings if one.total["change"]]
    units.sort(key=lambda one: (one.total["change"], one.unit.code))
    return {
        "better": [row for row in reversed(criteria) if row["change"] > 0][:SHOWN],
        "worse": [row for row in criteria if row["change"] < 0][:SHOWN],
        "units_better": [one for one in reversed(units) if one.total["change"] > 0][:SHOWN],
        "units_worse": [one for one in units if one.total["change"] < 0][:SHOWN],
    }


def lost(page: UnitPage) -> list[Row]:
    """Return the criteria with the most points lost, most first, at most 2 × `SHOWN`."""
    rows = [row for row in (page.local.criteria if page.local else ()) if row["points_lost"]]
    return sorted(rows, key=lambda row: (-row["points_lost"], row["criterion_code"]))[: 2 * SHOWN]


def radar(page: UnitPage) -> str | None:
    """Draw shares of reachable points by QĐ 766 group and source; None without any."""
    sides = [card for card in (page.local, page.portal) if card is not None]
    if not sides:
        return None
    codes = [row["criterion_code"] for row in sides[0].groups]
    series = {}
    for card in sides:
        shares = {row["criterion_code"]: row["share"] for row in card.groups}
        series[words.phrase(words.SOURCES[card.source])] = [shares.get(code) for code in codes]
    label = words.phrase("Tỷ lệ điểm đạt được theo nhóm của Bộ chỉ số 766")
    return page_svg(plots.radar(codes, series), "radar", label)


def trend(page: UnitPage) -> str | None:
    """Draw the monthly share of reachable points by source; None without figures.

    The line is broken where other criteria were scored.
    """
    months = [row for row in page.history if row["period_type"] == "month"]
    series: dict[str, list[plots.Spot]] = {}
    for source, column in (("local", ""), ("portal", "portal_")):
        shares = [None if row[f"{column}ratio"] is None else 100 * row[f"{column}ratio"] for row in months]
        if any(share is not None for share in shares):
            series[words.phrase(words.SOURCES[source])] = [
                plots.Spot(f"{row['period_start']:%m/%Y}", share, row[f"{column}measured_by"] or "", row["is_open"])
                for row, share in zip(months, shares, strict=True)
            ]
    if not series:
        return None
    return page_svg(plots.trend(series), "trend", words.phrase("Tổng điểm theo tháng, phần trăm điểm có thể đạt"))


def rank_dots(name: str, rows: Iterable[tuple[str, Row, Row | None, bool]]) -> str | None:
    """Draw ranks with their intervals; None where there are no intervals.

    Args:
        name: prefix of ids, unique on the page.
        rows: label, total, interval of the rank, and whether it is the own province.
    """
    known = [
        Dot(label, total["rank"], interval["rank_low"], interval["rank_high"], is_own=is_own)
        for label, total, interval, is_own in rows
        if total["rank"] is not None and interval is not None
    ]
    return page_svg(dots(known, PHONE), name, words.phrase("Thứ hạng và khoảng thứ hạng")) if known else None
