from __future__ import annotations

import hashlib
import pickle
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
from cchc_pipeline.contracts.verdict import rule_breaks

FOLDER = Path(__file__).parents[2] / "data_contracts"
PUBLISHED = {
    "units",
    "procedures",
    "dossiers",
    "dossier_events",
    "documents",
    "indicators",
    "indicator_values",
    "scorecard_index766",
    "scorecard_papi",
    "scorecard_par_index",
    "quarantine",
    "data_quality",
}


def test_every_table_has_a_contract():
    assert set(contract_names()) == PUBLISHED | set(INBOUND)
    assert {one.name for one in all_contracts() if one.is_published} == PUBLISHED


@pytest.mark.parametrize("name", contract_names())
def test_contract_is_complete(name):
    contract = load_contract(name)
    assert contract.name == name
    assert contract.sha256 == hashlib.sha256((FOLDER / f"{name}.odcs.yaml").read_bytes()).hexdigest()
    assert contract.key
    assert contract.purpose
    assert contract.owner
    assert (contract.source is None) == contract.is_published
    for column in contract.columns:
        assert column.label_vi
        assert column.label_en
        assert column.label_vi != column.label_en
        assert column.classification in {"public", "internal", "indirect-personal", "masked-text"}
    for rule in contract.rules:
        assert rule.id.startswith(f"{name}.")
        assert rule.sentence_vi.endswith(".")
        assert rule.sentence_en.endswith(".")


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
    # what could not be read was quarantined; masked free text is not published
    left_out = ("parse_errors", "subject_masked")
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
    assert fields["due_on"] | {"description": ""} == {
        "name": "due_on",
        "type": "date",
        "title": "Ngày hẹn trả",
        "title_en": "Due on",
        "description": "",
        "classification": "indirect-personal",
    }
    assert resource(contract)["contract"]["sha256"] == contract.sha256
    assert len(rule_list(contract)) == len(contract.rules)


BROKEN = {
    "not YAML": (lambda text: "a: [", "the file"),
    "another document": (lambda text: text.replace("kind: DataContract", "kind: Recipe"), "apiVersion and kind"),
    "typed wrong": (lambda text: text.replace("required: true", "requird: true", 1), "unknown key requird"),
    "no label": (lambda text: text.replace("label_vi", "label_fr"), "label_vi is missing"),
    "unknown type": (lambda text: text.replace("physicalType: INTEGER", "physicalType: INT8"), "type integer/INT8"),
    "types disagree": (lambda text: text.replace("logicalType: integer", "logicalType: string"), "type string/INTEGER"),
    "unknown severity": (lambda text: text.replace("severity: warn", "severity: loud"), "unknown severity 'loud'"),
    "unknown column": (lambda text: text.replace("score IS NULL", "scor IS NULL"), "no column scor"),
    "unreadable SQL": (lambda text: text.replace("score IS NULL", "score IS ((NULL"), "unreadable SQL"),
    "not a row rule": (lambda text: text.replace("WHERE score IS NULL", "HAVING COUNT(*) > 1"), "not a rule about"),
    "an aggregate": (lambda text: text.replace("score IS NULL", "score > max(score)"), "not a rule about"),
    "no sentence": (lambda text: text.replace("sentence_vi", "sentence_fr"), "sentence_vi is missing"),
    "no expectation": (
        lambda text: text.replace("property: expectation", "property: other"),
        "expectation.type is missing",
    ),
    "mustBe": (lambda text: text.replace("        mustBe: 0", "        mustBe: 1"), "mustBe is not 0"),
    "twice": (lambda text: text.replace("id: score_missing", "id: score_range"), "score_range comes twice"),
    "key positions": (
        lambda text: text.replace("primaryKeyPosition: 2", "primaryKeyPosition: 3"),
        "no key, or positions",
    ),
    "nullable key": (lambda text: text.replace("required: true", "required: false"), "key may be null"),
    "two tables": (lambda text: text + "  - name: other\n", "not exactly one table"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_says_where_and_how_to_mend_it(kind, tmp_path):
    change, said = BROKEN[kind]
    text = (FOLDER / "papi__subdimensions.odcs.yaml").read_text(encoding="utf-8")
    assert change(text) != text
    path = tmp_path / "papi__subdimensions.odcs.yaml"
    path.write_text(change(text), encoding="utf-8")
    with pytest.raises(ContractFileError, match=r"papi__subdimensions\.odcs\.yaml") as caught:
        read_contract(path)
    assert said in str(caught.value)
    assert "Fix: " in str(caught.value)
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301
    assert (type(again), str(again), again.fix) == (ContractFileError, str(caught.value), caught.value.fix)


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
