from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from published_files import published

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.contracts.conform import conform
from cchc_pipeline.days import Window
from cchc_pipeline.progress import silent
from cchc_pipeline.sources.errors import FileUnusable
from cchc_pipeline.sources.papi.source import PapiDropSource, add_printed_totals
from cchc_pipeline.sources.protocol import KnownState, Row
from cchc_pipeline.validation.verdict import judge

DAY = date(2026, 3, 10)
TABLE = "Province,SC11,SC24\nP01,1.26411,\nP63,0.937742,1.5\n"


def _pull(folder: Path) -> list[Row]:
    batch, totals = PapiDropSource(folder).pull(Window(date(2026, 3, 1), DAY), KnownState(), silent)
    assert (batch.day, totals.day, totals.rows) == (DAY, DAY, [])
    return batch.rows


def test_no_folder_and_no_file_are_no_rows(tmp_path: Path) -> None:
    assert _pull(tmp_path / "absent") == []
    (tmp_path / "README.txt").write_text("put YYYY.csv here")
    assert _pull(tmp_path) == []


@pytest.mark.parametrize(
    "content",
    [
        TABLE.encode(),
        TABLE.encode("utf-8-sig"),
        TABLE.encode("utf-16"),
        TABLE.replace(",", ";").replace(".", ",").encode(),
        TABLE.replace("\n", "\r\n").encode(),
        TABLE.replace("\n", "\r").encode(),
    ],
)
def test_a_year_is_read(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "2011.csv").write_bytes(content)
    assert _pull(tmp_path) == [
        {"year": 2011, "province_code": "P01", "slot": "SC11", "score": 1.26411},
        {"year": 2011, "province_code": "P01", "slot": "SC24", "score": None},
        {"year": 2011, "province_code": "P63", "slot": "SC11", "score": 0.937742},
        {"year": 2011, "province_code": "P63", "slot": "SC24", "score": 1.5},
    ]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("2020.csv", b"PK\x03\x04rest", "no whole Excel workbook"),
        ("2020.xls", b"\xd0\xcf\x11\xe0\xa1\xb1", "old Excel"),
        ("2020.csv", b"  <html><table>", "web page"),
        ("2020.csv", b"\xff\xfeP\x00", "none of the first 1 rows names its columns"),
        ("2020.csv", "Province,SC11\nP01,\u0110".encode("cp1258", "replace") + b"\xff", "neither UTF-8 nor UTF-16"),
        ("papi 2020.csv", TABLE.encode(), "not YYYY.csv"),
        ("2020.csv", b"Tinh,Diem\n1,2\n", "write above the rows Province, SC11 to SC83"),
        ("2020.csv", b"Province,SC11,SC12\nP01,1", "row 2 has 2 cells, the header has 3"),
        ("2020.csv", b"Province,SC11\nP01,12.5\n", "12.5 is no score between 0 and 10"),
    ],
)
def test_a_wrong_file_names_itself_and_the_fix(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FileUnusable, match=words) as caught:
        _pull(tmp_path)
    assert caught.value.culprit == name
    assert caught.value.day == DAY
    assert "Fix: " in str(caught.value)


def given(folder: Path, text: str, name: str = "2016.csv") -> list[Row]:
    (folder / "standard_errors").mkdir(exist_ok=True)
    (folder / "standard_errors" / name).write_text(text, encoding="utf-8")
    _, totals = PapiDropSource(folder).pull(Window(DAY, DAY), KnownState(), silent)
    return totals.rows


def row(province: str | None, error: float | None, unread: str | None = None, weighted: float | None = None) -> Row:
    return {
        "year": 2016, "province_code": province, "weighted_total": weighted, "standard_error": error,
        "parse_errors": unread,
    }  # fmt: skip


@pytest.mark.parametrize("text", ["Province,SE\nP01,0.61\nP02,0\nP03,\n\n", "province;se;note\np01;0,61;x\nP02;NA;y\n"])
def test_standard_errors_are_rows_about_totals(tmp_path: Path, text: str) -> None:
    rows = given(tmp_path, text)
    assert rows[:2] == [row("P01", 0.61), row("P02", None)]
    assert all(one["standard_error"] is None for one in rows[1:])


def test_wrong_lines_of_standard_errors_are_rows_that_the_contract_rejects(tmp_path: Path) -> None:
    rows = given(tmp_path, "Province,SE\nP01,0.6x\nP99,0.5\n,0.5\nP02,-1\nP03,0.4\nP03,0.5\nP04,nan\nP05,0.7\n")
    unread = "standard_errors/2016.csv, dòng {}: cột SE không phải là số."
    assert rows == [
        row("P01", None, unread.format(2)),
        row("P99", 0.5),
        row(None, 0.5),
        row("P02", -1.0),
        row("P03", 0.4),
        row("P03", 0.5),
        row("P04", None, unread.format(8)),
        row("P05", 0.7),
    ]
    contract = load_contract("papi__totals")
    shaped = conform(pa.Table.from_pylist(rows, schema=contract.arrow_schema(relaxed=True)), contract)
    verdict = judge(shaped, contract, DAY)
    assert verdict.valid.select(["province_code", "standard_error"]).to_pylist() == [
        {"province_code": "P03", "standard_error": 0.5},
        {"province_code": "P05", "standard_error": 0.7},
    ]
    assert verdict.quarantined.num_rows == 6


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("2016.csv", "Tinh,SE\nP01,0.6", "names no columns Province and SE"),
        ("2016.csv", "Province,Error\nP01,0.6", "names no columns Province and SE"),
        ("2016.csv", "Tinh,Error\nP01,0.6", "write above the rows Province, SE"),
        ("errors.csv", "Province,SE\nP01,0.6", "not YYYY.csv"),
        ("2016.xlsx", "PK\x03\x04", "Excel workbook"),
    ],
)
def test_a_wrong_file_of_standard_errors_is_named(tmp_path: Path, name: str, text: str, words: str) -> None:
    with pytest.raises(FileUnusable, match=words) as caught:
        given(tmp_path, text, name)
    assert caught.value.culprit == f"standard_errors/{name}"


def test_a_given_standard_error_goes_before_a_printed_one() -> None:
    printed = [
        {"year": 2016, "province_code": code, "weighted_total": total, "standard_error": 0.5}
        for code, total in (("P01", 41.5), ("P02", 40.5))
    ]
    given_rows = [
        {"year": 2016, "province_code": code, "standard_error": error, "parse_errors": None}
        for code, error in (("P01", None), ("P02", 0.7), ("P03", 0.7))
    ]
    assert sorted(add_printed_totals(given_rows, printed), key=lambda one: str(one["province_code"])) == [
        row("P01", 0.5, weighted=41.5),
        row("P02", 0.7, weighted=40.5),
        row("P03", 0.7),
    ]


@pytest.mark.acceptance
def test_the_published_tables_are_read_as_they_are() -> None:
    folder = published("acceptance/papi_wide")
    rows = _pull(folder)
    years = {int(path.stem) for path in folder.glob("*.csv")}
    assert {row["year"] for row in rows} == years >= {*range(2011, 2021), 2022}
    assert len({(row["year"], row["province_code"], row["slot"]) for row in rows}) == len(rows) == len(years) * 63 * 29
