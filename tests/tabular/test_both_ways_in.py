"""The drop folder and `cchc validate` read a register's file and its cells by the same rules."""

from __future__ import annotations

import csv
import math
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.sources.registers.source import read_register
from cchc_pipeline.validation.check_file import check_file

DAY = date(2026, 11, 1)
GOOD: dict[str, dict[str, Any]] = {
    "observations": {
        "measure_code": "guidance", "unit_code": "H34", "period_start": "2026-09-01", "observed_on": "2026-09-30",
        "value": "1", "system": "one_stop", "is_withdrawn": "",
    },
    "plan_tasks": {
        "plan_year": "2026", "activity_code": "1.1", "field_code": "1", "task_code": "1", "unit_code": "H34",
        "due_on": "2026-03-01",
    },
}  # fmt: skip
#: Column -> cells that people write there, and the value; None where it cannot be read.
CELLS: dict[tuple[str, str], dict[Any, Any]] = {
    ("observations", "value"): {
        "1 234": 1234.0, "1\u00a0234\u202f567": 1_234_567.0, "1 234,5": 1234.5, "1.234,5": 1234.5, "1,234.5": 1234.5,
        "12,5": 12.5, "12.5": 12.5, "1e3": 1000.0, "1,5E+03": 1500.0, "-3": -3.0, "+3": 3.0, "1.234.567": 1_234_567.0,
        "0.125": 0.125, "1.234": None, "1,234": None, "-": None, "12%": None, "1 23": None, "nan": None, "1e999": None,
        "10^20": None, "１２": None,
    },
    ("observations", "observed_on"): {
        **dict.fromkeys(("2025/12/31", "2025.12.31", "31/12/2025", "31-12-2025", "31.12.2025 00:00",
                         "2025-12-31T00:00:00", "08:30 31/12/2025"), date(2025, 12, 31)),
        "31/02/2025": None, "1/2-2025": None, "12/2025": None, "1/2/25": None, "46022": None,
    },
    ("observations", "is_withdrawn"): {
        **dict.fromkeys(("x", "X", "có", "co", "Đúng", "yes", "1", "TRUE"), True),
        **dict.fromkeys(("không", "khong", "0", "sai", "no"), False), "có thể": None, "1.0": None,
    },
    ("plan_tasks", "plan_year"): {"2026": 2026, "2.026": 2026, "2 026": 2026, "2026,0": 2026, "2026.5": None,
                                  "2e3": None, "100000000000000000000": None},
    ("observations", "unit_code"): {"000.00.12.H34": "H34.12", "H34.12 ": "H34.12"},
    ("observations", "measure_code"): {"GUIDANCE": "guidance", "Số lượt hướng dẫn,  hỗ trợ": "số lượt"},
    ("plan_tasks", "task_code"): {"a\x02b": None},
}  # fmt: skip
#: The same of cells that a workbook holds with a type of their own.
TYPED: dict[tuple[str, str], list[tuple[Any, Any]]] = {
    ("observations", "value"): [(12, 12.0), (0.5, 0.5), (True, None), ("=1/0", None)],
    ("observations", "observed_on"): [
        (date(2025, 12, 31), date(2025, 12, 31)),
        (datetime(2025, 12, 31, 8, 30), date(2025, 12, 31)),  # noqa: DTZ001 - as a workbook keeps it
        (46022, None),
        (time(8), None),
    ],
    ("observations", "is_withdrawn"): [(True, True), (0, False), (1.0, True), (2, None)],
    ("plan_tasks", "plan_year"): [(2026.0, 2026), (2026.5, None), (1e30, None)],
    ("plan_tasks", "task_code"): [(12.0, "12"), (1.1, None), (date(2026, 1, 2), None)],
}


def read_both_ways(path: Path, register: str, column: str) -> tuple[Any, str | None, list[str]]:
    """The value that a pull reads in the only row, its reasons, and what `cchc validate` cannot read."""
    (row,) = read_register(path, register, DAY)
    report = check_file(path, load_contract(f"registers__{register}"), DAY)
    assert not report.shape
    unread = [problem.sentence_vi for problem in report.problems if problem.rule_id.endswith("_unreadable")]
    return row[column], row["parse_errors"], unread


def write_csv(path: Path, register: str, column: str, cell: str) -> Path:
    row = GOOD[register] | {column: cell}
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, delimiter=";").writerows([row, row.values()])
    return path


def assert_agreement(path: Path, register: str, column: str) -> Any:
    value, reasons, sentences = read_both_ways(path, register, column)
    assert (reasons is None) == (not sentences)
    if reasons is not None:
        assert value is None
        (sentence,) = sentences
        label = load_contract(f"registers__{register}").column(column).label_vi
        assert f"«{label}»" in sentence
        assert f"cột «{label}»: " in reasons
        # The reason itself is the same words.
        reason = reasons.partition(f"cột «{label}»: ")[2].rpartition(" '")[0]
        assert reason in sentence
    return value, reasons is None


@pytest.mark.parametrize(
    ("register", "column", "cell", "expected"),
    [(*place, cell, value) for place, cells in CELLS.items() for cell, value in cells.items() if value != "số lượt"],
)
def test_a_written_cell_is_read_or_refused_the_same_way(
    register: str, column: str, cell: str, expected: Any, tmp_path: Path
) -> None:
    path = write_csv(tmp_path / f"{register}.csv", register, column, cell)
    assert assert_agreement(path, register, column) == (expected, expected is not None)


@pytest.mark.parametrize(
    ("register", "column", "cell", "expected"),
    [(*place, cell, value) for place, cells in TYPED.items() for cell, value in cells],
)
def test_a_cell_of_a_workbook_is_read_or_refused_the_same_way(
    register: str, column: str, cell: Any, expected: Any, tmp_path: Path
) -> None:
    row = GOOD[register] | {column: cell}
    book = Workbook()
    book.active.append(list(row))
    book.active.append([value or None if isinstance(value, str) else value for value in row.values()])
    path = tmp_path / f"{register}.xlsx"
    book.save(path)
    assert assert_agreement(path, register, column) == (expected, expected is not None)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    place=st.sampled_from(list(CELLS)),
    text=st.one_of(
        st.text("0123456789.,-+/ eE:Txcóthkôg", max_size=12),
        st.floats().map(str),
        st.dates().map(str),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    ),
)
def test_any_text_is_read_or_refused_the_same_way(place: tuple[str, str], text: str, tmp_path: Path) -> None:
    register, column = place
    if not text.strip() or "\0" in text or (column == next(iter(GOOD[register])) and text.lstrip().startswith("#")):
        return
    path = write_csv(tmp_path / f"{register}.csv", register, column, text)
    value, is_read = assert_agreement(path, register, column)
    assert not isinstance(value, float) or math.isfinite(value)
    assert is_read or value is None


@pytest.mark.parametrize("kind", ["csv", "utf-16", "html", "xlsx", "a workbook called csv", "titles and remarks"])
def test_a_file_is_taken_by_its_content_both_ways(kind: str, tmp_path: Path) -> None:
    rows = [list(GOOD["observations"]), list(GOOD["observations"].values())]
    path = tmp_path / ("observations.xlsx" if kind == "xlsx" else "observations.csv")
    text = "".join(";".join(row) + "\n" for row in rows)
    if kind == "html":
        cells = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
        path.write_text(f"<html><table><tr><td><table>{cells}</table></td></tr></table></html>", encoding="utf-8")
    elif "workbook" in kind or kind == "xlsx":
        book = Workbook()
        for row in rows:
            book.active.append([cell or None for cell in row])
        book.save(path)
    elif kind == "titles and remarks":
        path.write_text("# Sổ, của đơn vị\nSỔ THEO DÕI;;;;;;\n\n" + text, encoding="utf-8")
    else:
        path.write_text(text, encoding="utf-16" if kind == "utf-16" else "utf-8")
    value, reasons, sentences = read_both_ways(path, "observations", "value")
    assert (value, reasons, sentences) == (1.0, None, [])


def test_what_the_drop_folder_fills_in_is_not_missed(tmp_path: Path) -> None:
    """A stock of a day has no period, and nobody writes the file and the row into a register."""
    path = tmp_path / "observations.csv"
    path.write_text("measure_code,unit_code,observed_on,value\nzalo_followers,H34,2026-09-30,7\n", encoding="utf-8")
    (row,) = read_register(path, "observations", DAY)
    report = check_file(path, load_contract("registers__observations"), DAY)
    assert (row["period_start"], row["source_row"]) == (date(2026, 9, 30), "observations.csv, dòng 2")
    assert (report.shape, report.rows, report.rejected) == ([], 1, 0), report.problems
