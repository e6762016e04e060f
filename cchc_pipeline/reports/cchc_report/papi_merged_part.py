"""Write PAPI of a province merged on 1/7/2025: the range of its former provinces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cchc_pipeline import vietnamese
from cchc_pipeline.reference.units_national import MERGER_ON
from cchc_pipeline.reports.cchc_report.content import Grid, Paragraph, Piece, Run, Runs, gap, plain
from cchc_pipeline.reports.cchc_report.score_parts import Row, ScoreParts, points

#: Widths of the columns; the name column gets narrower with every former province.
_NAME, _MOST, _PART, _RANGE = 44, 8, 11, 17
_WHY = (
    "Khoảng điểm là điểm thấp nhất và cao nhất của các tỉnh cũ, không phải điểm của tỉnh hiện nay, cũng không phải "
    "khoảng sai số; không lấy trung bình vì không có trọng số, không tính tăng, giảm."
)


@dataclass(frozen=True)
class MergedPapi:
    """PAPI rows of a merged province, which has no points of its own.

    Attributes:
        parts: where tables and names come from.
        former: code (P01 to P63) -> name of every province that was merged into this one.
        rows: totals and dimensions in `scorecard_papi_today`, of all years.
        surveyed: those of the former provinces in `scorecard_papi`.
    """

    parts: ScoreParts
    former: Mapping[str, str]
    rows: Sequence[Row]
    surveyed: Sequence[Row]

    def pieces(self) -> list[Piece]:
        """Return sentence, table and remarks of the newest year, beside the year before."""
        year = newest(self.rows)
        now = [row for row in self.rows if row["period_start"].year == year]
        now.sort(key=lambda row: (row["criterion_level"] == "total", row["criterion_code"]))
        then = {row["criterion_code"]: row for row in self.rows if row["period_start"].year == year - 1}
        whose = vietnamese.provinces_in_text(now[-1]["unit_name"])
        years = f"năm {year}" + (f" và {year - 1}" if then else "")
        note = self.parts.sources.table("scorecard_papi_today", whose, years, "khoảng điểm các tỉnh cũ theo nội dung")
        title = f"Bảng: Chỉ số PAPI năm {year} của các tỉnh hợp nhất thành {whose}"
        return [
            self._sentence(now[-1], year, note),
            Paragraph((*plain(title), Run("", note=note)), "caption"),
            self._grid(now, then, year),
            *(Paragraph(plain(text), "small") for text in self._remarks(now, then, year)),
        ]

    def _sentence(self, total: Row, year: int, note: int) -> Paragraph:
        former = _listed(vietnamese.provinces_in_text(name) for name in self.former.values())
        merged = f"{total['unit_name']} hợp nhất từ {former} ngày {vietnamese.day(MERGER_ON)}"
        if total["basis"] == "missing":
            reason = total["reason_vi"][:1].lower() + vietnamese.provinces_in_text(total["reason_vi"][1:])
            why = f"{reason} ({vietnamese.provinces_in_text(total['parts_vi'])})"
            where = self.parts.origins.get("scorecard_papi", "")
            lacking = gap(f"Tổng điểm PAPI năm {year}", why, where)
            return Paragraph((Run(f"{merged}, sau cuộc khảo sát PAPI năm {year}. "), lacking))
        text = (
            f"{merged}; khảo sát PAPI năm {year} thực hiện tại các tỉnh trước hợp nhất nên tỉnh hiện nay không có điểm "
            f"riêng. Tổng điểm của các tỉnh đó từ {points(total['points_low'])} đến {points(total['points_high'])} "
            f"trên {vietnamese.decimal(total['max_points'])} điểm ({vietnamese.provinces_in_text(total['parts_vi'])})."
        )
        return Paragraph((Run(text, note=note),))

    def _grid(self, now: Sequence[Row], then: Mapping[str, Row], year: int) -> Grid:
        own = {(row["criterion_code"], row["unit_code"]): row for row in self.surveyed if _year(row) == year}
        table = []
        for position, row in enumerate(now, 1):
            is_total = row["criterion_level"] == "total"
            cells = ["" if is_total else str(position), row["criterion_name_vi"], points(row["max_points"])]
            of_parts = (own.get((row["criterion_code"], code)) for code in self.former)
            found: list[Runs] = [plain(points(part["points"] if part else None)) for part in of_parts]
            before = then.get(row["criterion_code"])
            mark: Runs = (Run("[cần bổ sung]", is_gap=True),) if row["basis"] == "missing" else _range(row)
            ranges = [mark, *([_range(before)] if then else [])]
            table.append((*map(plain, cells), *found, *ranges))
        heads = ["TT", "Chỉ số nội dung", "Điểm tối đa", *(f"{name} (cũ)" for name in self.former.values())]
        heads += [f"Khoảng điểm năm {one}" for one in ([year, year - 1] if then else [year])]
        spans = [_RANGE] * (2 if then else 1)
        widths = (5, _NAME - 5 * len(self.former), _MOST, *[_PART] * len(self.former), *spans)
        return Grid(tuple(heads), tuple(table), widths, frozenset(range(2, len(heads))), frozenset({len(table) - 1}))

    def _remarks(self, now: Sequence[Row], then: Mapping[str, Row], year: int) -> list[str]:
        said = [_WHY]
        lacking = [row for row in now if row["basis"] == "missing"]
        if lacking:
            said.append("Không nêu khoảng điểm ở nội dung mà một trong các tỉnh cũ không có điểm.")
        broken = [
            "tổng điểm" if row["criterion_level"] == "total" else row["criterion_name_vi"]
            for row in now
            if row["comparable_since"] == year
        ]
        if then and broken:
            said.append(
                f"Không đặt cạnh năm {year - 1} được: {'; '.join(broken)} (bộ câu hỏi hoặc thang điểm đã thay đổi)."
            )
        ranked = [
            f"{vietnamese.provinces_in_text(self.former[row['unit_code']])} {row['rank']}/{row['rank_of']}"
            + (f", nhóm {row['tier']}" if row.get("tier") else "")
            for row in sorted(self.surveyed, key=lambda row: row["unit_code"])
            if _year(row) == year and row["criterion_level"] == "total" and row["rank"] is not None
        ]
        if ranked:
            said.append(f"Xếp hạng năm {year} của các tỉnh trước hợp nhất: {'; '.join(ranked)}.")
        return said


def newest(rows: Iterable[Row]) -> int:
    """Return the newest year of the rows."""
    return max(_year(row) for row in rows)


def _year(row: Row) -> int:
    year: int = row["period_start"].year
    return year


def _range(row: Row | None) -> Runs:
    if row is None or row["basis"] == "missing":
        return plain("–")
    low, high = points(row["points_low"]), points(row["points_high"])
    return plain(low if low == high else f"{low}–{high}")


def _listed(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} và {last}"
