from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
import yaml
from contract_batches import AS_OF, INBOUND, dirty_batch

from cchc_pipeline.contracts import all_contracts, contract_names, load_contract, parse_contract
from cchc_pipeline.contracts.code_lists import code_list_names, load_code_list
from cchc_pipeline.contracts.describe import resource, rule_list
from cchc_pipeline.contracts.versions import all_compatibility_errors
from cchc_pipeline.validation.verdict import rule_breaks

FOLDER = Path(__file__).parents[2] / "data_contracts"
#: Every published table has its released versions; every inbound one its broken records.
PUBLISHED = {path.name for path in (FOLDER / "released").iterdir() if path.is_dir()}


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
    schema = resource(contract)["schema"]
    fields = {field["name"]: field for field in schema["fields"]}
    assert schema["primaryKey"] == ["dossier_id"]
    assert fields["channel"]["constraints"] == {"required": True, "enum": ["direct", "online", "postal"]}
    due_on = contract.column("due_on")
    assert fields["due_on"] == {
        "name": "due_on", "type": "date", "title": "Ngày hẹn trả", "title_en": "Due on",
        "description": due_on.description_vi, "description_en": due_on.description,
        "classification": "indirect-personal",
    }  # fmt: skip
    assert fields["channel"]["categories"][1] == {"value": "online", "label": "Trực tuyến", "label_en": "Online"}
    described = resource(contract)
    assert (described["description"], described["description_en"]) == (contract.purpose_vi, contract.purpose)
    assert (described["freshness_hours"], described["retention_days"]) == (30, 800)
    assert described["contract"]["changelog"][0]["version"] == contract.version
    assert resource(contract)["contract"]["sha256"] == contract.sha256
    assert len(rule_list(contract)) == len(contract.rules)
