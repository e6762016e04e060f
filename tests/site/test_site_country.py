"""Ranks of the province on the portal: national, by group, what moved, and since when there are figures."""

from __future__ import annotations

from datetime import date

from lxml.html import fromstring

from cchc_pipeline.lake import files
from cchc_pipeline.scorecards.scoring.rubric_set import shipped
from cchc_pipeline.site.build import site_files
from cchc_pipeline.site.country import Country


def rows_of(page: bytes, caption: str) -> list[list[str]]:
    (table,) = fromstring(page.decode()).xpath(f"//table[caption[@id='{caption}']]")
    return [[" ".join(cell.text_content().split()) for cell in row] for row in table.xpath("tbody/tr")]


def test_rank_changes_and_first_day_stand_on_the_overview_and_the_page_of_the_province(pages):
    for name, caption in (("index.html", "country-own"), ("units/H99.html", "portal-ranks")):
        total, group, online = rows_of(pages[name], caption)
        assert total[:5] == ["Tổng điểm", "24/34", "66,50", "+5 (+5,00)", "+9 (+9,00)"]
        assert group[1] == online[1] == "24/34"
        text = " ".join(fromstring(pages[name].decode()).text_content().split())
        assert "Có số liệu từ ngày 21/09/2026." in text
        assert "đọc ngày 31/10/2026" in text and "so với lần đọc trước, 30/10/2026" in text
        assert "trong tuần, 23/10/2026" in text
    assert "portal-ranks" not in pages["units/H99.201.html"].decode(), "a unit below has no rank among provinces"


def test_all_provinces_are_listed_by_rank(pages):
    tree = fromstring(pages["index.html"].decode())
    rows = tree.xpath("//h3[@id='country']/following-sibling::section[1]//details//tbody/tr")
    assert len(rows) == 34 and [row[1].text_content() for row in rows][:2] == ["1/34", "2/34"]
    (own,) = (row for row in rows if row.xpath("th/b"))
    assert own[1].text_content() == "24/34"


def test_the_line_is_of_31_days_and_better_ranks_stand_higher(tables):
    country = Country(tables["portal_ranks"], "H99", shipped())
    assert country.first_on == date(2026, 9, 21)
    drawn = fromstring(country.line(country.own[0]))
    assert drawn.get("aria-label") == "33 → 24"
    heights = [float(line.get("points").split()[-1].split(",")[1]) for line in drawn.iter("polyline")]
    assert heights == sorted(heights, reverse=True)


def test_without_a_list_of_provinces_the_page_says_that_there_is_no_rank(tables, tmp_path):
    path = tmp_path / "portal_ranks.parquet"
    files.write_parquet(files.read_parquet(tables["portal_ranks"]).slice(0, 0), path)
    page = site_files({**tables, "portal_ranks": path}, "H99", date(2026, 10, 31))["index.html"].decode()
    assert "chưa có hạng của tỉnh" in page
