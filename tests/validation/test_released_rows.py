"""A released record reaches what is published, and leaves it again when the release is taken back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from small_lake import LAST, copy_of, derive, done, dossier, land, october, publish
from sql_verdict import without_cross_check  # noqa: F401 - a fixture of this module

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core import build, state
from cchc_pipeline.lake.publish import read_published
from cchc_pipeline.validation.acceptances import accept, withdraw
from cchc_pipeline.validation.quarantine import read_quarantine
from cchc_pipeline.validation.staging import pending_days, stage

NAME = "one_stop__dossiers"
DOSSIERS = load_contract(NAME)
AT = datetime(2026, 10, 11, 3, tzinfo=UTC)


def key(number):
    return f"{number:024x}"


def take_in(lake):
    """What a night does with records that are judged anew, up to the tables of dossiers."""
    stage(lake, NAME, pending_days(lake, NAME), LAST)
    state.take_in_dossiers(lake)
    build.build_dossiers(lake, LAST)
    build.build_events(lake, LAST)


def release_all(lake, keys):
    held = {row["row_key"]: row for row in read_quarantine(lake, NAME).to_pylist()}
    for one in keys:
        accept(lake, [held[one]], DOSSIERS, reason="đúng như hồ sơ giấy", by="Trần Thị Mẫu", at=AT)


def published(lake, number):
    rows = read_published(lake.published, "dossiers").to_pylist()
    return [row for row in rows if row["dossier_id"] == key(number)]


ACCEPTABLE = {
    "a code of another form": {"dossier_id": "HS-77"},
    "an unknown status": {"status_code": 77},
    "a unit that is none": {"unit_code": "UBND"},
    "a channel that is none": {"channel": "fax"},
    "an unreadable value": {"parse_errors": "applied_on: không đọc được"},
    "never received": {"received_on": None, "due_on": None, "applied_on": None},
    "received in the future": {"received_on": LAST + timedelta(days=3), "due_on": None},
    "due before received": {"due_on": october(1)},
    "done without a date": {"status_code": 9},
}
ROWS = {kind: dossier(77 + n, 6) | values for n, (kind, values) in enumerate(ACCEPTABLE.items())}


@pytest.fixture(scope="module")
def released(published_lake, tmp_path_factory):
    """The small lake in which everything that waits was released, computed and published; tests only read it."""
    lake = copy_of(published_lake, tmp_path_factory.mktemp("released"))
    assert published(lake, 9) == []
    late = done(4, 2, 1, unit_code="H99.201")  # finished before it was received
    land(lake, NAME, [late, *ROWS.values()], october(9))
    release_all(lake, [key(9), key(4), *(row["dossier_id"] for row in ROWS.values())])
    take_in(lake)
    derive(lake)
    publish(lake, "released")
    return lake


def test_released_they_are_counted(released):
    assert len(published(released, 9)) == 1
    assert published(released, 4)[0]["finished_on"] == october(1)
    assert read_published(released.published, "quarantine").num_rows == 0
    told = read_published(released.published, "quarantine_releases").to_pylist()
    assert {row["row_key"] for row in told} == {key(9), key(4), *(row["dossier_id"] for row in ROWS.values())}
    assert all(row["is_active"] for row in told)


def test_whatever_can_be_released_can_be_computed_with(released):
    counted = {one["dossier_id"] for one in read_published(released.published, "dossiers").to_pylist()}
    assert {kind for kind, row in ROWS.items() if row["dossier_id"] not in counted} == set()


def test_withdrawn_everything_is_as_before(released, published_lake, tmp_path):
    lake = copy_of(released, tmp_path)
    told = read_published(lake.published, "quarantine_releases").to_pylist()
    for row in told:
        withdraw(lake, NAME, row["row_key"], reason="nhầm", by="Trần Thị Mẫu", at=AT + timedelta(hours=1))
    take_in(lake)
    publish(lake, "withdrawn")
    assert published(lake, 9) == []
    assert published(lake, 4)[0]["finished_on"] == october(3)
    before = read_published(published_lake.published, "dossier_events")
    assert read_published(lake.published, "dossier_events").equals(before)
    assert set(read_published(lake.published, "quarantine")["row_key"].to_pylist()) == {row["row_key"] for row in told}
