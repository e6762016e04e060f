"""`cchc quarantine`: what a person sees and decides, on a lake with one record that waits."""

from __future__ import annotations

import csv
import io
import json
import os
from datetime import UTC, date, datetime, timedelta

import pytest
from click.testing import CliRunner
from contract_batches import AS_OF, CLEAN, batch, breaking_row
from sql_verdict import without_cross_check  # noqa: F401 - a fixture of this module

from cchc_pipeline.cli.main import main
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.lake import files
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.validation.quarantine import read_quarantine
from cchc_pipeline.validation.staging import pending_days, stage

NAME = "one_stop__dossiers"
DOSSIERS = load_contract(NAME)
DAY = date(2026, 6, 1)
KEY, OTHER, BELOW = CLEAN[NAME]["dossier_id"], "e" * 24, "d" * 24
ROWS = [
    breaking_row(DOSSIERS, f"{NAME}.DQ06"),
    CLEAN[NAME] | {"dossier_id": OTHER, "channel": None},
    CLEAN[NAME] | {"dossier_id": BELOW, "unit_code": "H34.12.3", "due_on": date(2026, 3, 1)},
]


@pytest.fixture
def lake(tmp_path):
    lake = Lake(tmp_path)
    lake.record_pull("one_stop", DAY, DAY, {"status": "ok", "rows": {}})
    path = lake.store.path(f"landing/{NAME}", DAY)
    files.write_parquet(batch(DOSSIERS, ROWS), path)
    at = datetime(2026, 6, 1, 18, tzinfo=UTC).timestamp()
    os.utime(path, (at, at))
    stage(lake, NAME, [DAY], AS_OF)
    return lake


@pytest.fixture
def run(lake):
    def invoke(*arguments, code=0):
        done = CliRunner(env={"COLUMNS": "200"}).invoke(main, ["quarantine", *arguments, "--data-dir", str(lake.root)])
        assert done.exit_code == code, done.output
        return done.output

    return invoke


def keys(text):
    return [row["row_key"] for row in csv.DictReader(io.StringIO(text))]


def test_list_filters(run):
    assert keys(run("list", "--format", "csv")) == [KEY, BELOW, OTHER]
    assert keys(run("list", "--format", "csv", "--rule", "DQ06")) == [KEY]
    assert keys(run("list", "--format", "csv", "--rule", f"{NAME}.channel_required")) == [OTHER]
    assert keys(run("list", "--format", "csv", "--unit", "H34.12.3")) == [BELOW]
    assert keys(run("list", "--format", "csv", "--unit", "H34.12")) == [KEY, BELOW, OTHER]
    assert keys(run("list", "--format", "csv", "--unit", "H34.1")) == []
    assert keys(run("list", "--format", "csv", "--since", str(DAY))) == [KEY, BELOW, OTHER]
    assert keys(run("list", "--format", "csv", "--since", str(DAY + timedelta(days=1)))) == []
    assert keys(run("list", "--format", "csv", "--table", "documents__statuses")) == []


def test_list_as_table_and_json(run):
    text = run("list", "--limit", "1")
    assert "Ngày kết thúc xử lý trước ngày tiếp nhận." in " ".join(text.split())
    assert "1 of 3 records" in text
    rows = json.loads(run("list", "--format", "json"))
    assert rows[0]["first_seen_on"] == str(DAY)
    assert run("list", "--table", "papi__subdimensions").strip().endswith("không có / none")


def test_what_is_unknown_is_named_with_what_is_known(run):
    assert "one_stop__dossiers" in run("list", "--table", "dossier", code=2)
    assert f"{NAME}.DQ06" in run("list", "--rule", "DQ99", code=2)
    assert "cchc quarantine list" in run("show", "nothing", code=1)
    assert "cchc quarantine releases" in run(
        "unrelease", KEY, "--table", NAME, "--reason", "x", "--by", "y", code=1
    )  # fmt: skip


@pytest.mark.usefixtures("zones_in_arrow")
def test_show_says_everything(run):
    text = run("show", KEY)
    rule = DOSSIERS.rule(f"{NAME}.DQ06")
    for part in (rule.id, rule.sentence_vi, rule.sentence_en, "Ngày tiếp nhận (received_on): 2026-03-02", "H34.12"):
        assert part in text
    assert "→ Sửa «Ngày tiếp nhận», «Ngày kết thúc xử lý» trong hệ thống nguồn" in text
    assert "2026-06-01: nhận lúc 2026-06-02 01:00" in text
    assert "không thể chấp nhận" not in text
    assert "không thể chấp nhận / cannot be released" in run("show", OTHER)


@pytest.mark.usefixtures("zones_in_arrow")
def test_release_and_back(run, lake):
    decided = ("--table", NAME, "--reason", "Đã đối chiếu sổ, ông Nguyễn Văn Mẫu xác nhận", "--by", "Trần Thị Mẫu")
    assert f"`cchc run --day {DAY}`" in run("release", KEY, *decided)
    stage(lake, NAME, pending_days(lake, NAME), AS_OF)
    assert sorted(read_quarantine(lake, NAME)["row_key"].to_pylist()) == sorted([BELOW, OTHER])
    (row,) = json.loads(run("releases", "--format", "json"))
    assert timedelta() <= datetime.now(UTC) - datetime.fromisoformat(row["released_at"]) < timedelta(minutes=5)
    assert (row["row_key"], row["released_by"], row["is_active"]) == (KEY, "Trần Thị Mẫu", True)
    assert row["release_reason"] == "Đã đối chiếu sổ, ông [tên] xác nhận"
    assert "Trần Thị Mẫu" in run("releases")
    assert "released one is in" in run("show", KEY, code=1)
    run("unrelease", KEY, "--table", NAME, "--reason", "nhầm hồ sơ", "--by", "Lê Văn Mẫu")
    stage(lake, NAME, pending_days(lake, NAME), AS_OF)
    assert sorted(read_quarantine(lake, NAME)["row_key"].to_pylist()) == sorted([KEY, BELOW, OTHER])
    text = run("show", KEY)
    assert "Trần Thị Mẫu chấp nhận" in text
    assert "Lê Văn Mẫu hủy: nhầm hồ sơ" in text


def test_what_cannot_be_released_is_refused_with_reason_and_fix(run, lake):
    text = run("release", OTHER, "--table", NAME, "--reason", "x", "--by", "y", code=1)
    assert "«Channel» is missing." in text
    assert "Fix: correct the record in the source system" in text
    assert "--reason" in run("release", KEY, "--table", NAME, "--reason", " ", "--by", "y", code=2)
    assert "--by" in run("release", KEY, "--table", NAME, "--reason", "x", "--by", "", code=2)
    assert pending_days(lake, NAME) == []


def test_a_rule_can_be_accepted_for_itself(run):
    text = run("release", BELOW, "--table", NAME, "--reason", "x", "--by", "y", "--rule", "DQ08")
    assert "cchc run --day" in text
    assert "does not break" in run(
        "release", BELOW, "--table", NAME, "--reason", "x", "--by", "y", "--rule", "DQ06", code=1
    )  # fmt: skip
