"""The pages: whole, offline, valid, and saying what the tables say and nothing that may not be public."""

from __future__ import annotations

import json
import re
from datetime import date
from itertools import pairwise
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import pyarrow.compute as pc
import pytest
from justhtml import JustHTML
from lxml import html
from site_text import cells_of, rows_of
from small_lake import DOSSIERS

from cchc_pipeline.lake import files
from cchc_pipeline.lake.publish import current_version, read_manifest
from cchc_pipeline.site import words
from cchc_pipeline.site.build import site_files
from cchc_pipeline.site.quality_page import FOLDER as QUALITY
from cchc_pipeline.site.tables import shown_period

NAMESPACES = ("http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink")


def trees(pages):
    return {path: html.fromstring(content) for path, content in pages.items() if path.endswith(".html")}


def test_every_unit_of_today_has_a_page(pages, tables):
    units = files.read_parquet(tables["units"]).to_pylist()
    wanted = {f"units/{one['unit_code']}.html" for one in units if one["is_current"]}
    assert wanted <= set(pages)
    assert {
        "index.html",
        "days.html",
        "ranks.html",
        "papi.html",
        "about.html",
        "site.css",
        "site.js",
        "english.js",
    } <= set(pages)


def test_every_link_leads_somewhere(pages):
    found = trees(pages)
    anchors = {path: set(tree.xpath("//@id")) for path, tree in found.items()}
    links = 0
    for path, tree in found.items():
        for address in [*tree.xpath("//a/@href"), *tree.xpath("//link/@href"), *tree.xpath("//script/@src")]:
            parts = urlsplit(address)
            assert not parts.scheme and not parts.netloc, (path, address)
            target = path
            if parts.path:
                joined = PurePosixPath(path).parent / parts.path
                target = re.sub(r"^units/\.\./", "", str(joined))
                assert target in pages, (path, address)
            if parts.fragment:
                assert parts.fragment in anchors[target], (path, address)
            links += 1
    assert links > 50


def test_nothing_points_outside(pages):
    for path, content in pages.items():
        text = content.decode()
        for namespace in NAMESPACES:
            text = text.replace(namespace, "")
        assert not re.search(r"(?i)https?://|//[a-z0-9-]+\.[a-z]{2,}|@import|url\((?!#)", text), path


def test_the_markup_is_valid_and_no_id_comes_twice(pages):
    for path, tree in trees(pages).items():
        assert JustHTML(pages[path].decode(), collect_errors=True).errors == [], path
        ids = tree.xpath("//@id")
        assert len(ids) == len(set(ids)), path


def test_landmarks_headings_and_captions(pages):
    for path, tree in trees(pages).items():
        assert tree.get("lang") == "vi"
        assert len(tree.xpath("//main")) == len(tree.xpath("//h1")) == 1, path
        levels = [int(one.tag[1]) for one in tree.xpath("//h1|//h2|//h3|//h4")]
        assert all(later <= earlier + 1 for earlier, later in pairwise(levels)), path
        for region in tree.xpath("//*[@role='region']"):
            assert tree.xpath(f"//*[@id='{region.get('aria-labelledby')}']"), path
        for picture in tree.xpath("//*[local-name()='svg']"):
            assert picture.get("role") == "img" and picture.get("aria-label"), path
            if picture.get("class") != "spark":  # that one stands in a line of text or in a cell, which say what it is
                assert picture.getparent().tag == "figure" and picture.getparent().xpath("./figcaption"), path


@pytest.mark.parametrize(
    ("table", "source", "place"),
    [
        ("scorecard_index766", "local", "own"),
        ("scorecard_index766", "portal", "portal"),
        ("scorecard_par_index", "local", "par"),
    ],
)
def test_every_score_stands_on_its_page(pages, tables, table, source, place):
    kind, first = ("year", date(2026, 1, 1)) if place == "par" else ("month", date(2026, 10, 1))
    card = files.read_parquet(tables[table])
    for column, wanted in (("source", source), ("period_type", kind), ("period_start", first)):
        card = card.filter(pc.equal(card[column], wanted))
    idle = ("carried", "not_applicable")  # published sums of groups that were computed
    rows = [row for row in card.to_pylist() if place == "par" or (row["rule"], row["status"]) != idle]
    assert rows
    for unit in {row["unit_code"] for row in rows}:
        tree = html.fromstring(pages[f"units/{unit}.html"])
        shown = rows_of(tree, place)
        own = [row for row in rows if row["unit_code"] == unit]
        assert len(shown) == len(own)
        for row in own:
            cells = shown[row["criterion_name_vi"]]
            assert cells["Điểm"] == words.points(row["points"])
            assert cells["Tối đa"] == words.most(row["max_points"])
            said = cells["Trạng thái, lý do, căn cứ"]
            assert ("tạm tính" in said) == row["is_provisional"]
            if row["status"] == "missing":
                assert cells["Điểm"] == words.NONE and "thiếu" in said
                assert row["reason_vi"].split(";")[0].split(":")[0] in pages[f"units/{unit}.html"].decode()


STAGES = {
    "Tự chấm": "self_points",
    "Thẩm định lần 1": "first_points",
    "Thẩm định lần 2": "second_points",
    "Điều tra xã hội học": "survey_points",
    "Hệ thống tính": "computed_points",
}


def test_the_stages_of_the_appraisal_stand_side_by_side_and_what_counts_is_what_was_scored(pages, tables):
    card = files.read_parquet(tables["scorecard_par_index"]).to_pylist()
    rows = [row for row in card if (row["unit_code"], row["period_type"]) == ("H99.02", "year")]
    shown = rows_of(html.fromstring(pages["units/H99.02.html"]), "stages")
    assert set(shown) == {row["criterion_name_vi"] for row in rows}
    whose = {column.removesuffix("_points"): head for head, column in STAGES.items() if column != "second_points"}
    seen = set()
    for row in rows:
        cells = shown[row["criterion_name_vi"]]
        assert cells["Điểm được tính"] == words.points(row["points"])
        if row["criterion_level"] == "criterion":
            for head, column in STAGES.items():
                assert cells[head].partition("/")[0] == words.points(row[column])
            assert cells["Chênh lệch"] == words.signed(row["appraisal_difference"])
            if row["counted_stage"]:
                assert cells["Tính theo"] == whose[row["counted_stage"]]
            seen.add(row["counted_stage"])
    assert seen >= set(whose)
    total = shown[next(row["criterion_name_vi"] for row in rows if row["criterion_level"] == "total")]
    assert [total[head] for head in STAGES][:4] == ["3,75/4", "1,25/2", "—", "0,90/1"]
    assert total["Chênh lệch"] == "−0,75"


def test_pages_of_units_that_nobody_appraised_have_no_stages(pages):
    assert "Các bước chấm điểm" not in pages["units/H99.201.html"].decode()


def test_units_stand_by_their_rank_in_par_index_with_self_score_and_difference(pages, tables):
    tree = html.fromstring(pages["index.html"])
    card = files.read_parquet(tables["scorecard_par_index"]).to_pylist()
    named = ("unit_code", "period_type", "criterion_level")
    (total,) = [row for row in card if tuple(row[one] for one in named) == ("H99.02", "year", "total")]
    table = tree.xpath("//*[@role='region' and @aria-labelledby='par-department']//table")[0]
    (cells,) = [cells_of(row) for row in table.xpath("./tbody/tr")]
    assert (cells["Hạng"], cells["Đơn vị"]) == (f"{total['rank']}/{total['rank_of']}", "Sở Mẫu")
    assert (cells["Điểm"], cells["Tự chấm"], cells["Chênh lệch"]) == (words.points(total["points"]), "3,75/4", "−0,75")
    assert tree.xpath("//*[@aria-labelledby='par-commune']")
    assert "tạm tính" in tree.xpath("//h2[@id='par']/following-sibling::section[1]")[0].text_content()


def test_counts_beside_an_appraisal_are_not_told(pages, tables):
    card = files.read_parquet(tables["scorecard_par_index"]).to_pylist()
    told = [row["reason_vi"] for row in card if row["reason_vi"] and "Số liệu hệ thống: " in row["reason_vi"]]
    assert any(re.search(r"Số liệu hệ thống: \S+ điểm \(\d+/\d+\)", reason) for reason in told)
    for path, content in pages.items():
        assert not re.search(r"Số liệu hệ thống: \S+ điểm \(", content.decode()), path
    assert "Số liệu hệ thống: " in pages["units/H99.02.html"].decode()


def test_counts_that_the_public_table_hides_are_hidden(pages, tables):
    public = files.read_parquet(tables["indicator_values_public"]).to_pylist()
    hidden = {
        (row["unit_code"], row["indicator_id"])
        for row in public
        if row["is_suppressed"] and row["period_type"] == "month"
    }
    card = files.read_parquet(tables["scorecard_index766"]).to_pylist()
    seen = {True: 0, False: 0}
    for row in card:
        indicator = (row["evidence"] or "").partition("indicator_values:")[2]
        if row["period_start"] != date(2026, 10, 1) or row["period_type"] != "month" or not indicator:
            continue
        cells = rows_of(html.fromstring(pages[f"units/{row['unit_code']}.html"]), "own")[row["criterion_name_vi"]]
        is_hidden = (row["unit_code"], indicator) in hidden
        seen[is_hidden] += 1
        told = [cells[name] for name in ("Tử số", "Mẫu số", "Tỷ lệ")]
        if is_hidden:
            assert told == ["ẩn"] * 3
            assert not re.search(r"Mẫu số chỉ có \d", cells["Trạng thái, lý do, căn cứ"])
        else:
            assert told[:2] == [words.number(row["numerator"]), words.number(row["denominator"])]
    assert seen[True] > 5 and seen[False] > 0


def test_indicators_are_those_of_the_public_table(pages, tables):
    public = files.read_parquet(tables["indicator_values_public"]).to_pylist()
    names = {row["indicator_id"]: row["name_vi"] for row in files.read_parquet(tables["indicators"]).to_pylist()}
    tree = html.fromstring(pages["units/H99.html"])
    checked = 0
    for row in public:
        if row["unit_code"] != "H99" or row["period_type"] != "month":
            continue
        found = tree.xpath(f"//*[@id='i-{row['indicator_id']}']")
        if row["value"] is None and not row["is_suppressed"]:
            continue
        cells = cells_of(found[0].getparent())
        assert cells["Chỉ tiêu"] == names[row["indicator_id"]]
        value = cells["Giá trị trong tháng"].removesuffix("\u00a0%")
        assert value == ("ẩn" if row["is_suppressed"] else words.number(row["value"]))
        checked += 1
    assert checked > 20


def test_no_dossier_is_on_any_page(pages):
    text = "".join(content.decode() for content in pages.values())
    for dossier in DOSSIERS:
        assert dossier["dossier_code"] not in text
        assert dossier["dossier_id"] not in text


def test_a_change_is_told_only_where_the_same_could_be_reached(pages):
    cells = rows_of(html.fromstring(pages["units/H99.02.html"]), "own")
    assert cells["Tiến độ giải quyết"]["Thay đổi"] == "+2,00"
    assert cells["Số hóa hồ sơ"]["Thay đổi"] == words.NONE, "in September another maximum could be reached"
    assert "Chấm các tiêu chí khác kỳ trước" in pages["units/H99.02.html"].decode()


def test_the_newest_month_that_is_over_is_shown(tables):
    found = shown_period(tables["scorecard_index766"], "month", date(2026, 10, 10))
    assert (found.first, found.is_over, found.running) == (date(2026, 9, 1), True, date(2026, 10, 1))
    found = shown_period(tables["scorecard_index766"], "month", date(2026, 10, 31))
    assert (found.first, found.before, found.running) == (date(2026, 10, 1), date(2026, 9, 1), None)
    assert shown_period(tables["scorecard_index766"], "month", date(2020, 1, 1)) is None


def test_a_month_that_runs_says_so(site_lake):
    page = (current_version(site_lake.published) / "site" / "index.html").read_text(encoding="utf-8")
    assert "chưa hết kỳ" in page


def test_every_province_of_papi_is_in_the_table_with_its_reason(pages, tables):
    card = files.read_parquet(tables["scorecard_papi"])
    totals = [
        row
        for row in card.filter(pc.equal(card["criterion_level"], "total")).to_pylist()
        if row["period_start"].year == 2024
    ]
    tree = html.fromstring(pages["papi.html"])
    shown = {
        cells["Tỉnh"]: cells for cells in (cells_of(row) for row in tree.xpath("//*[@aria-labelledby='all']//tbody/tr"))
    }
    for row in totals:
        found = next(cells for name, cells in shown.items() if name.startswith(row["unit_name"]))
        assert found["Tổng điểm"] == words.points(row["points"])
        if row["points"] is None:
            assert row["reason_vi"] in found["Tỉnh"]


def test_no_word_of_the_program_is_on_a_page(pages):
    for path, tree in trees(pages).items():
        words_of_page = set(re.findall(r"\w+", tree.text_content()))
        assert not words_of_page & {"None", "nan", "NaN", "True", "False", "Undefined"}, path


def test_the_same_tables_give_the_same_bytes(pages, tables):
    again = site_files(tables, "H99", date(2026, 10, 31))
    assert [path for path in pages if again.get(path) != pages[path]] == []


def test_pages_stay_small(pages):
    for path, content in pages.items():
        assert len(content) < 200_000, path


def test_the_version_lists_every_file(site_lake):
    folder = current_version(site_lake.published)
    listed = {one["path"] for one in read_manifest(folder)["files"]}
    there = {
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.suffix != ".parquet"
    }
    assert there - {"datapackage.json"} == listed
    assert {path.split("/")[0] for path in listed} == {"site", QUALITY}


def test_what_is_marked_for_translation_has_english_words(pages):
    text = pages["english.js"].decode()
    dictionary = json.loads(text[text.index("{") : text.rindex("}") + 1])
    for path, tree in trees(pages).items():
        for one in tree.xpath("//*[@data-t]"):
            said = one.text_content()
            if re.search(r"[^\x00-\x7f]", said.replace("\u00a0", " ").replace("×", "x")) and not one.xpath(
                "ancestor::svg"
            ):
                assert said in dictionary or "/" in said, (path, said)
    assert dictionary["Tổng điểm"] == "Total"


def test_names_from_data_cannot_become_markup(tables, tmp_path):
    units = files.read_parquet(tables["units"])
    place = units["unit_code"].to_pylist().index("H99.02")
    names = units["unit_name"].to_pylist()
    names[place] = '<script>alert("1")</script>'
    changed = units.set_column(units.schema.get_field_index("unit_name"), units.schema.field("unit_name"), [names])
    path = tmp_path / "units.parquet"
    files.write_parquet(changed, path)
    made = site_files({**tables, "units": path}, "H99", date(2026, 10, 31))
    for path, content in made.items():
        assert b"<script>alert" not in content, path
    assert b"&lt;script&gt;" in made["ranks.html"]
