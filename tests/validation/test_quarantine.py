"""What waits and since when; what a person accepts, and what that changes."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest
from contract_batches import AS_OF, BREAKING, CLEAN, INBOUND, apart, batch, breaking_row
from sql_verdict import without_cross_check  # noqa: F401 - a fixture of this module

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.contracts.errors import NotAcceptable
from cchc_pipeline.lake import files
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.validation import staging
from cchc_pipeline.validation.acceptances import accept, acceptances_table, is_acceptable, read_acceptances, withdraw
from cchc_pipeline.validation.quarantine import read_quarantine, sightings
from cchc_pipeline.validation.staging import pending_days, stage
from cchc_pipeline.validation.verdict import judge

NAME = "one_stop__dossiers"
DOSSIERS = load_contract(NAME)
GOOD = CLEAN[NAME]
DQ06, DQ08 = f"{NAME}.DQ06", f"{NAME}.DQ08"
BAD = breaking_row(DOSSIERS, DQ06)
WORSE = BAD | {"due_on": date(2026, 3, 1)}
KEY = GOOD["dossier_id"]
DAYS = [date(2026, 6, 1) + timedelta(days=n) for n in range(6)]
LANDED = datetime(2026, 6, 10, 18, tzinfo=UTC)


def land(lake, rows, day, minute, name=NAME):
    """Land a day as if it had been pulled so many minutes after LANDED."""
    path = lake.store.path(f"landing/{name}", day)
    files.write_parquet(batch(load_contract(name), rows), path)
    at = int((LANDED + timedelta(minutes=minute)).timestamp())
    os.utime(path, (at, at))


def stage_new(lake, name=NAME):
    return stage(lake, name, pending_days(lake, name), AS_OF)


def night(lake, rows, day, minute):
    land(lake, rows, day, minute)
    return stage_new(lake)


def staged_keys(lake, day):
    return lake.store.read(f"staged/{NAME}", day)["dossier_id"].to_pylist()


def history(lake):
    return {
        row["row_key"]: (row["first_seen_on"], row["last_seen_on"], row["times_seen"])
        for row in read_quarantine(lake, NAME).to_pylist()
    }


def states(lake):
    return {path.name: files.sha256(path) for path in (lake.root / "core").glob("*.parquet")}


def accepted(lake, **changes):
    rows = [row for row in read_quarantine(lake, NAME).to_pylist() if row["row_key"] == KEY]
    given = {"reason": "đã đối chiếu bản giấy", "by": "Trần Thị Mẫu", "at": LANDED + timedelta(hours=1)} | changes
    return accept(lake, rows, DOSSIERS, **given)


def test_first_and_last_day_and_how_often_are_counted_while_a_record_waits(lake):
    for minute, day in enumerate(DAYS[:3]):
        night(lake, [BAD], day, minute)
    (row,) = read_quarantine(lake, NAME).to_pylist()
    assert history(lake) == {KEY: (DAYS[0], DAYS[2], 3)}
    assert (row["first_seen_at"], row["last_seen_at"]) == (LANDED, LANDED + timedelta(minutes=2))
    assert row["unit_code"] == GOOD["unit_code"]
    assert sorted(sightings(lake, NAME)[KEY]) == DAYS[:3]


def test_all_days_at_once_say_the_same_as_one_by_one(lake, tmp_path_factory):
    other = Lake(tmp_path_factory.mktemp("other"))
    plan = [[BAD], [GOOD], [WORSE], [BAD, GOOD | {"dossier_id": "f" * 24, "dossier_code": "?"}]]
    for minute, (day, rows) in enumerate(zip(DAYS, plan, strict=False)):
        land(lake, rows, day, minute)
        land(other, rows, day, minute)
        stage_new(other)
    stage_new(lake)
    assert history(lake) == {KEY: (DAYS[2], DAYS[3], 2)}
    assert states(lake) == states(other)


def test_a_key_that_comes_twice_every_day_waits_with_its_history(lake, tmp_path_factory):
    """One of the two is taken in, the other waits: that is no correction."""
    other = Lake(tmp_path_factory.mktemp("other"))
    for minute, day in enumerate(DAYS[:3]):
        land(lake, [GOOD, GOOD], day, minute)
        land(other, [GOOD, GOOD], day, minute)
        stage_new(other)
    stage_new(lake)
    assert history(lake) == {KEY: (DAYS[0], DAYS[2], 3)}
    assert staged_keys(lake, DAYS[2]) == [KEY]
    assert states(lake) == states(other)


def test_a_record_that_was_corrected_in_the_same_call_does_not_wait(lake):
    land(lake, [BAD], DAYS[1], 0)
    night(lake, [GOOD], DAYS[0], 1)  # the older day was landed last: it is the newer knowledge
    assert read_quarantine(lake, NAME).num_rows == 0
    assert sightings(lake, NAME) == {}


def test_pulling_a_day_again_with_the_same_changes_no_byte(lake):
    night(lake, [BAD], DAYS[0], 0)
    before = states(lake)
    land(lake, [BAD], DAYS[0], 30)
    assert pending_days(lake, NAME) == [DAYS[0]]
    stage_new(lake)
    assert states(lake) == before
    night(lake, [WORSE], DAYS[0], 40)  # with other content it was seen anew
    assert read_quarantine(lake, NAME)["last_seen_at"][0].as_py() == LANDED + timedelta(minutes=40)
    assert history(lake) == {KEY: (DAYS[0], DAYS[0], 1)}


def test_a_day_pulled_again_without_the_record_forgets_that_day_only(lake):
    for minute, day in enumerate(DAYS[:2]):
        night(lake, [BAD], day, minute)
    night(lake, [], DAYS[0], 5)
    assert history(lake) == {KEY: (DAYS[1], DAYS[1], 1)}


def test_what_waited_before_records_had_a_history_keeps_waiting(lake):
    night(lake, [BAD], DAYS[0], 0)
    path = lake.store.path(f"core/quarantine_{NAME}")
    old = files.read_parquet(path)
    files.write_parquet(old.select(old.schema.names[:9]), path)
    lake.store.path(f"core/sightings_{NAME}").unlink()
    assert history(lake) == {KEY: (DAYS[0], DAYS[0], 1)}
    night(lake, [GOOD | {"dossier_id": "e" * 24}], DAYS[1], 1)
    assert history(lake) == {KEY: (DAYS[0], DAYS[0], 1)}


# -- releases -----------------------------------------------------------------------------------------------------


def test_a_released_record_is_taken_in_by_the_next_staging_and_stays(lake):
    night(lake, [BAD, GOOD | {"dossier_id": "e" * 24}], DAYS[0], 0)
    assert pending_days(lake, NAME) == []
    accepted(lake)
    assert pending_days(lake, NAME) == [DAYS[0]]
    done = stage_new(lake)
    assert (done.rows_in, done.rows_valid, done.rows_quarantined, done.rows_accepted) == (2, 2, 0, 1)
    assert done.rows_broken[DQ06] == 1  # accepted is not unbroken
    assert staged_keys(lake, DAYS[0]) == [KEY, "e" * 24]
    assert read_quarantine(lake, NAME).num_rows == 0
    assert pending_days(lake, NAME) == []
    night(lake, [BAD], DAYS[1], 90)
    assert staged_keys(lake, DAYS[1]) == [KEY]
    assert read_quarantine(lake, NAME).num_rows == 0


def test_a_released_record_that_breaks_another_rule_waits_again(lake):
    night(lake, [BAD], DAYS[0], 0)
    accepted(lake)
    night(lake, [WORSE], DAYS[1], 90)
    assert staged_keys(lake, DAYS[0]) == [KEY]
    (row,) = read_quarantine(lake, NAME).to_pylist()
    assert row["rule_ids"] == f"{DQ06};{DQ08}"
    night(lake, [BAD], DAYS[2], 91)
    assert read_quarantine(lake, NAME).num_rows == 0


def test_a_part_of_the_rules_can_be_accepted_and_the_record_waits_for_the_rest(lake):
    night(lake, [WORSE], DAYS[0], 0)
    accepted(lake, rules=[DQ06])
    stage_new(lake)
    assert history(lake) == {KEY: (DAYS[0], DAYS[0], 1)}
    night(lake, [BAD], DAYS[1], 90)
    assert read_quarantine(lake, NAME).num_rows == 0
    with pytest.raises(NotAcceptable, match="does not break"):
        row = {**BAD, "row_key": KEY, "rule_ids": DQ06}
        accept(lake, [row], DOSSIERS, reason="x", by="y", at=LANDED, rules=[DQ08])


def test_days_landed_after_the_released_one_are_judged_again_so_that_the_last_still_wins(lake):
    other = GOOD | {"dossier_id": "e" * 24}
    land(lake, [BAD, other | {"due_on": date(2026, 3, 1)}], DAYS[0], 0)
    night(lake, [other], DAYS[1], 1)
    assert list(history(lake)) == [KEY]
    accepted(lake)
    assert pending_days(lake, NAME) == DAYS[:2]
    stage_new(lake)
    assert read_quarantine(lake, NAME).num_rows == 0
    stamps = [lake.store.path(f"staged/{NAME}", day).stat().st_mtime_ns for day in DAYS[:2]]
    assert stamps == sorted(stamps)


def test_a_withdrawn_release_brings_the_record_back_with_its_history(lake):
    for minute, day in enumerate(DAYS[:2]):
        night(lake, [BAD], day, minute)
    before = states(lake)
    first = accepted(lake)
    stage_new(lake)
    night(lake, [BAD], DAYS[2], 90)
    at = LANDED + timedelta(hours=2)
    assert withdraw(lake, NAME, KEY, reason="nhầm", by="Trần Thị Mẫu", at=at) == [first]
    assert pending_days(lake, NAME) == DAYS[1:3]
    stage_new(lake)
    assert history(lake) == {KEY: (DAYS[0], DAYS[2], 3)}
    assert staged_keys(lake, DAYS[2]) == []
    assert before.keys() == states(lake).keys()
    with pytest.raises(NotAcceptable, match="no release of it holds"):
        withdraw(lake, NAME, KEY, reason="nhầm", by="Trần Thị Mẫu", at=at)


def test_every_decision_is_recorded(lake):
    night(lake, [BAD], DAYS[0], 0)
    one = accepted(lake)
    withdraw(lake, NAME, KEY, reason="nhầm", by="Lê Văn Mẫu", at=LANDED + timedelta(hours=2))
    two = accepted(lake, at=LANDED + timedelta(hours=3), reason="xác nhận lại")
    table = acceptances_table(lake, [NAME, "documents__statuses"])
    contract = load_contract("quarantine_releases")
    assert table.schema.equals(contract.arrow_schema(), check_metadata=True)
    assert judge(table, contract, AS_OF).rows_quarantined == 0
    rows = table.to_pylist()
    assert [(r["release_id"], r["is_active"], r["release_reason"], r["withdrawn_by"]) for r in rows] == [
        (one, False, "đã đối chiếu bản giấy", "Lê Văn Mẫu"),
        (two, True, "xác nhận lại", None),
    ]
    assert rows[0] | {"row_json": ""} == {
        "release_id": one, "table_name": NAME, "source": "one_stop", "row_key": KEY, "unit_code": "H34.12",
        "rule_ids": DQ06, "reasons_vi": DOSSIERS.rule(DQ06).sentence_vi, "reasons_en": DOSSIERS.rule(DQ06).sentence_en,
        "release_reason": "đã đối chiếu bản giấy", "released_by": "Trần Thị Mẫu",
        "released_at": LANDED + timedelta(hours=1), "contract_version": DOSSIERS.version, "pulled_for_on": DAYS[0],
        "row_json": "", "is_active": False, "withdrawn_by": "Lê Văn Mẫu",
        "withdrawn_at": LANDED + timedelta(hours=2), "withdrawal_reason": "nhầm",
    }  # fmt: skip
    assert read_acceptances(lake, NAME).rules_by_key == {KEY: frozenset([DQ06])}


def test_a_decision_made_while_a_run_judges_is_not_lost(lake, monkeypatch):
    night(lake, [BAD], DAYS[0], 0)

    read = staging.read_acceptances

    def read_then_decide(*args):
        found = read(*args)
        monkeypatch.setattr(staging, "read_acceptances", read)
        accepted(lake)
        return found

    monkeypatch.setattr(staging, "read_acceptances", read_then_decide)
    stage(lake, NAME, [DAYS[0]], AS_OF)
    assert read_quarantine(lake, NAME).num_rows == 1
    assert pending_days(lake, NAME) == [DAYS[0]]
    stage_new(lake)
    assert read_quarantine(lake, NAME).num_rows == 0


@pytest.mark.parametrize("name", INBOUND)
def test_what_a_table_cannot_hold_is_refused_and_everything_else_can_be_released(lake, name):
    """A record per rule, all in one batch."""
    contract = load_contract(name)
    rejects = [rule.id for rule in contract.rules if rule.severity == "reject"]
    rows = apart(name, [BREAKING[rule_id] for rule_id in rejects])
    rows.append(rows[rejects.index(f"{name}.key_unique")])  # the last row of a key stays, the one before waits
    table = batch(contract, rows)
    held = {row["source_row_number"] - 1: row for row in judge(table, contract, AS_OF).quarantined.to_pylist()}
    assert sorted(held) == list(range(len(rejects)))
    released = []
    for place, rule_id in enumerate(rejects):
        broken = held[place]["rule_ids"].split(";")
        assert rule_id in broken
        if all(is_acceptable(contract.rule(one), contract) for one in broken):
            accept(lake, [held[place]], contract, reason="đúng", by="A", at=LANDED)
            released.append(held[place]["row_key"])
        else:
            with pytest.raises(NotAcceptable, match="Fix: correct the record in the source system"):
                accept(lake, [held[place]], contract, reason="đúng", by="A", at=LANDED)
    accepted = read_acceptances(lake, name).rules_by_key
    assert sorted(accepted) == sorted(released)
    again = judge(table, contract, AS_OF, accepted=accepted)
    assert (again.rows_valid, list(again.accepted_keys)) == (1 + len(released), released)


def test_a_column_that_became_required_is_not_accepted_by_an_old_release():
    rules = {KEY: frozenset([f"{NAME}.channel_required"])}
    row = GOOD | {"channel": None}
    verdict = judge(batch(DOSSIERS, [row]), DOSSIERS, AS_OF, accepted=rules)
    assert (verdict.rows_quarantined, verdict.accepted_keys) == (1, ())


def test_a_release_of_one_record_does_not_touch_another():
    rows = [BAD, BAD | {"dossier_id": "e" * 24}]
    verdict = judge(batch(DOSSIERS, rows), DOSSIERS, AS_OF, accepted={KEY: frozenset([DQ06])})
    assert verdict.accepted_keys == (KEY,)
    assert verdict.valid["dossier_id"].to_pylist() == [KEY]
    assert verdict.quarantined["row_key"].to_pylist() == ["e" * 24]
    assert isinstance(verdict.valid, pa.Table)
