"""Nights on which a source is absent from the settings, refused, or read from what a person saved.

Each is published: what is there stands, what is not is missing with its reason, and never zero. Only days of the
one-stop or the document system that were not read make the run red.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
import requests
from desk import Desk, Desks, Night

from cchc_pipeline.days import Window
from cchc_pipeline.sources.national_portal.requests import night_requests
from cchc_pipeline.sources.national_portal.source import METRICS

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
    """Report -> the days that the evidence of its criteria names."""
    found: dict[str, set[str]] = {}
    for row in night.published.rows("scorecard_index766"):
        if row["source"] == "portal" and row["evidence"]:
            report, _, rest = row["evidence"].removeprefix("national_portal:").partition("; ")
            found.setdefault(report, set()).add(rest.partition("ngày ")[2][:10])
    return found


def failed_checks(night: Night) -> list[str]:
    return [check.partition(" ")[0].rstrip(":") + " " + check.split()[1].rstrip(":") for check in night.outcome.failed_checks]


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
def refused_night(desk: Desk, saved_night: Night) -> tuple[Night, int]:
    """The portal refuses at the third call, and a file of PAPI cannot be read; also the calls of the portal."""
    desk.set_clock_after(THIRD)
    broken = desk.drop_folder / "2023.csv"
    broken.write_bytes(b"PK\x03\x04")
    desk.sandbox.add_fault("/national-portal/.*/transparency", "403")
    before = len(desk.lake.pulls("national_portal"))
    night = desk.run(THIRD)
    desk.sandbox.faults.clear()
    broken.unlink()
    return night, before


@pytest.fixture(scope="module")
def without_dossiers(desk: Desk, refused_night: tuple[Night, int]) -> Night:
    """The one-stop system is down; the portal answers again."""
    desk.set_clock_after(FOURTH)
    desk.sandbox.add_fault("one-stop", "down")
    night = desk.run(FOURTH)
    desk.sandbox.faults.clear()
    return night


def test_explore_first(first_night: Night) -> None:
    print(first_night.outcome)
    print(states(first_night))
    assert first_night.outcome.success


def test_explore_saved(saved_night: Night) -> None:
    print(saved_night.outcome)
    print(states(saved_night))
    assert saved_night.outcome.success


def test_explore_refused(refused_night) -> None:
    print(refused_night[0].outcome)
    print(states(refused_night[0]))


def test_explore_down(without_dossiers) -> None:
    print(without_dossiers.outcome)
    print(states(without_dossiers))


@pytest.fixture(scope="module")
def portal_alone(make_desk: Desks) -> Night:
    """A first night with the portal alone."""
    desk = make_desk("portal-alone", size=0.1)
    desk.set_clock_after(FIRST)
    for path in (desk.drop_folder, desk.registers_folder):
        for file in path.iterdir():
            file.unlink()
    return desk.run(FIRST, CCHC_ONE_STOP_URL="", CCHC_DOCUMENTS_URL="")


def test_explore_alone(portal_alone: Night) -> None:
    print(portal_alone.outcome)
    print(states(portal_alone))
    assert portal_alone.outcome.success
