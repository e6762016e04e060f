"""Make the parts on scores: QĐ 766, PAR INDEX, PAPI and external indices.

PAPI was surveyed in 63 provinces until 1/7/2025. A report of a period that ends before that day shows the province as
it was; a later one shows the province of today: its own points if it was not merged, else the range of its former
provinces.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from cchc_pipeline import vietnamese
from cchc_pipeline.contracts.code_lists import load_code_list
from cchc_pipeline.lake.engine import run_file, run_sql
from cchc_pipeline.lake.publish import published_version, read_published
from cchc_pipeline.reference.papi_instrument import former_provinces, parts_of_today
from cchc_pipeline.reference.units_national import MERGER_ON, OldProvince
from cchc_pipeline.reports.cchc_report.content import Paragraph, Piece, Run, gap
from cchc_pipeline.reports.cchc_report.document import TEXT_WIDTH_MM
from cchc_pipeline.reports.cchc_report.fill import Filler
from cchc_pipeline.reports.cchc_report.parts import Row, parts, runs
from cchc_pipeline.scorecards.par_index.stage_sums import COLUMNS, PEOPLE, stage_sums
from cchc_pipeline.scorecards.scoring.measures import SCORED_PERIODS
from cchc_pipeline.scorecards.scoring.rubric_set import shipped


class Scores:
    """Published scores of a unit and period, a method per part; PAPI and external indices are those of its province."""

    def __init__(self, filler: Filler) -> None:
        self.published, self.sources = filler.figures.lake.published, filler.sources
        self.period, self.origins = filler.period, filler.origins
        self.unit_code, self.province_code = filler.unit_code, filler.figures.manifest["province_code"]
        self.whose, self.province = (filler.names.get(code, code) for code in (self.unit_code, self.province_code))

    def _part(self, name: str, whose: str, when: str, rows: list[Row], **given: Any) -> list[Piece]:
        """Return a part of `parts.yaml` with its source; its gap where there is no row."""
        part = parts()[name]
        usual = {"whose": whose, "when": when, "period": self.period.name_vi}
        given = {**usual, "origin": self.origins.get(part.table, ""), **given}
        if not rows:
            return [Paragraph(runs(part.lacking, given))]
        total = next((row for row in rows if row.get("criterion_level") == "total"), None)
        note = self.sources.table(part.table, whose, given.pop("noted", when), part.what)
        return part.pieces(rows, {"total": total, **given}, note)

    def _card(self, table: str, source: str) -> list[Row]:
        """Return the unit's rows of exactly the period, else of the last period within it."""
        query = "SELECT * FROM card WHERE unit_code = $unit AND source = $source"
        given = {"unit": self.unit_code, "source": source}
        rows = run_sql(query, params=given, card=read_published(self.published, table)).to_pylist()
        spans = {_span(row) for row in rows if row["period_type"] in SCORED_PERIODS}
        exact = [span for span in spans if span[1:] == (self.period.first, self.period.last)]
        within = [span for span in spans if self.period.first <= span[1] and span[2] <= self.period.last]
        # a custom period can have the same days as a calendar one: take one of them
        chosen = sorted(exact)[:1] or sorted(within, key=lambda span: (span[2], span[2] - span[1]))[-1:]
        return [row for row in rows if _span(row) in chosen]

    def index766(self) -> list[Piece]:
        """Return groups and total of QĐ 766 from own dossiers and from the portal."""
        ours, theirs = (self._card("scorecard_index766", source) for source in ("local", "portal"))
        # the two sources are compared only over the same days
        is_same = not ours or not theirs or _name(ours[0]) == _name(theirs[0])
        own, portal = ({row["criterion_code"]: row for row in rows} for rows in (ours, theirs if is_same else []))
        order = [group.code for group in shipped().newest("index766").groups]
        rows = [row for row in (own or portal).values() if row["criterion_level"] in ("group", "total")]
        rows.sort(key=lambda row: order.index(row["criterion_code"]) if row["criterion_code"] in order else len(order))
        rows = [
            {**row, "own": own.get(row["criterion_code"]), "portal": portal.get(row["criterion_code"])} for row in rows
        ]
        return self._part("index766", self.whose, _name(rows[0]) if rows else "", rows)

    def external_indices(self) -> list[Piece]:
        """Return each index's newest value and rank up to the period's end, with changes."""
        table, until = "external_indices", f"đến {vietnamese.day(self.period.last)}"
        given = {"unit": self.province_code, "last": self.period.last}
        card = read_published(self.published, table)
        rows = run_file("reports/external_indices", params=given, card=card).to_pylist()
        told = (f"[{row['index_name_vi']}: {row['contradiction_vi']}]" for row in rows if row["is_contradicted"])
        return [*self._part(table, self.province, until, rows), *(Paragraph((Run(one, is_gap=True),)) for one in told)]

    # PAR INDEX -------------------------------------------------------------------------------------------------------

    def par_index(self) -> list[Piece]:
        """Return sentence, table and remarks on PAR INDEX; a gap without evidence.

        Columns of stages appear only where an appraisal gave points in the period: appraisals are of a calendar year.
        """
        rows = self._card("scorecard_par_index", "local")
        has_stages = bool(rows) and all(name in rows[0] for name in COLUMNS.values())  # older versions lack the columns
        stages = stage_sums(rows) if has_stages else {}
        last = {(row["reason_vi"] or "").rpartition("; ")[2] for row in rows}
        remark = last.pop() if len(last) == 1 else ""
        shown = [stage for stage in PEOPLE if any(stage in one.scores for one in stages.values())]
        ordered = [
            {
                **row,
                "number": number,
                "stages": stages.get(row["criterion_code"]),
                "result": _evidence(row, remark),
                "why": _without(row["reason_vi"], remark),
                "whole_reason": _without(row["reason_vi"], ""),
            }
            for number, row in _numbered(rows)
        ]
        levels = load_code_list("unit_level").labels_vi
        return self._part(
            "par_index",
            self.whose,
            _name(rows[0]) if rows else "",
            ordered,
            remark=remark,
            shown=shown,
            words=TEXT_WIDTH_MM - 10 - 12 * (len(shown) + 3),
            is_provisional=any(row["is_provisional"] for row in rows),
            kind=levels.get(rows[0]["unit_level"], "đơn vị").lower() if rows else "",
            stage_names={code: label.lower() for code, label in load_code_list("appraisal_stage").labels_vi.items()},
        )

    # PAPI ------------------------------------------------------------------------------------------------------------

    def papi(self) -> list[Piece]:
        """Return sentence, table and remarks on PAPI; a gap where there is no score."""
        code = self.province_code
        before = (item for item in former_provinces().items() if item[1].agency_code == code)
        papi_code, own = next(before, (None, None))
        if self.period.last < MERGER_ON:
            return self._surveyed(papi_code, own)
        former, table = parts_of_today(code), "scorecard_papi_today"
        if not former:
            return self._papi_gap(self._no_longer(own))
        if not self._has(table):
            return self._papi_gap(f"bản công bố này không có bảng {table}", "chạy lại `cchc run`")
        rows = self._years("papi_today", table, [code])
        if not rows:
            return self._papi_gap()
        if all(row["parts"] == 1 for row in rows):
            return self._surveyed(next(iter(former)), None)
        year = rows[-1]["year"]
        surveyed = self._years("papi", "scorecard_papi", list(former))
        given = {
            "former": former,
            "merger": vietnamese.day(MERGER_ON),
            "origin": self.origins.get("scorecard_papi", ""),
            "surveyed": {(row["unit_code"], row["criterion_code"]): row for row in surveyed if row["year"] == year},
        }
        return [*self._of_newest_year("papi_today", rows, **given), *self._later(year)]

    def _surveyed(self, code: str | None, former: OldProvince | None) -> list[Piece]:
        """Return the part for a province that was itself surveyed.

        Args:
            code: P01 to P63; None for a province that is in no survey.
            former: the province as it was until 30/6/2025, for a report that ends before 1/7/2025.
        """
        rows = self._years("papi", "scorecard_papi", [code] if code else [])
        if not rows:
            return self._papi_gap()
        # older published versions lack the column `comparable_since`
        rows = [{**row, "is_comparable": (row.get("comparable_since") or row["year"]) < row["year"]} for row in rows]
        year = rows[-1]["year"]
        now = [row for row in rows if row["year"] == year]
        is_merged = former and len(parts_of_today(former.successor_agency_code)) > 1
        found = self._of_newest_year(
            "papi",
            rows,
            former=former and former.name_vi,
            today=former.successor_name_vi if former and is_merged else "",
            merger=vietnamese.day(MERGER_ON),
            all_comparable=all(row["is_comparable"] for row in now),
            is_partial=any(row["status"] == "partial" and row["points"] is not None for row in now),
        )
        return [*found, *self._interval(now[-1]), *self._later(year)]

    def _of_newest_year(self, name: str, rows: list[Row], **given: Any) -> list[Piece]:
        year, has_before = rows[-1]["year"], rows[-1]["has_before"]
        now = [row for row in rows if row["year"] == year]
        noted = f"năm {year}" + (f" và {year - 1}" if has_before else "")
        whose = vietnamese.provinces_in_text(now[-1]["unit_name"])
        return self._part(name, whose, f"năm {year}", now, noted=noted, year=year, has_before=has_before, **given)

    def _interval(self, total: Row) -> list[Piece]:
        """Return a sentence with the interval of the rank, where one was computed."""
        table, part, year = "rank_intervals", parts()["papi_interval"], total["year"]
        query = (
            "SELECT * FROM card WHERE scorecard_id = 'papi' AND unit_code = $code AND YEAR(period_start) = $year "
            "AND rank_low IS NOT NULL LIMIT 1"
        )
        given = {"code": total["unit_code"], "year": year}
        card = read_published(self.published, table) if self._has(table) else None
        if card is None or not (rows := run_sql(query, params=given, card=card).to_pylist()):
            return []
        note = self.sources.table(table, vietnamese.provinces_in_text(total["unit_name"]), f"năm {year}", part.what)
        text = runs(part.sentence, {"total": rows[0], "year": year}, note)
        return [Paragraph((*text, Run(f" {rows[0]['method_vi']}")), "small")]

    def _has(self, table: str) -> bool:
        """Tell whether the published version has a table."""
        return (published_version(self.published) / f"{table}.parquet").exists()

    def _years(self, query: str, table: str, codes: list[str]) -> list[Row]:
        """Return totals and dimensions up to the year of the period, oldest first."""
        given = {"codes": codes, "last": self.period.last.year}
        return run_file(f"reports/{query}", params=given, card=read_published(self.published, table)).to_pylist()

    def _papi_gap(self, why: str = "", where: str = "") -> list[Piece]:
        why = why or f"bảng PAPI trong dữ liệu không có {self.province} đến năm {self.period.last.year}"
        what = gap("Điểm PAPI theo nội dung", why, where or self.origins.get("scorecard_papi", ""))
        return [Paragraph((what,))]

    def _no_longer(self, own: OldProvince | None) -> str:
        """Return the reason why a code is none of the 34 provinces, in Vietnamese."""
        if own is None:
            return f"bảng PAPI không có {self.province}, mã {self.province_code}"
        whose, into = map(vietnamese.provinces_in_text, (own.name_vi, own.successor_name_vi))
        return f"{whose} đã hợp nhất vào {into} từ ngày {vietnamese.day(MERGER_ON)}"

    def _later(self, year: int) -> list[Piece]:
        last = self.period.last.year
        what = gap(f"Điểm PAPI năm {last}", "chưa có trong dữ liệu", self.origins.get("scorecard_papi", ""))
        return [Paragraph((what,))] if year < last else []


def _name(row: Row) -> str:
    return vietnamese.period_name(*_span(row))


def _span(row: Row) -> tuple[str, date, date]:
    return row["period_type"], row["period_start"], row["period_end"]


def _numbered(rows: list[Row]) -> Iterator[tuple[str, Row]]:
    """Yield rows as a tree from the top with numbers (1, 1.1, 1.1.2), the total last."""
    total = next((row for row in rows if row["criterion_level"] == "total"), None)

    def walk(parent: str | None, number: str) -> Iterator[tuple[str, Row]]:
        children = sorted((row for row in rows if row["parent_code"] == parent), key=_order)
        for position, row in enumerate(children, 1):
            at = f"{number}.{position}" if number else str(position)
            yield at, row
            yield from walk(row["criterion_code"], at)

    yield from walk(total["criterion_code"] if total else None, "")
    if total:
        yield "", total


def _order(row: Row) -> tuple[bool, list[tuple[int, str]]]:
    """Return a sort key: groups before criteria, numbers within codes as numbers."""
    code = re.findall(r"\d+|\D+", row["criterion_code"])
    return (row["criterion_level"] == "criterion", [(int(one), "") if one.isdigit() else (0, one) for one in code])


def _evidence(row: Row, remark: str) -> str:
    """Return counts with their share, or the document or body that gave the points."""
    evidence, ratio = row["evidence"] or "", ""
    if row.get("counted_stage") in PEOPLE:
        return "; ".join(part for part in (evidence, _without(row["reason_vi"], remark)) if part)
    if row["denominator"]:
        share = vietnamese.percent(row["numerator"], row["denominator"])
        ratio = f"{vietnamese.decimal(row['numerator'])}/{vietnamese.decimal(row['denominator'])} ({share})"
    # an indicator's id is left out: the ratio stands for it
    return "; ".join(part for part in (ratio, "" if evidence.startswith("indicator_values:") else evidence) if part)


def _without(reason: str | None, remark: str) -> str:
    """Return a reason without the shared one, to stand within a sentence."""
    text = (reason or "").removesuffix(remark).removesuffix("; ")
    return text[:1].lower() + text[1:]
