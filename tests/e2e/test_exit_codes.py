"""`cchc run` when it cannot: exit status 1 and a message that somebody can act on."""

from __future__ import annotations

from datetime import date

import pytest
from desk import Desk, Desks

pytestmark = pytest.mark.e2e

DAY = date(2026, 9, 7)


@pytest.fixture(scope="module")
def desk(make_desk: Desks) -> Desk:
    desk = make_desk("exit-codes", size=0.1, small=True)
    desk.set_clock_after(DAY)
    # Where no source gives anything, a run is short.
    (desk.drop_folder / "2023.csv").write_bytes(b"PK\x03\x04")
    return desk


def test_sources_that_are_down_end_with_1_and_say_so(desk: Desk) -> None:
    desk.sandbox.add_fault("one-stop|documents|national-portal", "down")
    said = desk.output("run", "--day", f"{DAY}", code=1)
    desk.sandbox.faults.clear()
    checks = said[said.index("check did not pass") : said.index("failed days_complete")]
    for source in ("one_stop", "documents", "national_portal"):
        assert f"{source}: no connection" in checks
    assert "papi: it is no whole Excel workbook" in checks
    assert said.count("Fix: ") == 6  # each in its check, and of the two that have days at the end
    # registers could be read: they are published, and nothing else is taken for read
    assert desk.current() is not None
    assert desk.current().rows("dossiers") == []
    assert desk.current().rows("scorecard_index766") == []
    assert f"cchc run --day {DAY}" in said
    assert "Traceback" not in said


def test_a_wrong_setting_ends_with_1_and_is_named(desk: Desk) -> None:
    said = desk.output("run", "--day", f"{DAY}", code=1, CCHC_OVERLAP_DAYS="a week")
    for part in ("overlap_days", "'a week'", "CCHC_OVERLAP_DAYS"):
        assert part in said
    assert "Traceback" not in said


def test_a_run_without_any_source_is_refused_and_no_province_is_invented(make_desk: Desks) -> None:
    desk = make_desk("no-source", size=0.1)
    for path in (*desk.drop_folder.iterdir(), *desk.registers_folder.iterdir()):
        path.unlink()
    nothing = dict.fromkeys(("CCHC_ONE_STOP_URL", "CCHC_DOCUMENTS_URL", "CCHC_NATIONAL_PORTAL_URL"), "")
    night = desk.run(DAY, **nothing)
    assert night.release is None
    assert set(night.outcome.failures) >= {"pull_one_stop", "pull_registers"}
    for message in night.outcome.failures.values():
        if "settings:" in message:
            assert "there is no source to read (CCHC_ONE_STOP_URL is not set; CCHC_DOCUMENTS_URL is not set" in message
            assert "cchc run --sandbox" in message
