"""Write the tables on QĐ 766 and external indices; share helpers of score parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cchc_pipeline import vietnamese
from cchc_pipeline.days import Period
from cchc_pipeline.lake.engine import run_sql
from cchc_pipeline.lake.publish import current_version, read_published
from cchc_pipeline.reports.cchc_report.content import Grid, Paragraph, Piece, Run, Runs, gap, plain
from cchc_pipeline.reports.cchc_report.sources import Sources
from cchc_pipeline.scorecards.scoring.shelf import shipped

Row = dict[str, Any]
KINDS = ("month", "quarter", "year", "custom")


@dataclass(frozen=True)
class ScoreParts:
    """Published scores of a unit and period, with what their tables need.

    Attributes:
        published: the published folder.
        unit_code: the reported unit; PAPI and external indices are those of its province.
        province_code: its province.
        names: unit code -> name as it is written.
        period: the period of the report.
        sources: registers every table that is read.
        origins: table -> where its figures come from, in Vietnamese.
    """

    published: Path
    unit_code: str
    province_code: str
    names: Mapping[str, str]
    period: Period
    sources: Sources
    origins: Mapping[str, str]

    @property
    def province_name(self) -> str:
        """Return the name of the province."""
        return self.names.get(self.province_code, self.province_code)

    def has(self, table: str) -> bool:
        """Tell whether the published version has a table."""
        version = current_version(self.published)
        return version is not None and (version / f"{table}.parquet").exists()

    def rows(self, table: str, query: str, **parameters: Any) -> list[Row]:
        """Return the rows of a query over a published table, which it calls `card`."""
        return run_sql(query, params=parameters, card=read_published(self.published, table)).to_pylist()

    def card(self, table: str, unit: str, source: str, kinds: Iterable[str]) -> list[Row]:
        """Return a unit's rows of exactly the period, else of the last period within it."""
        query = "SELECT * FROM card WHERE unit_code = $unit AND source = $source"
        rows = self.rows(table, query, unit=unit, source=source)
        spans = {(r["period_type"], r["period_start"], r["period_end"]) for r in rows if r["period_type"] in kinds}
        exact = [span for span in spans if span[1:] == (self.period.first, self.period.last)]
        within = [span for span in spans if self.period.first <= span[1] and span[2] <= self.period.last]
        # a custom period can have the same days as a calendar one: take one of them
        chosen = sorted(exact)[:1] or sorted(within, key=lambda span: (span[2], span[2] - span[1]))[-1:]
        return [r for r in rows if (r["period_type"], r["period_start"], r["period_end"]) in chosen]

    # QĐ 766 -------------------------------------------------------------------------------------------------------

    def index766(self) -> list[Piece]:
        """Return groups and total of QĐ 766 from own dossiers and from the portal."""
        kinds = KINDS
        ours = self.card("scorecard_index766", self.unit_code, "local", kinds)
        theirs = self.card("scorecard_index766", self.unit_code, "portal", kinds)
        # the two sources are compared only over the same days
        is_same = not ours or not theirs or span(ours[0]) == span(theirs[0])
        portal = {row["criterion_code"]: row for row in theirs if is_same}
        whose = self.names.get(self.unit_code, self.unit_code)
        if not ours and not portal:
            what = gap(
                f"Điểm Bộ chỉ số 766 của {whose}",
                f"không có trong {self.period.name_vi}",
                self.origins.get("scorecard_index766", ""),
            )
            return [Paragraph((what,))]
        shown = [row for row in ours or list(portal.values()) if row["criterion_level"] in ("group", "total")]
        own = {row["criterion_code"]: row for row in ours}
        when = span(shown[0])
        note = self.sources.table("scorecard_index766", whose, when, "điểm theo nhóm, số liệu của tỉnh và của Cổng")
        order = [group.code for group in shipped().newest("index766").groups]
        shown.sort(key=lambda row: order.index(row["criterion_code"]) if row["criterion_code"] in order else len(order))
        table = []
        for position, row in enumerate(shown, 1):
            mine, other = own.get(row["criterion_code"]), portal.get(row["criterion_code"])
            number = "" if row["criterion_level"] == "total" else str(position)
            cells = [number, row["criterion_name_vi"], points(row["max_points"])]
            table.append((*map(plain, cells), _score(mine), _score(other), plain(_remark(mine, other))))
        heads = ("TT", "Nhóm chỉ số", "Điểm tối đa", "Số liệu của tỉnh", "Số liệu của Cổng DVCQG", "Ghi chú")
        caption = Paragraph((*plain(f"Bảng: Bộ chỉ số 766 của {whose}, {when}"), Run("", note=note)), "caption")
        grid = Grid(heads, tuple(table), (6, 34, 10, 13, 13, 24), frozenset({2, 3, 4}), frozenset({len(table) - 1}))
        return [caption, grid, *self._bands(shown[-1]["criterion_code"], own, portal, whose)]

    def _bands(self, total: str, own: Mapping[str, Row], portal: Mapping[str, Row], whose: str) -> list[Piece]:
        found = []
        for label, card in (("số liệu của tỉnh", own), ("số liệu của Cổng", portal)):
            row = card.get(total)
            if row and row["band_vi"]:
                # a rank among one unit says nothing
                rank = f", xếp thứ {row['rank']}/{row['rank_of']}" if (row["rank_of"] or 0) > 1 and row["rank"] else ""
                found.append(f"theo {label}: {row['band_vi']}{rank}")
        return [Paragraph(plain(f"Xếp loại của {whose} {'; '.join(found)}."), "body")] if found else []

    # external indices ----------------------------------------------------------------------------------------

    def external_indices(self) -> list[Piece]:
        """Return each index's newest value and rank up to the period's end, with changes."""
        rows = self.rows(
            "external_indices",
            "SELECT * FROM card WHERE unit_code = $unit AND as_of_on <= $last "
            "QUALIFY ROW_NUMBER() OVER (PARTITION BY index_code ORDER BY year DESC, as_of_on DESC) = 1 "
            "ORDER BY index_code",
            unit=self.province_code,
            last=self.period.last,
        )
        whose = self.province_name
        if not rows:
            where = self.origins.get("external_indices", "")
            what = gap(
                "Điểm, hạng các chỉ số do Trung ương công bố", f"chưa có đến {vietnamese.day(self.period.last)}", where
            )
            return [Paragraph((what,))]
        table, contradictions = [], []
        for position, row in enumerate(rows, 1):
            table.append(self._external_row(position, row))
            if row["is_contradicted"]:
                contradictions.append(
                    Paragraph((Run(f"[{row['index_name_vi']}: {row['contradiction_vi']}]", is_gap=True),))
                )
        note = self.sources.table(
            "external_indices", whose, f"đến {vietnamese.day(self.period.last)}", "điểm, hạng, thay đổi"
        )
        caption = Paragraph((*plain(f"Bảng: Các chỉ số đã công bố của {whose}"), Run("", note=note)), "caption")
        heads = ("TT", "Chỉ số", "Năm", "Điểm", "So với năm trước", "Hạng", "Số bậc tăng (+), giảm (-)")
        return [
            caption,
            Grid(heads, tuple(table), (5, 31, 16, 15, 11, 10, 12), frozenset({2, 3, 4, 5, 6})),
            *contradictions,
        ]

    def _external_row(self, position: int, row: Row) -> tuple[Runs, ...]:
        def change(value: float | None) -> str:
            return "–" if value is None else signed(value, 0)

        value = "–" if row["value"] is None else f"{points(row['value'])}/{vietnamese.decimal(row['max_value'])}"
        rank = "–" if row["rank"] is None else f"{row['rank']}" + (f"/{row['rank_of']}" if row["rank_of"] else "")
        year = f"{row['year']}" + (f" (đến {row['as_of_on']:%d/%m})" if row["is_running"] else "")
        cells = (
            str(position),
            row["index_name_vi"],
            year,
            value,
            change(row["value_change"]),
            rank,
            change(row["rank_change"]),
        )
        return tuple(plain(cell) for cell in cells)


def points(value: float | None) -> str:
    """Return points with two decimals; a dash for None."""
    return "–" if value is None else vietnamese.decimal(value, keep_zeros=True)


def signed(now: float, then: float, *, keep_zeros: bool = False) -> str:
    """Return the signed difference of two values after rounding.

    `keep_zeros` keeps two decimals, as in a column of points.
    """
    return vietnamese.signed(vietnamese.rounded(now) - vietnamese.rounded(then), keep_zeros=keep_zeros)


def span(row: Row) -> str:
    """Return the name of a row's period in Vietnamese."""
    return vietnamese.period_name(row["period_type"], row["period_start"], row["period_end"])


def _score(row: Row | None) -> Runs:
    if row is None or row["points"] is None:
        return plain("–")
    return plain(points(row["points"]) + ("*" if row["status"] == "partial" else ""))


def _remark(mine: Row | None, theirs: Row | None) -> str:
    """Return whether a sum is incomplete, and how far the two sources differ."""
    partial = any(row and row["status"] == "partial" for row in (mine, theirs))
    words = ["(*) chưa đủ chỉ số thành phần"] if partial else []
    if mine and theirs and mine["points"] is not None and theirs["points"] is not None and not partial:
        difference = vietnamese.rounded(theirs["points"]) - vietnamese.rounded(mine["points"])
        size = vietnamese.decimal(abs(difference))
        words.append(f"Cổng {'cao' if difference > 0 else 'thấp'} hơn {size}" if difference else "khớp")
    return "; ".join(words)
