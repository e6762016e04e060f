"""What the page about PAPI says about the 34 provinces of today: own points, or the range of what was surveyed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cchc_pipeline.drawing import plots
from cchc_pipeline.drawing.output import page_svg
from cchc_pipeline.drawing.ranks import short
from cchc_pipeline.reference.papi_instrument import parts_of_today
from cchc_pipeline.site import tables, words

if TYPE_CHECKING:
    from cchc_pipeline.site.data import Province, SiteData


@dataclass(frozen=True)
class TodayRow:
    """A total, dimension or sub-dimension, with the points of the former provinces in the order of their codes."""

    row: Mapping[str, Any]
    parts: tuple[float | None, ...]

    @property
    def has_range(self) -> bool:
        """Whether points of a merged province can be told."""
        return self.row["basis"] == "range_of_parts"

    def label(self, language: str) -> str:
        """Its name as it stands in a drawing."""
        return short(self.row[f"criterion_name_{language}"])


@dataclass(frozen=True)
class TodayProvince:
    """A province of today in one year; `rows` from the total down, as a tree walked from the top."""

    code: str
    name: str
    is_own: bool
    former: tuple[str, ...]
    total: TodayRow
    rows: tuple[TodayRow, ...]

    @property
    def is_merged(self) -> bool:
        """Whether it was made of several provinces on 1/7/2025."""
        return len(self.former) > 1

    @property
    def dimensions(self) -> tuple[TodayRow, ...]:
        """The rows below the total."""
        return tuple(one for one in self.rows if one.row["criterion_level"] == "group")


def todays_map(data: SiteData, year: int, surveyed: Sequence[Province]) -> tuple[TodayProvince, ...]:
    """The 34 provinces in the order of their statistical codes.

    Args:
        data: the tables.
        year: the year of the survey.
        surveyed: the 63 provinces in that year.
    """
    points = {
        (one.code, row["criterion_code"]): row["points"]
        for one in surveyed
        for row in (one.total, *one.dimensions, *(row for some in one.below.values() for row in some))
    }
    by_unit = tables.by_unit(tables.run("papi_today", {"year": year}, card=data.tables["scorecard_papi_today"]))
    return tuple(_province(code, rows, points, own=data.province.code) for code, rows in by_unit.items())


def _province(
    code: str, rows: Sequence[dict[str, Any]], points: Mapping[tuple[str, str], float | None], *, own: str
) -> TodayProvince:
    former = parts_of_today(code)

    def made(row: dict[str, Any]) -> TodayRow:
        return TodayRow(row, tuple(points.get((part, row["criterion_code"])) for part in former))

    def below(parent: str) -> list[TodayRow]:
        children = [row for row in rows if row["parent_code"] == parent]
        return [one for row in children for one in (made(row), *below(row["criterion_code"]))]

    total = made(next(row for row in rows if row["criterion_level"] == "total"))
    tree = (total, *below(total.row["criterion_code"]))
    return TodayProvince(code, total.row["unit_name"], code == own, tuple(former.values()), total, tree)


def dimensions_plot(province: TodayProvince) -> str:
    """The dimensions of a merged province: a mark for every former one, joined where all of them have points."""
    rows = [plots.Span(one.label("vi"), one.parts, is_joined=one.has_range) for one in province.dimensions]
    names = [f"{name} (cũ)" for name in province.former]
    label = words.phrase("Điểm của các tỉnh cũ theo trục nội dung")
    return page_svg(plots.spans(rows, words.phrase("điểm"), names), "papi-parts", label)


def map_plot(provinces: Sequence[TodayProvince]) -> str | None:
    """Totals of all provinces of today; None where nobody has one."""
    rows = [plots.Span(one.name, one.total.parts, one.is_own, one.total.has_range) for one in provinces]
    if not any(value is not None for row in rows for value in row.values):
        return None
    return page_svg(
        plots.spans(rows, words.phrase("điểm")), "papi-today", words.phrase("Tổng điểm PAPI theo 34 tỉnh hiện nay")
    )
