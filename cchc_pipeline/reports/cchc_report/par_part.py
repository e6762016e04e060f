"""Write the part on PAR INDEX: total, domains, criteria with their evidence."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cchc_pipeline import vietnamese
from cchc_pipeline.contracts.code_lists import load_code_list
from cchc_pipeline.reports.cchc_report.content import Grid, Paragraph, Piece, Run, Runs, gap, plain
from cchc_pipeline.reports.cchc_report.layout import TEXT_WIDTH_MM
from cchc_pipeline.reports.cchc_report.score_parts import KINDS, Row, ScoreParts, points, signed, span
from cchc_pipeline.scorecards.par_index.stage_sums import COLUMNS, Stages, stage_sums

TABLE = "scorecard_par_index"
#: stage scored by people -> head of its column
_STAGES = {"self": "Tự chấm", "first": "TĐ lần 1", "second": "TĐ lần 2", "survey": "ĐT XHH"}
#: Widths in mm of the number of a criterion and of a column of points; the words in their heads fit.
_NUMBER_MM, _FIGURE_MM = 10, 12
_LEGEND = (
    "TĐ: thẩm định; ĐT XHH: điều tra xã hội học. Chênh lệch: điểm thẩm định trừ điểm tự chấm, ở các tiêu chí có cả hai."
)
_PROVISIONAL = " (tạm tính, không phải điểm chính thức)"


@dataclass(frozen=True)
class ParPart:
    """The part on PAR INDEX for the reported unit and period."""

    parts: ScoreParts

    def pieces(self) -> list[Piece]:
        """Return sentence, caption, table and remarks; a gap where there is no evidence.

        Columns of stages appear only where an appraisal gave points in the period: appraisals are of a calendar year.
        """
        parts = self.parts
        rows = parts.card(TABLE, parts.unit_code, "local", KINDS)
        whose = parts.names.get(parts.unit_code, parts.unit_code)
        where = parts.origins.get(TABLE, "")
        if not rows:
            return [Paragraph((gap(f"Điểm PAR INDEX của {whose}", f"không có trong {parts.period.name_vi}", where),))]
        has_stages = all(column in rows[0] for column in COLUMNS.values())  # older published versions lack the columns
        stages = stage_sums(rows) if has_stages else {}
        when, remark = span(rows[0]), _shared_remark(rows)
        ordered = _tree(rows)
        shown = [stage for stage in _STAGES if any(stage in one.scores for one in stages.values())]
        table = tuple(self._row(number, row, remark, shown, stages) for number, row in ordered)
        strong = frozenset(at for at, (_, row) in enumerate(ordered) if row["criterion_level"] != "criterion")
        note = parts.sources.table(TABLE, whose, when, "điểm theo lĩnh vực, tiêu chí")
        provisional = _PROVISIONAL if any(row["is_provisional"] for row in rows) else ""
        caption = Paragraph(
            (*plain(f"Bảng: PAR INDEX của {whose}, {when}{provisional}"), Run("", note=note)), "caption"
        )
        said = [self._sentence(ordered[-1][1], stages, whose, when, note)] if ordered[-1][0] == "" else []
        remarks = [f"{remark}."] if remark else []
        if shown:
            remarks.append(_LEGEND)
        return [*said, caption, _grid(table, strong, shown), *(Paragraph(plain(text), "small") for text in remarks)]

    def _sentence(self, total: Row, stages: Mapping[str, Stages], whose: str, when: str, note: int) -> Paragraph:
        if total["points"] is None:
            why = _without(total["reason_vi"], "") or "chưa có tiêu chí nào được chấm"
            return Paragraph((gap(f"Tổng điểm PAR INDEX của {whose}, {when}", why, self.parts.origins.get(TABLE, "")),))
        text = f"{when.capitalize()}, PAR INDEX của {whose} đạt {points(total['points'])} điểm"
        if total["denominator"]:
            text += f" trên {vietnamese.decimal(total['denominator'])} điểm chấm được"
        text += " (tạm tính)" if total["is_provisional"] else ""
        if total["rank"] and (total["rank_of"] or 0) > 1:  # a rank among one unit says nothing
            text += f", xếp thứ {total['rank']}/{total['rank_of']} trong các {_kind(total['unit_level'])}"
        text += "."
        whole = stages.get(total["criterion_code"])
        if whole and whole.is_by_people:
            text += " " + _told(whole)
        return Paragraph((Run(text, note=note),))

    def _row(
        self, number: str, row: Row, remark: str, shown: Sequence[str], stages: Mapping[str, Stages]
    ) -> tuple[Runs, ...]:
        is_leaf = row["criterion_level"] == "criterion"
        reached, status = row["points"], row["status"]
        result: Runs = ()
        if is_leaf and reached is not None:
            result = plain("; ".join(part for part in _evidence(row, remark) if part))
        elif is_leaf and status == "not_applicable":
            result = plain("Không áp dụng")
        elif is_leaf:
            result = (gap("Kết quả", _without(row["reason_vi"], remark) or "chưa có căn cứ chấm"),)
        elif not row["max_points"]:
            result = (gap("Kết quả", _without(row["reason_vi"], remark) or "chưa có tiêu chí"),)
        elif status in ("partial", "missing"):
            result = plain("chưa đủ tiêu chí" if status == "partial" else "chưa có tiêu chí nào được chấm")
        most = points(row["max_points"]) if row["max_points"] else "–"
        cells = [number, row["criterion_name_vi"], most]
        own = stages.get(row["criterion_code"])
        if shown:  # stages score different criteria: their sums stand in the sentence, each with its maximum
            cells += [points(row[COLUMNS[stage]]) if is_leaf else "" for stage in shown]
        cells.append(points(reached))
        if shown:
            difference = own.difference if own else None
            cells.append("–" if difference is None else signed(difference, 0, keep_zeros=True))
        return (*map(plain, cells), result)


def _grid(table: tuple[tuple[Runs, ...], ...], strong: frozenset[int], shown: Sequence[str]) -> Grid:
    heads = ["STT", "Lĩnh vực/Tiêu chí/Tiêu chí thành phần", "Điểm tối đa"]
    if not shown:
        heads += ["Điểm đạt", "Kết quả, căn cứ"]
        return Grid(tuple(heads), table, (10, 34, 9, 9, 38), frozenset({2, 3}), strong)
    heads += [*(_STAGES[stage] for stage in shown), "Điểm được tính", "Chênh lệch", "Kết quả, căn cứ"]
    figures = [_FIGURE_MM] * (len(shown) + 3)
    words = TEXT_WIDTH_MM - _NUMBER_MM - sum(figures)
    widths = (_NUMBER_MM, 0.45 * words, *figures, 0.55 * words)
    return Grid(tuple(heads), table, widths, frozenset(range(2, len(heads) - 1)), strong, small=True)


def _told(whole: Stages) -> str:
    """Return the points of each stage over its maximum; appraisals vs. self-scores."""
    names = {code.code: code.label_vi.lower() for code in load_code_list("appraisal_stage").codes}
    given = [
        f"{names[stage]}: {points(score.points)}" + (f"/{vietnamese.decimal(score.most)}" if score.most else "")
        for stage, score in whole.scores.items()
        if stage in names
    ]
    said = f"Điểm từng bước trên tổng điểm tối đa của các tiêu chí mà bước đó đã chấm – {'; '.join(given)}."
    if whole.difference is not None:
        size = vietnamese.decimal(abs(whole.difference))
        how = f"thấp hơn {size} điểm" if whole.difference < 0 else f"cao hơn {size} điểm"
        how = how if whole.difference else "bằng điểm"
        count = vietnamese.count(whole.appraised, in_text=True)
        said += f" Ở {count} tiêu chí có cả hai, thẩm định {how} so với tự chấm."
    if whole.only_self:
        said += f" Còn {vietnamese.count(whole.only_self, in_text=True)} tiêu chí mới có điểm tự chấm, chưa thẩm định."
    return said


def _kind(level: str | None) -> str:
    return next((code.label_vi.lower() for code in load_code_list("unit_level").codes if code.code == level), "đơn vị")


def _evidence(row: Row, remark: str) -> list[str]:
    """Return counts with their share, or the document or body that gave the points."""
    if row.get("counted_stage") in _STAGES:
        return [row["evidence"] or "", _without(row["reason_vi"], remark)]
    # an indicator's id is left out: the ratio stands for it
    return [_ratio(row), "" if (row["evidence"] or "").startswith("indicator_values:") else row["evidence"] or ""]


def _ratio(row: Row) -> str:
    if row["denominator"]:
        share = vietnamese.percent(row["numerator"], row["denominator"])
        return f"{vietnamese.decimal(row['numerator'])}/{vietnamese.decimal(row['denominator'])} ({share})"
    return ""


def _tree(rows: list[Row]) -> list[tuple[str, Row]]:
    """Return rows as a tree from the top with numbers (1, 1.1, 1.1.2), the total last."""
    below: dict[str | None, list[Row]] = {}
    for row in rows:
        below.setdefault(row["parent_code"], []).append(row)
    total = next((row for row in rows if row["criterion_level"] == "total"), None)
    found: list[tuple[str, Row]] = []

    def walk(parent: str | None, number: str) -> None:
        for position, row in enumerate(sorted(below.get(parent, []), key=_order), 1):
            at = f"{number}.{position}" if number else str(position)
            found.append((at, row))
            walk(row["criterion_code"], at)

    walk(total["criterion_code"] if total else None, "")
    return [*found, ("", total)] if total else found


def _order(row: Row) -> tuple[bool, list[tuple[int, str]]]:
    """Return a sort key: groups before criteria, numbers within codes as numbers."""
    code = re.findall(r"\d+|\D+", row["criterion_code"])
    return (row["criterion_level"] == "criterion", [(int(one), "") if one.isdigit() else (0, one) for one in code])


def _shared_remark(rows: list[Row]) -> str:
    """Return the last sentence that all reasons share, for a note below the table."""
    last = {(row["reason_vi"] or "").rpartition("; ")[2] for row in rows}
    return last.pop() if len(last) == 1 else ""


def _without(reason: str | None, remark: str) -> str:
    text = (reason or "").removesuffix(remark).removesuffix("; ")
    return text[:1].lower() + text[1:]
