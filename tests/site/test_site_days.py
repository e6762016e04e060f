"""The pages night by night: who moved comes first, the line of every unit, and nothing about single dossiers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from lxml import etree
from lxml.html import fromstring

from cchc_pipeline.drawing.spark import Night, spark
from cchc_pipeline.lake import files
from cchc_pipeline.site.build import site_files
from cchc_pipeline.site.days import Days

NIGHT, CODE = date(2026, 10, 11), "H99.02-261002-0004"
UNTIL = date(2026, 10, 31)


def moved(row: dict[str, Any], by: float, **more: Any) -> dict[str, Any]:
    """The row of the night after, with a change against the night before."""
    points = None if row["points"] is None else round(row["points"] + by, 2)
    told = {"change": by, "direction": "down" if by < 0 else "up" if by else "equal", "streak_nights": 1}
    if points is None:
        told = {"change": None, "direction": None, "streak_nights": None}
    return {
        **row, "night_on": NIGHT, "points": points, "before_on": NIGHT - timedelta(1), "points_before": row["points"],
        "numerator_before": row["numerator"], "denominator_before": row["denominator"], "figures_on": NIGHT,
        "change_reason_vi": None, **told, **more,
    }  # fmt: skip


@pytest.fixture(scope="module")
def two_nights(tables, tmp_path_factory) -> Mapping[str, Path]:
    """Tables with a second night: the commune fell by its dossiers in time, on the portal the department rose."""
    table = files.read_parquet(tables["score_days"])
    rows = table.to_pylist()
    for row in table.to_pylist():
        unit, code, source = row["unit_code"], row["criterion_code"], row["source"]
        if source == "local" and unit == "H99.201" and code in ("TOTAL", "TDGQ", "DOSSIER_ON_TIME"):
            command = f"cchc explain {code} --unit {unit} --since 2026-10-10" if code == "DOSSIER_ON_TIME" else None
            codes = {"dossier_codes": CODE, "dossiers_moved_count": 1, "explain_command": command} if command else {}
            rows.append(moved(row, -6.66, moved_by=None if command else "DOSSIER_ON_TIME", move_order=1, **codes))
        elif source == "portal" and unit == "H99.02" and code in ("TOTAL", "TDGQ", "DOSSIER_ON_TIME"):
            rows.append(moved(row, 1.5, move_order=1, numerator=10.0))
        elif source == "portal" and unit == "H99":
            rows.append(moved(row, 0.0, is_older_figure=True, figures_on=NIGHT - timedelta(1), change=None,
                              change_reason_vi="Cổng không cung cấp số liệu mới", captured_on=NIGHT,
                              portal_score_delta=12.5, portal_growth_pct=23.26))  # fmt: skip
        else:
            rows.append(moved(row, 0.0, peers_count=7, peers_first_quartile=11.25, peers_median=22.5,
                              peers_third_quartile=33.75))  # fmt: skip
    path = tmp_path_factory.mktemp("days") / "score_days.parquet"
    files.write_parquet(pa.Table.from_pylist(rows, schema=table.schema), path)
    return {**tables, "score_days": path}


@pytest.fixture(scope="module")
def pages(two_nights) -> dict[str, bytes]:
    return site_files(two_nights, "H99", UNTIL)


def text_of(page: bytes) -> str:
    return " ".join(fromstring(page.decode()).text_content().split())


def lists(page: bytes) -> list[str]:
    return re.findall(r'<ol class="moves">(.*?)</ol>', page.decode(), re.DOTALL)


def test_who_moved_comes_first_with_criterion_and_command(pages):
    own, portal, *_ = lists(pages["days.html"])
    assert 'href="units/H99.201.html#days"' in own and "−6,66" in own
    assert own.index("Tiến độ giải quyết") < own.index("cchc explain DOSSIER_ON_TIME --unit H99.201")
    assert 'href="units/H99.02.html#days"' in portal and "+1,50" in portal
    assert "9/10 → 10/10" in portal, "the portal's counts are public"
    assert "H99.02" not in own and "H99.201" not in portal
    assert lists(pages["index.html"])[0] == own, "the overview begins with them"


def test_how_many_dossiers_moved_a_score_is_told_from_five_on(pages, two_nights, tmp_path):
    own, *_ = lists(pages["days.html"])
    assert "dưới 5 hồ sơ" in own
    table = files.read_parquet(two_nights["score_days"])
    rows = [{**row, "dossiers_moved_count": 12 if row["dossiers_moved_count"] else None} for row in table.to_pylist()]
    path = tmp_path / "score_days.parquet"
    files.write_parquet(pa.Table.from_pylist(rows, schema=table.schema), path)
    own, *_ = lists(site_files({**two_nights, "score_days": path}, "H99", UNTIL)["days.html"])
    assert "<small>12 <span data-t>hồ sơ</span></small>" in own


def test_no_code_of_a_dossier_and_no_count_of_ours_is_on_a_page(pages, two_nights):
    assert any(row["dossier_codes"] == CODE for row in files.read_parquet(two_nights["score_days"]).to_pylist())
    assert [name for name, page in pages.items() if CODE.encode() in page] == []
    days = Days(two_nights["score_days"])
    for row in days.criteria("local", "H99.201"):
        assert not row["has_counts"] and row["numerator"] is None and row["denominator_before"] is None


def test_the_portals_own_figures_stand_beside_ours_and_older_ones_say_so(pages):
    text = text_of(pages["days.html"])
    assert "số liệu cũ đọc ngày 11/10/2026" in text
    assert "+12,50" in text and "+23,26" in text
    assert "scoreDelta +12,50" in text_of(pages["units/H99.html"])


def test_similar_units_are_shown_with_quartiles(pages):
    assert "22,50 (11,25–33,75; 7)" in text_of(pages["days.html"])


def test_the_week_says_why_it_cannot_be_compared(pages):
    text = text_of(pages["days.html"])
    week = text[text.index("Tăng, giảm trong một tuần") :]
    assert "Chưa có đêm nào cách một tuần để so sánh" in week


def test_a_table_without_nights_gives_pages_all_the_same(tables, tmp_path):
    table = files.read_parquet(tables["score_days"])
    path = tmp_path / "score_days.parquet"
    files.write_parquet(table.slice(0, 0), path)
    made = site_files({**tables, "score_days": path}, "H99", UNTIL)
    assert "Chưa có đơn vị nào được chấm." in text_of(made["days.html"])


def test_a_line_breaks_where_nights_cannot_be_compared():
    nights = [Night(1.0, "a"), Night(2.0, "a"), Night(None, ""), Night(3.0, "a"), Night(4.0, "b", is_old=True)]
    drawn = spark(nights, "1 → 4")
    tree = etree.fromstring(drawn)
    assert [len(line.get("points").split()) for line in tree.iter("polyline")] == [2, 1, 1]
    assert [dot.get("class") for dot in tree.iter("circle")] == ["old", "last"]
    heights = [float(line.get("points").split()[-1].split(",")[1]) for line in tree.iter("polyline")]
    assert heights == sorted(heights, reverse=True), "higher points stand higher"
    assert spark([Night(None, "a")], "") is None
    assert spark([Night(5.0, "a")], "") is not None
