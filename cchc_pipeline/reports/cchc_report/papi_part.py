"""The table of PAPI: dimensions of the last published year beside the year before, with rank and its interval.

Belongs here: which rows of `scorecard_papi` a report shows, and where two years may not be compared. Not here: scoring
(`scorecards/papi.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cchc_pipeline.reports.cchc_report.content import Grid, Paragraph, Piece, Run, Runs, gap, plain
from cchc_pipeline.reports.cchc_report.score_parts import Row, ScoreParts, points, signed
from cchc_pipeline.scorecards.papi_instrument import province_by_agency_code

HEADS = ("TT", "Chỉ số nội dung", "Điểm tối đa", "Năm {before}", "Năm {year}", "Tăng (+), giảm (-)", "Hạng, nhóm")


def papi_codes(province_code: str) -> list[str]:
    """How PAPI's tables call a province, by its agency code; none for a province that is not in them."""
    code = province_by_agency_code().get(province_code)
    return [code] if code is not None else []


@dataclass(frozen=True)
class PapiPart:
    """Makes the table for the province of the reported unit."""

    parts: ScoreParts

    def pieces(self) -> list[Piece]:
        """Caption, table, and what has to be said about it; a gap where there is no score."""
        parts, last = self.parts, self.parts.period.last.year
        codes = [*papi_codes(parts.province_code), parts.province_code]
        rows = parts.rows(
            "scorecard_papi",
            "SELECT * FROM card WHERE list_contains($codes, unit_code) AND YEAR(period_start) <= $last "
            "AND criterion_level IN ('total', 'group')",
            codes=codes,
            last=last,
        )
        scored = [row["period_start"].year for row in rows if row["points"] is not None]
        where = parts.origins.get("scorecard_papi", "")
        if not scored:
            why = f"bảng PAPI trong dữ liệu không có {parts.province_name} đến năm {last}"
            return [Paragraph((gap("Điểm PAPI theo nội dung", why, where),))]
        year = max(scored)
        now = [row for row in rows if row["period_start"].year == year]
        then = {row["criterion_code"]: row for row in rows if row["period_start"].year == year - 1}
        now.sort(key=lambda row: (row["criterion_level"] == "total", row["criterion_code"]))
        table = tuple(self._row(position, row, then.get(row["criterion_code"])) for position, row in enumerate(now, 1))
        years = f"năm {year}" + (f" và {year - 1}" if then else "")
        note = parts.sources.table("scorecard_papi", parts.province_name, years, "điểm, hạng theo nội dung")
        caption = Paragraph(
            (*plain(f"Bảng: Chỉ số PAPI của {parts.province_name}, năm {year}"), Run("", note=note)), "caption"
        )
        heads = tuple(head.format(year=year, before=year - 1) for head in HEADS)
        grid = Grid(heads, table, (5, 36, 9, 11, 11, 11, 17), frozenset(range(2, 7)), frozenset({len(table) - 1}))
        pieces: list[Piece] = [caption, grid, *self._remarks(now, then, year), *self._interval(codes, year)]
        if year < last:
            pieces.append(Paragraph((gap(f"Điểm PAPI năm {last}", "chưa có trong dữ liệu", where),)))
        return pieces

    def _row(self, position: int, row: Row, before: Row | None) -> tuple[Runs, ...]:
        is_total = row["criterion_level"] == "total"
        old = before["points"] if before else None
        difference = "–" if old is None or row["points"] is None or _broken(row) else signed(row["points"], old)
        tier = f"nhóm {row['tier']}" if row.get("tier") else ""
        rank = f"{row['rank']}/{row['rank_of']}" if row["rank"] is not None else ""
        place = ", ".join(part for part in (rank, tier) if part) or "–"
        value: Runs = plain(points(row["points"]))
        if row["points"] is None:
            value = (Run("[cần bổ sung]", is_gap=True),)
        elif row["status"] == "partial":
            value = plain(points(row["points"]) + "*")
        cells = ("" if is_total else str(position), row["criterion_name_vi"], points(row["max_points"]), points(old))
        return (*map(plain, cells), value, plain(difference), plain(place))

    def _remarks(self, now: list[Row], then: dict[str, Row], year: int) -> list[Piece]:
        said = []
        if not then:
            said.append(f"(–) Không có số liệu năm {year - 1} để so sánh.")
        elif any(_broken(row) for row in now):
            said.append(
                f"(–) Không so sánh với năm {year - 1}: bộ câu hỏi hoặc thang điểm của nội dung đó, hoặc của một phần "
                "trong đó, đã thay đổi."
            )
        if any(row["status"] == "partial" and row["points"] is not None for row in now):
            said.append("(*) Thiếu điểm của một số nội dung thành phần.")
        return [Paragraph(plain(text), "small") for text in said]

    def _interval(self, codes: list[str], year: int) -> list[Piece]:
        """How sure the rank is, where that was computed."""
        if not self.parts.has("rank_intervals"):
            return []
        found: list[dict[str, Any]] = self.parts.rows(
            "rank_intervals",
            "SELECT * FROM card WHERE scorecard_id = 'papi' AND list_contains($codes, unit_code) "
            "AND YEAR(period_start) = $year AND rank_low IS NOT NULL",
            codes=codes,
            year=year,
        )
        if not found:
            return []
        row = found[0]
        note = self.parts.sources.table(
            "rank_intervals", self.parts.province_name, f"năm {year}", "khoảng thứ hạng PAPI"
        )
        text = (
            f"Thứ hạng {row['rank']}/{row['rank_of']} năm {year}; 95% số lần mô phỏng cho hạng từ {row['rank_low']} "
            f"đến {row['rank_high']}."
        )
        return [Paragraph((Run(text, note=note), Run(f" {row['method_vi']}")), "small")]


def _broken(row: Row) -> bool:
    """Whether the points of a row may not be compared with those of the year before."""
    since = row.get("comparable_since")  # versions of before the column came do not say
    return since is None or since >= row["period_start"].year
