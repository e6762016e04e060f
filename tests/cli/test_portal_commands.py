"""The `cchc portal` commands: what to save by hand, and a single procedure."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
from command_line import cchc, output

from cchc_pipeline.days import LOCAL_ZONE
from cchc_pipeline.sandbox.servers.national_portal import formality_id
from cchc_pipeline.sandbox.servers.server import SandboxServer
from cchc_pipeline.sources.national_portal.requests import read_request


def test_what_has_to_be_saved_is_printed_as_a_file_of_requests(tmp_path: Path) -> None:
    shown = json.loads(output("portal", "requests", "--data-dir", tmp_path, "--day", "2026-11-30", "--root", "r1"))
    assert len(shown) == 29
    (listed,) = [entry["body"] for entry in shown.values() if "rootDepartmentId" not in entry["body"]]
    assert listed["timeType"] == "year"
    for name, entry in shown.items():
        report = entry["url"].rpartition("/")[2]
        assert name.startswith(f"{report}-{read_request(report, entry['body']).period}")


def test_without_the_provinces_identifier_the_list_comes_first(tmp_path: Path) -> None:
    done = cchc("portal", "requests", "--data-dir", tmp_path, "--day", "2026-11-30")
    assert done.exit_code == 0
    assert list(json.loads(done.stdout)) == ["service-results-2026-provinces.json"]
    assert "--root" in done.stderr


def test_a_single_procedure_of_the_built_in_portal(monkeypatch: pytest.MonkeyPatch) -> None:
    with SandboxServer(size=0.02, as_of=datetime(2026, 10, 9, 23, 30, tzinfo=LOCAL_ZONE)) as sandbox:
        monkeypatch.setenv("CCHC_NATIONAL_PORTAL_URL", f"{sandbox.base_url}/national-portal")
        monkeypatch.setenv("CCHC_PROVINCE_CODE", sandbox.province.scenario.province_code)
        code = next(p.code for p in sandbox.province.procedures if p.is_in_force and not p.is_internal)
        for report in ("transparency", "dvc-progress-tree"):
            asked = ("portal", "procedure", code, "--report", report, "--period", "2026-09", "--format", "json")
            rows = json.loads(output(*asked))
            assert len({row["unit_code"] for row in rows}) == 51
            assert {row["report"] for row in rows} == {report}
        assert json.loads(output("portal", "procedure", formality_id(code), *asked[3:])) == rows
        assert "no procedure 9.999999" in output("portal", "procedure", "9.999999", *asked[3:], code=1)


def test_a_procedure_needs_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CCHC_NATIONAL_PORTAL_URL", raising=False)
    assert "CCHC_NATIONAL_PORTAL_URL" in output("portal", "procedure", "2.000815", "--period", "2026-09", code=2)
