"""Write empty register files with Vietnamese headers, an explanation and lists."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cchc_pipeline.contracts import Contract, load_contract
from cchc_pipeline.contracts.code_lists import load_code_list
from cchc_pipeline.contracts.parts import Column
from cchc_pipeline.lake.files import replace_file
from cchc_pipeline.sources.registers.source import GUIDE_SHEETS, TABLES, file_columns

ROWS_PREPARED = 500
_KINDS = {
    "VARCHAR": "văn bản",
    "DOUBLE": "số (dấu phẩy thập phân, không phân cách hàng nghìn)",
    "INTEGER": "số nguyên",
    "DATE": "ngày (31/12/2025)",
    "BOOLEAN": "đánh dấu x",
}
_FORMATS = {"VARCHAR": "@", "DOUBLE": "General", "INTEGER": "0", "DATE": "dd/mm/yyyy", "BOOLEAN": "@"}


def write_templates(folder: Path, kind: str = "xlsx") -> list[Path]:
    """Write one empty file per register, `kind` xlsx or csv; return the written files.

    The folder is made; files that are there stay as they are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for register, table in TABLES.items():
        path = folder / f"{register}.{kind}"
        if path.exists():
            continue
        contract = load_contract(table)
        if kind == "csv":
            _write_csv(path, contract)
        else:
            _write_workbook(path, contract)
        written.append(path)
    return written


def _header(column: Column) -> str:
    return f"{column.label_vi} *" if column.required else column.label_vi


def _write_csv(path: Path, contract: Contract) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([f"# {contract.title_vi}. Cột có dấu * phải điền. Các dòng bắt đầu bằng # không được đọc."])
        for column in file_columns(contract):
            writer.writerow([f"# {column.label_vi} ({_KINDS[column.physical_type]}): {column.description_vi}"])
            for code in load_code_list(column.code_list).codes if column.code_list else ():
                writer.writerow([f"#    {code.code}: {code.label_vi}"])
        writer.writerow([_header(column) for column in file_columns(contract)])


def _write_workbook(path: Path, contract: Contract) -> None:
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    book = Workbook()
    sheet, guide, lists = book.active, book.create_sheet(GUIDE_SHEETS[0]), book.create_sheet(GUIDE_SHEETS[1])
    sheet.title = contract.title_vi.replace("/", "-")[:31]
    guide.append([contract.title_vi])
    guide.append(["Cột có dấu * phải điền. Mỗi dòng một bản ghi; dòng cùng khóa đưa sau thay dòng đưa trước."])
    guide.append([f"Khóa: {', '.join(contract.column(name).label_vi for name in contract.key)}"])
    guide.append([])
    guide.append(["Cột", "Tên trong hợp đồng dữ liệu", "Bắt buộc", "Kiểu", "Ý nghĩa"])
    for number, column in enumerate(file_columns(contract), 1):
        letter = get_column_letter(number)
        cell = sheet.cell(1, number, _header(column))
        cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="top")
        sheet.column_dimensions[letter].width = max(14, min(40, len(cell.value) + 4))
        sheet.column_dimensions[letter].number_format = _FORMATS[column.physical_type]
        needed, kind = "x" if column.required else "", _KINDS[column.physical_type]
        guide.append([column.label_vi, column.name, needed, kind, column.description_vi])
        if column.code_list:
            first = lists.max_row + 1 if lists.max_row > 1 else 1
            codes = load_code_list(column.code_list).codes
            lists.append([f"{column.label_vi}: mã", "Tên", "Ý nghĩa"])
            for code in codes:
                lists.append([code.code, code.label_vi, _words(code.attributes)])
            choices = DataValidation(
                type="list", formula1=f"'{lists.title}'!$A${first + 1}:$A${first + len(codes)}", allow_blank=True
            )
            choices.add(f"{letter}2:{letter}{ROWS_PREPARED + 1}")
            sheet.add_data_validation(choices)
    sheet.freeze_panes = "A2"
    for page, widths in ((guide, (28, 26, 10, 30, 90)), (lists, (34, 60, 70))):
        for number, width in enumerate(widths, 1):
            page.column_dimensions[get_column_letter(number)].width = width
    replace_file(path, book.save)


def _words(attributes: Mapping[str, Any]) -> str:
    kinds = {"flow": "cộng theo kỳ", "stock": "số tại thời điểm", "flag": "1 có, 0 không"}
    totals = {"part": "cột tổng số: số mà giá trị là một phần", "plan": "cột tổng số: kế hoạch", "none": ""}
    words = [
        kinds.get(str(attributes.get("kind")), ""),
        str(attributes.get("unit", "")),
        totals.get(str(attributes.get("total")), ""),
        str(attributes.get("basis_vi", "")),
    ]
    return "; ".join(word for word in words if word)
