"""PAPI in the report: the province that was surveyed until 1/7/2025, the range of its parts for a merged one since."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from docx_text import Read, read, written
from hypothesis import given
from hypothesis import strategies as st

from cchc_pipeline.days import Period, parse_period
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.lake.publish import current_version, read_published
from cchc_pipeline.reference.papi_instrument import parts_of_today
from cchc_pipeline.reference.units_national import old_provinces
from cchc_pipeline.reports.cchc_report.report import make_report
from cchc_pipeline.reports.cchc_report.template import load_template
from cchc_pipeline.vietnamese import provinces_in_text

HEADS = ("TT", "Chỉ số nội dung", "Điểm tối đa", "Năm 2023", "Năm 2024", "Tăng (+), giảm (-)", "Hạng, nhóm")
#: Cao Bằng is as it was; Lâm Đồng, Bình Thuận and Đắk Nông are one; of Bạc Liêu and Cà Mau one was not asked.
CAO_BANG, LAM_DONG, CA_MAU, DAK_NONG = "H14", "H36", "H12", "H16"
OCTOBER = parse_period("2026-10")


@pytest.fixture
def lake_of(scored_lake, tmp_path) -> Callable[[str], Lake]:
    """The lake with years of PAPI as that of another province, by agency code."""

    def made(code: str, begins: str | None = None, last_year: int = 2024) -> Lake:
        lake = Lake(Path(shutil.copytree(scored_lake.root, tmp_path / code, symlinks=True)))
        folder = current_version(lake.published)
        assert folder is not None
        table = pq.read_table(folder / "units.parquet")
        for name in ("unit_code", "parent_code"):
            place = table.schema.get_field_index(name)
            table = table.set_column(place, table.schema.field(name), pc.replace_substring(table[name], "H99", code))
        pq.write_table(table, folder / "units.parquet")
        for name in ("scorecard_papi", "scorecard_papi_today"):
            table = pq.read_table(folder / f"{name}.parquet")
            kept = table.filter(pc.less_equal(pc.year(table["period_start"]), last_year))
            place = kept.schema.get_field_index("tier")
            if place >= 0:  # only where nearly all provinces have points is there a group to tell
                kept = kept.set_column(place, kept.schema.field(place), pa.array([2] * len(kept), pa.int32()))
            pq.write_table(kept, folder / f"{name}.parquet")
        manifest = folder / "datapackage.json"
        text = manifest.read_text("utf-8").replace('"province_code": "H99"', f'"province_code": "{code}"')
        if begins:
            text = text.replace('"data_from": "2026-10-01"', f'"data_from": "{begins}"')
        manifest.write_text(text, "utf-8")
        return lake

    return made


def table(lake: Lake, name: str) -> list[dict]:
    return read_published(lake.published, name).to_pylist()


def report(lake: Lake, period=OCTOBER) -> Read:
    return read(make_report(lake, load_template(), period).docx)


def of_year(rows: list[dict], year: int) -> dict[str, dict]:
    levels = ("group", "total")
    return {
        row["criterion_code"]: row
        for row in rows
        if row["period_start"].year == year and row["criterion_level"] in levels
    }


def test_a_province_that_is_as_it_was_has_its_own_points(lake_of):
    lake = lake_of(CAO_BANG)
    found = report(lake)
    own = [row for row in table(lake, "scorecard_papi") if row["unit_name"] == "Tỉnh Cao Bằng"]
    now, then = of_year(own, 2024), of_year(own, 2023)
    rows = found.table(*HEADS)
    assert [row[4] for row in rows] == [written(now[code]["points"]) for code in (*sorted(now)[:-1], "TOTAL")]
    assert [row[3] for row in rows] == [written(then[code]["points"]) for code in (*sorted(then)[:-1], "TOTAL")]
    total = now["TOTAL"]
    assert (
        f"Năm 2024, tổng điểm PAPI của tỉnh Cao Bằng đạt {written(total['points'])}/80 điểm, xếp thứ "
        f"{total['rank']}/{total['rank_of']}, nhóm {total['tier']}." in found.text
    )
    assert f"Thứ hạng {total['rank']}/{total['rank_of']} năm 2024; 95% số lần mô phỏng" in found.text
    assert "[Điểm PAPI năm 2026: cần bổ sung" in found.text
    assert "hợp nhất" not in found.text


def test_a_merged_province_has_the_range_of_its_parts_and_no_points(lake_of):
    lake = lake_of(LAM_DONG)
    found = report(lake)
    today = [row for row in table(lake, "scorecard_papi_today") if row["unit_code"] == LAM_DONG]
    now, then = of_year(today, 2024), of_year(today, 2023)
    former = {row["unit_code"]: row["unit_name"] for row in table(lake, "scorecard_papi")}
    former = {code: former[code] for code in parts_of_today(LAM_DONG)}
    assert set(former.values()) == {"Tỉnh Bình Thuận", "Tỉnh Đắk Nông", "Tỉnh Lâm Đồng"}
    heads = [f"{name} (cũ)" for name in former.values()]
    rows = found.table("TT", "Chỉ số nội dung", "Điểm tối đa", *heads, "Khoảng điểm năm 2024", "Khoảng điểm năm 2023")
    codes = [*sorted(code for code in now if code != "TOTAL"), "TOTAL"]
    assert len(rows) == len(codes) == 9
    for code, row in zip(codes, rows, strict=True):
        parts = [written(one) for one in sorted(float(cell.replace(",", ".")) for cell in row[3:6])]
        assert row[6] == f"{parts[0]}–{parts[-1]}"
        assert row[6] == f"{written(now[code]['points_low'])}–{written(now[code]['points_high'])}"
        assert row[7] == f"{written(then[code]['points_low'])}–{written(then[code]['points_high'])}"
    own = {row["unit_code"]: row for row in table(lake, "scorecard_papi")
           if row["criterion_code"] == "TOTAL" and row["period_start"].year == 2024}  # fmt: skip
    assert rows[-1][3:6] == [written(own[code]["points"]) for code in former]
    total = now["TOTAL"]
    assert (
        "Tỉnh Lâm Đồng hợp nhất từ tỉnh Bình Thuận, tỉnh Đắk Nông và tỉnh Lâm Đồng ngày 01/07/2025; khảo sát PAPI năm "
        "2024 thực hiện tại các tỉnh trước hợp nhất nên tỉnh hiện nay không có điểm riêng." in found.text
    )
    assert f"từ {written(total['points_low'])} đến {written(total['points_high'])} trên 80 điểm" in found.text
    assert "không phải khoảng sai số" in found.text
    ranks = [f"{provinces_in_text(former[code])} {own[code]['rank']}/{own[code]['rank_of']}" for code in former]
    assert all(one in found.text for one in ranks)
    assert "tổng điểm PAPI của" not in found.text
    assert "mô phỏng cho hạng" not in found.text
    (source,) = [row for row in found.sources().values() if "Bảng scorecard_papi_today" in row[0]]
    assert source[1] == "tỉnh Lâm Đồng"


def test_a_merged_province_that_lacks_a_part_is_a_marked_gap(lake_of):
    found = report(lake_of(CA_MAU))
    (mark,) = [text for text in found.gaps if text.startswith("[Tổng điểm PAPI năm 2024")]
    assert "không nêu khoảng điểm: thiếu điểm của tỉnh Bạc Liêu (tỉnh Bạc Liêu không có điểm; tỉnh Cà Mau" in mark
    heads = ("Tỉnh Bạc Liêu (cũ)", "Tỉnh Cà Mau (cũ)", "Khoảng điểm năm 2024", "Khoảng điểm năm 2023")
    rows = found.table("TT", "Chỉ số nội dung", "Điểm tối đa", *heads)
    assert {row[5] for row in rows} == {"[cần bổ sung]"}
    assert {(row[3], row[6]) for row in rows} == {("–", "–")}
    assert all(row[4] != "–" for row in rows)


def test_a_province_that_is_gone_says_into_which_one(lake_of):
    found = report(lake_of(DAK_NONG))
    (mark,) = [text for text in found.gaps if text.startswith("[Điểm PAPI theo nội dung")]
    assert "tỉnh Đắk Nông đã hợp nhất vào tỉnh Lâm Đồng từ ngày 01/07/2025" in mark


@pytest.mark.parametrize("code, name", [(LAM_DONG, "tỉnh Lâm Đồng"), (DAK_NONG, "tỉnh Đắk Nông")])
def test_before_the_merger_a_report_is_about_the_province_as_it_was(lake_of, code, name):
    lake = lake_of(code, begins="2025-01-01")
    found = report(lake, Period("custom", date(2025, 1, 1), date(2025, 6, 30)))
    (total,) = [
        row
        for row in table(lake, "scorecard_papi")
        if provinces_in_text(row["unit_name"]) == name
        and row["criterion_code"] == "TOTAL"
        and row["period_start"].year == 2024
    ]
    rows = found.table(*HEADS)
    assert rows[-1][4] == written(total["points"])
    assert f"tổng điểm PAPI của {name} đạt {written(total['points'])}/80 điểm" in found.text
    assert (
        f"Khảo sát năm 2024 thực hiện tại {name} theo địa giới trước ngày 01/07/2025; từ ngày đó thuộc tỉnh Lâm Đồng "
        "mới." in found.text
    )


@pytest.mark.parametrize("code", [CAO_BANG, LAM_DONG])
def test_years_that_cannot_be_compared_say_so(lake_of, code):
    found = report(lake_of(code, last_year=2022))
    if code == CAO_BANG:
        rows = found.table(*(head.replace("2023", "2021").replace("2024", "2022") for head in HEADS))
        assert rows[-1][5] == "–"
        assert "Không so sánh với năm 2021" in found.text
    else:
        assert "Không đặt cạnh năm 2021 được: " in found.text
        assert "TOTAL" not in found.text


def test_a_version_without_the_table_of_today_says_what_to_do(lake_of):
    lake = lake_of(LAM_DONG)
    folder = current_version(lake.published)
    assert folder is not None
    (folder / "scorecard_papi_today.parquet").unlink()
    (mark,) = [text for text in report(lake).gaps if text.startswith("[Điểm PAPI theo nội dung")]
    assert "không có bảng scorecard_papi_today; nguồn: chạy lại `cchc run`" in mark


@given(st.sampled_from([one.successor_agency_code for one in old_provinces()]))
def test_the_parts_of_today_are_those_that_went_into_it(code):
    names = {one.name_vi for one in old_provinces() if one.successor_agency_code == code}
    assert set(parts_of_today(code).values()) == names
    assert list(parts_of_today(code)) == sorted(parts_of_today(code))


def test_kinds_of_provinces_are_written_small_within_a_sentence():
    assert provinces_in_text("Tỉnh Hà Giang; Thành phố Hải Phòng") == "tỉnh Hà Giang; thành phố Hải Phòng"
    assert provinces_in_text("Thành phố Hồ Chí Minh 49,00") == "Thành phố Hồ Chí Minh 49,00"
