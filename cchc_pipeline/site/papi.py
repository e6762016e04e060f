"""Arrange the page about PAPI: the provinces surveyed, those of today, the own by year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from cchc_pipeline.drawing import plots
from cchc_pipeline.drawing.output import page_svg
from cchc_pipeline.drawing.plots import short
from cchc_pipeline.lake.engine import run_sql
from cchc_pipeline.reference.papi_instrument import parts_of_today
from cchc_pipeline.reference.units_national import MERGER_ON, old_provinces
from cchc_pipeline.site import tables, words
from cchc_pipeline.site.data import SiteData
from cchc_pipeline.site.overview import rank_dots
from cchc_pipeline.site.tables import Row, Shown

#: Most provinces in a trend: there are as many colours and marks.
MOST_LINES = len(plots.COLOURS)


@dataclass(frozen=True)
class Province:
    """A province in one year of PAPI.

    Attributes:
        rows: a tree in order, the total first, as in `papi.sql`; of a province of today as in `papi_today.sql`, with
            `parts`: points of the former provinces in the order of their codes.
        interval: interval of its rank; None where it has none.
        former: names of its former provinces, of a province of today.
    """

    code: str
    name: str
    is_own: bool
    rows: list[Row]
    interval: Row | None = None
    former: Sequence[str] = ()

    @property
    def total(self) -> Row:
        """Return the row of the total."""
        return self.rows[0]

    @property
    def dimensions(self) -> list[Row]:
        """Return the rows of the dimensions."""
        return [row for row in self.rows if row["criterion_level"] == "group"]

    @property
    def is_merged(self) -> bool:
        """Tell whether several provinces were merged into it on 1/7/2025."""
        return len(self.former) > 1


class PapiPage:
    """PAPI of the newest year.

    Own provinces are the one of the site, or the former ones that were merged into it. Drawings are SVG elements; None
    where there are no figures.
    """

    def __init__(self, data: SiteData, years: Sequence[int]) -> None:
        card, self.years = data.tables["scorecard_papi"], years
        self.year = year = years[-1]
        is_today = data.data_until >= MERGER_ON
        #: The provinces surveyed, best first, and the 34 of today; none of them where the data end before 1/7/2025.
        self.provinces = _surveyed(data, year, own_names(data.province.code, is_today=is_today))
        self.today = _todays_map(data, year, self.provinces) if is_today else []
        self.own = own = sorted((one for one in self.provinces if one.is_own), key=lambda one: one.code)
        self.own_today = today = next((one for one in self.today if one.is_own), None)
        #: Whether the own province was merged of several, which no survey covers.
        self.is_merged = today is not None and today.is_merged
        labels = {one.code: f"{one.name} (cũ)" if self.is_merged else one.name for one in own[:MOST_LINES]}
        self.trend = _trend(card, labels) if own and len(years) > 1 else None
        self.radar = _radar(own[:MOST_LINES], labels) if own else None
        rows = ((one.name, one.total, one.interval, one.is_own) for one in self.provinces)
        self.dots = rank_dots("papi-ranks", rows)
        self.parts = _dimensions_plot(today) if today and today.is_merged else None
        self.today_dots = _map_plot(self.today)


def papi_page(data: SiteData) -> PapiPage | None:
    """Arrange PAPI; None where no PAPI table was ever loaded."""
    query = "SELECT DISTINCT YEAR(period_start) AS year FROM card ORDER BY 1"
    years = run_sql(query, card=data.tables["scorecard_papi"])["year"].to_pylist()
    return PapiPage(data, years) if years else None


def own_names(province_code: str, *, is_today: bool) -> frozenset[str]:
    """Return names of provinces before 1/7/2025 that are the own one or part of it.

    Args:
        province_code: agency code. Before the merger it means the province that had it then.
        is_today: whether the data reach 1/7/2025.
    """
    became = {one.name_vi for one in old_provinces() if one.successor_agency_code == province_code and is_today}
    return frozenset(became or {one.name_vi for one in old_provinces() if one.agency_code == province_code})


def _surveyed(data: SiteData, year: int, own: frozenset[str]) -> list[Province]:
    """Return the provinces surveyed, the best first; those whose name is among `own` are own."""
    whole, found = Shown("year", date(year, 1, 1), date(year, 12, 31), is_over=True), []
    rows = tables.run("papi", {"year": year}, card=data.tables["scorecard_papi"])
    for code, some in tables.grouped(rows).items():
        tree = tables.tree(some)
        name = tree[0]["unit_name"] or code
        found.append(Province(code, name, name in own, tree, data.interval("papi", "table", whole, code)))
    return sorted(found, key=lambda one: (one.total["rank"] is None, one.total["rank"] or 0, one.code))


def _todays_map(data: SiteData, year: int, surveyed: Sequence[Province]) -> list[Province]:
    """Return the 34 provinces of today in the order of their statistical codes."""
    points = {(one.code, row["criterion_code"]): row["points"] for one in surveyed for row in one.rows}
    rows, found = tables.run("papi_today", {"year": year}, card=data.tables["scorecard_papi_today"]), []
    for code, some in tables.grouped(rows).items():
        former = parts_of_today(code)
        tree = [
            {**row, "parts": [points.get((part, row["criterion_code"])) for part in former]}
            for row in tables.tree(some)
        ]
        is_own = code == data.province.code
        found.append(Province(code, tree[0]["unit_name"], is_own, tree, former=tuple(former.values())))
    return found


def _trend(card: Path, labels: Mapping[str, str]) -> str:
    """Draw totals by year of provinces (code -> label); lines join comparable years."""
    rows = run_sql(
        "SELECT unit_code, YEAR(period_start) AS year, points, comparable_since FROM card "
        "WHERE criterion_level = 'total' AND list_contains($codes, unit_code) ORDER BY unit_code, period_start",
        params={"codes": list(labels)},
        card=card,
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


def _dimensions_plot(province: Province) -> str:
    """Draw the dimensions of a merged province with a mark per former province.

    Marks are joined where all former provinces have points.
    """
    rows = [
        plots.Span(short(row["criterion_name_vi"]), row["parts"], is_joined=row["has_range"])
        for row in province.dimensions
    ]
    names = [f"{name} (cũ)" for name in province.former]
    label = words.phrase("Điểm của các tỉnh cũ theo trục nội dung")
    return page_svg(plots.spans(rows, words.phrase("điểm"), names), "papi-parts", label)


def _map_plot(provinces: Sequence[Province]) -> str | None:
    """Draw totals of all provinces of today; None where none has points."""
    rows = [plots.Span(one.name, one.total["parts"], one.is_own, one.total["has_range"]) for one in provinces]
    if not any(value is not None for row in rows for value in row.values):
        return None
    label = words.phrase("Tổng điểm PAPI theo 34 tỉnh hiện nay")
    return page_svg(plots.spans(rows, words.phrase("điểm")), "papi-today", label)
