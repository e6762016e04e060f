"""A rule that cannot run is not a rule that failed: nothing is written, the days wait, the message says which it is."""

from __future__ import annotations

from datetime import date

import pytest
from contract_batches import AS_OF, CLEAN, batch
from contract_overlay import mended, spoiled
from sql_verdict import sql_verdict_alone

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.contracts.errors import RuleCouldNotRun
from cchc_pipeline.lake import files
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.validation.staging import pending_days, stage
from cchc_pipeline.validation.verdict import judge

NAME = "documents__statuses"
GOOD = CLEAN[NAME]
DAY, NEXT = date(2026, 6, 29), date(2026, 6, 30)

#: what is spoiled in the contract -> what the message has to name
SPOILED = {
    "sql": ("WHERE status_code = '14'", "WHERE CAST(unit_code AS INTEGER) = 14", "Conversion Error"),
    "expectation_type": ("expect_column_values_to_be_between", "expect_the_impossible", "ExpectTheImpossible"),
    "expectation_arguments": ('max_value: "{as_of_on}"', "max_value: [1, 2]", "max_value"),
    "expectation_column": ('column: "status_on"', 'column: "status_day"', "status_day"),
}


@pytest.fixture
def lake(tmp_path):
    lake = Lake(tmp_path / "lake")
    lake.store.write(batch(load_contract(NAME), [GOOD]), f"landing/{NAME}", DAY)
    with sql_verdict_alone():
        stage(lake, NAME, [DAY], AS_OF)
    rows = [GOOD | {"unit_code": "H34.6"}]
    for day in (DAY, NEXT):
        lake.store.write(batch(load_contract(NAME), rows), f"landing/{NAME}", day)
    return lake


def everything(lake):
    return {path: files.sha256(path) for path in lake.root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("kind", SPOILED)
def test_a_rule_that_cannot_run_stops_the_table_and_names_itself(lake, tmp_path, kind):
    was, becomes, said = SPOILED[kind]
    before = everything(lake)
    with spoiled(tmp_path, NAME, was, becomes):
        done = stage(lake, NAME, pending_days(lake, NAME), AS_OF)
        assert done.stuck
        assert all(rule_id.startswith(f"{NAME}.") for rule_id in done.stuck)
        assert said in " ".join(done.stuck.values())
        assert everything(lake) == before  # the last good one stays, nothing is half
        assert pending_days(lake, NAME) == [DAY, NEXT]
    with sql_verdict_alone():
        done = stage(lake, NAME, pending_days(lake, NAME), AS_OF)
    assert not done.stuck
    assert done.rows_valid == 2
    assert pending_days(lake, NAME) == []


def test_rows_that_break_rules_never_stop_a_table(lake):
    rows = [{"parse_errors": "x"}, GOOD | {"status_code": "14"}, GOOD | {"unit_code": "?"}]
    lake.store.write(batch(load_contract(NAME), rows), f"landing/{NAME}", DAY)
    done = stage(lake, NAME, pending_days(lake, NAME), AS_OF)
    assert not done.stuck
    assert not done.broken
    assert done.rows_quarantined == 2
    assert pending_days(lake, NAME) == []


def test_the_error_names_the_rule_and_no_value_of_a_record(tmp_path):
    was, becomes, _ = SPOILED["sql"]
    with spoiled(tmp_path, NAME, was, becomes) as contract, pytest.raises(RuleCouldNotRun) as caught:
        judge(batch(contract, [GOOD]), contract, AS_OF)
    assert list(caught.value.problems) == [f"{NAME}.status_code_14"]
    message = str(caught.value)
    assert "no row is to blame" in message
    assert "Fix: correct the rule in" in message
    assert GOOD["unit_code"] not in message


def test_a_mended_contract_is_the_projects_again(tmp_path):
    with spoiled(tmp_path, NAME, *SPOILED["sql"][:2]) as contract:
        assert load_contract(NAME) is contract
    assert load_contract(NAME).sha256 == mended(NAME).sha256 != contract.sha256
