"""`cchc report cchc`: the file, what is said, what is refused."""

from __future__ import annotations

import pytest
from command_line import cchc
from docx_text import read

from cchc_pipeline.days import parse_period
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.lake.publish import PublishError
from cchc_pipeline.reports.cchc_report.report import make_report
from cchc_pipeline.reports.cchc_report.template import load_template, shipped_text


def run(lake: Lake, *words: str):
    return cchc("report", "cchc", "--data-dir", lake.root, *words)


def test_the_command_writes_a_file_and_says_what_is_left_to_do(published_lake, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run(published_lake, "--month", "2026-10")
    assert result.exit_code == 0, result.output
    (file,) = tmp_path.glob("*.docx")
    assert file.name == "bao-cao-cchc-H99-2026-10.docx"
    found = read(file.read_bytes())
    assert f"{len(found.gaps)} chỗ cần bổ sung" in result.stdout
    assert all(gap in result.stdout for gap in found.gaps)


def test_a_file_that_is_there_stays_until_force(published_lake, tmp_path):
    path = tmp_path / "bao-cao.docx"
    path.write_text("what a writer added", encoding="utf-8")
    refused = run(published_lake, "--month", "2026-10", "--out", str(path))
    assert refused.exit_code == 1
    assert "--force" in refused.stderr
    assert path.read_text(encoding="utf-8") == "what a writer added"
    assert run(published_lake, "--month", "2026-10", "--out", str(path), "--force").exit_code == 0
    assert read(path.read_bytes()).gaps


@pytest.mark.parametrize(
    "words, said",
    [
        ((), "one period is needed, and none was given"),
        (("--month", "2026-10", "--year", "2026"), "--month and --year"),
        (("--from", "2026-10-01"), "Give both days"),
        (("--quarter", "2026-3"), "like 2026-Q3 (quarter)"),
        (("--year", "2031"), "`cchc run --from 2026-10-01 --to 2031-12-31`"),
        (("--month", "2026-10", "--unit", "H99.77"), "no unit H99.77"),
        (("--month", "2026-10", "--template", "none.yaml"), "--show-template"),
    ],
)
def test_what_cannot_be_reported_says_why_and_what_to_do(published_lake, tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    result = run(published_lake, *words)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert said in result.stderr
    assert not list(tmp_path.iterdir())


def test_nothing_published_says_so(tmp_path):
    with pytest.raises(PublishError, match="nothing is published"):
        make_report(Lake(tmp_path), load_template(), parse_period("2026-10"))


def test_the_template_is_printed_as_it_is(tmp_path):
    assert cchc("report", "cchc", "--show-template").stdout == shipped_text()
