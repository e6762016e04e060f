"""Read all data of the pages, once per version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from cchc_pipeline.scorecards import points
from cchc_pipeline.scorecards.indicators_used import additive_criteria
from cchc_pipeline.scorecards.par_index.stage_sums import Stages
from cchc_pipeline.scorecards.scoring.shelf import Shelf
from cchc_pipeline.site import tables
from cchc_pipeline.site.tables import Row, Shown
from cchc_pipeline.vietnamese import names_within

INDEX766, PAR_INDEX = "scorecard_index766", "scorecard_par_index"
#: Counts of fewer items are hidden.
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
        """Return the path of its page in the site."""
        return f"units/{self.code}.html"


@dataclass(frozen=True)
class SiteData:
    """The rows of the published tables that the pages show, by unit.

    Attributes:
        tables: published table -> Parquet file.
        shelf: the rubrics that scored the cards.
        shown: the month of QĐ 766 and of the indicators; None where nothing was scored.
        shown_par: the year of PAR INDEX.
        local, portal, par: unit -> rows of its scorecard.
        stages: unit -> criterion, group or total of PAR INDEX -> points of each stage of the appraisal.
        history: unit -> totals of QĐ 766 in every period.
        figures: unit -> public indicator values.
        risks: unit -> dossiers at risk, in bands of five.
        intervals: (scorecard, source, period type, first day, unit) -> interval of its rank; empty where a version has
            none.
        fixes: unit -> criteria whose points are cheapest to win back, cheapest first; columns as in `points.fixes`.
        causes: what each unit costs the province in points of a criterion; columns as in `points.causes`.
        external: rows of `external_indices` of the province.
    """

    tables: Mapping[str, Path]
    shelf: Shelf
    province: Unit
    data_until: date
    units: Mapping[str, Unit]
    indicators: Mapping[str, Row]
    shown: Shown | None
    shown_par: Shown | None
    local: Mapping[str, list[Row]]
    portal: Mapping[str, list[Row]]
    par: Mapping[str, list[Row]]
    stages: Mapping[str, Mapping[str, Stages]]
    history: Mapping[str, list[Row]]
    figures: Mapping[str, list[Row]]
    risks: Mapping[str, Row]
    intervals: Mapping[tuple[str, str, str, date, str], Row]
    fixes: Mapping[str, list[Row]]
    causes: tuple[Row, ...]
    external: tuple[Row, ...]

    @property
    def indicator_names(self) -> dict[str, str]:
        """Return indicator id -> Vietnamese name."""
        return {code: one["name_vi"] for code, one in self.indicators.items()}

    def interval(self, scorecard: str, source: str, shown: Shown, unit_code: str) -> Row | None:
        """Return the interval of a unit's rank, or None."""
        return self.intervals.get((scorecard, source, shown.period_type, shown.first, unit_code))


def load(published: Mapping[str, Path], province_code: str, data_until: date, shelf: Shelf) -> SiteData:
    """Read what the pages show.

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
        indicators={row["indicator_id"]: row for row in tables.whole(published, "indicators").to_pylist()},
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
    """Return units with a page: current ones, and former ones scored in the period.

    Their names omit that of the province, which stands above every page.
    """
    rows = tables.whole(published, "units").to_pylist()
    names = names_within(province_code, {row["unit_code"]: row["unit_name"] or row["unit_code"] for row in rows})
    found = {
        row["unit_code"]: Unit(
            row["unit_code"],
            names[row["unit_code"]],
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


def _intervals(published: Mapping[str, Path]) -> dict[tuple[str, str, str, date, str], Row]:
    return {
        (row["scorecard_id"], row["source"], row["period_type"], row["period_start"], row["unit_code"]): row
        for row in tables.whole(published, "rank_intervals").to_pylist()
        if row["rank_low"] is not None
    }


def _to_fix(
    published: Mapping[str, Path],
    shown: Shown,
    local: Mapping[str, list[Row]],
    units: Mapping[str, Unit],
    province_code: str,
    shelf: Shelf,
) -> tuple[dict[str, list[Row]], tuple[Row, ...]]:
    """Return each unit's cheapest points, and the units that cost the province points."""
    filters = [("source", "=", "local"), ("period_type", "=", shown.period_type), ("period_start", "=", shown.first)]
    card: pd.DataFrame = pq.read_table(published[INDEX766], filters=filters).to_pandas()
    rubric = shelf.version("index766", str(card["rubric_version"].iloc[0]))
    told = {(row["unit_code"], row["criterion_code"]) for rows in local.values() for row in rows if row["has_counts"]}
    fixes = _records(points.fixes(card, rubric))
    for row in fixes:
        if (row["unit_code"], row["criterion_code"]) not in told:
            row["items"] = None
        row["points_per_item"] = row["points"] / row["items"] if row["items"] else None
    parents = {unit.code: unit.parent for unit in units.values()}
    causes = _records(points.causes(card, province_code, parents, additive_criteria(rubric)))
    for row in causes:
        is_told = (row["caused_by"], row["criterion_code"]) in told and row["items"] >= FEWEST_ITEMS
        row["items"] = int(row["items"]) if is_told else None
    return tables.grouped(fixes), tuple(causes)


def _records(frame: pd.DataFrame) -> list[Row]:
    return frame.to_dict("records")  # type: ignore[return-value]


@dataclass(frozen=True)
class Province:
    """A surveyed province in one year: rows of total, dimensions and sub-dimensions."""

    code: str
    name: str
    is_own: bool
    total: Row
    dimensions: tuple[Row, ...]
    below: dict[str, tuple[Row, ...]]
    interval: Row | None
