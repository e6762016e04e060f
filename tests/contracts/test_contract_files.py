from __future__ import annotations

import json
import pickle
import re
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
import yaml
from contract_batches import AS_OF, CLEAN, INBOUND, dirty_batch

from cchc_pipeline.contracts import (
    ContractFileError,
    all_contracts,
    contract_names,
    load_contract,
    parse_contract,
    read_contract,
    resource,
    rule_list,
    table_schema,
)
from cchc_pipeline.contracts.code_lists import CodeList, code_list_names, load_code_list
from cchc_pipeline.contracts.versions import all_compatibility_errors
from cchc_pipeline.validation.verdict import rule_breaks
from cchc_pipeline.yaml_files import read_yaml

FOLDER = Path(__file__).parents[2] / "data_contracts"
PUBLISHED = {
    "at_risk_calibration",
    "at_risk_dossiers",
    "late_dossiers",
    "units",
    "unit_changes",
    "procedures",
    "observations",
    "plan_tasks",
    "inspections",
    "petitions",
    "external_indices",
    "dossiers",
    "dossier_events",
    "documents",
    "indicators",
    "indicator_values",
    "indicator_values_public",
    "indicator_values_today",
    "scorecard_index766",
    "scorecard_papi",
    "scorecard_par_index",
    "rank_intervals",
    "par_index_appraisals",
    "scorecard_papi_today",
    "quarantine",
    "quarantine_releases",
    "data_quality",
    "reconciliation",
    "reconciliation_dossiers",
}


def test_every_table_has_a_contract():
    assert set(contract_names()) == PUBLISHED | set(INBOUND)
    assert {one.name for one in all_contracts() if one.is_published} == PUBLISHED


@pytest.mark.parametrize("name", contract_names())
def test_contract_is_complete(name):
    contract = load_contract(name)
    assert contract.name == name
    assert contract.key
    assert contract.purpose
    assert contract.owner
    assert (contract.source is None) == contract.is_published
    for column in contract.columns:
        assert column.label_vi
        assert column.label_en
        assert column.label_vi != column.label_en
        assert column.description_vi.endswith(".")
        assert column.description_vi != column.description
    for rule in contract.rules:
        assert rule.id.startswith(f"{name}.")
        assert rule.sentence_vi.endswith(".")
        assert rule.sentence_en.endswith(".")


def test_published_contracts_keep_to_their_released_versions():
    assert [str(one) for one in all_compatibility_errors()] == []


@pytest.mark.parametrize("name", contract_names())
def test_what_a_contract_promises(name):
    contract = load_contract(name)
    assert contract.freshness_hours > 24
    assert contract.retention_days > 365
    assert contract.end_of_support is None
    assert contract.changelog[0].version == contract.version
    assert (contract.drift is None) == (contract.volume is None) == contract.is_published


def test_every_common_data_quality_rule_is_a_rule_or_the_page_says_where_it_lives():
    rules = {rule.id.split(".")[1] for rule in load_contract("one_stop__dossiers").rules}
    page = (FOLDER.parent / "docs" / "contracts.md").read_text(encoding="utf-8")
    for number in range(1, 21):
        assert (f"DQ{number:02d}" in rules) or f"| DQ{number:02d}, " in page, number


def test_a_code_list_stands_once_and_is_referred_to_by_name():
    used = {column.code_list for contract in all_contracts() for column in contract.columns if column.code_list}
    assert used == set(code_list_names())
    assert load_contract("dossiers").column("channel").valid_values == load_code_list("channel").values
    for name in contract_names():
        assert "validValues" not in (FOLDER / f"{name}.odcs.yaml").read_text(encoding="utf-8"), name


def test_a_rule_of_a_code_list_has_the_severity_of_the_drift_policy_or_of_the_column():
    assert load_contract("one_stop__dossiers").rule("one_stop__dossiers.channel_values").severity == "reject"
    assert load_contract("one_stop__dossiers").rule("one_stop__dossiers.rating_values").severity == "warn"
    text = (FOLDER / "one_stop__dossiers.odcs.yaml").read_text(encoding="utf-8")
    evolving = parse_contract(text.replace("codes: discard_row", "codes: evolve"), file="here")
    assert evolving.rule("one_stop__dossiers.channel_values").severity == "warn"


def test_the_hash_of_a_contract_changes_with_its_code_lists():
    text = (FOLDER / "units.odcs.yaml").read_text(encoding="utf-8")
    assert load_contract("units").sha256 == parse_contract(text, file="here").sha256
    levels = load_code_list("unit_level").document()
    levels["codes"] = levels["codes"][:-1]
    carried = text.replace(
        "  - property: changelog\n",
        f"  - {{property: code_lists, value: {json.dumps([levels])}}}\n  - property: changelog\n",
    )
    changed = parse_contract(carried, file="here")
    assert changed.column("unit_level").valid_values == ("province", "department", "district")
    other = json.dumps(
        [levels | {"codes": [*levels["codes"], {"code": "hamlet", "label_vi": "Thôn", "label_en": "Hamlet"}]}]
    )
    again = parse_contract(carried.replace(json.dumps([levels]), other), file="here")
    assert len({load_contract("units").sha256, changed.sha256, again.sha256}) == 3


LISTED = {
    "no codes": (lambda held: held | {"codes": []}, "at least 1 item"),
    "twice": (
        lambda held: held | {"codes": held["codes"] + held["codes"][:1]},
        "codes[3]: direct comes twice; keep one",
    ),
    "mixed": (lambda held: held | {"codes": [*held["codes"], {**held["codes"][0], "code": 7}]}, "texts and numbers"),
    "no label": (
        lambda held: held | {"codes": [{"code": "x", "label_vi": "x"}]},
        "codes[0].label_en: this key is missing; add it",
    ),
    "no day": (
        lambda held: held | {"codes": [{**held["codes"][0], "valid_to": "30/06/2025"}]},
        "codes[0].valid_to: no day; write it in quotes",
    ),
    "unknown key": (lambda held: held | {"owner": "me"}, "owner: unknown key; correct its name or remove it"),
    "no source": (lambda held: held | {"source": ""}, "source: String should have at least 1 character"),
}


@pytest.mark.parametrize("kind", LISTED)
def test_a_broken_code_list_says_where_and_how_to_mend_it(kind):
    change, said = LISTED[kind]
    text = yaml.safe_dump(change(load_code_list("channel").document()), allow_unicode=True)
    with pytest.raises(ContractFileError, match=r"^channel\.yaml, line \d+, ") as caught:
        read_yaml(text, CodeList, "channel.yaml", ContractFileError)
    assert said in str(caught.value)


@pytest.mark.parametrize("name", contract_names())
def test_names_carry_their_type(name):
    schema = load_contract(name).arrow_schema()
    for field in schema:
        if field.name.endswith("_at"):
            assert field.type == pa.timestamp("us", tz="Asia/Ho_Chi_Minh")
        if field.name.endswith("_on") or field.name in {"period_start", "period_end", "valid_from", "valid_to"}:
            assert field.type == pa.date32()
        if field.name.startswith(("is_", "has_")):
            assert field.type == pa.bool_()
        assert field.metadata[b"label_vi"].decode() == load_contract(name).column(field.name).label_vi
    assert schema.metadata[b"contract"] == name.encode()


def test_required_columns_are_not_nullable_unless_relaxed():
    contract = load_contract("one_stop__dossiers")
    assert not contract.arrow_schema().field("unit_code").nullable
    assert contract.arrow_schema().field("due_on").nullable
    assert contract.arrow_schema(relaxed=True).field("unit_code").nullable
    assert contract.arrow_schema().field("fee_amount_vnd").metadata[b"unit"] == b"VND"


@pytest.mark.parametrize(
    "inbound, published", [("one_stop__dossiers", "dossiers"), ("documents__documents", "documents")]
)
def test_published_columns_continue_the_inbound_ones(inbound, published):
    # what could not be read was quarantined; masked free text and single process steps are not published
    left_out = ("parse_errors", "subject_masked", "steps")
    came = [name for name in load_contract(inbound).column_names if name not in left_out]
    assert list(load_contract(published).column_names[: len(came)]) == came


def test_keys():
    assert load_contract("dossier_events").key == ("event_on", "unit_code", "procedure_code", "channel", "measure")
    assert load_contract("documents__statuses").key == ("document_id", "unit_code", "status_code")
    assert "rule_id" in load_contract("data_quality").key


@pytest.mark.parametrize("name", INBOUND)
def test_one_text_gives_the_same_count_in_any_shell_and_here(name):
    """The query of a rule, as the public tool runs it, against the predicate we take out of it."""
    contract = load_contract(name)
    table = dirty_batch(contract, seed=11, rows=120)
    ours = rule_breaks(table, contract, AS_OF)
    entries = yaml.safe_load((FOLDER / f"{name}.odcs.yaml").read_text(encoding="utf-8"))["schema"][0]["quality"]
    order = [rule.id for rule in contract.rules]
    with duckdb.connect() as connection:
        connection.register("batch", table)
        for entry in entries:
            query = entry["query"].replace("{object}", "batch").replace("CURRENT_DATE", f"DATE '{AS_OF}'")
            count = connection.sql(query).fetchall()[0][0]
            flags = ours.column(order.index(f"{name}.{entry['id']}")).to_pylist()
            assert count == sum(flags), entry["id"]


def test_describe():
    contract = load_contract("one_stop__dossiers")
    schema = table_schema(contract)
    fields = {field["name"]: field for field in schema["fields"]}
    assert schema["primaryKey"] == ["dossier_id"]
    assert fields["channel"]["constraints"] == {"required": True, "enum": ["direct", "online", "postal"]}
    due_on = contract.column("due_on")
    assert fields["due_on"] == {
        "name": "due_on",
        "type": "date",
        "title": "Ngày hẹn trả",
        "title_en": "Due on",
        "description": due_on.description_vi,
        "description_en": due_on.description,
        "classification": "indirect-personal",
    }
    assert fields["channel"]["categories"][1] == {"value": "online", "label": "Trực tuyến", "label_en": "Online"}
    described = resource(contract)
    assert (described["description"], described["description_en"]) == (contract.purpose_vi, contract.purpose)
    assert (described["freshness_hours"], described["retention_days"]) == (30, 800)
    assert described["contract"]["changelog"][0]["version"] == contract.version
    assert resource(contract)["contract"]["sha256"] == contract.sha256
    assert len(rule_list(contract)) == len(contract.rules)


BROKEN = {
    "not YAML": (lambda text: "a: [", "no YAML"),
    "another document": (
        lambda text: text.replace("kind: DataContract", "kind: Recipe"),
        "kind: Input should be 'DataContract' (found 'Recipe')",
    ),
    "typed wrong": (
        lambda text: text.replace("required: true", "requird: true", 1),
        "properties[0].requird: unknown key; correct its name or remove it",
    ),
    "no label": (
        lambda text: re.sub(".*label_vi.*\n", "", text),
        "schema[0].customProperties.label_vi: this key is missing; add it",
    ),
    "unknown property": (lambda text: text.replace("label_vi", "label_fr"), "customProperties.label_fr: unknown key"),
    "no description": (
        lambda text: re.sub(".*description_vi.*\n", "", text),
        "customProperties.description_vi: this key is missing",
    ),
    "unknown class": (
        lambda text: text.replace("classification: public", "classification: secret", 1),
        "'masked-text' (found 'secret')",
    ),
    "unknown direction": (
        lambda text: text.replace("value: inbound", "value: sideways"),
        "customProperties.direction: Input should be 'inbound' or 'published'",
    ),
    "no source": (
        lambda text: re.sub(".*property: source.*\n", "", text),
        "customProperties.source: source is missing; add it",
    ),
    "no freshness": (
        lambda text: re.sub(".*property: freshness.*\n", "", text),
        "slaProperties.freshness: this key is missing",
    ),
    "freshness without unit": (
        lambda text: text.replace("value: 400, unit: d", "value: 400"),
        "slaProperties.freshness: unit is None; write unit: h or unit: d",
    ),
    "no retention": (
        lambda text: re.sub(".*property: retention.*\n", "", text),
        "slaProperties.retention: this key is missing",
    ),
    "retention of hours": (
        lambda text: text.replace("value: 7300, unit: d", "value: 7300, unit: h"),
        "slaProperties.retention: not whole days; write unit: d",
    ),
    "unknown promise": (
        lambda text: text.replace("property: freshness", "property: latency"),
        "slaProperties.latency: unknown key",
    ),
    "no drift policy": (
        lambda text: re.sub(".*property: drift\n.*\n", "", text),
        "customProperties.drift: drift is missing; add it",
    ),
    "unknown drift action": (
        lambda text: text.replace("types: freeze", "types: shrug"),
        "customProperties.drift.types: Input should be 'evolve', 'freeze' or 'discard_row' (found 'shrug')",
    ),
    "no volume": (
        lambda text: re.sub(".*property: volume\n.*\n", "", text),
        "customProperties.volume: volume is missing; add it",
    ),
    "volume without factor": (
        lambda text: text.replace("factor: 1.5", "factor: 1"),
        "customProperties.volume.factor: Input should be greater than 1 (found 1)",
    ),
    "volume below nothing": (
        lambda text: text.replace("min_rows: 63", "min_rows: -1"),
        "customProperties.volume.min_rows: Input should be greater than or equal to 0 (found -1)",
    ),
    "no changelog": (
        lambda text: re.sub(".*property: changelog\n(    .*\n)+", "", text),
        "customProperties.changelog: this key is missing",
    ),
    "changelog behind": (
        lambda text: re.sub(r"^version: \S+", "version: 9.0.0", text, flags=re.MULTILINE),
        "the version of the contract 9.0.0; add an entry for it on top",
    ),
    "no such version": (
        lambda text: re.sub(r"^version: \S+", "version: 1.0", text, flags=re.MULTILINE),
        "line 5, version: Input should be a valid string (found 1.0)",
    ),
    "no day of change": (
        lambda text: re.sub('changed_on: ".*"', "changed_on: 2026-11-22", text),
        "customProperties.changelog[0].changed_on: ",
    ),
    "unknown code list": (
        lambda text: re.sub('(.*)description_vi, value: "Chỉ số th.*', r"\g<0>\n\1code_list, value: slots}", text),
        "customProperties.code_list: there is no code list slots; add data_contracts/code_lists/slots.yaml",
    ),
    "codes of another type": (
        lambda text: re.sub('(.*)description_vi, value: "Năm khảo.*', r"\g<0>\n\1code_list, value: channel}", text),
        "the codes of channel do not have the type integer",
    ),
    "unknown type": (
        lambda text: text.replace("physicalType: INTEGER", "physicalType: INT8"),
        "physicalType: type integer/INT8; use logicalType/physicalType",
    ),
    "types disagree": (
        lambda text: text.replace("logicalType: integer", "logicalType: string"),
        "physicalType: type string/INTEGER",
    ),
    "unknown severity": (
        lambda text: text.replace("severity: warn", "severity: loud"),
        "severity: Input should be 'reject', 'warn' or 'note' (found 'loud')",
    ),
    "unknown column": (
        lambda text: text.replace("score IS NULL", "scor IS NULL"),
        "query: no column scor in this contract; correct the name",
    ),
    "unreadable SQL": (lambda text: text.replace("score IS NULL", "score IS ((NULL"), "unreadable SQL"),
    "not a row rule": (lambda text: text.replace("WHERE score IS NULL", "HAVING COUNT(*) > 1"), "not a rule about"),
    "an aggregate": (lambda text: text.replace("score IS NULL", "score > max(score)"), "not a rule about"),
    "no sentence": (
        lambda text: text.replace("sentence_vi", "sentence_fr"),
        "customProperties.sentence_fr: unknown key; correct its name or remove it",
    ),
    "no expectation": (
        lambda text: text.replace("property: expectation", "property: other"),
        "customProperties.other: unknown key; correct its name or remove it",
    ),
    "mustBe": (
        lambda text: text.replace("        mustBe: 0", "        mustBe: 1"),
        "mustBe: Input should be 0 (found 1)",
    ),
    "twice": (
        lambda text: text.replace("id: score_missing", "id: score_range"),
        ".id: papi__subdimensions.score_range comes twice; rename or remove one",
    ),
    "key positions": (
        lambda text: text.replace("primaryKeyPosition: 2", "primaryKeyPosition: 3"),
        "no key, or positions",
    ),
    "nullable key": (
        lambda text: text.replace("required: true", "required: false"),
        "part of the key, which may not be null; write required: true",
    ),
    "two tables": (
        lambda text: text + "  - name: other\n",
        "schema: not exactly one table; describe one table per file",
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_says_where_and_how_to_mend_it(kind, tmp_path):
    change, said = BROKEN[kind]
    text = (FOLDER / "papi__subdimensions.odcs.yaml").read_text(encoding="utf-8")
    assert change(text) != text
    path = tmp_path / "papi__subdimensions.odcs.yaml"
    path.write_text(change(text), encoding="utf-8")
    with pytest.raises(ContractFileError, match=r"papi__subdimensions\.odcs\.yaml(, line \d+|: no YAML)") as caught:
        read_contract(path)
    assert said in str(caught.value)
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301
    assert (type(again), str(again), again.file) == (ContractFileError, str(caught.value), str(path))


def test_no_such_contract():
    with pytest.raises(ContractFileError, match="no such contract") as caught:
        load_contract("dossier")
    assert "dossiers" in str(caught.value)


def test_parse_from_text():
    text = (FOLDER / "units.odcs.yaml").read_text(encoding="utf-8")
    assert parse_contract(text, file="here").columns == load_contract("units").columns


def test_clean_rows_cover_every_required_column():
    for name, row in CLEAN.items():
        assert {column.name for column in load_contract(name).columns if column.required} <= set(row)
