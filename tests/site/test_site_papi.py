"""The page about PAPI: provinces of today, with the range of their parts where merged, and those surveyed."""

from __future__ import annotations

from datetime import date
from functools import cache

import pyarrow.compute as pc
import pytest
from lxml import etree, html
from site_text import rows_of

from cchc_pipeline.drawing import plots
from cchc_pipeline.drawing.output import OWN, page_svg
from cchc_pipeline.lake import files
from cchc_pipeline.site import words
from cchc_pipeline.site.build import site_files
from cchc_pipeline.site.papi import own_names

UNTIL = date(2026, 10, 31)
BAC_NINH, CAO_BANG, CA_MAU = "H05", "H14", "H12"
H05_OLD = ("Tỉnh Bắc Giang", "Tỉnh Bắc Ninh")


def of_2024(tables, name):
    table = files.read_parquet(tables[name])
    return table.filter(pc.equal(pc.year(table["period_start"]), 2024)).to_pylist()


def totals_of_2024(tables):
    return [row for row in of_2024(tables, "scorecard_papi_today") if row["criterion_code"] == "TOTAL"]


@pytest.fixture(scope="module")
def page_of(tables):
    """A page of a province's site, which is made once."""
    made = cache(lambda code, until: site_files(tables, code, until))

    def page(code, until=UNTIL, path="papi.html"):
        return html.fromstring(made(code, until)[path])

    return page


def headings(tree, level):
    return [one.text_content() for one in tree.xpath(f"//main/{level}")]


def test_a_merged_province_shows_the_range_of_its_parts_and_then_the_parts(page_of, tables):
    tree = page_of(BAC_NINH)
    assert headings(tree, "h2")[:2] == ["Tỉnh Bắc Ninh", "Các tỉnh trước khi hợp nhất"]
    assert headings(tree, "h3") == [f"{name} (cũ)" for name in H05_OLD]
    today = {
        row["criterion_name_vi"]: row
        for row in of_2024(tables, "scorecard_papi_today")
        if row["unit_code"] == BAC_NINH and row["basis"] != "not_applicable"
    }
    own = {(row["unit_name"], row["criterion_name_vi"]): row["points"] for row in of_2024(tables, "scorecard_papi")}
    shown = rows_of(tree, "today")
    assert set(shown) == set(today) and len(shown) > 30
    for name, row in today.items():
        cells = shown[name]
        assert cells["Khoảng điểm"] == f"{words.points(row['points_low'])}–{words.points(row['points_high'])}"
        parts = [own[old, name] for old in H05_OLD]
        assert [cells[f"{old} (cũ)"] for old in H05_OLD] == [words.points(value) for value in parts]
        assert cells["Khoảng điểm"] == "–".join(words.points(value) for value in sorted(parts))
    said = tree.xpath("//h2[@id='today']/following-sibling::section[1]/p")[0].text_content()
    assert "Hợp nhất ngày 1/7/2025 từ: Tỉnh Bắc Giang, Tỉnh Bắc Ninh" in said
    assert "không phải khoảng sai số" in said
    assert {one.text_content() for one in tree.xpath("//tr[@class='own']/th")} == {*H05_OLD, "Tỉnh Bắc Ninh"}


def test_a_merged_province_has_no_rank_and_no_tier_of_its_own(page_of):
    (table,) = page_of(BAC_NINH).xpath("//*[@role='region' and @aria-labelledby='today']//table")
    heads = [one.text_content() for one in table.xpath("./thead/tr/th")]
    assert not {"Hạng", "Nhóm", "Thay đổi", "Điểm"} & set(heads)


def test_the_overview_tells_the_range_and_whose_points_it_is_made_of(page_of, tables):
    (total,) = [row for row in totals_of_2024(tables) if row["unit_code"] == BAC_NINH]
    said = page_of(BAC_NINH, path="index.html").xpath("//h2[@id='papi']/following-sibling::section[1]")[0]
    text = " ".join(said.text_content().split())
    assert f"Tỉnh Bắc Ninh: {words.points(total['points_low'])}–{words.points(total['points_high'])} điểm" in text
    assert "Tỉnh Bắc Giang (cũ):" in text and "Tỉnh Bắc Ninh (cũ):" in text


def test_a_merged_province_that_lacks_a_part_is_missing_with_its_reason(page_of):
    tree = page_of(CA_MAU)
    shown = rows_of(tree, "today")
    assert {cells["Khoảng điểm"] for cells in shown.values()} == {words.NONE}
    assert {cells["Tỉnh Bạc Liêu (cũ)"] for cells in shown.values()} == {words.NONE}
    assert all(cells["Tỉnh Cà Mau (cũ)"] != words.NONE for cells in shown.values())
    for page, heading in ((tree, "today"), (page_of(CA_MAU, path="index.html"), "papi")):
        said = page.xpath(f"//h2[@id='{heading}']/following-sibling::section[1]")[0].text_content()
        assert "thiếu điểm của Tỉnh Bạc Liêu" in said


def test_a_province_that_is_as_it_was_shows_its_own_points(page_of, tables):
    tree = page_of(CAO_BANG)
    assert headings(tree, "h2")[0] == "Tỉnh Cao Bằng"
    assert "Các tỉnh trước khi hợp nhất" not in headings(tree, "h2")
    shown = rows_of(tree, "P03")
    (total,) = [row for row in totals_of_2024(tables) if row["unit_code"] == CAO_BANG]
    assert shown[total["criterion_name_vi"]]["Điểm"] == words.points(total["points"])
    assert "Tỉnh giữ nguyên" in tree.text_content() and "(cũ)" not in tree.text_content()


def test_the_34_provinces_stand_in_the_order_of_their_codes_with_what_they_rest_on(pages, tables):
    rows = sorted(totals_of_2024(tables), key=lambda row: row["gso_code"])
    shown = rows_of(html.fromstring(pages["papi.html"]), "map")
    assert list(shown) == [row["unit_name"] for row in rows] and len(rows) == 34
    seen = set()
    for row in rows:
        cells = shown[row["unit_name"]]
        wanted = {
            "unchanged": words.points(row["points"]),
            "range_of_parts": f"{words.points(row['points_low'])}–{words.points(row['points_high'])}",
            "missing": words.NONE,
        }
        assert cells["Tổng điểm"] == wanted[row["basis"]]
        assert cells["Các tỉnh cũ"] == (row["parts_vi"] if row["parts"] > 1 else "")
        seen.add(row["basis"])
    assert seen == {"unchanged", "range_of_parts", "missing"}


def test_before_the_merger_the_site_is_about_the_province_as_it_was(page_of):
    tree = page_of(BAC_NINH, until=date(2025, 6, 30))
    assert headings(tree, "h2")[0] == "Tỉnh Bắc Ninh"
    assert "34 tỉnh hiện nay" not in headings(tree, "h2")
    assert {one.text_content() for one in tree.xpath("//tr[@class='own']/th")} == {"Tỉnh Bắc Ninh"}


@pytest.mark.parametrize(
    "code, is_today, wanted",
    [
        ("H05", True, {"Tỉnh Bắc Ninh", "Tỉnh Bắc Giang"}),
        ("H05", False, {"Tỉnh Bắc Ninh"}),
        ("H16", True, {"Tỉnh Đắk Nông"}),
        ("H16", False, {"Tỉnh Đắk Nông"}),
        ("H99", True, set()),
    ],
)
def test_whose_points_are_the_provinces_own(code, is_today, wanted):
    assert own_names(code, is_today=is_today) == wanted


def test_marks_of_parts_are_joined_only_where_none_is_missing():
    whole = plots.Span("a", (1.0, 3.0, 2.0))
    torn = plots.Span("b", (1.0, None, 2.0), is_joined=False)
    single = plots.Span("c", (2.0,))
    (axes,) = plots.spans([whole, torn, single], "điểm").axes
    lines = [one for one in axes.lines if one.get_linestyle() != "None"]
    assert [list(one.get_xdata()) for one in lines] == [[1.0, 3.0]]
    marks = sorted(
        (y, x) for one in axes.lines if one.get_linestyle() == "None" for x, y in zip(*one.get_data(), strict=True)
    )
    assert marks == [(0, 1.0), (0, 2.0), (0, 3.0), (1, 1.0), (1, 2.0), (2, 2.0)]
    filled = {one.get_markerfacecolor() for one in axes.lines if one.get_linestyle() == "None" and 2 in one.get_ydata()}
    assert filled == {OWN}, "a single value is filled"
    named = page_svg(plots.spans([whole], "điểm", ["x", "y", "z"]), "n", "nhãn")
    assert {"x", "y", "z"} <= {
        one.text for one in etree.fromstring(named.encode()).iter("{http://www.w3.org/2000/svg}text")
    }
