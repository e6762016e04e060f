"""A released record reaches what is published, and leaves it again when the release is taken back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from small_lake import LAST, derive, done, dossier, land, october, publish

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.lake.publish import read_published
from cchc_pipeline.validation.acceptances import accept, withdraw
from cchc_pipeline.validation.quarantine import read_quarantine
from cchc_pipeline.validation.staging import pending_days, stage

NAME = "one_stop__dossiers"
DOSSIERS = load_contract(NAME)
AT = datetime(2026, 10, 11, 3, tzinfo=UTC)


def key(number):
    return f"{number:024x}"


def judge_again(lake):
    stage(lake, NAME, pending_days(lake, NAME), LAST)
    derive(lake)
    publish(lake, "again")


def accepted(lake, number):
    rows = [row for row in read_quarantine(lake, NAME).to_pylist() if row["row_key"] == key(number)]
    return accept(lake, rows, DOSSIERS, reason="đúng như hồ sơ giấy", by="Trần Thị Mẫu", at=AT)


def published(lake, number):
    rows = read_published(lake.published, "dossiers").to_pylist()
    return [row for row in rows if row["dossier_id"] == key(number)]


def test_released_they_are_counted_and_withdrawn_everything_is_as_before(own_lake):
    before = read_published(own_lake.published, "dossier_events")
    assert published(own_lake, 9) == []
    land(own_lake, NAME, [done(4, 2, 1, unit_code="H99.201")], october(9))  # finished before it was received
    for number in (9, 4):
        accepted(own_lake, number)
    judge_again(own_lake)
    assert len(published(own_lake, 9)) == 1
    assert published(own_lake, 4)[0]["finished_on"] == october(1)
    assert read_published(own_lake.published, "quarantine").num_rows == 0
    told = read_published(own_lake.published, "quarantine_releases").to_pylist()
    assert {row["row_key"]: row["is_active"] for row in told} == {key(9): True, key(4): True}
    for number in (9, 4):
        withdraw(own_lake, NAME, key(number), reason="nhầm", by="Trần Thị Mẫu", at=AT + timedelta(hours=1))
    judge_again(own_lake)
    assert published(own_lake, 9) == []
    assert published(own_lake, 4)[0]["finished_on"] == october(3)
    assert read_published(own_lake.published, "dossier_events").equals(before)
    assert set(read_published(own_lake.published, "quarantine")["row_key"].to_pylist()) == {key(9), key(4)}


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


def test_whatever_can_be_released_can_be_computed_with(own_lake):
    rows = {kind: dossier(77 + n, 6) | values for n, (kind, values) in enumerate(ACCEPTABLE.items())}
    land(own_lake, NAME, list(rows.values()), october(9))
    held = {one["row_key"]: one for one in read_quarantine(own_lake, NAME).to_pylist()}
    for row in rows.values():
        accept(own_lake, [held[row["dossier_id"]]], DOSSIERS, reason="đúng", by="Trần Thị Mẫu", at=AT)
    judge_again(own_lake)
    counted = {one["dossier_id"] for one in read_published(own_lake.published, "dossiers").to_pylist()}
    assert {kind for kind, row in rows.items() if row["dossier_id"] not in counted} == set()
