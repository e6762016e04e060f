from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable

import pytest
from contract_batches import AS_OF, INBOUND, any_batch, batch, dirty_batch
from sqlglot import exp

from cchc_pipeline.contracts import Contract, all_contracts, load_contract
from cchc_pipeline.contracts.parts import Rule
from cchc_pipeline.validation.expectations import RuleResult, validate
from cchc_pipeline.validation.verdict import rule_breaks

RULES = [(name, rule.id) for name in INBOUND for rule in load_contract(name).rules]


@pytest.fixture(scope="module")
def counts():
    """Per inbound rule: rows that break the predicate, and the result of its expectation."""
    found: dict[str, tuple[int, RuleResult]] = {}
    for name in INBOUND:
        contract = load_contract(name)
        table = dirty_batch(contract, seed=766)
        flags = rule_breaks(table, contract, AS_OF)
        for i, result in enumerate(validate(table, contract, AS_OF)):
            assert result.rule_id == contract.rules[i].id
            found[result.rule_id] = (sum(flags.column(i).to_pylist()), result)
    return found


@pytest.mark.parametrize("name, rule_id", RULES)
def test_predicate_and_expectation_agree(counts, name, rule_id):
    broken, result = counts[rule_id]
    assert broken > 0, "the batch must break every rule, or agreement says nothing"
    assert not result.problem
    assert result.success is False
    if rule_id.endswith(".key_unique"):
        assert result.unexpected_count > broken  # every row of a repeated key, not all but the last
    else:
        assert result.unexpected_count == broken


def with_rules(contract: Contract, kept: Iterable[Rule]) -> Contract:
    """The contract as if it had these rules only."""
    few = contract.model_copy()
    few.__dict__["rules"] = tuple(kept)
    return few


def told_apart(rule: Rule, contract: Contract) -> str:
    """What is judged, whatever the column is called: expectation, predicate, and the type of the column."""
    columns = {column.name: column.physical_type for column in contract.columns}
    name = rule.expectation.kwargs.get("column")
    sql = rule.predicate.transform(lambda node: exp.column("it") if node == exp.column(name) else node).sql()
    kwargs = {key: value for key, value in rule.expectation.kwargs.items() if key != "column"}
    return repr((rule.expectation.type, columns.get(name), sorted(kwargs.items()), rule.expectation.derive, sql))


def different(contracts: Iterable[Contract]) -> list[Contract]:
    """The contracts, without the rules that one before has as well: most say that a column of a type is required."""
    seen: set[str] = set()
    found = []
    for contract in contracts:
        rules = {told_apart(rule, contract): rule for rule in reversed(contract.rules)}
        found.append(with_rules(contract, [rule for said, rule in rules.items() if said not in seen]))
        seen |= set(rules)
    return [contract for contract in found if contract.rules]


PUBLISHED = different(one for one in all_contracts() if one.is_published)


@pytest.mark.parametrize("contract", PUBLISHED, ids=lambda one: one.name)
def test_predicate_and_expectation_agree_on_published_tables(contract):
    table = any_batch(contract, seed=766)
    flags = rule_breaks(table, contract, AS_OF)
    for i, result in enumerate(validate(table, contract, AS_OF)):
        broken = sum(flags.column(i).to_pylist())
        assert not result.problem
        assert result.success == (broken == 0), result.rule_id
        if not result.rule_id.endswith(".key_unique"):
            assert result.unexpected_count == broken, result.rule_id


def test_results_are_plain_python(counts):
    for _, result in counts.values():
        assert type(result.success) is bool
        assert type(result.unexpected_count) is int
        assert type(result.problem) is str


@pytest.mark.parametrize("contract", different(all_contracts()), ids=lambda one: one.name)
def test_every_contract_validates_an_empty_table(contract):
    results = validate(batch(contract, []), contract, AS_OF)
    assert [(one.rule_id, one.success, one.unexpected_count) for one in results] == [
        (rule.id, True, 0) for rule in contract.rules
    ]
    assert not any(one.problem for one in results)


def test_could_not_run_is_not_a_failure():
    stuck = ("DQ03", "DQ05", "DQ06", "DQ10", "DQ15", "DQ16", "dossier_code_required", "dossier_code_legacy")
    failed = ("DQ02", "DQ04", "channel_values", "key_unique")
    whole = load_contract("one_stop__dossiers")
    contract = with_rules(whole, [whole.rule(f"{whole.name}.{name}") for name in stuck + failed])
    table = dirty_batch(whole, seed=1, rows=20).drop_columns(["finished_on", "dossier_code"])
    results = {one.rule_id.split(".")[1]: one for one in validate(table, contract, AS_OF)}
    for name in stuck:
        assert (results[name].success, results[name].unexpected_count) == (False, 0)
        assert "could not run" in results[name].problem
    for name in failed:
        assert (results[name].success, results[name].problem) == (False, "")


def test_great_expectations_is_imported_only_to_validate():
    code = "import sys, cchc_pipeline.contracts as c; c.all_contracts(); print('great_expectations' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
