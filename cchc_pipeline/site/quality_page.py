"""Build the quality report: an index, and a page and a CSV per source."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from cchc_pipeline.drawing import charts
from cchc_pipeline.drawing.output import svg
from cchc_pipeline.drawing.templating import environment
from cchc_pipeline.site.quality_figures import NIGHTS, SourceQuality

if TYPE_CHECKING:
    import jinja2

FOLDER = "quality"


def quality_files(sources: Sequence[SourceQuality], province: str) -> dict[str, bytes]:
    """Return path below the version folder -> content of every page and CSV.

    Args:
        sources: the figures.
        province: name of the province on the pages.
    """
    pages = {f"{FOLDER}/index.html": _page("quality_index.html", sources=sources, province=province)}
    for one in sources:
        pages[f"{FOLDER}/{one.source}.html"] = _page(
            "quality_source.html", one=one, sources=sources, province=province, chart=_chart(one), nights=NIGHTS
        )
        pages[f"{FOLDER}/{one.source}.csv"] = _csv(one)
    return dict(sorted(pages.items()))


@cache
def _environment() -> jinja2.Environment:
    return environment(
        "cchc_pipeline.site",
        {
            "number": lambda value: f"{value:,}".replace(",", "."),
            "percent": lambda value: "—" if value is None else f"{value:.2f} %".replace(".", ","),
            "day": lambda value: "—" if value is None else f"{value:%d/%m/%Y}",
        },
    )


def _page(template: str, **content: object) -> bytes:
    return _environment().get_template(template).render(**content).encode()


def _chart(one: SourceQuality) -> str | None:
    """Draw rejected rows and warnings by night as SVG; None where there were none."""
    rejected = [None if counts is None else counts.rejected for _, counts, _ in one.days]
    warned = [None if counts is None else warnings for _, counts, warnings in one.days]
    if not any(rejected) and not any(warned):
        return None
    series = {"Bản ghi bị loại": (rejected, charts.LATE), "Lượt cảnh báo": (warned, charts.WARN)}
    title = f"{one.title_vi}: bản ghi bị loại và lượt cảnh báo trong {NIGHTS} đêm"
    return svg(charts.nights([day for day, *_ in one.days], series), title)


def _csv(one: SourceQuality) -> bytes:
    """Return a CSV with a line per table, per broken rule, and per rule and unit.

    It begins with a byte order mark, by which Excel recognises UTF-8.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(
        ["bảng", "quy tắc", "mức độ", "nội dung", "đơn vị", "nhận đêm cuối", "hợp lệ đêm cuối", "bị loại đêm cuối",
         f"nhận {NIGHTS} đêm", f"hợp lệ {NIGHTS} đêm", f"bị loại {NIGHTS} đêm", "vi phạm đêm cuối",
         f"vi phạm {NIGHTS} đêm", "đang chờ xử lý", "từ ngày", "đến ngày", "cách xử lý"]
    )  # fmt: skip
    for table in one.tables:
        last, nights = table.last_night, table.nights
        figures = [last.rows_in, last.valid, last.rejected, nights.rows_in, nights.valid, nights.rejected]
        writer.writerow([table.name, "", "", table.title_vi, "", *figures, "", "", table.waiting, "", "", ""])
    for rule in (*one.rejects, *one.warns, *one.notes):
        said = [rule.table, rule.rule.id.split(".", 1)[1], SEVERITY_VI[rule.rule.severity], rule.rule.sentence_vi]
        seen = [rule.first_on or "", rule.last_on or "", rule.fix_vi]
        writer.writerow([*said, "", *[""] * 6, rule.last_night, rule.nights, rule.waiting, *seen])
        for unit, waiting in rule.units:
            writer.writerow([*said, _plain(unit), *[""] * 8, waiting, "", "", ""])
    return ("\ufeff" + stream.getvalue()).encode()


def _plain(text: str) -> str:
    """Return text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text


SEVERITY_VI = {"reject": "loại", "warn": "cảnh báo", "note": "ghi chú"}
