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
    for source in ("one_stop", "documents", "national_portal"):
        assert f"pull of {source}: {source}: no connection" in said
    assert "pull of papi: papi: it is no whole Excel workbook" in said
    assert said.count("Fix: ") == 4
    assert f"cchc run --day {DAY}" in said
    assert "published" in said[said.index("not run because of it") :]
    assert "Traceback" not in said
    assert desk.current() is None


def test_a_wrong_setting_ends_with_1_and_is_named(desk: Desk) -> None:
    said = desk.output("run", "--day", f"{DAY}", code=1, CCHC_OVERLAP_DAYS="a week")
    for part in ("overlap_days", "'a week'", "CCHC_OVERLAP_DAYS"):
        assert part in said
    assert "Traceback" not in said


def test_a_source_without_an_address_makes_the_run_red(desk: Desk) -> None:
    desk.sandbox.add_fault("one-stop|national-portal", "down")
    night = desk.run(DAY, CCHC_DOCUMENTS_URL="")
    desk.sandbox.faults.clear()
    assert not night.outcome.success
    message = night.outcome.failures["pull_documents"]
    assert "CCHC_DOCUMENTS_URL not set. Set them" in message
    assert f"Run again: `cchc run --day {DAY}`" in message
    assert night.release is None
