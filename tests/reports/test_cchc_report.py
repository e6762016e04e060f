"""The report of a small published lake, read back: every figure is that of its source, and nothing is invented."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import date
from io import BytesIO

import pytest
from docx import Document
from docx_text import Read, number, read, written
from small_lake import FIRST, LAST

from cchc_pipeline.days import Period, parse_period
from cchc_pipeline.indicators.catalogue import catalogue
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.lake.publish import read_published
from cchc_pipeline.reports.cchc_report import document as law
from cchc_pipeline.reports.cchc_report.report import Report, make_report
from cchc_pipeline.reports.cchc_report.template import load_template, read_template, shipped_text
from cchc_pipeline.reports.scope import ReportError

TEMPLATE = load_template()
OCTOBER = parse_period("2026-10")


@pytest.fixture(scope="module")
def made(published_lake) -> Report:
    return make_report(published_lake, TEMPLATE, OCTOBER)


@pytest.fixture(scope="module")
def october(made) -> Read:
    return read(made.docx)


@pytest.fixture(scope="module")
def department(published_lake) -> Read:
    return read(make_report(published_lake, TEMPLATE, OCTOBER, "H99.02").docx)


def published(lake: Lake, table: str) -> list[dict]:
    return read_published(lake.published, table).to_pylist()


def days(text: str) -> tuple[date, date]:
    first, last = (
        date(int(y), int(m), int(d)) for d, m, y in re.findall(r"(\d{2})/(\d{2})/(\d{4})", text.partition(";")[0])
    )
    return first, last


def indicator_rows(found: Read) -> dict[int, tuple[str, str, tuple[date, date], str, str]]:
    """Sources that are an indicator: its id, the unit, the days, the terms, the value."""
    ids = {one.id for one in catalogue()}
    rows = {}
    for key, (name, whose, when, terms, value) in found.sources().items():
        inner = name.rpartition("(")[2].rstrip(")")
        if inner in ids:
            rows[key] = (inner, whose.rpartition("(")[2].rstrip(")"), days(when), terms, value)
    return rows


def assert_equals_published(found: Read, lake: Lake) -> int:
    """Every source is the published row of its indicator, unit and days; how many there are."""
    values = {
        (row["indicator_id"], row["unit_code"], row["period_start"], row["period_end"]): row
        for row in published(lake, "indicator_values")
    }
    rows = indicator_rows(found)
    for indicator, unit, (first, last), terms, value in rows.values():
        row = values[indicator, unit, first, last]
        parts = [number(part) for part in terms.split("/") if part.strip()]
        expected = [one for one in (row["numerator"], row["denominator"]) if one is not None]
        assert parts == pytest.approx(expected, abs=0.005), indicator
        if row["value"] is None:
            assert value == "không xác định"
        else:
            assert number(value) == pytest.approx(row["value"], abs=0.005 + 1e-9), indicator
    return len(rows)


def assert_figures_are_their_sources(found: Read) -> int:
    """Every figure in the text is the value, the numerator or the denominator of the source it names."""
    sources, rows = found.sources(), indicator_rows(found)
    count = 0
    for text, note in found.figures():
        assert note in sources
        if note not in rows or not re.fullmatch(r"[\d.,]+%?", text):
            continue
        *_, terms, value = rows[note]
        shown = [number(one) for one in (*terms.split("/"), value) if re.fullmatch(r"\s*[\d.,]+%?\s*", one)]
        assert number(text) in shown, (text, rows[note])
        count += 1
    return count


def test_every_figure_is_the_published_one(october, published_lake):
    assert assert_equals_published(october, published_lake) > 40
    assert assert_figures_are_their_sources(october) > 60


def test_counts_on_the_console_are_those_of_the_document(made, october):
    assert len(made.gaps) == len(october.gaps) > 10
    assert sorted(made.gaps) == sorted(october.gaps)
    assert made.sources == len(october.sources())


def test_it_says_what_was_counted_by_hand(october):
    text = october.text
    assert "Tiếp nhận 08 hồ sơ" in text
    assert "trong đó 06 hồ sơ trực tuyến (chiếm 75%), 01 hồ sơ trực tiếp, 01 hồ sơ qua bưu chính công ích" in text
    assert "Đã giải quyết 05 hồ sơ, gồm: trước hạn 02 hồ sơ (chiếm 40%), đúng hạn 02 hồ sơ (chiếm 40%)" in text
    assert "quá hạn 01 hồ sơ (chiếm 20%)" in text
    assert "Đang giải quyết 03 hồ sơ, gồm 02 hồ sơ trong hạn và 01 hồ sơ đã quá hạn" in text


def test_a_figure_that_is_not_known_is_a_gap_and_never_a_zero(october, published_lake):
    known = {row["indicator_id"] for row in published(published_lake, "indicator_values") if row["unit_code"] == "H99"}
    assert "budget_revenue_rate" not in known
    (gap,) = [text for text in october.gaps if "thu ngân sách" in text]
    assert gap.startswith("[Tỷ lệ thu ngân sách so với kế hoạch: cần bổ sung – không có số liệu trong kỳ; nguồn: sổ ")
    assert "đạt [Tỷ lệ thu ngân sách" in october.text
    # the system counted the procedures and says nothing of what they are interlinked with
    assert any(text.startswith("[TTHC có quy trình liên thông: cần bổ sung") for text in october.gaps)


def test_a_rate_over_nothing_says_that_there_was_nothing(department):
    assert "không phát sinh" in department.text
    (row,) = [row for row in indicator_rows(department).values() if row[0] == "apology_rate"]
    assert row[3:] == ("0 / 0", "không xác định")


def test_days_that_the_data_do_not_cover_are_said(october, made):
    (gap,) = [text for text in october.gaps if "Số liệu cả tháng 10" in text]
    assert "từ ngày 01/10/2026 đến ngày 10/10/2026" in gap
    assert all("dữ liệu chưa đủ kỳ" in row[2] for key, row in october.sources().items() if "(received_total)" in row[0])


def test_a_period_that_nobody_published_is_computed_from_the_published_tables(october, published_lake):
    found = read(make_report(published_lake, TEMPLATE, Period("custom", FIRST, LAST)).docx)
    whole = {row[0]: row for row in indicator_rows(found).values()}
    month = {row[0]: row for row in indicator_rows(october).values()}
    same = [name for name in whole if name in month and name.startswith(("received", "resolved", "late", "pending"))]
    assert len(same) > 10
    assert [whole[name][3:] for name in same] == [month[name][3:] for name in same]
    assert "tính từ các bảng đã công bố" in next(
        row[2] for row in found.sources().values() if "(received_total)" in row[0]
    )


def test_part_of_the_days_has_the_counts_of_these_days(published_lake):
    found = read(make_report(published_lake, TEMPLATE, Period("custom", date(2026, 10, 1), date(2026, 10, 5))).docx)
    values = {row[0]: row[4] for row in indicator_rows(found).values()}
    assert (values["received_total"], values["resolved_total"], values["resolved_late"]) == ("7", "3", "0")
    assert "Trong kỳ không có hồ sơ giải quyết quá hạn." in found.text


def test_units_stand_in_the_first_appendix(october):
    rows = october.table(
        "TT", "Đơn vị", "Tiếp nhận", "Trực tuyến (%)", "Đã giải quyết", "Trước và đúng hạn (%)",
        "Quá hạn", "Quá hạn (%)",
        "Đang xử lý quá hạn", "Có thư xin lỗi (%)",
    )  # fmt: skip
    assert [row[1:5] for row in rows] == [["Sở Mẫu", "5", "80,00", "3"], ["UBND Xã Mẫu", "3", "66,67", "2"]]


def test_the_late_dossier_is_told_with_its_unit(october):
    assert "Trong kỳ có 01 hồ sơ giải quyết quá hạn" in october.text
    rows = october.table(
        "TT", "Đơn vị", "Trễ thực tế", "Chờ cơ quan ngoài tỉnh", "Chỉ trễ trên phần mềm", "Chưa rõ", "Cộng",
        "Có thư xin lỗi",
    )  # fmt: skip
    assert [row[1] for row in rows] == ["UBND Xã Mẫu", "Cộng"]
    assert rows[0][6] == rows[1][6] == "1"


def test_scores_are_those_of_the_scorecard(october, published_lake):
    rows = october.table("TT", "Nhóm chỉ số", "Điểm tối đa", "Số liệu của tỉnh", "Số liệu của Cổng DVCQG", "Ghi chú")
    card = {
        (row["source"], row["criterion_name_vi"]): row
        for row in published(published_lake, "scorecard_index766")
        if (row["unit_code"], row["period_type"], row["period_start"]) == ("H99", "month", FIRST)
    }
    assert len(rows) == 7
    for _, name, _, ours, portal, _ in rows:
        for shown, source in ((ours, "local"), (portal, "portal")):
            points = card[source, name]["points"]
            assert (shown == "–") == (points is None)
            if points is not None:
                assert number(shown.rstrip("*")) == pytest.approx(points, abs=0.005)
                assert shown.endswith("*") == (card[source, name]["status"] == "partial")


def test_par_index_shows_every_criterion_and_marks_what_has_no_evidence(october, published_lake):
    rows = october.table("STT", "Lĩnh vực/Tiêu chí/Tiêu chí thành phần", "Điểm tối đa", "Điểm đạt", "Kết quả, căn cứ")
    card = [
        row
        for row in published(published_lake, "scorecard_par_index")
        if (row["unit_code"], row["period_type"], row["period_start"]) == ("H99", "month", FIRST)
    ]
    assert sorted(row[1] for row in rows) == sorted(row["criterion_name_vi"] for row in card)
    for row in card:
        (shown,) = [one for one in rows if one[1] == row["criterion_name_vi"]]
        assert shown[3] == written(row["points"])
        if row["criterion_level"] == "criterion" and row["points"] is None and row["status"] != "not_applicable":
            assert "cần bổ sung" in shown[4]
    assert rows[0][0] == "1"
    assert "tạm tính" in october.text


def test_the_form_of_an_administrative_document(made):
    document = Document(BytesIO(made.docx))
    (section,) = document.sections
    size = (section.page_width.mm, section.page_height.mm)
    margins = [getattr(section, f"{side}_margin").mm for side in ("top", "bottom", "left", "right")]
    assert size == pytest.approx((210, 297), abs=0.1)
    # NĐ 30/2020/NĐ-CP, Phụ lục I: 20-25, 20-25, 30-35, 15-20 mm
    assert all(
        low <= round(mm, 1) <= high
        for mm, (low, high) in zip(margins, [(20, 25), (20, 25), (30, 35), (15, 20)], strict=True)
    )
    assert document.styles["Normal"].font.name == law.FONT == "Times New Roman"
    assert document.styles["Normal"].font.size.pt in (13, 14)
    head = document.tables[0]
    assert head.cell(0, 0).text.split("\n")[:2] == ["ỦY BAN NHÂN DÂN", "TỈNH MẪU"]
    assert "Số:" in head.cell(0, 0).text
    assert head.cell(0, 1).text.split("\n")[:2] == [law.NATION, law.MOTTO]
    assert section.different_first_page_header_footer
    assert "PAGE" in section.header._element.xml
    assert "PAGE" not in section.first_page_header._element.xml
    texts = [paragraph.text for paragraph in document.paragraphs]
    numerals = [text.partition(".")[0] for text in texts if re.match(r"[IV]+\. ", text)]
    assert numerals == ["I", "II", "III", "IV", "V", "VI", "VII"]
    assert any(table.cell(0, 0).text.startswith("Nơi nhận:\n- Như trên;") for table in document.tables)
    assert (document.core_properties.author, document.core_properties.comments) == ("", "")


def test_a_department_reports_under_its_committee(department, published_lake):
    found = department
    left = found.tables[0].cell(0, 0).text.split("\n")
    assert left[:3] == ["ỦY BAN NHÂN DÂN", "TỈNH MẪU", "SỞ MẪU"]
    assert assert_equals_published(found, published_lake) > 10
    assert {row[1] for row in indicator_rows(found).values()} == {"H99.02"}
    assert "không có đơn vị trực thuộc nào" in found.text


def test_what_is_the_provinces_stands_in_the_provinces_report_only(october, department):
    for words in ("hệ thống thông tin dùng chung", "Đề án 06", "Thu ngân sách"):
        assert words in october.text
        assert words not in department.text


def test_a_sentence_of_zeros_is_a_mark_for_the_writer(october, department):
    """Nobody keeps a plan in this lake, and no activity of it is the department's."""
    for found in (october, department):
        assert "Kế hoạch CCHC năm 2026 có" not in found.text
        (mark,) = [text for text in found.gaps if text.startswith("[Kế hoạch CCHC: số hoạt động")]
        assert "sổ kế hoạch CCHC plan_tasks" in mark


def test_the_wording_of_an_office(published_lake, tmp_path):
    text = shipped_text().replace("- Tiếp nhận {received_total} hồ sơ", "- Đã nhận {received_total@H99.201} hồ sơ ở xã")
    found = read(make_report(published_lake, read_template(text, "mau.yaml"), OCTOBER).docx)
    assert "Đã nhận 03 hồ sơ ở xã" in found.text
    strange = text.replace("@H99.201", "@H99.777")
    with pytest.raises(ReportError, match=r"H99\.777, which is no unit"):
        make_report(published_lake, read_template(strange, "mau.yaml"), OCTOBER)


def test_a_province_that_papi_does_not_know_is_a_gap(october):
    assert any(text.startswith("[Điểm PAPI theo nội dung: cần bổ sung – bảng PAPI") for text in october.gaps)


@pytest.mark.skipif(
    not (shutil.which("soffice") and shutil.which("pdftotext")),
    reason="soffice or pdftotext is absent: install libreoffice-writer-nogui and poppler-utils",
)
def test_an_office_program_opens_it(made, october, tmp_path):
    (tmp_path / "bao-cao.docx").write_bytes(made.docx)
    profile = (tmp_path / "profile").as_uri()
    subprocess.run(
        ["soffice", f"-env:UserInstallation={profile}", "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path),
         str(tmp_path / "bao-cao.docx")],
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    text = subprocess.run(
        ["pdftotext", "-layout", str(tmp_path / "bao-cao.pdf"), "-"], check=True, capture_output=True, text=True
    ).stdout
    pages = text.split("\f")[:-1]
    assert len(pages) > 5
    # the two halves of the head stand side by side: a line of one may break around the other
    first = pages[0].split()
    for part in (law.NATION, law.MOTTO, "BÁO CÁO", "PAPI, PAR INDEX tháng 10 năm 2026"):
        assert set(part.split()) <= set(first)
    # the number of the page stands on top of every page but the first
    assert [page.split()[0] for page in pages[1:]] == [str(n) for n in range(2, len(pages) + 1)]
    assert not pages[0].split()[0].isdigit()
    words = " ".join(text.split())
    # a line may break within a gap in a table, so only its beginning is looked for
    assert all(gap[:6] in words for gap in october.gaps)
