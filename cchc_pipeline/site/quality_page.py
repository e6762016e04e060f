"""Build the quality report: an index, and a page and a CSV per source."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from cchc_pipeline.drawing import charts
from cchc_pipeline.drawing.output import svg
from cchc_pipeline.site.pages import SEVERITY_VI, render
from cchc_pipeline.site.quality_figures import NIGHTS
from cchc_pipeline.site.tables import Row

FOLDER = "quality"


def quality_files(sources: Sequence[Row], province: str) -> dict[str, bytes]:
    """Return path below the version folder -> content of every page and CSV.

    Args:
        sources: the figures, as from `quality_of_sources`.
        province: name of the province on the pages.
    """
    pages = {f"{FOLDER}/index.html": render("quality_index.html", sources=sources, province=province)}
    for one in sources:
        pages[f"{FOLDER}/{one['source']}.html"] = render(
            "quality_source.html", one=one, sources=sources, province=province, chart=_chart(one), nights=NIGHTS
        )
        pages[f"{FOLDER}/{one['source']}.csv"] = _csv(one)
    return dict(sorted(pages.items()))


def _chart(one: Row) -> str | None:
    """Draw rejected rows and warnings by night as SVG; None where there were none."""
    rejected, warned = ([night[name] for night in one["days"]] for name in ("rejected", "warned"))
    if not any(rejected) and not any(warned):
        return None
    series = {"Bản ghi bị loại": (rejected, charts.LATE), "Lượt cảnh báo": (warned, charts.WARN)}
    title = f"{one['title_vi']}: bản ghi bị loại và lượt cảnh báo trong {NIGHTS} đêm"
    return svg(charts.nights([night["day"] for night in one["days"]], series), title)


def _csv(one: Row) -> bytes:
    """Return a CSV with a line per table, per broken rule, and per rule and unit.

    It begins with a byte order mark, by which Excel recognises UTF-8.
    """
    stream = io.StringIO()
    heads = {
        "table_name": "bảng", "rule": "quy tắc", "severity": "mức độ", "title_vi": "nội dung", "unit": "đơn vị",
        "last_in": "nhận đêm cuối", "last_valid": "hợp lệ đêm cuối", "last_rejected": "bị loại đêm cuối",
        "rows_in": f"nhận {NIGHTS} đêm", "valid": f"hợp lệ {NIGHTS} đêm", "rejected": f"bị loại {NIGHTS} đêm",
        "last_night": "vi phạm đêm cuối", "nights": f"vi phạm {NIGHTS} đêm", "waiting": "đang chờ xử lý",
        "first_on": "từ ngày", "last_on": "đến ngày", "fix_vi": "cách xử lý",
    }  # fmt: skip
    writer = csv.DictWriter(stream, list(heads), extrasaction="ignore", lineterminator="\r\n")
    writer.writerow(heads)
    writer.writerows(one["tables"])
    for rule in (*one["reject"], *one["warn"], *one["note"]):
        said = {
            "table_name": rule["table_name"],
            "rule": rule["rule_id"].split(".", 1)[1],
            "severity": SEVERITY_VI[rule["severity"]],
            "title_vi": rule["sentence_vi"],
        }
        writer.writerow({**rule, **said})
        writer.writerows({**said, "unit": _plain(of["unit"]), "waiting": of["waiting"]} for of in rule["units"])
    return ("\ufeff" + stream.getvalue()).encode()


def _plain(text: str) -> str:
    """Return text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text
