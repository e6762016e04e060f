"""Everything that the pages draw on, read once per version."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from cchc_pipeline.scorecards import points
from cchc_pipeline.scorecards.indicators_used import additive_criteria
from cchc_pipeline.scorecards.par_index.stage_sums import Stages
from cchc_pipeline.scorecards.scoring.shelf import Shelf
from cchc_pipeline.site import tables
from cchc_pipeline.site.tables import CardRow, Figure, Risk, Shown, Total

INDEX766, PAR_INDEX = "scorecard_index766", "scorecard_par_index"
#: A count of fewer items than this is not told.
FEWEST_ITEMS = 5


@dataclass(frozen=True)
class Unit:
    """A unit of the province that has a page."""

    code: str
    name: str
    level: str
    parent: str | None
    is_current: bool
    valid_to: date | None

    @property
    def page(self) -> str:
        """Path of its page in the site."""
        return f"units/{self.code}.html"


@dataclass(frozen=True)
class Indicator:
    """What an indicator is called and how it is read; columns of the table `indicators`."""

    indicator_id: str
    name_vi: str
    name_en: str
    legal_basis: str
    unit_of_measure: str
    direction: str
    family: str


@dataclass(frozen=True)
class Interval:
    """The ranks that a unit could as well have: 95 of 100 draws lie between `low` and `high`."""

    low: int
    high: int
    method_vi: str


@dataclass(frozen=True)
class Fix:
    """What would bring a criterion to its full points. `items` is None where so few may not be told."""

    criterion_code: str
    name_vi: str
    points: float
    items: int | None

    @property
    def points_per_item(self) -> float | None:
        """Points that one more item brings; None where items are not told."""
        return None if not self.items else self.points / self.items


@dataclass(frozen=True)
class Cause:
    """A unit that costs the province points of a criterion."""

    criterion_code: str
    name_vi: str
    unit_code: str
    points: float
    items: int | None


@dataclass(frozen=True)
class SiteData:
    """The published tables by unit.

    Attributes:
        tables: published table -> Parquet file.
        shelf: the rubrics that scored the cards.
        shown: the month of QĐ 766 and of the indicators; None where nothing was scored.
        shown_par: the year of PAR INDEX.
        local, portal, par: rows of the scorecards by unit.
        stages: unit -> criterion, group or total of PAR INDEX -> what each stage of the appraisal gave.
        intervals: (scorecard, source, period type, first day, unit) -> interval of its rank; empty where a version has
            none.
    """

    tables: Mapping[str, Path]
    shelf: Shelf
    province: Unit
    data_until: date
    units: Mapping[str, Unit]
    indicators: Mapping[str, Indicator]
    shown: Shown | None
    shown_par: Shown | None
    local: Mapping[str, list[CardRow]]
    portal: Mapping[str, list[CardRow]]
    par: Mapping[str, list[CardRow]]
    stages: Mapping[str, Mapping[str, Stages]]
    history: Mapping[str, list[Total]]
    figures: Mapping[str, list[Figure]]
    risks: Mapping[str, Risk]
    intervals: Mapping[tuple[str, str, str, date, str], Interval]
    fixes: Mapping[str, list[Fix]]
    causes: tuple[Cause, ...]
    external: tuple[dict[str, Any], ...]

    @property
    def indicator_names(self) -> dict[str, str]:
        """Indicator id -> Vietnamese name."""
        return {one.indicator_id: one.name_vi for one in self.indicators.values()}

    def interval(self, scorecard: str, source: str, shown: Shown, unit_code: str) -> Interval | None:
        """The interval of a unit's rank; None where there is none."""
        return self.intervals.get((scorecard, source, shown.period_type, shown.first, unit_code))


def load(published: Mapping[str, Path], province_code: str, data_until: date, shelf: Shelf) -> SiteData:
    """Read what the pages need.

    Args:
        published: published table -> Parquet file.
        province_code: code of the province.
        data_until: last day of data.
        shelf: the rubrics that the scorecards were scored by.
    """
    shown = tables.shown_period(published, INDEX766, "month", data_until)
    shown_par = tables.shown_period(published, PAR_INDEX, "year", data_until)
    local = tables.card(published, INDEX766, "local", shown) if shown else {}
    portal = tables.card(published, INDEX766, "portal", shown) if shown else {}
    par = tables.card(published, PAR_INDEX, "local", shown_par) if shown_par else {}
    units = _units(published, {*local, *portal, *par}, province_code)
    fixes, causes = _to_fix(published, shown, local, units, province_code, shelf) if shown and local else ({}, ())
    return SiteData(
        tables=published,
        shelf=shelf,
        province=units[province_code],
        data_until=data_until,
        units=units,
        indicators={
            row["indicator_id"]: Indicator(**{name: row[name] for name in Indicator.__annotations__})
            for row in tables.whole(published, "indicators").to_pylist()
        },
        shown=shown,
        shown_par=shown_par,
        local=local,
        portal=portal,
        par=par,
        stages=tables.stages(published, shown_par) if shown_par else {},
        history=tables.history(published, INDEX766),
        figures=tables.figures(published, shown) if shown else {},
        risks=tables.risks(published),
        intervals=_intervals(published),
        fixes=fixes,
        causes=causes,
        external=tuple(
            row for row in tables.whole(published, "external_indices").to_pylist() if row["unit_code"] == province_code
        ),
    )


def _units(published: Mapping[str, Path], scored: set[str], province_code: str) -> dict[str, Unit]:
    """Units with a page: those of today, and former ones that were scored in the period; their names without that
    of the province, which stands above every page.
    """  # noqa: D205 - one thought
    rows = tables.whole(published, "units").to_pylist()
    names = {row["unit_code"]: row["unit_name"] or row["unit_code"] for row in rows}
    place = re.sub(r"^(UBND|Ủy ban nhân dân)\s+", "", names.get(province_code, province_code), flags=re.IGNORECASE)
    tail = re.compile(rf"\s*[-,–]\s*{re.escape(place)}$", re.IGNORECASE)
    found = {
        row["unit_code"]: Unit(
            row["unit_code"],
            tail.sub("", names[row["unit_code"]]),
            row["unit_level"] or "department",
            row["parent_code"],
            bool(row["is_current"]),
            row["valid_to"],
        )
        for row in rows
        if row["is_current"] or row["unit_code"] in scored
    }
    for code in sorted((scored | {province_code}) - set(found)):
        level = "province" if code == province_code else "department"
        found[code] = Unit(code, code, level, None, is_current=True, valid_to=None)
    return found


def _intervals(published: Mapping[str, Path]) -> dict[tuple[str, str, str, date, str], Interval]:
    return {
        (row["scorecard_id"], row["source"], row["period_type"], row["period_start"], row["unit_code"]): Interval(
            row["rank_low"], row["rank_high"], row["method_vi"]
        )
        for row in tables.whole(published, "rank_intervals").to_pylist()
        if row["rank_low"] is not None
    }


def _to_fix(
    published: Mapping[str, Path],
    shown: Shown,
    local: Mapping[str, list[CardRow]],
    units: Mapping[str, Unit],
    province_code: str,
    shelf: Shelf,
) -> tuple[dict[str, list[Fix]], tuple[Cause, ...]]:
    """Cheapest points of every unit, and which units cost the province its points."""
    filters = [("source", "=", "local"), ("period_type", "=", shown.period_type), ("period_start", "=", shown.first)]
    card: pd.DataFrame = pq.read_table(published[INDEX766], filters=filters).to_pandas()
    rubric = shelf.version("index766", str(card["rubric_version"].iloc[0]))
    told = {(row.unit_code, row.criterion_code): row.has_counts for rows in local.values() for row in rows}
    fixes: dict[str, list[Fix]] = {}
    for row in points.fixes(card, rubric).to_dict("records"):
        items = row["items"] if told.get((row["unit_code"], row["criterion_code"])) else None
        found = Fix(row["criterion_code"], row["criterion_name_vi"], row["points"], items)
        fixes.setdefault(row["unit_code"], []).append(found)
    parents = {unit.code: unit.parent for unit in units.values()}
    rows = points.causes(card, province_code, parents, additive_criteria(rubric)).to_dict("records")
    causes = tuple(
        Cause(
            row["criterion_code"],
            row["criterion_name_vi"],
            row["caused_by"],
            row["points"],
            int(row["items"])
            if told.get((row["caused_by"], row["criterion_code"])) and row["items"] >= FEWEST_ITEMS
            else None,
        )
        for row in rows
    )
    return fixes, causes


@dataclass(frozen=True)
class Province:
    """A province in one year: its total, dimensions and sub-dimensions as rows of the published table."""

    code: str
    name: str
    is_own: bool
    total: dict[str, Any]
    dimensions: tuple[dict[str, Any], ...]
    below: dict[str, tuple[dict[str, Any], ...]]
    interval: Interval | None
