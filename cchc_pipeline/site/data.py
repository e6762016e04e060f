"""Read all data of the pages, once per version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from cchc_pipeline.lake.files import read_parquet
from cchc_pipeline.scorecards import points
from cchc_pipeline.scorecards.indicators_used import additive_criteria
from cchc_pipeline.scorecards.par_index.stage_sums import Stages, stage_sums
from cchc_pipeline.scorecards.scoring.rubric_set import RubricSet
from cchc_pipeline.site.tables import Row, Shown, grouped, run, shown_period
from cchc_pipeline.vietnamese import names_within

INDEX766, PAR_INDEX = "scorecard_index766", "scorecard_par_index"
#: Counts of fewer items are hidden.
FEWEST_ITEMS = 5
#: A dossier counts as due soon within these working days, and as likely late from this probability on.
SOON_DAYS, LIKELY = 2, 0.5


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
        rubrics: the rubrics that scored the cards.
        shown: the month of QĐ 766 and of the indicators; None where nothing was scored.
        shown_par: the year of PAR INDEX.
        local, portal, par: unit -> rows of its scorecard, as in `card.sql`.
        stages: unit -> criterion, group or total of PAR INDEX -> points of each stage of the appraisal; units without
            points from an appraisal are absent.
        history: unit -> totals of QĐ 766 in every period, as in `history.sql`.
        figures: unit -> public indicator values, as in `indicators.sql`.
        risks: unit -> dossiers at risk, in bands of five, as in `risk.sql`.
        intervals: (scorecard, source, period type, first day, unit) -> interval of its rank; empty where a version has
            none.
        fixes: unit -> criteria whose points are cheapest to win back, cheapest first; columns as in `points.fixes`.
        causes: what each unit costs the province in points of a criterion; columns as in `points.causes`.
        external: newest row of `external_indices` of each index of the province.
    """

    tables: Mapping[str, Path]
    rubrics: RubricSet
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
    causes: list[Row]
    external: list[Row]

    def interval(self, scorecard: str, source: str, shown: Shown | None, unit_code: str) -> Row | None:
        """Return the interval of a unit's rank, or None."""
        key = (scorecard, source, shown.period_type, shown.first, unit_code) if shown else None
        return self.intervals.get(key) if key else None


def load(published: Mapping[str, Path], province_code: str, data_until: date, rubrics: RubricSet) -> SiteData:
    """Read what the pages show.

    Args:
        published: published table -> Parquet file.
        province_code: code of the province.
        data_until: last day of data.
        rubrics: the rubrics that the scorecards were scored by.
    """
    index766, par_index, public = (published[name] for name in (INDEX766, PAR_INDEX, "indicator_values_public"))
    shown, shown_par = shown_period(index766, "month", data_until), shown_period(par_index, "year", data_until)

    def card(table: Path, source: str, period: Shown | None) -> dict[str, list[Row]]:
        return grouped(run("card", {"source": source, **_days(period)}, card=table, public=public)) if period else {}

    local, portal, par = (
        card(index766, "local", shown), card(index766, "portal", shown), card(par_index, "local", shown_par)
    )  # fmt: skip
    units = _units(published, {*local, *portal, *par}, province_code)
    fixes, causes = _to_fix(index766, shown, local, units, province_code, rubrics) if shown and local else ({}, [])
    stages = grouped(run("stages", {"shown": shown_par.first}, card=par_index)) if shown_par else {}
    indicators = published["indicators"]
    figures: dict[str, list[Row]] = {}
    if shown:
        days = {name: day for name, day in _days(shown).items() if name != "running"}
        days["year"] = shown.first.replace(month=1, day=1)
        figures = grouped(run("indicators", days, public=public, indicators=indicators))
    at_risk = {"units": published["units"], "at_risk": published["at_risk_dossiers"]}
    intervals = read_parquet(published["rank_intervals"]).to_pylist()
    return SiteData(
        tables=published,
        rubrics=rubrics,
        province=units[province_code],
        data_until=data_until,
        units=units,
        indicators={row["indicator_id"]: row for row in read_parquet(indicators).to_pylist()},
        shown=shown,
        shown_par=shown_par,
        local=local,
        portal=portal,
        par=par,
        stages={
            unit: sums
            for unit, sums in ((unit, stage_sums(rows)) for unit, rows in stages.items())
            if any(one.is_by_people for one in sums.values())
        },
        history=grouped(run("history", {"until": data_until}, card=index766)),
        figures=figures,
        risks={row["unit_code"]: row for row in run("risk", {"soon_days": SOON_DAYS, "likely": LIKELY}, **at_risk)},
        intervals={
            (row["scorecard_id"], row["source"], row["period_type"], row["period_start"], row["unit_code"]): row
            for row in intervals
            if row["rank_low"] is not None
        },
        fixes=fixes,
        causes=causes,
        external=run("external", {"unit": province_code}, external=published["external_indices"]),
    )


def _days(shown: Shown) -> Row:
    """Return the parameters of queries over a period and its neighbours."""
    return {
        "period_type": shown.period_type, "shown": shown.first, "before": shown.before, "running": shown.running
    }  # fmt: skip


def _units(published: Mapping[str, Path], scored: set[str], province_code: str) -> dict[str, Unit]:
    """Return units with a page: current ones, and former ones scored in the period.

    Their names omit that of the province, which stands above every page.
    """
    rows = read_parquet(published["units"]).to_pylist()
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


def _to_fix(
    index766: Path, shown: Shown, local: Mapping[str, list[Row]], units: Mapping[str, Unit], province_code: str,
    rubrics: RubricSet,
) -> tuple[dict[str, list[Row]], list[Row]]:  # fmt: skip
    """Return each unit's cheapest points, and the units that cost the province points."""
    filters = [("source", "=", "local"), ("period_type", "=", shown.period_type), ("period_start", "=", shown.first)]
    card: pd.DataFrame = pq.read_table(index766, filters=filters).to_pandas()
    rubric = rubrics.version("index766", str(card["rubric_version"].iloc[0]))
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
    return grouped(fixes), causes


def _records(frame: pd.DataFrame) -> list[Row]:
    return frame.to_dict("records")  # type: ignore[return-value]
