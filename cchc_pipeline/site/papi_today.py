"""Arrange PAPI of the 34 provinces: own points, or the range of former provinces."""

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
    """A total, dimension or sub-dimension of a province of today.

    `parts` are the points of its former provinces in the order of their codes.
    """

    row: Mapping[str, Any]
    parts: tuple[float | None, ...]

    @property
    def has_range(self) -> bool:
        """Tell whether a merged province has a range of points."""
        return self.row["basis"] == "range_of_parts"

    def label(self, language: str) -> str:
        """Return its shortened name for a drawing, in a language (vi or en)."""
        return short(self.row[f"criterion_name_{language}"])


@dataclass(frozen=True)
class TodayProvince:
    """A province of today in one year; `rows` is a tree in order, the total first."""

    code: str
    name: str
    is_own: bool
    former: tuple[str, ...]
    total: TodayRow
    rows: tuple[TodayRow, ...]

    @property
    def is_merged(self) -> bool:
        """Tell whether several provinces were merged into it on 1/7/2025."""
        return len(self.former) > 1

    @property
    def dimensions(self) -> tuple[TodayRow, ...]:
        """Return the rows of the dimensions."""
        return tuple(one for one in self.rows if one.row["criterion_level"] == "group")


def todays_map(data: SiteData, year: int, surveyed: Sequence[Province]) -> tuple[TodayProvince, ...]:
    """Return the 34 provinces in the order of their statistical codes.

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
    by_unit = tables.grouped(tables.run("papi_today", {"year": year}, card=data.tables["scorecard_papi_today"]))
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
    """Draw the dimensions of a merged province with a mark per former province.

    Marks are joined where all former provinces have points.
    """
    rows = [plots.Span(one.label("vi"), one.parts, is_joined=one.has_range) for one in province.dimensions]
    names = [f"{name} (cũ)" for name in province.former]
    label = words.phrase("Điểm của các tỉnh cũ theo trục nội dung")
    return page_svg(plots.spans(rows, words.phrase("điểm"), names), "papi-parts", label)


def map_plot(provinces: Sequence[TodayProvince]) -> str | None:
    """Draw totals of all provinces of today; None where none has points."""
    rows = [plots.Span(one.name, one.total.parts, one.is_own, one.total.has_range) for one in provinces]
    if not any(value is not None for row in rows for value in row.values):
        return None
    return page_svg(
        plots.spans(rows, words.phrase("điểm")), "papi-today", words.phrase("Tổng điểm PAPI theo 34 tỉnh hiện nay")
    )
