from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from published_files import published

from cchc_pipeline.sources.errors import FileUnusable
from cchc_pipeline.sources.papi_drop import PapiDropSource
from cchc_pipeline.sources.protocol import KnownState, Row, Window, silent

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
    "text", [TABLE, "\ufeff" + TABLE, TABLE.replace(",", ";").replace(".", ","), TABLE.replace("\n", "\r\n")]
)
def test_a_year_is_read(tmp_path: Path, text: str) -> None:
    (tmp_path / "2011.csv").write_bytes(text.encode())
    assert _pull(tmp_path) == [
        {"year": 2011, "province_code": "P01", "slot": "SC11", "score": 1.26411},
        {"year": 2011, "province_code": "P01", "slot": "SC24", "score": None},
        {"year": 2011, "province_code": "P63", "slot": "SC11", "score": 0.937742},
        {"year": 2011, "province_code": "P63", "slot": "SC24", "score": 1.5},
    ]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("2020.csv", b"PK\x03\x04rest", "Excel workbook"),
        ("2020.xls", b"\xd0\xcf\x11\xe0\xa1\xb1", "old Excel"),
        ("2020.csv", b"  <html><table>", "web page"),
        ("2020.csv", b"\xff\xfeP\x00", "UTF-16"),
        ("2020.csv", "Province,SC11\nP01,\u0110".encode("cp1258", "replace") + b"\xff", "not UTF-8"),
        ("papi 2020.csv", TABLE.encode(), "not YYYY.csv"),
        ("2020.csv", b"Tinh,Diem\n1,2\n", "no column Province"),
        ("2020.csv", b"Province,SC11\nHanoi,1\n", "line 2: no province code"),
        ("2020.csv", b"Province,SC11\nP01,x\n", "line 2: column SC11 holds no number"),
        ("2020.csv", b"Province,SC11\nP01,nan\n", "line 2: column SC11 holds no number"),
        ("2020.csv", b"Province,SC11\nP01,1\nP01,1\n", "P01 is in the file twice"),
    ],
)
def test_a_wrong_file_names_itself_and_the_fix(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FileUnusable, match=words) as caught:
        _pull(tmp_path)
    assert caught.value.culprit == name
    assert caught.value.day == DAY
    assert "Fix: save the table as a UTF-8 CSV named YYYY.csv" in str(caught.value)


@pytest.mark.acceptance
def test_the_published_tables_are_read_as_they_are() -> None:
    folder = published("acceptance/papi_wide")
    rows = _pull(folder)
    years = {int(path.stem) for path in folder.glob("*.csv")}
    assert {row["year"] for row in rows} == years >= {*range(2011, 2021), 2022}
    assert len({(row["year"], row["province_code"], row["slot"]) for row in rows}) == len(rows) == len(years) * 63 * 29
