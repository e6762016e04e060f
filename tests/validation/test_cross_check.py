"""Great Expectations runs every rule over what is staged, and agrees with the verdict."""

from __future__ import annotations

from datetime import date, timedelta

from contract_batches import AS_OF, CLEAN, batch, dirty_batch

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.validation.staging import stage

STATUSES, DOSSIERS = load_contract("documents__statuses"), load_contract("one_stop__dossiers")
GOOD = CLEAN[STATUSES.name] | {"parse_errors": None}
BAD = GOOD | {"parse_errors": "status_at: «hôm qua» không phải thời điểm."}
PARSED = f"{STATUSES.name}.parse_errors_present"


def land(lake, table, contract, day):
    lake.store.write(table, f"landing/{contract.name}", day)


def test_every_rule_runs_and_the_same_rules_are_broken(lake):
    days = [date(2026, 6, 29) + timedelta(days=n) for n in range(3)]
    for seed, day in enumerate(days[:2]):
        land(lake, dirty_batch(DOSSIERS, seed, rows=60), DOSSIERS, day)
    land(lake, batch(DOSSIERS, []), DOSSIERS, days[2])
    done = stage(lake, DOSSIERS.name, days, AS_OF)
    assert set(done.results) == {rule.id for rule in DOSSIERS.rules}
    assert not any(one.problem for one in done.results.values())
    assert {rule: one.unexpected_count > 0 for rule, one in done.results.items()} == {
        rule: rows > 0 for rule, rows in done.rows_broken.items()
    }


def test_results_of_two_months_add_up(lake):
    land(lake, batch(STATUSES, [BAD]), STATUSES, date(2026, 5, 31))
    rows = [BAD | {"unit_code": "H34.6"}, GOOD | {"unit_code": "H34.7"}]
    land(lake, batch(STATUSES, rows), STATUSES, date(2026, 6, 1))
    done = stage(lake, STATUSES.name, [date(2026, 6, 1), date(2026, 5, 31)], AS_OF)
    result = done.results[PARSED]
    assert (result.success, result.unexpected_count, done.rows_broken[PARSED]) == (False, 2, 2)
    assert done.results[f"{STATUSES.name}.unit_code_required"].success
