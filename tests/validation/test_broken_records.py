"""Every broken record, batch and file of the cases, through the real path."""

from __future__ import annotations

from datetime import date
from functools import cache

import pytest
from contract_batches import apart
from sql_verdict import without_cross_check  # noqa: F401 - a fixture of this module

from cchc_pipeline.contracts import all_contracts, load_contract
from cchc_pipeline.contracts.conform import absent_columns, conform, unknown_columns
from cchc_pipeline.contracts.errors import ContractBroken
from cchc_pipeline.days import Window
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.progress import silent
from cchc_pipeline.reports.docs.pages import broken_batches, case_count, pages, table_cases
from cchc_pipeline.sources.errors import FileUnusable
from cchc_pipeline.sources.landing import to_arrow
from cchc_pipeline.sources.one_stop.vnpt_igate.mapping import dossier_row
from cchc_pipeline.sources.papi.source import PapiDropSource
from cchc_pipeline.sources.protocol import KnownState
from cchc_pipeline.validation.staging import pending_days, stage
from cchc_pipeline.validation.verdict import judge, rule_breaks

RECORDS = [(cases, one) for cases in table_cases().values() for one in cases.cases]
INBOUND = [contract for contract in all_contracts() if not contract.is_published]
DAY = date(2026, 6, 30)


def test_there_are_at_least_sixty():
    assert case_count() >= 60


def test_every_rule_of_every_inbound_contract_has_a_case():
    rules = {rule.id for contract in INBOUND for rule in contract.rules}
    cases = {f"{found.table}.{one.rule}" for found, one in RECORDS}
    missing = sorted(rules - cases)
    assert not missing, f"add cases to cchc_pipeline/reports/docs/broken_records/<table>.yaml: {missing}"
    assert cases == rules


@pytest.mark.parametrize("table", table_cases())
def test_the_clean_record_breaks_nothing(table):
    cases, contract = table_cases()[table], load_contract(table)
    verdict = judge(conform(to_arrow(table, [cases.clean]), contract), contract, cases.as_of_on)
    assert not any(verdict.rows_broken.values())
    assert (verdict.rows_valid, verdict.rows_quarantined) == (1, 0)
    assert verdict.valid.schema.equals(contract.arrow_schema(), check_metadata=True)


@cache
def judged_together(table: str) -> list[tuple[dict[str, int], list[dict[str, str]]]]:
    """Per case of the table, judged in one batch: its rows that break each rule, and its rows that wait."""
    cases, contract = table_cases()[table], load_contract(table)
    rows = apart(table, [one.changes for one in cases.cases])
    of = [n for n, one in enumerate(cases.cases) for _ in range(one.times)]
    batch = conform(to_arrow(table, [rows[n] for n in of]), contract)
    flags = rule_breaks(batch, contract, cases.as_of_on)
    verdict = judge(batch, contract, cases.as_of_on)
    assert verdict.rows_in == verdict.rows_valid + verdict.rows_quarantined == len(of)
    assert list(verdict.rows_broken.items()) == [
        (rule.id, sum(flags.column(i).to_pylist())) for i, rule in enumerate(contract.rules)
    ]
    found: list[tuple[dict[str, int], list[dict[str, str]]]] = [({}, []) for _ in cases.cases]
    for i, rule in enumerate(contract.rules):
        for n, is_broken in zip(of, flags.column(i).to_pylist(), strict=True):
            name = rule.id.split(".", 1)[1]
            found[n][0].update({name: found[n][0].get(name, 0) + 1} if is_broken else {})
    for waiting in verdict.quarantined.to_pylist():
        found[of[waiting["source_row_number"] - 1]][1].append(waiting)
    return found


@pytest.mark.parametrize(("cases", "one"), RECORDS, ids=[f"{found.table}.{one.rule}" for found, one in RECORDS])
def test_a_broken_record_gets_its_verdict_rule_and_sentence(cases, one):
    contract = load_contract(cases.table)
    found, waits = judged_together(cases.table)[cases.cases.index(one)]
    assert set(found) == {one.rule, *one.also}
    assert found[one.rule] == 1
    rule = contract.rule(f"{cases.table}.{one.rule}")
    assert (rule.severity, rule.sentence_vi) == (one.verdict, one.sentence_vi)
    rejects = {name for name in found if contract.rule(f"{cases.table}.{name}").severity == "reject"}
    assert len(waits) == (1 if rejects else 0)
    if rejects:
        (waiting,) = waits
        assert {rule.split(".", 1)[1] for rule in waiting["rule_ids"].split(";")} == rejects
        assert (one.sentence_vi in waiting["reasons_vi"]) == (one.rule in rejects)
        assert one.rule not in rejects or rule.sentence_en in waiting["reasons_en"]


@pytest.mark.parametrize("case", broken_batches("batches"), ids=lambda c: f"{c['table']}-{c['do']}-{c.get('column')}")
def test_a_broken_batch_is_refused_or_told(case, tmp_path):
    table, cases = case["table"], table_cases()[case["table"]]
    contract = load_contract(table)
    rows = [] if case["do"] == "empty" else [cases.clean]
    column = case.get("column")
    if case["do"] == "drop":
        rows = [{name: value for name, value in row.items() if name != column} for row in rows]
    elif case["do"] in ("retype", "add"):
        rows = [row | {column: case["value"]} for row in rows]
    batch = to_arrow(table, rows)
    if case["do"] == "double":
        with pytest.raises(ContractBroken) as caught:
            conform(batch.append_column(column, batch[column]), contract)
        assert all(part in str(caught.value) for part in case["says"])
        return  # a Parquet file cannot hold a column twice
    lake = Lake(tmp_path)
    lake.store.write(batch, f"landing/{table}", DAY)
    done = stage(lake, table, [DAY], cases.as_of_on)
    if case["verdict"] == "refused":
        message = str(done.broken[DAY])
        assert all(part in message for part in (table, "Fix: ", *case["says"])), message
        assert not lake.store.has(f"staged/{table}", DAY)
        assert pending_days(lake, table) == [DAY]
    else:
        assert (done.broken, done.rows_in, done.rows_valid) == ({}, len(rows), len(rows))
        absent = {name for name in done.absent_columns if name in (column, *cases.clean)}
        said = [f"absent: {name}" for name in absent] + [f"unknown: {name}" for name in done.unknown_columns]
        assert said == case["says"]
        assert unknown_columns(batch, contract) + absent_columns(batch, contract) or not rows


@pytest.mark.parametrize("case", broken_batches("files"), ids=lambda case: case["what"])
def test_a_broken_file_is_refused_whole(case, tmp_path):
    content = case["text"].encode() if "text" in case else case["bytes"].encode("latin-1")
    (tmp_path / case["name"]).write_bytes(content)
    (tmp_path / "2019.csv").write_text("Province,SC11\nP01,1.5\n", encoding="utf-8")
    with pytest.raises(FileUnusable) as caught:
        list(PapiDropSource(tmp_path).pull(Window(DAY, DAY), KnownState(), silent))
    assert case["says"] in str(caught.value)
    assert case["name"] in str(caught.value)
    assert "Fix: " in str(caught.value)


WIRE = broken_batches("wire")


def judged(record):
    contract = load_contract("one_stop__dossiers")
    table = to_arrow(contract.name, [dossier_row(record)])
    return judge(conform(table, contract), contract, WIRE["as_of_on"])


def test_the_clean_record_on_the_wire_is_valid():
    assert (judged(WIRE["clean"]).rows_valid, judged(WIRE["clean"]).rows_quarantined) == (1, 0)


@pytest.mark.parametrize("case", WIRE["cases"], ids=lambda case: case["what"])
def test_a_record_that_cannot_be_read_is_rejected(case):
    record = WIRE["clean"] | case["set"]
    (row,) = judged(record).quarantined.to_pylist()
    assert [rule.split(".", 1)[1] for rule in row["rule_ids"].split(";")] == case["rules"]
    assert case["says"] in (dossier_row(record)["parse_errors"] or "")


def test_the_page_says_every_case():
    page = pages()["broken-records.md"]
    for _, one in RECORDS:
        assert f"| `{one.rule}` | {one.verdict} |" in page
    for case in broken_batches("files"):
        assert case["what"] in page
