"""Preview scorecards in the Dagster UI: a small table and a radar chart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.drawing import plots
from cchc_pipeline.site import words
from cchc_pipeline.site.tables import Row, grouped
from cchc_pipeline.vietnamese import period_label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIRST, LAST = 5, 3
_HEAD = "| Hạng / rank | Đơn vị / unit | Điểm / points | Tỷ lệ / share | |\n|---:|---|---:|---:|---|"


def markdown(card: pa.Table, source: str, period_type: str) -> str:
    """Return the newest totals as Markdown: the first and last units of each level.

    `source` is local, portal or table; `period_type` month or year.
    """
    rows = _newest(card, source, period_type, "total")
    if not rows:
        return "Chưa có điểm / no scores yet"
    lines = [f"**{period_label(period_type, rows[0]['period_start'], rows[0]['period_end'])}**", "", _HEAD]
    rows.sort(key=lambda row: (row["rank"] is None, row["rank"] or 0, row["unit_code"]))
    by_level = grouped(rows, "unit_level")
    for level in ("province", "department", "district", "commune"):
        alike = [_line(row) for row in by_level.get(level, ())]
        few = len(alike) <= FIRST + LAST
        lines += alike if few else [*alike[:FIRST], "| … | | | | |", *alike[-LAST:]]
    return "\n".join(lines)


def _line(row: Row) -> str:
    rank = words.NONE if row["rank"] is None else f"{row['rank']}/{row['rank_of']}"
    name = (row["unit_name"] or row["unit_code"]).replace("|", "\\|")
    marks = ["tạm tính"] * bool(row["is_provisional"]) + [row["status"]] * (row["status"] != "ok")
    return f"| {rank} | {name} | {words.points(row['points'])} | {words.percent(row['ratio'])} | {', '.join(marks)} |"


def totals(card: pa.Table, source: str) -> tuple[list[str], list[float], str]:
    """Return names and total points of units in the newest month, best first, and the month."""
    rows = sorted(_newest(card, source, "month", "total"), key=lambda row: -row["points"])
    names = [row["unit_name"] or row["unit_code"] for row in rows]
    return names, [row["points"] for row in rows], f"{rows[0]['period_start']:%m/%Y}" if rows else ""


def radar(card: pa.Table, unit_code: str, period_type: str) -> Figure | None:
    """Draw a unit's newest groups, one polygon per source; None without any."""
    series: dict[str, list[float | None]] = {}
    codes: list[str] = []
    for source in ("local", "portal"):
        rows = _newest(card, source, period_type, "group")
        own = (row for row in rows if row["unit_code"] == unit_code and row["parent_code"] == "TOTAL")
        shares = {row["criterion_code"]: row["ratio"] for row in own}
        codes = codes or list(shares)
        if any(share is not None for share in shares.values()):
            series[words.SOURCES[source]] = [shares.get(code) for code in codes]
    return plots.radar(codes, series) if series and len(codes) > 2 else None


def _newest(card: pa.Table, source: str, period_type: str, level: str) -> list[Row]:
    """Return the rows of one criterion level in the newest period that has points."""
    is_asked = (pc.field("source") == source) & (pc.field("period_type") == period_type)
    is_asked &= (pc.field("criterion_level") == level) & pc.field("points").is_valid()
    by_start = grouped(card.filter(is_asked).to_pylist(), "period_start")
    return by_start[max(by_start)] if by_start else []
