"""The tables of scores and ranks: PAPI, PAR INDEX, QĐ 766, and the indices that others publish.

Belongs here: which rows of the published scorecards a report of a period shows. Not here: scoring (`scorecards`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from cchc_pipeline.lake.engine import session
from cchc_pipeline.lake.publish import current_version, read_published
from cchc_pipeline.reports.cchc_report import numbers
from cchc_pipeline.reports.cchc_report.content import Grid, Paragraph, Piece, Run, Runs, gap, plain
from cchc_pipeline.reports.cchc_report.period import ReportPeriod
from cchc_pipeline.reports.cchc_report.sources import Sources

Row = dict[str, Any]
#: rows of a scorecard of one unit, in the order of the rubric
_CARD = (
    "SELECT * FROM card WHERE unit_code = $unit AND source = $source AND period_end <= $latest AND points IS NOT NULL "
    "ORDER BY period_end DESC, period_start, (criterion_level <> 'total')"
)
_PERIODS = {"month": "tháng", "quarter": "quý", "year": "năm"}


@dataclass(frozen=True)
class ScoreParts:
    """Makes the tables for a unit and period.

    Attributes:
        published: the published folder.
        unit_code: the reported unit; PAPI and the indices of others are those of its province.
        province_code: its province.
        names: unit code -> name as it is written.
        period: the period of the report.
        sources: takes every table that is read.
        origins: table -> where its figures come from.
    """

    published: Path
    unit_code: str
    province_code: str
    names: Mapping[str, str]
    period: ReportPeriod
    sources: Sources
    origins: Mapping[str, str]

    def _rows(self, table: str, query: str, **parameters: Any) -> list[Row]:
        with session(card=read_published(self.published, table)) as connection:
            return connection.sql(query, params=parameters).to_arrow_table().to_pylist()

    def _card(self, table: str, unit: str, source: str | None, kinds: Iterable[str]) -> list[Row]:
        """The rows of the period itself where the scorecard has it, else of the last one within it; in rubric order."""
        wanted = " AND source = $source" if source else ""
        rows = self._rows(
            table,
            f"SELECT * FROM card WHERE unit_code = $unit{wanted}",  # noqa: S608 - no value in it
            unit=unit,
            **({"source": source} if source else {}),
        )
        spans = {(r["period_type"], r["period_start"], r["period_end"]) for r in rows if r["period_type"] in kinds}
        exact = [span for span in spans if span[1:] == (self.period.first, self.period.last)]
        within = [span for span in spans if self.period.first <= span[1] and span[2] <= self.period.last]
        chosen = exact or sorted(within, key=lambda span: (span[2], span[2] - span[1]))[-1:]
        return [r for r in rows if (r["period_type"], r["period_start"], r["period_end"]) in chosen]

    # PAPI ---------------------------------------------------------------------------------------------------------

    def papi(self) -> list[Piece]:
        """Total and dimensions of the last published year and the year before, with the rank."""
        rows = [
            row
            for row in self._rows(
                "scorecard_papi", "SELECT * FROM card WHERE unit_code = $unit AND source <> ''", unit=self.province_code
            )
            if row["period_start"].year <= self.period.last.year and row["criterion_level"] in ("total", "group")
        ]
        whose = self.names.get(self.province_code, self.province_code)
        years = sorted({row["period_start"].year for row in rows if row["points"] is not None})
        if not years:
            why = f"chưa có bảng PAPI nào của {whose} đến năm {self.period.last.year}"
            return [Paragraph((gap("Điểm PAPI theo nội dung", why, self.origins.get("scorecard_papi", "")),))]
        year = years[-1]
        now = {row["criterion_code"]: row for row in rows if row["period_start"].year == year}
        then = {row["criterion_code"]: row for row in rows if row["period_start"].year == year - 1}
        reason = _papi_break(now.values(), then.values(), year)
        order = sorted(now.values(), key=lambda row: (row["criterion_level"] == "total", _number_of(row)))
        table = [self._papi_row(position, row, then.get(row["criterion_code"]), reason) for position, row in enumerate(order, 1)]
        note = self.sources.table("scorecard_papi", whose, f"năm {year} và {year - 1}", "điểm, hạng theo nội dung")
        caption = Paragraph((*plain(f"Bảng: Chỉ số PAPI của {whose}, năm {year}"), Run("", note=note)), "caption")
        heads = ("TT", "Chỉ số nội dung", "Điểm tối đa", f"Năm {year - 1}", f"Năm {year}", "Tăng (+), giảm (-)", "Hạng")
        grid = Grid(
            heads, tuple(table), (6, 36, 10, 12, 12, 12, 12), frozenset(range(2, 7)), frozenset({len(table) - 1})
        )
        notes: list[Piece] = [Paragraph(plain(f"(–) Không so sánh với năm {year - 1}: {reason}."), "small")] if reason else []
        if any(row["is_provisional"] for row in order):
            notes.append(Paragraph(plain("Điểm tổng hợp từ các nội dung thành phần đã công bố; có nội dung còn thiếu."), "small"))
        notes += self._rank_interval(year)
        if year < self.period.last.year:
            late = gap(f"PAPI năm {self.period.last.year}", "chưa có trong dữ liệu", self.origins.get("scorecard_papi", ""))
            notes.append(Paragraph((late,)))
        return [caption, grid, *notes]

    def _papi_row(self, position: int, row: Row, before: Row | None, reason: str | None) -> tuple[Runs, ...]:
        is_total = row["criterion_level"] == "total"
        points, old = row["points"], before["points"] if before else None
        difference = "–" if reason or points is None or old is None else _signed(points, old)
        rank = f"{row['rank']}/{row['rank_of']}" if row["rank"] is not None else "–"
        value = plain(_points(points)) if points is not None else (Run("[cần bổ sung]", is_gap=True),)
        cells = ["" if is_total else str(position), row["criterion_name_vi"], _points(row["max_points"])]
        return (*map(plain, cells), plain(_points(old) if old is not None else "–"), value, plain(difference), plain(rank))

    def _rank_interval(self, year: int) -> list[Piece]:
        """How sure the rank is, where that was computed."""
        version = current_version(self.published)
        if version is None or not (version / "rank_intervals.parquet").exists():
            return []
        found = [
            row
            for row in self._rows("rank_intervals", "SELECT * FROM card WHERE unit_code = $unit", unit=self.province_code)
            if row["scorecard_id"] == "papi" and row["period_start"].year == year and row["rank_low"] is not None
        ]
        if not found:
            return []
        row = found[0]
        note = self.sources.table("rank_intervals", self.names.get(self.province_code, ""), f"năm {year}", "khoảng hạng PAPI")
        text = f"Hạng PAPI năm {year} nằm trong khoảng từ {row['rank_low']} đến {row['rank_high']} trên {row['rank_of']} đơn vị"
        return [Paragraph((Run(text, note=note), Run(f" ({row['method_vi']})." if row["method_vi"] else ".")), "small")]

    # PAR INDEX ----------------------------------------------------------------------------------------------------

    def par_index(self) -> list[Piece]:
        """Domains and criteria with what they are scored from; what has no evidence is marked."""
        rows = self._card("scorecard_par_index", self.unit_code, None, ("month", "quarter", "year"))
        whose = self.names.get(self.unit_code, self.unit_code)
        where = self.origins.get("scorecard_par_index", "")
        if not rows:
            return [Paragraph((gap(f"Điểm PAR INDEX của {whose}", f"không có trong {self.period.name_vi}", where),))]
        when = _span(rows[0])
        ordered = _tree(rows)
        table = tuple(self._par_row(number, row) for number, row in ordered)
        strong = frozenset(at for at, (_, row) in enumerate(ordered) if row["criterion_level"] != "criterion")
        note = self.sources.table("scorecard_par_index", whose, when, "điểm theo lĩnh vực, tiêu chí")
        provisional = " (tạm tính, không phải điểm chính thức)" if any(row["is_provisional"] for row in rows) else ""
        caption = Paragraph(
            (*plain(f"Bảng: PAR INDEX của {whose}, {when}{provisional}"), Run("", note=note)), "caption"
        )
        heads = ("STT", "Lĩnh vực/Tiêu chí/Tiêu chí thành phần", "Điểm tối đa", "Điểm đạt", "Kết quả, căn cứ")
        return [caption, Grid(heads, table, (9, 36, 10, 10, 35), frozenset({2, 3}), strong)]

    def _par_row(self, number: str, row: Row) -> tuple[Runs, ...]:
        is_leaf = row["criterion_level"] == "criterion"
        points, status = row["points"], row["status"]
        result: Runs = ()
        if is_leaf and points is not None:
            parts = [_ratio(row), row["evidence"]]
            result = plain("; ".join(part for part in parts if part))
        elif is_leaf and status == "not_applicable":
            result = plain("Không áp dụng")
        elif is_leaf:
            result = (gap("Kết quả", row["reason_vi"] or "chưa có căn cứ chấm"),)
        elif status in ("partial", "missing") and row["max_points"]:
            result = plain("chưa đủ tiêu chí" if status == "partial" else "chưa có tiêu chí nào được chấm")
        shown = plain(_points(points)) if points is not None else plain("–")
        most = _points(row["max_points"]) if row["max_points"] else "–"
        return plain(number), plain(row["criterion_name_vi"]), plain(most), shown, result

    # QĐ 766 -------------------------------------------------------------------------------------------------------

    def index766(self) -> list[Piece]:
        """Groups and total from our own dossiers and from the portal, side by side."""
        kinds = ("month", "quarter", "year")
        ours = self._card("scorecard_index766", self.unit_code, "local", kinds)
        portal = {row["criterion_code"]: row for row in self._card("scorecard_index766", self.unit_code, "portal", kinds)}
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
        when = _span(shown[0])
        note = self.sources.table("scorecard_index766", whose, when, "điểm theo nhóm, số liệu của tỉnh và của Cổng")
        shown.sort(key=lambda row: row["criterion_level"] == "total")
        table = []
        for position, row in enumerate(shown, 1):
            mine, theirs = own.get(row["criterion_code"]), portal.get(row["criterion_code"])
            number = "" if row["criterion_level"] == "total" else str(position)
            cells = [number, row["criterion_name_vi"], _points(row["max_points"])]
            table.append((*map(plain, cells), _score(mine), _score(theirs), plain(_remark(mine, theirs))))
        heads = ("TT", "Nhóm chỉ số", "Điểm tối đa", "Số liệu của tỉnh", "Số liệu của Cổng DVCQG", "Ghi chú")
        caption = Paragraph((*plain(f"Bảng: Bộ chỉ số 766 của {whose}, {when}"), Run("", note=note)), "caption")
        grid = Grid(heads, tuple(table), (6, 34, 10, 13, 13, 24), frozenset({2, 3, 4}), frozenset({len(table) - 1}))
        return [caption, grid, *self._bands(shown[-1]["criterion_code"], own, portal, whose)]

    def _bands(self, total: str, own: Mapping[str, Row], portal: Mapping[str, Row], whose: str) -> list[Piece]:
        found = []
        for label, card in (("số liệu của tỉnh", own), ("số liệu của Cổng", portal)):
            row = card.get(total)
            if row and row["band_vi"]:
                # alone in its kind a unit has no rank worth saying
                rank = f", xếp thứ {row['rank']}/{row['rank_of']}" if (row["rank_of"] or 0) > 1 and row["rank"] else ""
                found.append(f"theo {label}: {row['band_vi']}{rank}")
        return [Paragraph(plain(f"Xếp loại của {whose} {'; '.join(found)}."), "body")] if found else []

    # the indices of others ----------------------------------------------------------------------------------------

    def external_indices(self) -> list[Piece]:
        """The last published value and rank of each index until the end of the period, with its change."""
        rows = self._rows(
            "external_indices",
            "SELECT * FROM card WHERE unit_code = $unit AND as_of_on <= $last "
            "QUALIFY ROW_NUMBER() OVER (PARTITION BY index_code ORDER BY year DESC, as_of_on DESC) = 1 ORDER BY index_code",
            unit=self.province_code,
            last=self.period.last,
        )
        whose = self.names.get(self.province_code, self.province_code)
        if not rows:
            where = self.origins.get("external_indices", "")
            what = gap("Điểm, hạng các chỉ số do Trung ương công bố", f"chưa có đến {numbers.day(self.period.last)}", where)
            return [Paragraph((what,))]
        table, contradictions = [], []
        for position, row in enumerate(rows, 1):
            table.append(self._external_row(position, row))
            if row["is_contradicted"]:
                contradictions.append(Paragraph((Run(f"[{row['index_name_vi']}: {row['contradiction_vi']}]", is_gap=True),)))
        note = self.sources.table("external_indices", whose, f"đến {numbers.day(self.period.last)}", "điểm, hạng, thay đổi")
        caption = Paragraph((*plain(f"Bảng: Các chỉ số đã công bố của {whose}"), Run("", note=note)), "caption")
        heads = ("TT", "Chỉ số", "Năm", "Điểm", "So với năm trước", "Hạng", "Số bậc tăng (+), giảm (-)")
        return [caption, Grid(heads, tuple(table), (6, 34, 9, 13, 14, 11, 13), frozenset({2, 3, 4, 5, 6})), *contradictions]

    def _external_row(self, position: int, row: Row) -> tuple[Runs, ...]:
        def signed(value: float | None) -> str:
            return "–" if value is None else _signed(value, 0)

        value = "–" if row["value"] is None else f"{_points(row['value'])}/{numbers.decimal(row['max_value'])}"
        rank = "–" if row["rank"] is None else f"{row['rank']}" + (f"/{row['rank_of']}" if row["rank_of"] else "")
        year = f"{row['year']}" + (f" (đến {row['as_of_on']:%d/%m})" if row["is_running"] else "")
        cells = (str(position), row["index_name_vi"], year, value, signed(row["value_change"]), rank, signed(row["rank_change"]))
        return tuple(plain(cell) for cell in cells)


def _points(value: float | None) -> str:
    return "–" if value is None else numbers.decimal(value, keep_zeros=True)


def _signed(now: float, then: float) -> str:
    difference = numbers.rounded(now) - numbers.rounded(then)
    if not difference:
        return "0"
    return f"{'+' if difference > 0 else '-'}{numbers.decimal(abs(difference))}"


def _span(row: Row) -> str:
    first: date = row["period_start"]
    if row["period_type"] == "month":
        return f"tháng {first.month} năm {first.year}"
    if row["period_type"] == "quarter":
        return f"quý {('I', 'II', 'III', 'IV')[(first.month - 1) // 3]} năm {first.year}"
    return f"năm {first.year}"


def _ratio(row: Row) -> str:
    if row["denominator"]:
        share = numbers.percent(row["numerator"], row["denominator"])
        return f"{numbers.decimal(row['numerator'])}/{numbers.decimal(row['denominator'])} ({share})"
    return ""


def _score(row: Row | None) -> Runs:
    if row is None or row["points"] is None:
        return plain("–")
    return plain(_points(row["points"]) + ("*" if row["status"] == "partial" else ""))


def _remark(mine: Row | None, theirs: Row | None) -> str:
    """Whether a sum lacks a part, and how far the two sources differ."""
    partial = any(row and row["status"] == "partial" for row in (mine, theirs))
    words = ["(*) chưa đủ chỉ số thành phần"] if partial else []
    if mine and theirs and mine["points"] is not None and theirs["points"] is not None and not partial:
        words.append(f"chênh {_signed(theirs['points'], mine['points'])}")
    return "; ".join(words)


def _number_of(row: Row) -> tuple[int, str]:
    digits = "".join(sign for sign in row["criterion_code"] if sign.isdigit())
    return (int(digits) if digits else 0, row["criterion_code"])


def _papi_break(now: Iterable[Row], then: Iterable[Row], year: int) -> str | None:
    """Why two years of PAPI may not be compared."""
    rows = list(now)
    since = max((row["comparable_since"] for row in rows if row.get("comparable_since")), default=None)
    if since is not None and since > year - 1:
        return f"bộ câu hỏi hoặc thang điểm đổi từ năm {since}"
    before = {row["rubric_version"] for row in then}
    if not before:
        return f"không có số liệu năm {year - 1}"
    if since is None and before != {row["rubric_version"] for row in rows}:
        return "bộ câu hỏi thay đổi giữa hai năm"
    return None


def _tree(rows: list[Row]) -> list[tuple[str, Row]]:
    """Rows from the top down with their numbers (1, 1.1, 1.1.2), the total last."""
    below: dict[str | None, list[Row]] = {}
    for row in rows:
        below.setdefault(row["parent_code"], []).append(row)
    total = next((row for row in rows if row["criterion_level"] == "total"), None)
    found: list[tuple[str, Row]] = []

    def walk(parent: str | None, number: str) -> None:
        for position, row in enumerate(sorted(below.get(parent, []), key=lambda r: _order(r)), 1):
            at = f"{number}.{position}" if number else str(position)
            found.append((at, row))
            walk(row["criterion_code"], at)

    walk(total["criterion_code"] if total else None, "")
    return [*found, ("", total)] if total else found


def _order(row: Row) -> tuple[bool, str]:
    return (row["criterion_level"] == "criterion", row["criterion_code"])
