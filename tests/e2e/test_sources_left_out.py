"""Nights on which a source is absent from the settings, refused, or read from what a person saved.

Each is published: what is there stands, what is not is missing with its reason, and never zero. Only days of the
one-stop or the document system that were not read make the run red.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
import requests
from desk import Desk, Desks, Night
from docx_text import read

from cchc_pipeline.days import Window
from cchc_pipeline.sources.national_portal.requests import night_requests

pytestmark = pytest.mark.e2e

FIRST, SECOND, THIRD, FOURTH = (date(2026, 9, day) for day in (1, 2, 3, 4))
#: Indicators that count what only the document system knows.
OF_DOCUMENTS = {"documents_sent_count", "publication_decisions_count", "apology_rate"}


def states(night: Night) -> dict[str, dict[str, Any]]:
    return {row["source"]: row for row in night.published.rows("source_states")}


def page(night: Night, name: str = "index.html") -> str:
    return (night.published.folder / "site" / name).read_text(encoding="utf-8")


def indicators_of(night: Night, month: date) -> set[str]:
    rows = night.published.rows("indicator_values")
    return {row["indicator_id"] for row in rows if row["period_type"] == "month" and row["period_start"] == month}


def portal_days(night: Night) -> dict[str, set[str]]:
    """Report -> the days that the portal's figures of the month are of, as the evidence of the criteria says."""
    found: dict[str, set[str]] = {}
    for row in night.published.rows("scorecard_index766"):
        if row["source"] == "portal" and row["evidence"] and row["period_start"] == FIRST and row["unit_code"] == "H99":
            report, _, rest = row["evidence"].removeprefix("national_portal:").partition("; ")
            found.setdefault(report, set()).add(rest.partition("ngày ")[2])
    return found


def portal_total(night: Night, day: date, unit: str = "H99") -> dict[str, Any]:
    """The total of the month by the portal's figures, in `score_days`."""
    (row,) = (
        row for row in night.published.rows("score_days")
        if (row["night_on"], row["source"], row["unit_code"], row["criterion_code"]) == (day, "portal", unit, "TOTAL")
        and row["period_start"] == FIRST
    )  # fmt: skip
    return row


def failed(night: Night) -> set[str]:
    """The checks that did not pass, but for those about single rows and scores of the built-in province."""
    names = {check.split(": ", 2)[0] + ": " + check.split(": ", 2)[1] for check in night.outcome.failed_checks}
    return {name.partition(",")[0] for name in names if name.startswith(("raw_", "published"))}


def finding(desk: Desk, night: Night, table: str) -> str:
    return str(desk.checks(night.outcome.run_id)[f"raw_{table}", "source_read"].metadata["finding"].value)


def save_replies(desk: Desk, day: date) -> None:
    """Save the portal's replies of a night as a person would."""
    folder = desk.lake.root / "drop" / "portal" / f"{day}"
    folder.mkdir(parents=True)
    base, index, root = f"{desk.sandbox.base_url}/national-portal", {}, None
    for _ in range(2):  # the list of provinces first: it knows the province's identifier
        for asked in night_requests(Window(day, day), root):
            name = f"{asked.report}-{asked.period}-{bool(asked.root_id)}.json"
            reply = requests.post(base + asked.path, json=asked.body(), timeout=20)
            (folder / name).write_bytes(reply.content)
            index[name] = {"url": base + asked.path, "body": asked.body()}
            for unit in reply.json()["data"].get("evaluation", []):
                root = unit["departmentId"] if unit.get("departmentCode") == "H99" else root
    (folder / "requests.json").write_text(json.dumps(index), encoding="utf-8")


@pytest.fixture(scope="module")
def desk(make_desk: Desks) -> Desk:
    return make_desk("left-out", size=0.1)


@pytest.fixture(scope="module")
def first_night(desk: Desk) -> Night:
    """Neither the portal nor the document system is in the settings, on the first night of a lake."""
    desk.set_clock_after(FIRST)
    return desk.run(FIRST, CCHC_NATIONAL_PORTAL_URL="", CCHC_DOCUMENTS_URL="")


@pytest.fixture(scope="module")
def saved_night(desk: Desk, first_night: Night) -> Night:
    """The portal has no address, and a person has saved its replies; documents are read from now on."""
    desk.set_clock_after(SECOND)
    save_replies(desk, SECOND)
    return desk.run(SECOND, CCHC_NATIONAL_PORTAL_URL="")


@pytest.fixture(scope="module")
def refused_night(desk: Desk, saved_night: Night) -> Night:
    """The portal refuses at the third call, and a file of PAPI cannot be read."""
    desk.set_clock_after(THIRD)
    broken = desk.drop_folder / "2023.csv"
    broken.write_bytes(b"PK\x03\x04")
    desk.sandbox.add_fault("/national-portal/.*/transparency", "403")
    night = desk.run(THIRD)
    desk.sandbox.faults.clear()
    broken.unlink()
    return night


@pytest.fixture(scope="module")
def without_dossiers(desk: Desk, refused_night: tuple[Night, int]) -> Night:
    """The one-stop system is down; the portal answers again."""
    desk.set_clock_after(FOURTH)
    desk.sandbox.add_fault("one-stop", "down")
    night = desk.run(FOURTH)
    desk.sandbox.faults.clear()
    return night


@pytest.fixture(scope="module")
def portal_alone(make_desk: Desks) -> Night:
    """A first night with the portal alone: no other address, and nothing in the drop folder."""
    desk = make_desk("portal-alone", size=0.1)
    desk.set_clock_after(FIRST)
    for path in (*desk.drop_folder.iterdir(), *desk.registers_folder.iterdir()):
        path.unlink()
    return desk.run(FIRST, CCHC_ONE_STOP_URL="", CCHC_DOCUMENTS_URL="")


# -- absent from the settings, on the first night ------------------------------------------------------------------


def test_a_source_that_is_absent_is_no_failure_and_says_so(desk: Desk, first_night: Night) -> None:
    assert first_night.outcome.success, first_night.outcome.failures
    assert failed(first_night) == set()
    found = states(first_night)
    assert {name: row["state"] for name, row in found.items()} == {
        "one_stop": "read", "documents": "absent", "national_portal": "absent", "papi": "read", "registers": "read",
    }  # fmt: skip
    for name in ("documents", "national_portal"):
        sentence = found[name]["sentence_vi"]
        assert "chưa khai báo nguồn" in sentence
        assert "; chưa có số liệu nào" in sentence
        assert sentence in page(first_night)
        assert sentence in page(first_night, "units/H99.html")
        assert sentence in (first_night.published.folder / "quality" / "index.html").read_text(encoding="utf-8")
    assert found["documents"]["sentence_vi"] in finding(desk, first_night, "documents__documents")


def test_what_needs_an_absent_source_is_missing_and_never_zero(first_night: Night) -> None:
    held = indicators_of(first_night, FIRST)
    assert "received_total" in held
    assert not OF_DOCUMENTS & held
    card = first_night.published.rows("scorecard_index766")
    assert {row["source"] for row in card} == {"local"}
    (row,) = (
        one for one in card
        if (one["unit_code"], one["period_type"], one["criterion_code"]) == ("H99", "month", "PUBLISH_ON_TIME")
    )  # fmt: skip
    assert (row["status"], row["points"]) == ("missing", None)
    assert row["reason_vi"].startswith("Hệ thống quản lý văn bản: chưa khai báo nguồn")


# -- saved by a person ---------------------------------------------------------------------------------------------


def test_saved_replies_need_no_address_and_are_called_so(saved_night: Night) -> None:
    assert saved_night.outcome.success, saved_night.outcome.failures
    assert failed(saved_night) == set()
    row = states(saved_night)["national_portal"]
    assert (row["state"], row["figures_on"]) == ("saved", SECOND)
    assert row["sentence_vi"].endswith("số liệu do cán bộ lưu từ trang của nguồn ngày 02/09/2026.")
    assert row["sentence_vi"] in page(saved_night)
    assert list(portal_days(saved_night).values()) == [{"02/09/2026"}] * 6


def test_a_source_that_is_there_for_the_first_time_counts_from_then_on(saved_night: Night) -> None:
    assert indicators_of(saved_night, FIRST) >= {"documents_sent_count", "publication_decisions_count"}


# -- refused -------------------------------------------------------------------------------------------------------


def test_a_refused_portal_never_stops_the_night(desk: Desk, refused_night: Night) -> None:
    assert refused_night.outcome.success, refused_night.outcome.failures
    assert refused_night.published.as_of_on == THIRD
    assert refused_night.published.problems() == []
    assert "reconciliation: explained" not in str(refused_night.outcome.failed_checks)
    assert failed(refused_night) == {
        "raw_national_portal__metrics: source_read", "raw_papi__subdimensions: source_read",
    }  # fmt: skip
    row = states(refused_night)["national_portal"]
    assert (row["state"], row["figures_on"]) == ("failed", SECOND)
    assert row["sentence_vi"].endswith(
        "đêm lấy số liệu ngày 03/09/2026 từ chối truy cập (HTTP 403); phần đã đọc được vẫn công bố, phần còn lại đang "
        "dùng số liệu đọc ngày 02/09/2026, trong đêm lấy số liệu ngày 02/09/2026."
    )
    assert row["sentence_vi"] in page(refused_night)
    assert row["sentence_vi"] in finding(desk, refused_night, "national_portal__metrics")
    assert "cchc portal requests" in finding(desk, refused_night, "national_portal__metrics")
    assert len(desk.lake.pulls("national_portal")[THIRD]["rows"]) == 2  # what came before the refusal is kept


def test_figures_that_are_carried_over_say_their_day(refused_night: Night) -> None:
    days = portal_days(refused_night)
    assert days["transparency"] == {"02/09/2026"}
    assert len(days) == 6


def test_a_night_that_broke_off_tells_no_change_and_the_next_whole_one_all_of_it(
    refused_night: Night, without_dossiers: Night
) -> None:
    before, broken, whole = (
        portal_total(night, day) for night, day in ((refused_night, SECOND), (refused_night, THIRD),
                                                     (without_dossiers, THIRD))
    )  # fmt: skip
    assert (broken["is_older_figure"], broken["figures_on"], broken["change"]) == (True, SECOND, None)
    assert broken["change_reason_vi"].startswith(("Cổng chưa cung cấp đủ số liệu mới", "Cổng không cung cấp số liệu"))
    assert "giữ số liệu đọc ngày 02/09/2026" in broken["change_reason_vi"]
    shown = page(refused_night, "days.html")
    assert broken["change_reason_vi"] in shown and "số liệu cũ" in shown
    # the run of the day after read the portal again: it is the same night, since the one-stop system gave no later day
    assert (whole["is_older_figure"], whole["before_on"]) == (False, SECOND)
    assert whole["change"] == round(whole["points"] - before["points"], 4)


def test_part_of_a_day_is_no_measure_for_the_days_around_it(refused_night: Night, without_dossiers: Night) -> None:
    for night in (refused_night, without_dossiers):
        assert not [check for check in night.outcome.failed_checks if ": instrument" in check]


# -- days of the one-stop system -----------------------------------------------------------------------------------


def test_days_that_were_not_read_are_published_up_to_them_and_end_red(desk: Desk, without_dossiers: Night) -> None:
    assert not without_dossiers.outcome.success
    assert set(without_dossiers.outcome.failures) == {"days_complete"}
    message = without_dossiers.outcome.failures["days_complete"]
    assert "one_stop: no connection" in message
    assert f"until {THIRD}. Run again: `cchc run --day {FOURTH}`" in message
    assert without_dossiers.outcome.skipped == []
    assert failed(without_dossiers) == {"raw_one_stop__dossiers: source_read"}
    assert without_dossiers.published.as_of_on == THIRD
    row = states(without_dossiers)["one_stop"]
    assert (row["state"], row["read_on"]) == ("failed", THIRD)
    assert "đang dùng số liệu đến hết ngày 03/09/2026" in row["sentence_vi"]
    assert row["sentence_vi"] in page(without_dossiers)
    assert states(without_dossiers)["national_portal"]["state"] == "read"
    # what the portal showed after our last day is not compared with it
    assert "reconciliation: explained" not in str(without_dossiers.outcome.failed_checks)


# -- one source alone ----------------------------------------------------------------------------------------------


def test_the_portal_alone_is_enough_for_a_night(portal_alone: Night) -> None:
    assert portal_alone.outcome.success, portal_alone.outcome.failures
    assert {name: row["state"] for name, row in states(portal_alone).items()} == {
        "one_stop": "absent", "documents": "absent", "national_portal": "read", "papi": "absent", "registers": "absent",
    }  # fmt: skip
    rows = portal_alone.published.rows("scorecard_index766")
    assert {row["source"] for row in rows} == {"portal"}
    assert {row["unit_code"] for row in rows} == {row["unit_code"] for row in portal_alone.published.rows("units")}
    assert portal_alone.published.rows("reconciliation") == []  # there is nothing of ours to compare with
    # the only counts are of the units that the portal lists
    counted = {row["indicator_id"] for row in portal_alone.published.rows("indicator_values")}
    assert counted == {name for name in counted if name.startswith("portal_")}
    for text in (page(portal_alone), page(portal_alone, "units/H99.html"), page(portal_alone, "papi.html")):
        assert "Hệ thống thông tin một cửa: chưa khai báo nguồn" in text


def test_a_report_of_the_night_says_what_it_lacks(desk: Desk, without_dossiers: Night) -> None:
    file = desk.folder / "report.docx"
    desk.output("report", "cchc", "--month", "2026-09", "--out", str(file))
    (said,) = (one for one in read(file.read_bytes()).gaps if one.startswith("[Hệ thống thông tin một cửa"))
    assert "cần bổ sung – đêm lấy số liệu ngày 04/09/2026 không kết nối được; đang dùng" in said
    assert "đến hết ngày 03/09/2026" in said
