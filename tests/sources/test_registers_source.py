"""Registers as people write them: what is read, what a row is refused for, what makes a file unusable."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from command_line import cchc
from openpyxl import Workbook, load_workbook

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.contracts.code_lists import OWN_COLUMNS, load_code_list
from cchc_pipeline.days import Window
from cchc_pipeline.sources.errors import FileUnusable
from cchc_pipeline.sources.protocol import KnownState
from cchc_pipeline.sources.registers.source import TABLES, RegistersSource, header_names
from cchc_pipeline.sources.registers.template import write_templates

DAY = date(2026, 11, 1)
HEAD = "measure_code,unit_code,period_start,observed_on,value,total,system,note"
OBSERVATIONS = load_contract("registers__observations")
MEASURES = load_code_list("register_measure").codes


def pull(folder: Path) -> dict[str, list[dict[str, Any]]]:
    source = RegistersSource(folder)
    found = {batch.table: batch.rows for batch in source.pull(Window(DAY, DAY), KnownState(), lambda *_: None)}
    assert set(found) == set(TABLES.values()) == set(source.notes)
    return found


def observations(folder: Path, text: str | bytes, name: str = "observations.csv") -> list[dict[str, Any]]:
    content = text if isinstance(text, bytes) else text.encode("utf-8")
    (folder / name).write_bytes(content)
    return pull(folder)["registers__observations"]


def workbook(path: Path, *sheets: Sequence[Sequence[Any]], titles: Sequence[str] = ("Sổ", "Sổ 2")) -> None:
    book = Workbook()
    book.remove(book.active)
    for title, rows in zip(titles, sheets, strict=False):
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)


def test_a_csv_with_names_of_the_contract_is_read(tmp_path: Path) -> None:
    (row,) = observations(
        tmp_path, f"{HEAD}\nguidance_counter,H34.12,2026-09-01,2026-09-30,120,,one_stop,Gọi bà Nguyễn Văn Mẫu\n"
    )
    assert row == {
        "measure_code": "guidance_counter", "unit_code": "H34.12", "period_start": date(2026, 9, 1),
        "observed_on": date(2026, 9, 30), "value": 120.0, "total": None, "system": "one_stop",
        "note": "Gọi bà [tên]", "is_withdrawn": None, "source_row": "observations.csv, dòng 2", "parse_errors": None,
    }  # fmt: skip


def test_vietnamese_headers_semicolons_and_a_byte_order_mark(tmp_path: Path) -> None:
    text = (
        "# Sổ của đơn vị\n"
        "STT;Mã số liệu *;MÃ CƠ QUAN;Từ ngày;Đến ngày (ngày quan sát);Giá trị;Tổng số hoặc kế hoạch;Hủy dòng này\n"
        "1;Thu ngân sách nhà nước;000.00.12.H34;01/09/2026;30/09/2026;1.234.567,5;2295,25;\n"
        "\n"
        ";;;;;;;\n"
        "2;BUDGET_REVENUE;H34.12;1/10/2026;2026-10-31;0,5;;x\n"
    )
    first, second = observations(tmp_path, text.encode("utf-8-sig"))
    assert (first["measure_code"], first["unit_code"], first["value"], first["total"]) == (
        "budget_revenue", "H34.12", 1_234_567.5, 2295.25
    )  # fmt: skip
    assert (first["period_start"], first["observed_on"]) == (date(2026, 9, 1), date(2026, 9, 30))
    assert (second["measure_code"], second["value"], second["is_withdrawn"]) == ("budget_revenue", 0.5, True)
    assert second["source_row"] == "observations.csv, dòng 6"


def test_a_workbook_is_read_sheet_by_sheet(tmp_path: Path) -> None:
    head = ["Mã số liệu", "Mã cơ quan", "Từ ngày", "Đến ngày (ngày quan sát)", "Giá trị"]
    workbook(
        tmp_path / "observations.xlsx",
        [["Sổ theo dõi năm 2026"], [], head, ["zalo_followers", "H34", None, datetime(2026, 9, 30), 39664]],  # noqa: DTZ001 - as openpyxl gives it
        [head, ["guidance", "H34", date(2026, 9, 1), date(2026, 9, 30), 12.0], [None] * 5],
    )
    stock, flow = pull(tmp_path)["registers__observations"]
    assert (stock["value"], stock["period_start"], stock["observed_on"]) == (39664.0, *[date(2026, 9, 30)] * 2)
    assert stock["source_row"] == "observations.xlsx, Sổ, dòng 4"
    assert (flow["value"], flow["source_row"]) == (12.0, "observations.xlsx, Sổ 2, dòng 2")
    assert {stock["parse_errors"], flow["parse_errors"]} == {None}


def test_several_files_are_one_register(tmp_path: Path) -> None:
    row = "guidance,H34,2026-09-01,2026-09-30,1,,,\n"
    (tmp_path / "observations-2025.csv").write_text(f"{HEAD}\n{row}", encoding="utf-8")
    (tmp_path / "~$observations.xlsx").write_bytes(b"lock")
    (tmp_path / "readme.txt").write_text("x", encoding="utf-8")
    rows = observations(tmp_path, f"{HEAD}\n{row}")
    assert [found["source_row"] for found in rows] == ["observations-2025.csv, dòng 2", "observations.csv, dòng 2"]


def test_no_file_gives_no_rows_and_is_said(tmp_path: Path) -> None:
    source = RegistersSource(tmp_path / "absent")
    batches = list(source.pull(Window(DAY, DAY), KnownState(), lambda *_: None))
    assert [batch.rows for batch in batches] == [[]] * len(TABLES)
    assert source.notes["registers__plan_tasks"] == "no file plan_tasks.csv or plan_tasks.xlsx"


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("guidance,H34,31/02/2026,2026-09-30,1,,,", "Từ ngày", "không có ngày này trong lịch"),
        ("guidance,H34,2026-09-01,09-2026,1,,,", "Đến ngày (ngày quan sát)", "không phải ngày"),
        ("guidance,H34,2026-09-01,2026-09-30,12a,,,", "Giá trị", "không phải số"),
        ("guidance,H34,2026-09-01,2026-09-30,39.664,,,", "Giá trị", "có thể là 39664 hoặc 39,6640"),
        ('guidance,H34,2026-09-01,2026-09-30,"39,664",,,', "Giá trị", "có thể là 39664 hoặc 39,6640"),
        ("guidance,H34,2026-09-01,2026-09-30,1,95%,,", "Tổng số hoặc kế hoạch", "không phải số"),
    ],
)
def test_a_cell_that_cannot_be_read_names_file_row_and_column(
    row: str, column: str, reason: str, tmp_path: Path
) -> None:
    good = "guidance,H34,2026-08-01,2026-08-31,1,,,"
    _, bad = observations(tmp_path, f"{HEAD}\n{good}\n{row}\n")
    assert bad["parse_errors"].startswith(f"observations.csv, dòng 3: cột «{column}»: {reason}")


def test_a_formula_without_a_result_and_a_code_that_is_a_number_are_named(tmp_path: Path) -> None:
    head = ["plan_year", "activity_code", "field_code", "task_code", "unit_code", "due_on"]
    workbook(
        tmp_path / "plan_tasks.xlsx",
        [head, [2026, 1.1, "1", "1", "H34", date(2026, 3, 1)], ["=1+2025", "1.2", 1, "1", "H34", None]],
    )
    first, second = pull(tmp_path)["registers__plan_tasks"]
    assert "cột «Mã hoạt động»: ô là số lẻ, cần văn bản" in first["parse_errors"]
    assert "cột «Năm kế hoạch»: công thức chưa có kết quả hoặc bị lỗi '=1+2025'" in second["parse_errors"]
    assert second["field_code"] == "1"


ROW = "guidance,H34,2026-09-01,2026-09-30,1,,,"
ODS = b"PK\x03\x04mimetypeapplication/vnd.oasis.opendocument.spreadsheet"
UNUSABLE = {
    "a misspelt name of a file": ("observation.csv", f"{HEAD}\n{ROW}\n", "no register is called «observation»"),
    "another program's table": ("observations.ods", ODS, "no whole Excel workbook"),
    "an unknown column": ("observations.csv", f"{HEAD},Họ tên\n{ROW},A\n", "cell 9: unknown column «Họ tên»"),
    "a misspelt column": ("observations.csv", HEAD.replace("total", "totl") + f"\n{ROW}\n", "unknown column «totl»"),
    "a column twice": ("observations.csv", f"{HEAD},Giá trị\n{ROW},1\n", "value stands there twice"),
    "a key column that lacks": ("observations.csv", "unit_code,value\nH34,1\n", "lacks measure_code («mã số liệu»)"),
    "no header": ("observations.csv", f"{ROW}\n", "no row names the columns"),
    "nothing in it": ("observations.csv", "", "it is empty"),
    "nothing but remarks": ("observations.csv", "# Sổ của đơn vị\n", "not even a header"),
    "a row cut off": ("observations.csv", f"{HEAD}\n{ROW}\nguidance,H34,2026-0", "row 3 has 3 cells, the header has 8"),
    "a cell too many": ("observations.csv", f"{HEAD}\n{ROW},,7\n", "row 2, cell 10 stands under no column"),
    "a login page": ("observations.csv", "<html><table></table></html>", "a web page without a table"),
}


@pytest.mark.parametrize("kind", UNUSABLE)
def test_a_file_that_is_no_register_is_an_error_with_the_culprit_and_the_fix(kind: str, tmp_path: Path) -> None:
    name, content, said = UNUSABLE[kind]
    with pytest.raises(FileUnusable) as caught:
        observations(tmp_path, content, name)
    assert said in str(caught.value)
    assert f"registers/{name}" in str(caught.value)
    assert "Fix: " in str(caught.value)
    assert str(DAY) in str(caught.value)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.99])
def test_a_workbook_cut_anywhere_is_never_half_read(share: float, tmp_path: Path) -> None:
    rows = [[HEAD.split(",")[i] for i in (0, 1, 2, 3, 4)]]
    rows += [["guidance", "H34", date(2026, 9, 1), date(2026, 9, 30), n] for n in range(500)]
    workbook(tmp_path / "whole.xlsx", rows)
    content = (tmp_path / "whole.xlsx").read_bytes()
    (tmp_path / "whole.xlsx").unlink()
    with pytest.raises(FileUnusable, match="no whole Excel workbook"):
        observations(tmp_path, content[: int(len(content) * share)], "observations.xlsx")


def test_a_workbook_with_a_damaged_sheet_is_an_error(tmp_path: Path) -> None:
    workbook(tmp_path / "good.xlsx", [HEAD.split(","), ROW.split(",")])
    with zipfile.ZipFile(tmp_path / "good.xlsx") as good, zipfile.ZipFile(tmp_path / "observations.xlsx", "w") as bad:
        for entry in good.namelist():
            content = good.read(entry)
            bad.writestr(entry, content[: len(content) // 2] if entry.endswith("sheet1.xml") else content)
    (tmp_path / "good.xlsx").unlink()
    with pytest.raises(FileUnusable, match="no whole Excel workbook"):
        pull(tmp_path)


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_a_template_filled_in_is_read_back(kind: str, tmp_path: Path) -> None:
    assert {path.stem for path in write_templates(tmp_path, kind)} == set(TABLES)
    assert write_templates(tmp_path, kind) == []
    assert all(not rows for rows in pull(tmp_path).values())
    path = tmp_path / f"petitions.{kind}"
    cells = ["PA1", "Câu hỏi", "H34.12", "02/03/2026", "16/03/2026", None, "portal", None]
    if kind == "csv":
        with path.open("a", encoding="utf-8") as stream:
            stream.write(",".join(cell or "" for cell in cells) + "\n")
    else:
        book = load_workbook(path)
        for number, cell in enumerate(cells, 1):
            book.worksheets[0].cell(2, number).value = cell
        book.save(path)
    (row,) = pull(tmp_path)["registers__petitions"]
    assert (row["petition_code"], row["kind"], row["received_on"], row["answered_on"]) == (
        "PA1", "question", date(2026, 3, 2), None
    )  # fmt: skip
    assert row["parse_errors"] is None


def test_a_template_explains_every_column_and_lists_every_code(tmp_path: Path) -> None:
    write_templates(tmp_path)
    book = load_workbook(tmp_path / "observations.xlsx")
    sheet, guide, lists = book.worksheets
    shown = [cell.value.removesuffix(" *") for cell in sheet[1]]
    columns = [column for column in OBSERVATIONS.columns if column.name not in OWN_COLUMNS]
    assert shown == [column.label_vi for column in columns]
    text = "\n".join(str(cell.value) for row in guide.iter_rows() for cell in row)
    assert all(column.description_vi in text for column in columns)
    codes = {row[0].value for row in lists.iter_rows()}
    assert codes >= {measure.code for measure in MEASURES}
    assert {str(one.sqref) for one in sheet.data_validations.dataValidation} == {"A2:A501"}


def test_the_command_writes_templates_and_leaves_what_is_there(tmp_path: Path) -> None:
    first, again = (cchc("registers", "template", "--out", tmp_path) for _ in range(2))
    assert (first.exit_code, len(first.stdout.splitlines())) == (0, len(TABLES)), first.output
    assert (again.exit_code, again.stdout) == (0, "")
    assert again.stderr.count("giữ nguyên") == len(TABLES)


@pytest.mark.parametrize("table", TABLES.values())
def test_no_two_columns_share_a_header(table: str) -> None:
    contract = load_contract(table)
    assert len(header_names(contract)) >= 2 * (len(contract.columns) - len(OWN_COLUMNS))


def test_the_lists_say_what_a_code_means_for_counting() -> None:
    assert {one.attributes["kind"] for one in MEASURES} == {"flow", "stock", "flag"}
    assert {one.attributes["total"] for one in MEASURES} == {"none", "part", "plan"}
    assert all(one.attributes.keys() == {"kind", "unit", "total", "basis_vi"} for one in MEASURES)
    assert all(one.attributes["basis_vi"] and one.attributes["unit"] for one in MEASURES)
    indices = load_code_list("external_index").codes
    assert all(one.attributes.keys() == {"max_value", "series"} for one in indices)
    assert {one.attributes["series"] for one in indices} == {"yearly", "running"}


def test_rules_name_the_measures_that_the_list_says() -> None:
    def named(rule: str) -> set[str]:
        sql = OBSERVATIONS.rule(f"registers__observations.{rule}").predicate.sql()
        return {measure.code for measure in MEASURES if f"'{measure.code}'" in sql}

    assert named("flag_value") == {measure.code for measure in MEASURES if measure.attributes["kind"] == "flag"}
    assert named("part_above_total") == {measure.code for measure in MEASURES if measure.attributes["total"] == "part"}
    assert named("total_missing") == {measure.code for measure in MEASURES if measure.attributes["total"] != "none"}
