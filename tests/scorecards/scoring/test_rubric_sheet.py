"""Rubrics from an office's spreadsheet: the tree, the rules, and errors that name the cell."""

from __future__ import annotations

import csv
from fractions import Fraction
from pathlib import Path

import pytest
from command_line import output
from openpyxl import Workbook, load_workbook
from rubric_files import rubric_from

from cchc_pipeline.scorecards.scoring.rubric import RubricError
from cchc_pipeline.scorecards.scoring.rubric_sheet import import_sheet, rule_of_text

HEAD = ["STT", "Lĩnh vực/Tiêu chí/Tiêu chí thành phần", "Điểm tối đa", "Cách chấm"]
ROWS = [
    ["PHỤ LỤC: BỘ TIÊU CHÍ MẪU"],
    [],
    HEAD,
    ["I", "Chỉ đạo, điều hành", 3, None],
    ["1.1", "Kế hoạch cải cách hành chính", 2, None],
    ["1.1.1", "Ban hành kế hoạch", "0,5", "Ban hành trong Quý I: 0,5 điểm; không ban hành: 0 điểm"],
    ["1.1.2", "Mức độ hoàn thành", 1.5, None],
    [None, "Từ 80% - 100%: (Tỷ lệ % x điểm tối đa)/100%", None, None],
    [None, "Dưới 80%: 0 điểm", None, None],
    ["1.2", "Kiểm tra", 1, "Từ 30% trở lên: 1 điểm; từ 20% đến dưới 30%: 0,5 điểm; dưới 20%: 0 điểm"],
    ["II", "Cải cách thủ tục hành chính", 2, None],
    ["2.1", "Hồ sơ đúng hạn", 1, "Tỷ lệ % × điểm tối đa / 90%"],
    ["2.2", "Sự hài lòng (điều tra xã hội học)", 1, "Theo kết quả điều tra"],
    [None, "Tổng cộng", 5, None],
]
ABOUT = {"id": "mau", "version": "1", "name_vi": "Mẫu", "name_en": "Sample", "legal_basis": ""}


def put(folder: Path, rows: list[list[object]]) -> Path:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    path = folder / "tieu-chi.xlsx"
    book.save(path)
    return path


def changed(row: int, column: int, value: object) -> list[list[object]]:
    rows = [list(one) for one in ROWS]
    rows[row - 1][column] = value
    return rows


def imported(folder: Path, rows: list[list[object]] = ROWS):
    from datetime import date

    content, remarks = import_sheet(put(folder, rows), {**ABOUT, "valid_from": date(2024, 1, 1)})
    return rubric_from(content), remarks


def test_the_tree_and_the_points_are_those_of_the_sheet(tmp_path: Path) -> None:
    rubric, _ = imported(tmp_path)
    assert [(group.code, group.name_vi) for group in rubric.groups] == [
        ("G1", "Chỉ đạo, điều hành"),
        ("G2", "Cải cách thủ tục hành chính"),
    ]
    assert [group.code for group in rubric.groups[0].groups] == ["G1.1"]
    points = {one.code: one.max_hundredths for one in rubric.criteria()}
    assert points == {"C1.1.1": 50, "C1.1.2": 150, "C1.2": 100, "C2.1": 100, "C2.2": 100}


def test_formulas_become_rules_and_the_rest_is_scored_by_people(tmp_path: Path) -> None:
    rubric, remarks = imported(tmp_path)
    labels = {one.code: (one.source.value, one.rule.label()) for one in rubric.criteria()}
    assert labels == {
        "C1.1.1": ("self_assessment", "carried"),
        "C1.1.2": ("self_assessment", "linear_above_floor(floor=0.8, full_at=1)"),
        "C1.2": ("self_assessment", "steps(0.2:0.5, 0.3:1)"),
        "C2.1": ("self_assessment", "linear(full_at=0.9)"),
        "C2.2": ("survey", "carried"),
    }
    assert len(remarks) == 2
    assert "cell D6: 1.1.1" in remarks[0]
    assert "Ban hành trong Quý I" in (rubric.criterion("C1.1.1").note or "")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Từ 95% - 100%: (tỷ lệ % x điểm tối đa)/100%; dưới 95%: 0 điểm", ("linear_above_floor", "0.95", "1")),
        ("Tỷ lệ hồ sơ × điểm tối đa", ("linear", None, "1")),
        ("Đạt 100%: 1 điểm; dưới 100%: 0 điểm", ("all_or_nothing", None, "1")),
        ("Đạt từ 85% trở lên: 1 điểm", ("all_or_nothing", None, "0.85")),
    ],
)
def test_known_forms_of_scoring_texts(text: str, rule: tuple[str, str | None, str]) -> None:
    found = rule_of_text(text, Fraction(1))
    assert found is not None
    assert found["kind"] == rule[0]
    assert str(found["full_at"]) == rule[2]
    if rule[1]:
        assert str(found["floor"]) == rule[1]


@pytest.mark.parametrize(
    "text",
    [
        "Ban hành đúng hạn: 1 điểm; chậm: 0,5 điểm",
        "",
        "Từ 80% trở lên: 2 điểm",  # more than the maximum of 1
        "Từ 50%: 1 điểm; từ 80%: 0,5 điểm",  # more for less
    ],
)
def test_a_text_that_is_not_understood_is_left_to_people(text: str) -> None:
    assert rule_of_text(text, Fraction(1)) is None


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (changed(6, 2, "nửa"), "cell C6: Điểm tối đa is 'nửa' is no number"),
        (changed(6, 2, None), "cell C6: Điểm tối đa is empty"),
        (changed(4, 2, "=C5+C10"), "cell C4: Điểm tối đa is empty, .* never calculated"),
        (changed(14, 2, 100), "cell C14: the total is 100, but the domains above add up to 5"),
        ([*ROWS[:-1], ["TỔNG ĐIỂM (I+II):", None, 6, None]], "cell C14: the total is 6"),
        (changed(6, 2, 0.333), "cell C6: .* at most two decimals"),
        (changed(6, 2, 1), r"cell C5: 1.1 has 2 points, but its parts \(rows 6 to 7\) add up to 2.5"),
        (changed(6, 0, "1.1.x"), "cell A6: STT '1.1.x' is neither"),
        (changed(6, 0, "3.1.1"), "cell A6: STT 3.1.1 stands below no 3.1"),
        (changed(7, 0, "1.1.1"), "cell A7: STT 1.1.1 is in row 6 already"),
        (changed(6, 1, None), "cell B6: 1.1.1 has no name"),
        (changed(8, 2, 0.5), "cell C8: 0.5 points in a row without STT"),
        (changed(3, 0, "Mã"), "none of the first 30 rows has the headings"),
        (changed(3, 3, "Khác"), "no column 'Cách chấm'"),
        (ROWS[:3], "no row below the headings"),
    ],
)
def test_a_mistake_is_named_with_its_cell(tmp_path: Path, rows, message: str) -> None:
    with pytest.raises(RubricError, match=message):
        imported(tmp_path, rows)


def call_import(folder: Path, rows: list[list[object]], name: str, version: str = "1", code: int = 0) -> str:
    about = ("--id", "mau", "--version", version, "--name", "Mẫu", "--valid-from", "2024-01-01")
    return output("rubric", "import", put(folder, rows), *about, "--out", folder / name, code=code)


def take_in(folder: Path, rows: list[list[object]], name: str, version: str = "1") -> Path:
    call_import(folder, rows, name, version)
    return folder / name


@pytest.mark.parametrize("words", ["Tổng", "Tổng cộng:", "TỔNG ĐIỂM (I+II)", "Cộng", "Cộng mục II"])
@pytest.mark.parametrize("column", [0, 1])
def test_a_line_of_sums_is_no_criterion(tmp_path: Path, words: str, column: int) -> None:
    sums = [None, None, 2 if words == "Cộng mục II" else 5, None]
    sums[column] = words
    assert imported(tmp_path, [*ROWS[:-1], sums])[0].criteria() == imported(tmp_path)[0].criteria()


def test_a_criterion_whose_name_begins_like_a_sum_is_one(tmp_path: Path) -> None:
    rubric, _ = imported(tmp_path, changed(6, 1, "Tổng hợp báo cáo"))
    assert rubric.criterion("C1.1.1").name_vi == "Tổng hợp báo cáo"


def test_headings_in_two_lines_and_a_line_that_numbers_the_columns(tmp_path: Path) -> None:
    heads = [
        ["STT", "Lĩnh vực/Tiêu chí", "Điểm", None, "Cách chấm"],
        [None, None, "Tự chấm", "Tối đa", None],
        ["(1)", "(2)", "(3)", "(4)", "(5)"],
    ]
    body = [[number, name, None, most, text] for number, name, most, text in ROWS[3:]]
    assert imported(tmp_path, [*ROWS[:2], *heads, *body])[0].criteria() == imported(tmp_path)[0].criteria()


def test_domains_that_count_their_criteria_from_1_again(tmp_path: Path) -> None:
    rows = [
        HEAD,
        ["I", "Chỉ đạo, điều hành", 3, None],
        ["1", "Kế hoạch", 2, None],
        ["1.1", "Ban hành", 2, "Người chấm"],
        ["2", "Kiểm tra", 1, "Người chấm"],
        ["II", "Thể chế", 2, None],
        ["1", "Văn bản", 2, "Người chấm"],
    ]
    rubric, _ = imported(tmp_path, rows)
    assert [one.code for one in rubric.criteria()] == ["C1.1.1", "C1.2", "C2.1"]


def test_the_table_on_another_sheet_is_pointed_at(tmp_path: Path) -> None:
    path = put(tmp_path, [["Bìa"]])
    book = load_workbook(path)
    for row in ROWS:
        (book["Tiêu chí"] if "Tiêu chí" in book.sheetnames else book.create_sheet("Tiêu chí")).append(row)
    book.save(path)
    with pytest.raises(RubricError, match="choose the sheet: Sheet, Tiêu chí"):
        import_sheet(path, ABOUT)
    assert import_sheet(path, ABOUT, sheet="Tiêu chí")[0] == import_sheet(put(tmp_path, ROWS), ABOUT)[0]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_file_may_be_divided_as_excel_does_in_vietnamese(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "tieu-chi.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(ROWS)
    assert import_sheet(path, ABOUT)[0] == import_sheet(put(tmp_path, ROWS), ABOUT)[0]


def test_what_was_imported_can_be_checked(tmp_path: Path) -> None:
    said = output("rubric", "check", take_in(tmp_path, ROWS, "mau.yaml"), "--criteria")
    assert "C1.1.2  1.5  self_assessment  linear_above_floor(floor=0.8, full_at=1)  Mức độ hoàn thành" in said
    assert "5 tiêu chí do người chấm nhập điểm" in said  # none has an indicator yet


def test_an_import_does_not_overwrite_unasked(tmp_path: Path) -> None:
    before = take_in(tmp_path, ROWS, "mau.yaml").read_bytes()
    assert "--force" in call_import(tmp_path, ROWS, "mau.yaml", code=1)
    assert (tmp_path / "mau.yaml").read_bytes() == before


def test_a_diff_says_what_moves_scores(tmp_path: Path) -> None:
    old = take_in(tmp_path, ROWS, "old.yaml")
    rows = changed(12, 3, "Tỷ lệ % × điểm tối đa / 95%")
    rows[9][1] = "Kiểm tra cải cách hành chính"
    rows.insert(13, ["2.3", "Tiêu chí mới", 1, None])
    rows[10][2], rows[14][2] = 3, 6
    new = take_in(tmp_path, rows, "new.yaml", version="2")
    lines = output("rubric", "diff", old, new).splitlines()
    assert "version: 1 → 2" in lines
    assert "C1.2: đổi tên “Kiểm tra” → “Kiểm tra cải cách hành chính”" in lines
    assert any(line.startswith("C2.1: cách chấm linear(full_at=0.9)") for line in lines)
    assert "C2.3: thêm mới: Tiêu chí mới (1 điểm)" in lines
    assert lines[-1].startswith("4 thay đổi, 2 làm thay đổi điểm; tổng điểm tối đa 5 → 6")
    assert '"kind": "removed"' in output("rubric", "diff", new, old, "--format", "json")


def test_a_rubric_does_not_differ_from_itself() -> None:
    assert output("rubric", "diff", "index766", "index766").strip() == "Không có thay đổi / no change"


def test_a_rubric_with_variants_shows_what_each_can_reach() -> None:
    lines = [line.split() for line in output("rubric", "check", "index766").splitlines()]
    assert ["Tổng", "/", "total", "100", "100"] in lines
