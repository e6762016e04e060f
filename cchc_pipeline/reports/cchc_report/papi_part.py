"""Write the part on PAPI: total, dimensions with the year before, rank interval.

Surveys before 1/7/2025 were made in 63 provinces. A report of a period that ends before that day shows the province as
it was; a later one shows the province of today: its own points if it was not merged, else the range of its former
provinces.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cchc_pipeline import vietnamese
from cchc_pipeline.reference.papi_instrument import parts_of_today, province_by_agency_code
from cchc_pipeline.reference.units_national import MERGER_ON, OldProvince, old_provinces
from cchc_pipeline.reports.cchc_report.content import Grid, Paragraph, Piece, Run, Runs, gap, plain
from cchc_pipeline.reports.cchc_report.papi_merged_part import MergedPapi, newest
from cchc_pipeline.reports.cchc_report.score_parts import Row, ScoreParts, points, signed

FORMER, TODAY = "scorecard_papi", "scorecard_papi_today"
HEADS = ("TT", "Chỉ số nội dung", "Điểm tối đa", "Năm {before}", "Năm {year}", "Tăng (+), giảm (-)", "Hạng, nhóm")
GAP = "Điểm PAPI theo nội dung"


@dataclass(frozen=True)
class PapiPart:
    """The part on PAPI for the province of the reported unit."""

    parts: ScoreParts

    def pieces(self) -> list[Piece]:
        """Return sentence, table and remarks; a gap where there is no score."""
        code = self.parts.province_code
        if self.parts.period.last < MERGER_ON:
            province = next((one for one in old_provinces() if one.agency_code == code), None)
            return self._surveyed(province_by_agency_code().get(code), province)
        former = parts_of_today(code)
        if not former:
            return [Paragraph((gap(GAP, self._no_longer(), self._origin),))]
        if not self.parts.has(TODAY):
            return [Paragraph((gap(GAP, f"bản công bố này không có bảng {TODAY}", "chạy lại `cchc run`"),))]
        rows = self.parts.rows(
            TODAY,
            "SELECT * FROM card WHERE unit_code = $code AND YEAR(period_start) <= $last "
            "AND criterion_level IN ('total', 'group') AND basis <> 'not_applicable'",
            code=code,
            last=self.parts.period.last.year,
        )
        if not rows:
            return self._nothing()
        if all(row["parts"] == 1 for row in rows):
            return self._surveyed(next(iter(former)), None)
        merged = MergedPapi(self.parts, former, rows, self._rows(list(former)))
        return [*merged.pieces(), *self._later(newest(rows))]

    @property
    def _origin(self) -> str:
        return self.parts.origins.get(FORMER, "")

    def _no_longer(self) -> str:
        """Return the reason why a code is none of the 34 provinces, in Vietnamese."""
        for one in old_provinces():
            if one.agency_code == self.parts.province_code:
                into = vietnamese.provinces_in_text(one.successor_name_vi)
                whose = vietnamese.provinces_in_text(one.name_vi)
                return f"{whose} đã hợp nhất vào {into} từ ngày {vietnamese.day(MERGER_ON)}"
        return f"bảng PAPI không có {self.parts.province_name}, mã {self.parts.province_code}"

    def _nothing(self) -> list[Piece]:
        why = f"bảng PAPI trong dữ liệu không có {self.parts.province_name} đến năm {self.parts.period.last.year}"
        return [Paragraph((gap(GAP, why, self._origin),))]

    def _later(self, year: int) -> list[Piece]:
        last = self.parts.period.last.year
        return (
            [Paragraph((gap(f"Điểm PAPI năm {last}", "chưa có trong dữ liệu", self._origin),))] if year < last else []
        )

    def _rows(self, codes: list[str]) -> list[Row]:
        """Return totals and dimensions of surveyed provinces up to the year of the period."""
        return self.parts.rows(
            FORMER,
            "SELECT * FROM card WHERE list_contains($codes, unit_code) AND YEAR(period_start) <= $last "
            "AND criterion_level IN ('total', 'group') AND status <> 'not_applicable'",
            codes=codes,
            last=self.parts.period.last.year,
        )

    def _surveyed(self, code: str | None, province: OldProvince | None) -> list[Piece]:
        """Return the part for a province that was itself surveyed.

        Args:
            code: P01 to P63; None for a province that is in no survey.
            province: the province as it was until 30/6/2025, for a report that ends before 1/7/2025.
        """
        rows = self._rows([code] if code else [])
        if not code or not rows:
            return self._nothing()
        year = newest(rows)
        now = [row for row in rows if row["period_start"].year == year]
        then = {row["criterion_code"]: row for row in rows if row["period_start"].year == year - 1}
        now.sort(key=lambda row: (row["criterion_level"] == "total", row["criterion_code"]))
        table = tuple(self._row(position, row, then.get(row["criterion_code"])) for position, row in enumerate(now, 1))
        whose = vietnamese.provinces_in_text(now[-1]["unit_name"])
        years = f"năm {year}" + (f" và {year - 1}" if then else "")
        note = self.parts.sources.table(FORMER, whose, years, "điểm, hạng theo nội dung")
        caption = Paragraph((*plain(f"Bảng: Chỉ số PAPI của {whose}, năm {year}"), Run("", note=note)), "caption")
        heads = tuple(head.format(year=year, before=year - 1) for head in HEADS)
        grid = Grid(heads, table, (5, 36, 9, 11, 11, 11, 17), frozenset(range(2, 7)), frozenset({len(table) - 1}))
        said = self._sentence(now[-1], whose, year, note)
        return [said, caption, grid, *self._remarks(now, then, year, province), *self._interval(code, year, whose),
                *self._later(year)]  # fmt: skip

    def _sentence(self, total: Row, whose: str, year: int, note: int) -> Paragraph:
        if total["points"] is None:
            why = total["reason_vi"] or "bảng PAPI không có điểm"
            return Paragraph((gap(f"Tổng điểm PAPI năm {year} của {whose}", why, self._origin),))
        place = f", xếp thứ {total['rank']}/{total['rank_of']}" if total["rank"] is not None else ""
        tier = f", nhóm {total['tier']}" if total.get("tier") else ""
        reached = f"{points(total['points'])}/{vietnamese.decimal(total['max_points'])} điểm"
        text = f"Năm {year}, tổng điểm PAPI của {whose} đạt {reached}{place}{tier}."
        return Paragraph((Run(text, note=note),))

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

    def _remarks(self, now: list[Row], then: dict[str, Row], year: int, province: OldProvince | None) -> list[Piece]:
        said = []
        if province and len(parts_of_today(province.successor_agency_code)) > 1:
            former, today = map(vietnamese.provinces_in_text, (province.name_vi, province.successor_name_vi))
            said.append(
                f"Khảo sát năm {year} thực hiện tại {former} theo địa giới trước ngày "
                f"{vietnamese.day(MERGER_ON)}; từ ngày đó thuộc {today} mới."
            )
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

    def _interval(self, code: str, year: int, whose: str) -> list[Piece]:
        """Return a sentence with the interval of the rank, where one was computed."""
        if not self.parts.has("rank_intervals"):
            return []
        found: list[dict[str, Any]] = self.parts.rows(
            "rank_intervals",
            "SELECT * FROM card WHERE scorecard_id = 'papi' AND unit_code = $code "
            "AND YEAR(period_start) = $year AND rank_low IS NOT NULL",
            code=code,
            year=year,
        )
        if not found:
            return []
        row = found[0]
        note = self.parts.sources.table("rank_intervals", whose, f"năm {year}", "khoảng thứ hạng PAPI")
        text = (
            f"Thứ hạng {row['rank']}/{row['rank_of']} năm {year}; 95% số lần mô phỏng cho hạng từ {row['rank_low']} "
            f"đến {row['rank_high']}."
        )
        return [Paragraph((Run(text, note=note), Run(f" {row['method_vi']}")), "small")]


def _broken(row: Row) -> bool:
    """Tell whether a row's points are not comparable with those of the year before."""
    since = row.get("comparable_since")  # older published versions lack the column
    return since is None or since >= row["period_start"].year
