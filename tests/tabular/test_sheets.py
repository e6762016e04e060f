"""Files that people make: told by their content, and never a hang, a traceback or a half-read table."""

from __future__ import annotations

import io
import time
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.styles import PatternFill

from cchc_pipeline.tabular import files, sheets
from cchc_pipeline.tabular.cells import CellError, Formula, read_text
from cchc_pipeline.tabular.files import TableFileError
from cchc_pipeline.tabular.sheets import Sheet, footer_length, read_sheets, read_table

HEADERS = ("mã", "điểm")


def is_header(text: str) -> bool:
    return text.casefold() in HEADERS


def read(path: Path, content: str | bytes) -> Sheet:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_table(path, is_header, expected="mã, điểm")


def changed_workbook(path: Path, rows: list[list[object]], old: str, new: str) -> Path:
    """A workbook in whose first sheet a text of the XML stands for another."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    with zipfile.ZipFile(stream) as whole, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name in whole.namelist():
            text = whole.read(name)
            if name == "xl/worksheets/sheet1.xml":
                assert old.encode() in text
                text = text.replace(old.encode(), new.encode())
            out.writestr(name, text)
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_a_csv_is_read_whatever_it_is_written_with(delimiter: str, encoding: str, ends: str, tmp_path: Path) -> None:
    lines = ["# nhận xét, của; ai|đó", "BẢNG ĐIỂM", "", delimiter.join(["Mã", "Điểm"]), delimiter.join(["a", " 1 "])]
    sheet = read(tmp_path / "x.csv", ends.join(lines).encode(encoding))
    assert (sheet.headers, sheet.header_row, sheet.records) == (["Mã", "Điểm"], 4, [(5, ("a", "1"))])


def test_a_column_of_numbers_may_be_called_by_a_sign(tmp_path: Path) -> None:
    assert read(tmp_path / "x.csv", "#,mã,điểm\n1,a,2\n").records == [(2, ("1", "a", "2"))]


@pytest.mark.parametrize("tail", ["", ",", ",,,"])
def test_separators_at_the_end_of_lines_are_no_columns(tail: str, tmp_path: Path) -> None:
    sheet = read(tmp_path / "x.csv", f"mã,điểm{tail}\na,1{tail}\nb,2\n")
    assert sheet.headers == ["mã", "điểm"]
    assert [cells[:2] for _, cells in sheet.records] == [("a", "1"), ("b", "2")]


def test_a_coloured_blank_cell_is_no_cell(tmp_path: Path) -> None:
    book = Workbook()
    for row in (HEADERS, ("a", 1)):
        book.active.append(row)
    for place in ("F1", "G2", "C9", "XFD2"):
        book.active[place].fill = PatternFill("solid", fgColor="FF0000")
    book.save(tmp_path / "x.xlsx")
    (sheet,) = read_sheets(tmp_path / "x.xlsx", is_header)
    assert (sheet.headers, sheet.records) == (list(HEADERS), [(2, ("a", 1))])


def test_a_formula_without_a_result_is_seen(tmp_path: Path) -> None:
    book = Workbook()
    for row in (HEADERS, ("a", "=1+1"), ("b", 2)):
        book.active.append(row)
    book.active["A4"].value = "#N/A"
    book.active["A4"].data_type = "e"
    book.save(tmp_path / "x.xlsx")
    (sheet,) = read_sheets(tmp_path / "x.xlsx", is_header)
    assert sheet.records == [(2, ("a", Formula("=1+1"))), (3, ("b", 2)), (4, (Formula("#N/A"),))]


def test_the_sheet_with_the_headers_is_taken_and_another_can_be_named(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["ghi chú"])
    book.create_sheet("Số liệu").append(list(HEADERS))
    book.save(tmp_path / "x.xlsx")
    assert [(one.name, one.is_first, one.header_at) for one in read_sheets(tmp_path / "x.xlsx", is_header)] == [
        ("Sheet", True, None),
        ("Số liệu", False, 0),
    ]
    assert read_table(tmp_path / "x.xlsx", is_header, expected="").name == "Số liệu"
    with pytest.raises(TableFileError, match=r"there is no sheet Khác. Fix: choose one of Sheet, Số liệu"):
        read_table(tmp_path / "x.xlsx", is_header, sheet="Khác", expected="")
    with pytest.raises(TableFileError, match=r"the first 1 rows names its columns. Fix: write above the rows x"):
        read_table(tmp_path / "x.xlsx", is_header, sheet="Sheet", expected="x")


def test_totals_and_signatures_at_the_end_are_counted() -> None:
    rows = [(1, ("a", "b", 1)), (2, ("Tổng", None, None)), (3, (None, None, 7)), (4, (None, "Người ký"))]
    assert footer_length(rows, [0]) == 3
    assert footer_length(rows[:1], [0]) == 0


STRAY = "<row r='100000000'><c r='A100000000'><v>1</v></c></row></sheetData>"
FAR = "<row r='2'><c r='XFD2' t='n'><v>1</v></c></row></sheetData>"


def test_a_row_that_excel_does_not_know_is_named_at_once(tmp_path: Path) -> None:
    path = changed_workbook(tmp_path / "x.xlsx", [list(HEADERS)], "</sheetData>", STRAY)
    started = time.monotonic()
    with pytest.raises(TableFileError, match="a row below 1,048,576"):
        read_sheets(path)
    assert time.monotonic() - started < 20


def test_a_cell_at_the_end_of_the_sheet_costs_one_row(tmp_path: Path) -> None:
    path = changed_workbook(tmp_path / "x.xlsx", [list(HEADERS)], "</sheetData>", FAR)
    (sheet,) = read_sheets(path, is_header)
    ((number, cells),) = sheet.records
    assert (number, len(cells), cells[-1]) == (2, 16_384, 1)


def test_a_wrong_size_in_the_file_changes_nothing(tmp_path: Path) -> None:
    path = changed_workbook(tmp_path / "x.xlsx", [list(HEADERS), ["a", 1]], 'ref="A1:B2"', 'ref="A1:XFD1048576"')
    (sheet,) = read_sheets(path, is_header)
    assert sheet.records == [(2, ("a", 1))]


def test_a_workbook_that_unpacks_to_more_than_memory_is_refused(tmp_path: Path, monkeypatch) -> None:
    path = changed_workbook(tmp_path / "x.xlsx", [list(HEADERS)], "</sheetData>", "</sheetData>" + " " * 3_000_000)
    monkeypatch.setattr("cchc_pipeline.tabular.sheets.MAX_BYTES", 2**20)
    assert path.stat().st_size < 2**20
    with pytest.raises(TableFileError, match=r"it holds 2 MB when unpacked.*Fix: delete what is blank or stray"):
        read_sheets(path)


@pytest.mark.parametrize("span", ["999999999", "16384", "9" * 5000, "²", "-1", "x"])
def test_a_cell_over_any_number_of_columns_is_one_cell(span: str, tmp_path: Path) -> None:
    page = f"<table><tr><td colspan='{span}'>BẢNG</td></tr><tr><th>mã</th><th>điểm</th></tr><tr><td>a<td>1</table>"
    sheet = read(tmp_path / "x.xls", page)
    assert (sheet.header_row, sheet.records) == (2, [(3, ("a", "1"))])


def test_a_page_of_wide_cells_is_refused_before_it_fills_memory(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(files, "MAX_CELLS", 100_000)
    page = "<table>" + "<tr><td colspan='16383'>a</td><td>b</td></tr>" * 20 + "</table>"
    with pytest.raises(TableFileError, match="too many cells"):
        read(tmp_path / "x.xls", page)


def test_a_table_that_lays_out_another_does_not_double_its_rows(tmp_path: Path) -> None:
    inner = "<table><tr><td>mã</td><td>điểm</td></tr><tr><td>a</td><td>1</td></tr></table>"
    path = tmp_path / "x.html"
    path.write_text(f"<html><table><tr><td>{inner}</td></tr></table></html>", encoding="utf-8")
    found = read_sheets(path, is_header)
    assert [sheet.header_at for sheet in found] == [None, 0]
    assert found[1].records == [(2, ("a", "1"))]


def test_a_file_larger_than_memory_allows_is_refused(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(files, "MAX_BYTES", 10)
    with pytest.raises(TableFileError, match=r"Fix: .*split the file"):
        read(tmp_path / "x.csv", "mã,điểm\na,1\n")


@pytest.mark.parametrize(
    "content",
    [
        "mã,điểm\na\rb,1\n",
        "mã,điểm\n" + "x" * 200_000 + ",1\n",
        '"mã,điểm\n' + "a,1\n" * 50_000,
        "mã,điểm\n\ud800,1\n".encode("utf-8", "surrogatepass"),
        b"\xff\xfe\x00\xd8a\x00",
        b"\xff\xfem",
        "mã\0,điểm\n",
        "<",
        "<table",
        "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        b"PK\x05\x06" + bytes(18),
        b"\xef\xbb\xbf",
        " ",
    ],
    ids=range(13),
)
def test_a_damaged_file_is_read_or_refused_with_a_fix(content: str | bytes, tmp_path: Path) -> None:
    try:
        sheet = read(tmp_path / "x.csv", content)
    except TableFileError as error:
        assert error.problem
        assert error.fix
    else:
        assert sheet.headers == list(HEADERS)


def test_half_a_sign_in_a_workbook_is_no_text(tmp_path: Path) -> None:
    path = changed_workbook(
        tmp_path / "x.xlsx", [list(HEADERS)], "</sheetData>",
        "<row r='2'><c r='A2' t='inlineStr'><is><t>a_xD800_b</t></is></c></row></sheetData>",
    )  # fmt: skip
    (sheet,) = read_sheets(path, is_header)
    ((_, (cell,)),) = sheet.records
    if cell != "a_xD800_b":  # read as the sign itself
        with pytest.raises(CellError):
            read_text(cell)


def test_a_file_that_is_still_being_copied_is_not_read(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "x.csv"
    path.write_text("mã,điểm\na,1\n", encoding="utf-8")
    whole = Path.read_bytes

    def read_and_grow(self: Path) -> bytes:
        content = whole(self)
        self.write_bytes(content + b"b,2\n")
        return content

    monkeypatch.setattr(Path, "read_bytes", read_and_grow)
    with pytest.raises(TableFileError, match="just being written"):
        sheets.read_table(path, is_header, expected="")
