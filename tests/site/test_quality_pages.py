"""The quality report: figures against counts by hand, pages that hold in a browser, the same bytes again."""

from __future__ import annotations

import csv
import io
import json
import shutil
from datetime import timedelta

import pytest
from justhtml import JustHTML
from lxml import html
from small_lake import INBOUND, LAST, copy_of, done, dossier, land, october, publish
from sql_verdict import sql_verdict_alone

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.drawing.charts import nights
from cchc_pipeline.drawing.output import svg
from cchc_pipeline.lake import files
from cchc_pipeline.lake.publish import PublishError, current_version, read_manifest, read_published, roll_back
from cchc_pipeline.site.quality_page import NIGHTS, quality_of_sources
from cchc_pipeline.validation.acceptances import accept
from cchc_pipeline.validation.quarantine import read_quarantine
from cchc_pipeline.validation.staging import pending_days, stage

NAME = "one_stop__dossiers"
EVIL = "=1<script>alert(1)</script>"


def figures(lake, last_on=LAST):
    names = ("data_quality", "quarantine", "quarantine_releases", "units")
    tables = [read_published(lake.published, name) for name in names]
    found = quality_of_sources([load_contract(table) for table in INBOUND], *tables, last_on)
    return {one["source"]: one for one in found}


@pytest.fixture(scope="module")
def two_nights(published_lake, tmp_path_factory):
    """The small lake, and the night before its last with two records without a due order and one warning.

    Tests only read it.
    """
    lake = copy_of(published_lake, tmp_path_factory.mktemp("two-nights"))
    rows = [
        done(21, 8, 9, due_on=october(7)),
        done(22, 8, 9, due_on=october(7), unit_code="H99.201"),
        done(23, 8, 9, rating=9, rated_on=october(9)),
    ]
    land(lake, NAME, rows, october(9))
    publish(lake, "two")
    return lake


def pages(lake):
    folder = current_version(lake.published) / "quality"
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.iterdir())}


def counted(one, *names):
    return tuple(one[name] for name in names)


def pulled(one):
    return {
        night["day"]: counted(night, "rejected", "warned") for night in one["days"] if night["rejected"] is not None
    }


def test_the_figures_are_those_of_the_rows(two_nights):
    one = figures(two_nights)["one_stop"]
    last, nights = ("last_in", "last_valid", "last_rejected"), ("rows_in", "valid", "rejected", "waiting")
    assert counted(one, *last) == (10, 9, 1)  # 9 dossiers, 1 procedure
    (dossiers, procedures) = one["tables"]
    assert counted(dossiers, *nights) == (12, 9, 3, 3)
    assert counted(procedures, *nights) == (1, 1, 0, 0)
    assert len(one["days"]) == NIGHTS
    assert pulled(one) == {october(9): (2, 2), LAST: (1, one["warned"])}  # the third record breaks two rules that warn
    due = next(found for found in one["reject"] if found["rule_id"] == f"{NAME}.DQ08")
    assert counted(due, "waiting", "last_night", "nights", "first_on", "last_on") == (2, 0, 2, october(9), october(9))
    assert [counted(of, "unit", "waiting") for of in due["units"]] == [("Sở Mẫu", 1), ("UBND Xã Mẫu", 1)]
    assert [example["row_key"] for example in due["examples"]] == [f"{n:024x}" for n in (21, 22)]
    assert {found["rule_id"].split(".")[1] for found in one["warn"]} >= {"rating_values"}
    units = [counted(of, "code", "unit", "waiting") for of in one["units"]]
    assert units == [("H99.02", "Sở Mẫu", 2), ("H99.201", "UBND Xã Mẫu", 1)]
    assert counted(one, "waiting", "accepted") == (3, 0)


def test_what_fell_out_of_thirty_nights_is_not_counted_but_still_waits(two_nights):
    one = figures(two_nights, LAST + timedelta(days=NIGHTS - 1))["one_stop"]
    assert list(pulled(one)) == [LAST]
    due = next(found for found in one["reject"] if found["rule_id"] == f"{NAME}.DQ08")
    assert counted(due, "waiting", "nights") == (2, 0)


@pytest.fixture(scope="module")
def three_nights(two_nights, tmp_path_factory):
    """The same, with one of the two accepted, and another night with a record whose unit is a script and a formula.

    Tests only read it.
    """
    lake = copy_of(two_nights, tmp_path_factory.mktemp("three-nights"))
    rows = [row for row in read_quarantine(lake, NAME).to_pylist() if row["row_key"] == f"{21:024x}"]
    at = read_quarantine(lake, NAME)["last_seen_at"][0].as_py()
    accept(lake, rows, load_contract(NAME), reason="đúng", by="Trần Thị Mẫu", at=at)
    land(lake, NAME, [dossier(31, 8, unit_code=EVIL)], october(8))
    with sql_verdict_alone():
        stage(lake, NAME, pending_days(lake, NAME), LAST)
    publish(lake, "three")
    return lake


def test_an_accepted_record_is_counted_as_accepted(three_nights):
    one = figures(three_nights)["one_stop"]
    due = next(found for found in one["reject"] if found["rule_id"] == f"{NAME}.DQ08")
    assert (one["accepted"], due["waiting"]) == (1, 1)
    assert one["waiting"] == 3  # of the three before it, and the new one
    assert "được chấp nhận kèm lý do" in pages(three_nights)["one_stop.html"]


def test_names_from_data_cannot_become_markup_or_formulas(three_nights):
    held = pages(three_nights)
    assert "<script>" not in held["one_stop.html"]
    assert "&lt;script&gt;" in held["one_stop.html"]
    cells = [cell for row in csv.reader(io.StringIO(held["one_stop.csv"])) for cell in row]
    assert f"'{EVIL}" in cells
    assert not [cell for cell in cells if cell.startswith("=")]


#: Attributes by which a page would fetch something.
LOADS = "//@src | //@data | //link/@href | //*[local-name() != 'use']/@*[name() = 'xlink:href']"


def test_every_source_has_a_page_and_a_csv_and_every_link_leads_somewhere(two_nights):
    held = pages(two_nights)
    sources = {load_contract(table).source for table in INBOUND}
    assert set(held) == {"index.html"} | {f"{s}.{end}" for s in sources for end in ("html", "csv")}
    for name, text in held.items():
        if name.endswith(".html"):
            page = html.fromstring(text)
            assert JustHTML(text, collect_errors=True).errors == [], name
            assert page.xpath(LOADS) == [], "nothing is fetched: the page is offline"
            assert set(page.xpath("//a/@href")) <= set(held)
            assert 'lang="vi"' in text and "viewport" in text and "@media print" in text
    assert "Ngày hẹn trả trước ngày tiếp nhận." in held["one_stop.html"]
    assert "<svg" in held["one_stop.html"]
    assert "Không có bản ghi nào bị loại hay bị cảnh báo" in held["papi.html"]


def test_the_csv_says_the_same(two_nights):
    text = pages(two_nights)["one_stop.csv"]
    assert text.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    (total,) = [row for row in rows if row["bảng"] == NAME and not row["quy tắc"]]
    assert (total["nhận đêm cuối"], total["bị loại đêm cuối"], total["đang chờ xử lý"]) == ("9", "1", "3")
    due = [row for row in rows if row["quy tắc"] == "DQ08"]
    told = [(row["đơn vị"], row["đang chờ xử lý"]) for row in due]
    assert told == [("", "2"), ("Sở Mẫu", "1"), ("UBND Xã Mẫu", "1")]


def test_a_chart_is_the_same_again_and_its_title_is_text():
    days = [october(n) for n in range(1, 5)]
    drawn = [svg(nights(days, {"a": ([1, None, 0, 5], "#000000")}), 'x "<y>"') for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert 'aria-label="x &quot;&lt;y&gt;&quot;"' in drawn[0]


def test_the_files_stand_in_the_manifest(two_nights):
    folder = current_version(two_nights.published)
    manifest = read_manifest(folder)
    listed = [one for one in manifest["files"] if one["path"].startswith("quality/")]
    assert {one["path"] for one in listed} == {f"quality/{name}" for name in pages(two_nights)}
    for one in listed:
        assert one["hash"] == f"sha256:{files.sha256(folder / one['path'])}"
        assert one["bytes"] == (folder / one["path"]).stat().st_size
    assert {"text/html", "text/csv"} == {one["mediatype"] for one in listed}
    assert not {r["path"] for r in manifest["resources"]} & {one["path"] for one in manifest["files"]}


def test_the_same_data_give_the_same_bytes_and_a_damaged_page_is_no_version_to_go_back_to(two_nights, tmp_path):
    lake = copy_of(two_nights, tmp_path)
    before, folder = pages(lake), current_version(lake.published)
    publish(lake, "again")
    assert current_version(lake.published) != folder
    assert pages(lake) == before
    assert roll_back(lake.published, folder.name) == folder
    (folder / "quality" / "one_stop.html").write_text("x", encoding="utf-8")
    with pytest.raises(PublishError, match=r"quality/one_stop\.html is damaged"):
        roll_back(lake.published, folder.name)


def test_no_masked_text_is_on_a_page(two_nights):
    text = json.dumps(pages(two_nights), ensure_ascii=False)
    assert "Kế hoạch cải cách hành chính năm 2026" not in text  # the subject of a document


@pytest.mark.browser
@pytest.mark.skipif(shutil.which("chromium") is None, reason="Chromium is absent: install the package chromium")
@pytest.mark.parametrize("width", [390, 1200])
def test_nothing_is_wider_than_the_screen(two_nights, browser, width):
    page_file = current_version(two_nights.published) / "quality" / "one_stop.html"
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(page_file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("svg[role=img]").count() == 1
    assert page.locator("article").count() >= 2
    page.close()
