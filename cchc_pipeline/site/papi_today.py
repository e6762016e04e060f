"""Arrange PAPI of the 34 provinces: own points, or the range of former provinces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cchc_pipeline.drawing import plots
from cchc_pipeline.drawing.output import page_svg
from cchc_pipeline.drawing.ranks import short
from cchc_pipeline.reference.papi_instrument import parts_of_today
from cchc_pipeline.site import tables, words
from cchc_pipeline.site.data import SiteData
from cchc_pipeline.site.tables import Row


@dataclass(frozen=True)
class Scored:
    """A province in one year of PAPI; `rows` is a tree in order, the total first."""

    code: str
    name: str
    is_own: bool
    rows: list[Row]

    @property
    def total(self) -> Row:
        """Return the row of the total."""
        return self.rows[0]

    @property
    def dimensions(self) -> list[Row]:
        """Return the rows of the dimensions."""
        return [row for row in self.rows if row["criterion_level"] == "group"]


@dataclass(frozen=True)
class TodayProvince(Scored):
    """A province of today with its former ones.

    Rows have the columns of `papi_today.sql`, and `parts`: points of the former provinces in the order of their codes.
    """

    former: tuple[str, ...]

    @property
    def is_merged(self) -> bool:
        """Tell whether several provinces were merged into it on 1/7/2025."""
        return len(self.former) > 1


def todays_map(data: SiteData, year: int, points: Mapping[tuple[str, str], float | None]) -> list[TodayProvince]:
    """Return the 34 provinces in the order of their statistical codes.

    Args:
        data: the tables.
        year: the year of the survey.
        points: (code of one of the 63 provinces, criterion) -> points in that year.
    """
    found = []
    rows = tables.run("papi_today", {"year": year}, card=data.tables["scorecard_papi_today"])
    for code, some in tables.grouped(rows).items():
        former = parts_of_today(code)
        tree = [
            {**row, "parts": [points.get((part, row["criterion_code"])) for part in former]}
            for row in tables.tree(some)
        ]
        name = tree[0]["unit_name"]
        found.append(TodayProvince(code, name, code == data.province.code, tree, tuple(former.values())))
    return found


def dimensions_plot(province: TodayProvince) -> str:
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


def map_plot(provinces: Sequence[TodayProvince]) -> str | None:
    """Draw totals of all provinces of today; None where none has points."""
    rows = [plots.Span(one.name, one.total["parts"], one.is_own, one.total["has_range"]) for one in provinces]
    if not any(value is not None for row in rows for value in row.values):
        return None
    label = words.phrase("Tổng điểm PAPI theo 34 tỉnh hiện nay")
    return page_svg(plots.spans(rows, words.phrase("điểm")), "papi-today", label)
