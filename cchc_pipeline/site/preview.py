"""Preview scorecards in the Dagster UI: a small table and a radar chart."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.drawing import plots
from cchc_pipeline.drawing.output import png
from cchc_pipeline.site import words
from cchc_pipeline.vietnamese import period_label

FIRST, LAST = 5, 3
_HEAD = "| Hạng / rank | Đơn vị / unit | Điểm / points | Tỷ lệ / share | |\n|---:|---|---:|---:|---|"


def markdown(card: pa.Table, source: str, period_type: str) -> str:
    """Return the newest totals as Markdown: the first and last units of each level.

    Args:
        card: a scorecard table.
        source: local, portal or table.
        period_type: month or year.
    """
    rows = _newest(card, source, period_type, "total")
    if not rows:
        return "Chưa có điểm / no scores yet"
    first = rows[0]
    lines = [f"**{period_label(period_type, first['period_start'], first['period_end'])}**", "", _HEAD]
    for level in ("province", "department", "district", "commune"):
        alike = sorted(
            (row for row in rows if row["unit_level"] == level),
            key=lambda row: (row["rank"] is None, row["rank"] or 0, row["unit_code"]),
        )
        shown = alike if len(alike) <= FIRST + LAST else [*alike[:FIRST], None, *alike[-LAST:]]
        lines += ["| … | | | | |" if row is None else _line(row) for row in shown]
    return "\n".join(lines)


def _line(row: dict[str, Any]) -> str:
    rank = words.NONE if row["rank"] is None else f"{row['rank']}/{row['rank_of']}"
    name = (row["unit_name"] or row["unit_code"]).replace("|", "\\|")
    marks = [
        label for label, is_so in (("tạm tính", row["is_provisional"]), (row["status"], row["status"] != "ok")) if is_so
    ]
    return f"| {rank} | {name} | {words.points(row['points'])} | {words.percent(row['ratio'])} | {', '.join(marks)} |"


def radar(card: pa.Table, unit_code: str, period_type: str) -> bytes | None:
    """Draw a unit's newest groups as PNG, one polygon per source; None without any."""
    from cchc_pipeline.site.card import SOURCES

    series: dict[str, list[float | None]] = {}
    codes: list[str] = []
    for source in ("local", "portal"):
        rows = [
            row
            for row in _newest(card, source, period_type, "group")
            if row["unit_code"] == unit_code and row["parent_code"] == "TOTAL"
        ]
        shares = {row["criterion_code"]: row["ratio"] for row in rows}
        codes = codes or list(shares)
        if any(share is not None for share in shares.values()):
            series[SOURCES[source]] = [shares.get(code) for code in codes]
    return png(plots.radar(codes, series)) if series and len(codes) > 2 else None


def _newest(card: pa.Table, source: str, period_type: str, level: str) -> list[dict[str, Any]]:
    """Return the rows of one criterion level in the newest period that has points."""
    mask = pc.equal(card["source"], source)
    for column, wanted in (("period_type", period_type), ("criterion_level", level)):
        mask = pc.and_(mask, pc.equal(card[column], wanted))
    rows: list[dict[str, Any]] = card.filter(pc.and_(mask, pc.is_valid(card["points"]))).to_pylist()
    newest = max((row["period_start"] for row in rows), default=None)
    return [row for row in rows if row["period_start"] == newest]
