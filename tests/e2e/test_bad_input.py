"""Sources that misbehave, night after night: what is said, what is kept, and that the next run heals it.

Each night meets faults (several sources at once, so that each has to be reported for itself), publishes what is
complete, and is red, because days are missing. Each is run again without them. Which fault is told how stands in
`tests/sources`.
So the same nights show that a province that is pulled with every trouble on the way arrives at the same figures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import pyarrow.parquet as pq
import pytest
from desk import INBOUND, Desk, Desks, Night, Release
from personal_traces import personal_traces
from true_figures import differences, periods_of

pytestmark = pytest.mark.e2e

FIRST, LOADED = date(2026, 9, 1), date(2026, 9, 3)
FRIDAY, SATURDAY = date(2026, 9, 4), date(2026, 9, 5)


@dataclass(frozen=True)
class Trouble:
    """A window that was run with faults."""

    name: str
    desk: Desk
    before: Release | None
    red: Night
    steps: dict[str, str]
    landed: dict[str, dict[date, int]]
    pulls: dict[str, str]
    hashes_before: dict[str, str]
    hashes_after: dict[str, str]
    traces: list[tuple[str, str]]

    @property
    def failed_reads(self) -> dict[str, str]:
        """Source -> the finding of its check, where it did not pass."""
        checks = self.desk.checks(self.red.outcome.run_id).items()
        return {
            asset.removeprefix("raw_").partition("__")[0]: str(found.metadata["finding"].value)
            for (asset, check), found in checks
            if check == "source_read" and not found.passed
        }

    def message(self, step: str) -> str:
        failures = self.red.outcome.failures
        return failures[step] if step in failures else self.failed_reads[step.removeprefix("pull_")]


def trouble(name: str, desk: Desk, first: date, last: date, spoil: Callable[[Desk], None], **settings: str) -> Trouble:
    """Run a window with faults, keep what can be seen, clear the faults."""
    desk.set_clock_after(last)
    before = desk.current()
    hashes_before = before.hashes if before else {}
    spoil(desk)
    try:
        red = desk.run(first, last, **settings)
    finally:
        desk.sandbox.faults.clear()
    after = desk.current()
    steps = desk.steps(red.outcome.run_id)
    landed = {
        table: {
            date.fromisoformat(path.stem): pq.read_metadata(path).num_rows
            for path in (desk.lake.root / "landing" / table).glob("[!.]*.parquet")
        }
        for table in INBOUND
    }
    pulls = {
        source: desk.lake.pulls(source)[last]["status"]
        for source in ("one_stop", "documents", "national_portal", "papi")
    }
    traces = personal_traces(desk.folder)
    for left in desk.drop_folder.glob("*"):
        if left.name != "2024.csv":
            left.unlink()
    return Trouble(
        name, desk, before, red, steps, landed, pulls, hashes_before, after.hashes if after else {}, traces
    )  # fmt: skip


@pytest.fixture(scope="module")
def desk(make_desk: Desks) -> Desk:
    return make_desk("bad-input", size=0.2, small=True)


@pytest.fixture(scope="module")
def breaks_off(desk: Desk) -> Trouble:
    """The one-stop system goes down while the third day of a range is read."""

    def spoil(desk: Desk) -> None:
        desk.sandbox.add_fault(r"/pa/dossier/search\?.*accepted-from=2026-09-02T17", "down")

    return trouble("breaks_off", desk, FIRST, LOADED, spoil)


@pytest.fixture(scope="module")
def first_healed(desk: Desk, breaks_off: Trouble) -> Night:
    return desk.run(FIRST, LOADED)


@pytest.fixture(scope="module")
def incomplete(desk: Desk, first_healed: Night) -> Trouble:
    """A field gone from every dossier, half a page, a firewall's page, a workbook under the name of a CSV."""

    def spoil(desk: Desk) -> None:
        desk.sandbox.add_fault("/pa/dossier/search", "drop_field", field="applyMethod")
        desk.sandbox.add_fault("/documents/", "half_page")
        desk.sandbox.add_fault("/national-portal/", "html")
        (desk.drop_folder / "2023.csv").write_bytes(b"PK\x03\x04" + bytes(64))

    return trouble("incomplete", desk, FRIDAY, SATURDAY, spoil)


@pytest.fixture(scope="module")
def all_healed(desk: Desk, incomplete: Trouble) -> Night:
    return desk.run(FRIDAY, SATURDAY)


NIGHTS = ("breaks_off", "incomplete")


@pytest.fixture(params=NIGHTS)
def night(request: pytest.FixtureRequest) -> Trouble:
    return request.getfixturevalue(request.param)


# -- what is said -------------------------------------------------------------------------------------------------

#: night, step, what the message has to say: the source, what happened, the culprit, the fix
MESSAGES = [
    ("breaks_off", "pull_one_stop", "one_stop: no connection", "(/pa/dossier/search)", "system is up and reachable"),
    ("incomplete", "days_complete", "one_stop__dossiers", "channel", "Fix"),
    ("incomplete", "pull_documents", "documents: the reply is not complete JSON", "/v1/", "run the day again"),
    ("incomplete", "pull_national_portal", "national_portal: an HTML page", "/evaluation/", "wait for the next night"),
    ("incomplete", "pull_papi", "papi: it is no whole Excel workbook", "(2023.csv)", "Fix: open it"),
]


@pytest.mark.parametrize(
    ("name", "step", "what", "culprit", "fix"), MESSAGES, ids=[f"{name}-{step}" for name, step, *_ in MESSAGES]
)
def test_the_message_names_source_culprit_fix_and_days(
    request: pytest.FixtureRequest, name: str, step: str, what: str, culprit: str, fix: str
) -> None:
    night: Trouble = request.getfixturevalue(name)
    message = night.message(step)
    for part in (what, culprit, fix):
        assert part in message
    first, last = night.red.window.first, night.red.window.last
    days = f"--day {first}" if first == last else f"--from {first} --to {last}"
    assert f"Run again: `cchc run {days}`" in night.message("days_complete")


def test_only_what_was_spoiled_fails(night: Trouble) -> None:
    assert not night.red.outcome.success
    assert list(night.red.outcome.failures) == ["days_complete"]
    spoiled = {step.removeprefix("pull_") for name, step, *_ in MESSAGES if name == night.name}
    assert set(night.failed_reads) == spoiled - {"days_complete"}


# -- what goes on and what is kept --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "healthy"),
    [
        ("breaks_off", tuple(table for table in INBOUND if not table.startswith("one_stop"))),
        ("incomplete", ("one_stop__procedures", "registers__petitions")),
    ],
)  # fmt: skip
def test_the_other_sources_are_pulled_and_judged(
    request: pytest.FixtureRequest, name: str, healthy: tuple[str, ...]
) -> None:
    night: Trouble = request.getfixturevalue(name)
    for table in healthy:
        assert night.steps[f"staged_{table}"] == "SUCCESS"
    assert night.steps["published"] == "SUCCESS"
    assert night.red.outcome.skipped == []


def test_what_was_pulled_before_the_source_broke_off_is_kept(breaks_off: Trouble) -> None:
    landed = breaks_off.landed["one_stop__dossiers"]
    assert set(landed) == {date(2026, 9, 1), date(2026, 9, 2)}
    assert all(landed.values())
    assert breaks_off.landed["one_stop__procedures"]
    assert breaks_off.pulls == {"one_stop": "failed", "documents": "ok", "national_portal": "ok", "papi": "ok"}


def test_nothing_of_a_source_is_published_before_its_days_were_read_once(breaks_off: Trouble) -> None:
    release = breaks_off.red.published
    assert release.as_of_on == LOADED
    assert release.problems() == []
    assert release.rows("dossiers") == release.rows("dossier_events") == []
    counted = {row["indicator_id"] for row in release.rows("indicator_values")}
    assert "documents_sent_count" in counted
    assert not {"received_total", "late_rate", "apology_rate", "handling_time_median_days"} & counted


def test_what_is_complete_stays_as_it_was_before_the_days_that_are_missing(night: Trouble) -> None:
    if night.before is None:
        return
    assert night.red.published.folder != night.before.folder
    assert night.red.published.as_of_on == night.before.as_of_on
    for table in ("dossiers", "dossier_events", "late_dossiers", "documents", "indicator_values"):
        assert night.hashes_after[table] == night.hashes_before[table], table


def test_readers_are_told(night: Trouble) -> None:
    page = (night.red.published.folder / "site" / "index.html").read_text(encoding="utf-8")
    for row in night.red.published.rows("source_states"):
        assert (row["state"] == "failed") == (row["source"] in night.failed_reads or "days_complete" in {
            step for name, step, *_ in MESSAGES if name == night.name and row["source"] == "one_stop"
        })  # fmt: skip
        assert (row["sentence_vi"] in page) == (row["state"] != "read")


def test_the_failed_contract_is_a_failed_check(incomplete: Trouble) -> None:
    assert incomplete.pulls["one_stop"] == "failed"  # what came of the day is not usable
    check = incomplete.desk.checks(incomplete.red.outcome.run_id)["staged_one_stop__dossiers", "shape"]
    assert not check.passed
    assert "channel" in str({name: value.value for name, value in check.metadata.items()})


def test_a_failed_run_leaves_nothing_personal(night: Trouble) -> None:
    assert night.traces == []


# -- and heals ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("healed", ["first_healed", "all_healed"])
def test_the_same_days_without_faults_are_green_and_true(
    request: pytest.FixtureRequest, desk: Desk, healed: str
) -> None:
    night: Night = request.getfixturevalue(healed)
    assert night.outcome.success, night.outcome.failures
    release, last = night.published, night.window.last
    assert release.problems() == []
    assert release.as_of_on == last
    catalogue = {LOADED, *((FRIDAY, SATURDAY) if last == SATURDAY else ())}
    assert differences(release, desk.province, periods_of(FIRST, last, (FIRST, last)), catalogue) == []
