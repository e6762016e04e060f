from __future__ import annotations

import json
import pickle
from datetime import date

import pytest
from command_line import cchc
from contract_folders import a_folder, raised, rewrite, text_of, without_column

from cchc_pipeline.contracts import all_contracts, parse_contract
from cchc_pipeline.contracts.compatibility import compare
from cchc_pipeline.contracts.errors import ContractFileError, VersionRefused
from cchc_pipeline.contracts.model import contract_folder, read_contract
from cchc_pipeline.contracts.versions import (
    all_compatibility_errors,
    as_yaml,
    record_version,
    recorded_versions,
    self_contained,
)

GONE = without_column(text_of("units"), "valid_to").replace("WHERE valid_to < valid_from", "WHERE valid_from IS NULL")


@pytest.fixture
def folder(tmp_path):
    """Contracts of two tables, one of them inbound, the published one released."""
    path = a_folder(tmp_path / "contracts", "units", "papi__subdimensions")
    assert cchc("contract", "release", "--all", "--folder", path).exit_code == 0
    return path


@pytest.mark.parametrize("contract", [c for c in all_contracts() if c.is_published], ids=lambda c: c.name)
def test_a_released_contract_is_the_same_promise_with_its_code_lists_inside(contract):
    path = list(recorded_versions(contract.family).values())[-1]
    released = read_contract(path)
    assert compare(released, contract).differences == ()
    assert released.columns == contract.columns
    text = path.read_text(encoding="utf-8")
    assert all(f"name: {found.name}" in text for found in contract.code_lists)


def test_a_self_contained_contract_needs_no_code_list_of_the_project():
    contract = read_contract(contract_folder() / "units.odcs.yaml")
    document = self_contained(contract)
    (lists,) = [item["value"] for item in document["customProperties"] if item["property"] == "code_lists"]
    lists[0]["name"] = "unit_rank"
    column = next(entry for entry in document["schema"][0]["properties"] if entry["name"] == "unit_level")
    next(item for item in column["customProperties"] if item["property"] == "code_list")["value"] = "unit_rank"
    found = parse_contract(as_yaml(document), file="here").column("unit_level")
    assert (found.code_list, found.valid_values) == ("unit_rank", contract.column("unit_level").valid_values)


def test_a_list_beside_a_code_list_has_to_be_the_same():
    document = self_contained(read_contract(contract_folder() / "units.odcs.yaml"))
    column = next(entry for entry in document["schema"][0]["properties"] if entry["name"] == "unit_level")
    column["quality"][0]["arguments"]["validValues"].append("hamlet")
    with pytest.raises(ContractFileError, match="not those of the code list unit_level"):
        parse_contract(as_yaml(document), file="here")


def test_released_and_unchanged_is_no_problem_and_releasing_again_writes_nothing(folder):
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.yaml")}
    assert (
        cchc("contract", "check", "--folder", folder).output
        == "1 published contracts keep to their released versions\n"
    )
    assert cchc("contract", "release", "units", "--folder", folder).exit_code == 0
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.yaml")} == before


REFUSED = {
    "a change without a new version": (text_of("units").replace('"Tên cơ quan"', '"Tên của cơ quan"'), "1.0.1"),
    "a code list changed": (
        text_of("units").replace(
            "  - property: changelog\n",
            "  - {property: code_lists, value: "
            + json.dumps(
                [
                    {
                        "name": "unit_level",
                        "label_vi": "x",
                        "label_en": "y",
                        "source": "z",
                        "codes": [{"code": c, "label_vi": "a", "label_en": "b"} for c in ("province", "commune")],
                    }
                ]
            )
            + "}\n  - property: changelog\n",
        ),
        "2.0.0",
    ),
    "a breaking change without a new major version": (raised(GONE, "1.1.0"), "2.0.0"),
    "a new promise as a patch": (
        raised(text_of("units").replace("freshness, value: 30", "freshness, value: 26"), "1.0.1"),
        "1.1.0",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_breaks_change_control_is_refused_with_the_version_that_would_do(kind, folder):
    text, version = REFUSED[kind]
    rewrite(folder, "units", text)
    for command in (("release", "units"), ("check",)):
        done = cchc("contract", *command, "--folder", folder)
        assert done.exit_code == 1, command
        assert "units: " in done.output
        assert f"write version: {version}" in done.output
    assert list(recorded_versions("units", folder)) == ["1.0.0"]


def test_a_version_without_a_changelog_entry_is_refused(folder):
    rewrite(folder, "units", text_of("units").replace("version: 1.0.0", "version: 1.0.1", 1))
    for command in (("release", "units"), ("check",)):
        done = cchc("contract", *command, "--folder", folder)
        assert done.exit_code == 1
        assert "the version of the contract 1.0.1; add an entry for it on top" in done.output


def test_a_version_that_is_not_released_is_a_problem_until_it_is(folder):
    rewrite(folder, "units", raised(GONE, "2.0.0"))
    done = cchc("contract", "check", "--folder", folder)
    assert (done.exit_code, "run `cchc contract release units`" in done.output) == (1, True)
    assert cchc("contract", "release", "units", "--folder", folder).exit_code == 0
    assert cchc("contract", "check", "--folder", folder).exit_code == 0
    assert list(recorded_versions("units", folder)) == ["1.0.0", "2.0.0"]


def test_an_older_version_is_refused(folder):
    rewrite(folder, "units", raised(text_of("units"), "1.1.0"))
    assert cchc("contract", "release", "units", "--folder", folder).exit_code == 0
    rewrite(folder, "units", text_of("units").replace('"Tên cơ quan"', '"Tên"').replace("1.0.0", "1.0.9"))
    done = cchc("contract", "check", "--folder", folder)
    assert "version 1.0.9 is older than the released 1.1.0" in done.output


def test_an_inbound_contract_is_not_released(folder):
    with pytest.raises(VersionRefused, match="it is inbound") as caught:
        record_version(read_contract(folder / "papi__subdimensions.odcs.yaml"), folder)
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301
    assert (again.subject, again.fix) == ("papi__subdimensions", "only what leaves the pipeline is released")


def test_a_table_may_only_go_after_the_end_it_announced(folder):
    text = text_of("units").replace(
        "slaProperties:\n", 'slaProperties:\n  - {property: endOfSupport, value: "2028-06-30"}\n'
    )
    contract = folder / "units.odcs.yaml"
    contract.unlink()
    assert [one.subject for one in all_compatibility_errors(folder, date(2030, 1, 1))] == ["units"]
    rewrite(folder, "units", raised(text, "1.0.1"))
    assert cchc("contract", "release", "units", "--folder", folder).exit_code == 0
    contract.unlink()
    assert [one.subject for one in all_compatibility_errors(folder, date(2028, 6, 30))] == ["units"]
    assert all_compatibility_errors(folder, date(2028, 7, 1)) == []


def test_diff_names_what_breaks_and_exits_with_its_verdict(folder, tmp_path):
    new = tmp_path / "new.odcs.yaml"
    new.write_text(GONE, encoding="utf-8")
    done = cchc("contract", "diff", "units@1.0.0", new, "--folder", folder, "--format", "json")
    assert done.exit_code == 1
    found = json.loads(done.output)
    assert (found["verdict"], found["needed"], found["raised"]) == ("breaking", "major", "none")
    (breaking, *_) = [one for one in found["differences"] if one["verdict"] == "breaking"]
    assert breaking["where"] == "column valid_to"
    new.write_text(raised(GONE, "2.0.0"), encoding="utf-8")
    done = cchc("contract", "diff", "units", new, "--folder", folder)
    assert (done.exit_code, "breaking" in done.output) == (0, True)
    assert "the same promise" in cchc("contract", "diff", "units", "units@1.0.0", "--folder", folder).output


@pytest.mark.parametrize(
    "name, said",
    [
        ("unit", "there is no such contract"),
        ("nowhere.odcs.yaml", "there is no such file"),
        ("units@9.9.9", "version 9.9.9 was never released. Fix: use one of 1.0.0"),
        ("streets@1.0.0", "version 1.0.0 was never released"),
    ],
)
def test_a_contract_that_is_not_there_is_named_with_the_fix(name, said, folder):
    done = cchc("contract", "show", name, "--folder", folder)
    assert (done.exit_code, said in " ".join(done.output.split())) == (1, True), done.output


def test_show_and_list():
    shown = json.loads(cchc("contract", "show", "one_stop__dossiers", "--format", "json").output)
    assert shown["promises"]["drift"] == {"columns": "evolve", "types": "freeze", "codes": "discard_row"}
    assert {rule["rule_id"] for rule in shown["rules"]} >= {"one_stop__dossiers.DQ08"}
    text = cchc("contract", "show", "units").output
    assert "Cơ quan" in text and "parent_missing" in text
    odcs = cchc("contract", "show", "units", "--format", "odcs").output
    assert parse_contract(odcs, file="here").columns == parse_contract(text_of("units"), file="here").columns
    listed = {row["name"]: row for row in json.loads(cchc("contract", "list", "--format", "json").output)}
    assert set(listed) == {one.name for one in all_contracts()}
    assert (listed["units"]["released"], listed["units"]["state"]) == (listed["units"]["version"], "released")
