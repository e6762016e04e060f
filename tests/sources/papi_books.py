"""Workbooks of invented PAPI scores in the two layouts of the publisher, as rows of cells and as files.

Belongs here: laying out. Not here: any claim about what is read.
"""

from __future__ import annotations

import io
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from cchc_pipeline.reference.papi_instrument import PROVINCES, instrument
from cchc_pipeline.reference.units_national import old_provinces

Scores = dict[tuple[str, str], float | None]
Row = tuple[int, tuple[Any, ...]]
_NAMES = [province.name_vi for province in sorted(old_provinces(), key=lambda one: one.gso_code)]
#: Names as tables write them: without kind, with spaces, without marks, by other spellings.
VARIANTS = {
    "P01": "Hà Nội ", "P04": "Bắc Cạn", "P11": "Hoà Bình", "P31": "Thừa Thiên - Huế", "P42": "Đăk Lăk", "P40": "KonTum",
    "P43": "DAK NONG", "P49": "BR-VT", "P50": "TP.HCM", "P59": "Tp. Cần Thơ",
}  # fmt: skip


def invented(year: int, seed: int = 1, gaps: Iterable[str] = ()) -> Scores:
    """Scores within the scale of the year, all different; None in provinces with a gap."""
    draw = random.Random(f"{year}-{seed}")
    keys = [(province, slot) for province in PROVINCES for slot in instrument(year).slots]
    drawn = {key: round(draw.uniform(*instrument(year).bounds(key[1])), 7) for key in keys}
    return {key: None if key[0] in gaps else score for key, score in drawn.items()}


def name(province: str) -> str:
    plain = _NAMES[PROVINCES.index(province)].removeprefix("Tỉnh ").removeprefix("Thành phố ")
    return VARIANTS.get(province, plain)


def dimension(scores: Scores, year: int, province: str, code: str) -> float | None:
    parts = [scores[province, slot] for slot in instrument(year).dimensions[code]]
    return None if None in parts else sum(part for part in parts if part is not None)


def by_rows(scores: Scores, year: int) -> list[Row]:
    """Until 2017: a row per province under one header row, a mean and a note below."""
    wanted = instrument(year)
    header: list[Any] = ["Tỉnh/Thành phố"]
    for code, slots in wanted.dimensions.items():
        header += [f"{code[1]}: Nội dung", *(f"{slot[2]}.{slot[3]}: Thành phần" for slot in slots)]
    body: list[list[Any]] = []
    for province in PROVINCES:
        cells: list[Any] = [name(province)]
        for code, slots in wanted.dimensions.items():
            cells += [dimension(scores, year, province, code), *(scores[province, slot] for slot in slots)]
        body.append(cells)
    mean = ["Trung bình cả nước", *[1.5] * (len(header) - 1)]
    return _numbered([header, *body, mean, ["Ghi chú: số liệu minh họa"]])


def by_columns(scores: Scores, year: int, *, weighted: bool = False, new_map: bool = False) -> list[Row]:
    """Since 2018: a row per indicator, labels in two languages and the scale, a column per province."""
    wanted = instrument(year)
    names = ["Chỉ tiêu", "Indicator", "Thang điểm/Scale", *map(name, PROVINCES), "Cao nhất/Highest"]
    rows: list[list[Any]] = [[f"PAPI {year}: số liệu minh họa"]]
    if new_map:
        rows.append(["Tỉnh mới", None, None, *(province.successor_name_vi for province in old_provinces()), None])
    rows.append(names)
    totals = [_sum(dimension(scores, year, province, code) for code in wanted.dimensions) for province in PROVINCES]
    rows.append(["PAPI tổng hợp (không có trọng số)", "Unweighted PAPI score", "10-80", *totals, 50.0])
    rows.append(["Cận dưới (khoảng tin cậy 95%)", "Unweighted PAPI: 95% CI low", None, *[40.0] * 63, None])
    rows.append(["PAPI không trọng số: sai số chuẩn", "Unweighted PAPI: standard error", None, *[0.5] * 63, None])
    if weighted:
        rows.append(["PAPI tổng hợp (có trọng số)", "Weighted PAPI score", "10-80", *[41.5] * 63, None])
    for code, slots in wanted.dimensions.items():
        whole = [dimension(scores, year, province, code) for province in PROVINCES]
        rows.append([f"Chỉ số nội dung {code[1]}: Nội dung", f"Dimension {code[1]}: Name", "1-10", *whole, 9.0])
        for slot in slots:
            number = f"{slot[2]}.{slot[3]}"
            label = [f"Nội dung thành phần {number}: Tên", f"Sub-dimension {number}: Name", "0.25-2.5"]
            rows.append([*label, *(scores[province, slot] for province in PROVINCES), 2.5])
            rows.append([f"Tỷ lệ người dân trả lời (câu {number}a)", f"d{number}a share", "0-100%", *[55.5] * 63, 99.0])
    return _numbered([*rows, ["* Nguồn: minh họa"]])


def file(sheets: dict[str, list[Row]]) -> bytes:
    """The sheets as the bytes of a workbook."""
    book = Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for number, cells in rows:
            for place, cell in enumerate(cells, 1):
                if cell is not None:
                    sheet.cell(number, place, cell)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def write(path: Path, sheets: dict[str, list[Row]]) -> Path:
    path.write_bytes(file(sheets))
    return path


def _sum(parts: Iterable[float | None]) -> float | None:
    held = list(parts)
    return None if None in held else sum(part for part in held if part is not None)


def _numbered(rows: list[list[Any]]) -> list[Row]:
    return [(number, tuple(cells)) for number, cells in enumerate(rows, 1)]
