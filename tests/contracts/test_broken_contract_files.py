"""Mistakes in files of contracts and code lists: the message says where, what and how to mend it."""

from __future__ import annotations

import pickle
import re

import pytest
import yaml

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.contracts.code_lists import CodeList, load_code_list
from cchc_pipeline.contracts.errors import ContractFileError
from cchc_pipeline.contracts.model import contract_folder, read_contract
from cchc_pipeline.yaml_files import read_yaml

#: kind -> what is replaced in the file (a regular expression), what by, and what the message says
BROKEN = {
    "not YAML": (r"(?s)\A.*\Z", "a: [", "no YAML"),
    "another document": ("kind: DataContract", "kind: Recipe", "kind: Input should be 'DataContract' (found 'Recipe')"),
    "typed wrong": (r"(?s)\A(.*?)required: true", r"\1requird: true",
        "properties[0].requird: unknown key; correct its name or remove it"),
    "no label": (".*label_vi.*\n", "", "schema[0].customProperties.label_vi: this key is missing; add it"),
    "unknown property": ("label_vi", "label_fr", "customProperties.label_fr: unknown key"),
    "no description": (".*description_vi.*\n", "", "customProperties.description_vi: this key is missing"),
    "unknown class": (r"(?s)\A(.*?)classification: public", r"\1classification: secret",
        "'masked-text' (found 'secret')"),
    "unknown direction": ("value: inbound", "value: sideways",
        "customProperties.direction: Input should be 'inbound' or 'published'"),
    "no source": (".*property: source.*\n", "", "customProperties.source: source is missing; add it"),
    "no freshness": (".*property: freshness.*\n", "", "slaProperties.freshness: this key is missing"),
    "freshness without unit": ("value: 400, unit: d", "value: 400",
        "slaProperties.freshness: unit is None; write unit: h or unit: d"),
    "no retention": (".*property: retention.*\n", "", "slaProperties.retention: this key is missing"),
    "retention of hours": ("value: 7300, unit: d", "value: 7300, unit: h",
        "slaProperties.retention: not whole days; write unit: d"),
    "unknown promise": ("property: freshness", "property: latency", "slaProperties.latency: unknown key"),
    "no drift policy": (".*property: drift\n.*\n", "", "customProperties.drift: drift is missing; add it"),
    "unknown drift action": ("types: freeze", "types: shrug",
        "customProperties.drift.types: Input should be 'evolve', 'freeze' or 'discard_row' (found 'shrug')"),
    "no volume": (".*property: volume\n.*\n", "", "customProperties.volume: volume is missing; add it"),
    "volume without factor": ("factor: 1.5", "factor: 1",
        "customProperties.volume.factor: Input should be greater than 1 (found 1)"),
    "volume below nothing": ("min_rows: 63", "min_rows: -1",
        "customProperties.volume.min_rows: Input should be greater than or equal to 0 (found -1)"),
    "no changelog": (".*property: changelog\n(    .*\n)+", "", "customProperties.changelog: this key is missing"),
    "changelog behind": (r"^version: \S+", "version: 9.0.0",
        "the version of the contract 9.0.0; add an entry for it on top"),
    "no such version": (r"^version: \S+", "version: 1.0",
        "line 5, version: Input should be a valid string (found 1.0)"),
    "no day of change": ('changed_on: ".*"', "changed_on: 2026-11-22", "customProperties.changelog[0].changed_on: "),
    "unknown code list": ('(.*)description_vi, value: "Chỉ số th.*', r"\g<0>\n\1code_list, value: slots}",
        "customProperties.code_list: there is no code list slots; add data_contracts/code_lists/slots.yaml"),
    "codes of another type": ('(.*)description_vi, value: "Năm khảo.*', r"\g<0>\n\1code_list, value: channel}",
        "the codes of channel do not have the type integer"),
    "unknown type": ("physicalType: INTEGER", "physicalType: INT8",
        "physicalType: type integer/INT8; use logicalType/physicalType"),
    "types disagree": ("logicalType: integer", "logicalType: string", "physicalType: type string/INTEGER"),
    "unknown severity": ("severity: warn", "severity: loud",
        "severity: Input should be 'reject', 'warn' or 'note' (found 'loud')"),
    "unknown column": ("score IS NULL", "scor IS NULL", "query: no column scor in this contract; correct the name"),
    "unreadable SQL": ("score IS NULL", "score IS ((NULL", "unreadable SQL"),
    "not a row rule": ("WHERE score IS NULL", "HAVING COUNT(*) > 1", "not a rule about"),
    "an aggregate": ("score IS NULL", "score > max(score)", "not a rule about"),
    "no sentence": ("sentence_vi", "sentence_fr",
        "customProperties.sentence_fr: unknown key; correct its name or remove it"),
    "no expectation": ("property: expectation", "property: other",
        "customProperties.other: unknown key; correct its name or remove it"),
    "mustBe": ("        mustBe: 0", "        mustBe: 1", "mustBe: Input should be 0 (found 1)"),
    "twice": ("id: score_missing", "id: score_range",
        ".id: papi__subdimensions.score_range comes twice; rename or remove one"),
    "key positions": ("primaryKeyPosition: 2", "primaryKeyPosition: 3", "no key, or positions"),
    "nullable key": ("required: true", "required: false",
        "part of the key, which may not be null; write required: true"),
    "two tables": (r"\Z", "  - name: other\n", "schema: not exactly one table; describe one table per file"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_says_where_and_how_to_mend_it(kind, tmp_path):
    old, new, said = BROKEN[kind]
    text = (contract_folder() / "papi__subdimensions.odcs.yaml").read_text(encoding="utf-8")
    changed = re.sub(old, new, text, flags=re.MULTILINE)
    assert changed != text
    path = tmp_path / "papi__subdimensions.odcs.yaml"
    path.write_text(changed, encoding="utf-8")
    with pytest.raises(ContractFileError, match=r"papi__subdimensions\.odcs\.yaml(, line \d+|: no YAML)") as caught:
        read_contract(path)
    assert said in str(caught.value)
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301
    assert (type(again), str(again), again.file) == (ContractFileError, str(caught.value), str(path))


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


def test_no_such_contract():
    with pytest.raises(ContractFileError, match="no such contract") as caught:
        load_contract("dossier")
    assert "dossiers" in str(caught.value)
