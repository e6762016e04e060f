"""The report of late dossiers from a published lake: counts, formats, and what it refuses."""

from __future__ import annotations

import csv
import io
import json
import shutil

import pytest
from command_line import cchc
from docx_text import read
from small_lake import FIRST, LAST, copy_of, october, publish

from cchc_pipeline.reports.forms import CAUSES, late_report
from cchc_pipeline.reports.scope import ReportError, scope


def late(lake, first=None, last=None, unit=None):
    return late_report(scope(lake.published, first, last, unit))


def run(lake, *arguments):
    return cchc("report", "late", "--data-dir", lake.root, *arguments)


def test_counts_by_cause_and_unit(published_lake):
    found = late(published_lake)
    assert (found.scope.first, found.scope.last, found.scope.unit_name) == (FIRST, LAST, "UBND Tỉnh Mẫu")
    assert found.by_cause() == dict.fromkeys(CAUSES, (0, 0)) | {"unknown": (1, 0)}
    ((code, name, causes),) = found.by_unit()
    assert (code, name, causes["unknown"]) == ("H99.201", "UBND Xã Mẫu", (1, 0))
    (row,) = found.dossiers
    assert (row["due_on"], row["finished_on"], row["late_working_days"]) == (october(5), october(8), 3)
    assert [row["due_on"] for row in found.overdue] == [october(6)]


def test_a_period_is_by_day_of_resolution_and_a_unit_has_what_is_below_it(published_lake):
    assert len(late(published_lake, october(8), october(8)).dossiers) == 1
    assert late(published_lake, october(1), october(7)).dossiers == []
    assert late(published_lake, unit="H99.02").dossiers == []
    assert len(late(published_lake, unit="H99.201").dossiers) == 1
    with pytest.raises(ReportError, match=r"no unit H99\.77"):
        late(published_lake, unit="H99.77")
    with pytest.raises(ReportError, match="Exchange --from and --to"):
        late(published_lake, october(9), october(8))


def test_formats_of_the_command(published_lake):
    as_json = json.loads(run(published_lake, "--format", "json").stdout)
    assert as_json["causes"]["unknown"] == {"count": 1, "with_apology": 0}
    assert as_json["dossiers"][0]["finished_on"] == "2026-10-08"
    lines = list(csv.DictReader(io.StringIO(run(published_lake, "--format", "csv").stdout)))
    assert [line["resolution"] for line in lines] == ["resolved_late", "open_overdue"]
    assert list(lines[0])[:3] == ["dossier_id", "dossier_code", "unit_code"]
    text = run(published_lake).stdout
    assert "Trễ hạn chưa rõ nguyên nhân" in text
    assert "Không có thư xin lỗi." in text
    assert lines[0]["dossier_code"] in text
    assert lines[0]["dossier_code"] not in run(published_lake, "--limit", "0").stdout


def test_an_error_is_a_message_and_a_status(published_lake):
    refused = run(published_lake, "--to", "2027-01-01")
    assert refused.exit_code == 1
    assert "cchc run --from 2026-10-01 --to 2027-01-01" in refused.output


def test_letters_are_missing_and_not_none_where_the_document_system_was_not_read(published_lake, tmp_path):
    lake = copy_of(published_lake, tmp_path)
    shutil.rmtree(lake.root / "pulls/documents")
    lake.record_pull("documents", FIRST, LAST, {"status": "absent"})
    publish(lake, "1234567890")
    found = late(lake)
    assert found.letters_missing_vi.startswith("Hệ thống quản lý văn bản: chưa khai báo nguồn")
    assert found.by_cause()["unknown"] == (1, None)
    assert json.loads(run(lake, "--format", "json").stdout)["causes"]["unknown"]["with_apology"] is None
    text = run(lake).stdout
    assert "Không có thư xin lỗi" not in text and "Thư xin lỗi: thiếu số liệu." in text
    assert found.letters_missing_vi in text
    file = tmp_path / "late.docx"
    assert cchc("report", "cchc", "--data-dir", lake.root, "--month", "2026-10", "--out", file).exit_code == 0
    said = read(file.read_bytes())
    assert "không có thư xin lỗi" not in said.text and "0 hồ sơ có thư xin lỗi" not in said.text
    assert any(one.startswith("[số hồ sơ: cần bổ sung – Hệ thống quản lý văn bản") for one in said.gaps)
    assert any(one.startswith("[Thư xin lỗi: cần bổ sung – Hệ thống quản lý văn bản") for one in said.gaps)
