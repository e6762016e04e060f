"""Arrange the page about PAPI: all provinces of the newest year, the own by year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from cchc_pipeline.drawing import plots
from cchc_pipeline.drawing.output import page_svg
from cchc_pipeline.lake.engine import run_sql
from cchc_pipeline.reference.units_national import MERGER_ON, old_provinces
from cchc_pipeline.site import tables, words
from cchc_pipeline.site.data import SiteData
from cchc_pipeline.site.overview import rank_dots
from cchc_pipeline.site.papi_today import Scored, TodayProvince, dimensions_plot, map_plot, todays_map
from cchc_pipeline.site.tables import Row, Shown

#: Most provinces in a trend: there are as many colours and marks.
MOST_LINES = len(plots.COLOURS)


@dataclass(frozen=True)
class Province(Scored):
    """A surveyed province, with the interval of its rank."""

    interval: Row | None


@dataclass(frozen=True)
class PapiPage:
    """PAPI of the newest year, best province first.

    Own provinces are the one of the site, or the former ones that were merged into it. Drawings are SVG elements; None
    where there are no figures.

    Attributes:
        today: the 34 provinces; empty where the data end before 1/7/2025.
    """

    year: int
    years: tuple[int, ...]
    provinces: list[Province]
    today: list[TodayProvince]
    trend: str | None
    radar: str | None
    dots: str | None
    parts: str | None
    today_dots: str | None

    @property
    def own(self) -> list[Province]:
        """Return the own provinces, by code."""
        return sorted((one for one in self.provinces if one.is_own), key=lambda one: one.code)

    @property
    def own_today(self) -> TodayProvince | None:
        """Return the own province of today, or None."""
        return next((one for one in self.today if one.is_own), None)

    @property
    def is_merged(self) -> bool:
        """Tell whether the own province was merged of several, which no survey covers."""
        return self.own_today is not None and self.own_today.is_merged


def papi_page(data: SiteData) -> PapiPage | None:
    """Arrange PAPI; None where no PAPI table was ever loaded."""
    card = data.tables["scorecard_papi"]
    years = run_sql("SELECT DISTINCT YEAR(period_start) AS year FROM card ORDER BY 1", card=card)["year"].to_pylist()
    if not years:
        return None
    year = years[-1]
    whole = Shown("year", date(year, 1, 1), date(year, 12, 31), is_over=True)
    is_today = data.data_until >= MERGER_ON
    names = own_names(data.province.code, is_today=is_today)
    provinces = []
    for code, rows in tables.grouped(tables.run("papi", {"year": year}, card=card)).items():
        tree = tables.tree(rows)
        name = tree[0]["unit_name"] or code
        provinces.append(Province(code, name, name in names, tree, data.interval("papi", "table", whole, code)))
    provinces.sort(key=lambda one: (one.total["rank"] is None, one.total["rank"] or 0, one.code))
    own = sorted((one for one in provinces if one.is_own), key=lambda one: one.code)[:MOST_LINES]
    points = {(one.code, row["criterion_code"]): row["points"] for one in provinces for row in one.rows}
    today = todays_map(data, year, points) if is_today else []
    merged = next((one for one in today if one.is_own and one.is_merged), None)
    labels = {one.code: f"{one.name} (cũ)" if merged else one.name for one in own}
    return PapiPage(
        year=year,
        years=tuple(years),
        provinces=provinces,
        today=today,
        trend=_trend(data, labels) if own and len(years) > 1 else None,
        radar=_radar(own, labels) if own else None,
        dots=rank_dots("papi-ranks", ((one.name, one.total, one.interval, one.is_own) for one in provinces)),
        parts=dimensions_plot(merged) if merged else None,
        today_dots=map_plot(today),
    )


def own_names(province_code: str, *, is_today: bool) -> frozenset[str]:
    """Return names of provinces before 1/7/2025 that are the own one or part of it.

    Args:
        province_code: agency code. Before the merger it means the province that had it then.
        is_today: whether the data reach 1/7/2025.
    """
    became = {one.name_vi for one in old_provinces() if one.successor_agency_code == province_code and is_today}
    return frozenset(became or {one.name_vi for one in old_provinces() if one.agency_code == province_code})


def _trend(data: SiteData, labels: Mapping[str, str]) -> str:
    """Draw totals by year of provinces (code -> label); lines join comparable years."""
    rows = run_sql(
        "SELECT unit_code, YEAR(period_start) AS year, points, comparable_since FROM card "
        "WHERE criterion_level = 'total' AND list_contains($codes, unit_code) ORDER BY unit_code, period_start",
        params={"codes": list(labels)},
        card=data.tables["scorecard_papi"],
    ).to_pylist()
    series = {
        labels[code]: [plots.Spot(str(row["year"]), row["points"], str(row["comparable_since"])) for row in some]
        for code, some in tables.grouped(rows).items()
    }
    values = [row["points"] for row in rows if row["points"] is not None]
    low, high = (min(values) - 2, max(values) + 2) if values else (0, 80)
    return page_svg(plots.trend(series, low, high), "papi-trend", words.phrase("Tổng điểm PAPI theo năm"))


def _radar(own: Sequence[Province], labels: Mapping[str, str]) -> str:
    codes = [row["criterion_code"] for row in own[0].dimensions]
    series = {labels[one.code]: [row["ratio"] for row in one.dimensions] for one in own}
    label = words.phrase("Vị trí trên thang điểm của từng trục nội dung")
    return page_svg(plots.radar(codes, series), "papi-radar", label)
