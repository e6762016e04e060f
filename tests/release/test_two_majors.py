"""Two majors of one table, published side by side from a folder of contracts."""

from __future__ import annotations

import re
import shutil

import pytest
from command_line import cchc
from small_lake import INBOUND, SETTINGS

from cchc_pipeline.contracts import parse_contract
from cchc_pipeline.contracts.errors import ContractFileError
from cchc_pipeline.contracts.model import contract_folder, folder_contracts
from cchc_pipeline.lake.publish import read_manifest, read_published
from cchc_pipeline.release.release import release

OLDER = """  - property: derived_from
    value:
      table: units
      query: "SELECT * EXCLUDE (unit_level), unit_level AS unit_kind FROM {object}"
"""


def older_units(until: str) -> str:
    """Units as they were in 1.x: the level was called unit_kind."""
    text = (contract_folder() / "units.odcs.yaml").read_text(encoding="utf-8")
    text = text.replace("name: units\n", "name: units_v1\n").replace("units.parquet", "units_v1.parquet")
    column = re.search(r"      - name: unit_level\n(?:        .*\n)+", text)[0]
    text = text.replace(column, "").replace(
        "    quality:\n", column.replace("- name: unit_level", "- name: unit_kind") + "    quality:\n", 1
    )
    text = text.replace("unit_level <>", "unit_kind <>").replace("unit_level !=", "unit_kind !=")
    text = text.replace("  - property: changelog\n", OLDER + "  - property: changelog\n")
    return text.replace("slaProperties:\n", f'slaProperties:\n  - {{property: endOfSupport, value: "{until}"}}\n')


@pytest.fixture
def folder(tmp_path):
    """The project's contracts, with an older major of units beside the current one."""
    path = tmp_path / "contracts"
    shutil.copytree(contract_folder(), path, ignore=shutil.ignore_patterns("released", "*.py", "__pycache__"))
    (path / "units_v1.odcs.yaml").write_text(older_units("2099-12-31"), encoding="utf-8")
    return path


def publish(lake, folder, run_id):
    return release(lake, SETTINGS, INBOUND, run_id, folder_contracts(folder))


def test_both_majors_are_published_until_the_end_of_support_and_then_the_run_says_that_the_older_is_gone(
    own_lake, folder
):
    done = publish(own_lake, folder, "both")
    assert done.ended == ()
    new, old = read_published(own_lake.published, "units"), read_published(own_lake.published, "units_v1")
    assert "unit_kind" in old.column_names and "unit_level" not in old.column_names
    assert old["unit_code"].to_pylist() == new["unit_code"].to_pylist()
    assert old["unit_kind"].to_pylist() == new["unit_level"].to_pylist()
    assert old.schema.metadata[b"contract"] == b"units_v1"
    (described,) = [r for r in read_manifest(done.folder)["resources"] if r["name"] == "units_v1"]
    assert (described["superseded_by"], described["end_of_support"]) == ("units", "2099-12-31")
    assert "31/12/2099" in described["description"]
    assert publish(own_lake, folder, "again").changed == ()
    (folder / "units_v1.odcs.yaml").write_text(older_units("2020-01-31"), encoding="utf-8")
    done = publish(own_lake, folder, "after")
    assert done.ended == ("units_v1",)
    assert "units" in done.rows and "units_v1" not in done.rows
    assert not (done.folder / "units_v1.parquet").exists()


def test_a_query_that_cannot_run_is_named_and_nothing_moves(own_lake, folder):
    before = (own_lake.published / "current").resolve()
    path = folder / "units_v1.odcs.yaml"
    path.write_text(path.read_text("utf-8").replace("unit_level AS unit_kind", "unit_rank AS unit_kind"), "utf-8")
    with pytest.raises(ContractFileError, match="cannot be run over units") as caught:
        publish(own_lake, folder, "second")
    assert "units_v1.odcs.yaml" in str(caught.value)
    assert (own_lake.published / "current").resolve() == before


@pytest.mark.parametrize(
    "change, said",
    [
        (lambda text: text.replace("table: units", "table: procedures"), "call it procedures_v1"),
        (lambda text: text.replace("FROM {object}", "FROM dossiers"), "not a query over the current table"),
        (lambda text: text.replace("SELECT *", "SELECT ((("), "unreadable SQL"),
        (lambda text: re.sub(".*endOfSupport.*\n", "", text), "without end"),
    ],
)
def test_an_older_major_that_cannot_be_one_is_refused_when_it_is_read(change, said):
    with pytest.raises(ContractFileError, match=r"^here, line \d+, customProperties\.derived_from") as caught:
        parse_contract(change(older_units("2099-12-31")), file="here")
    assert said in str(caught.value)


def test_the_older_major_goes_on_under_change_control(tmp_path, folder):
    """1.x was released; the column is renamed in the next major and 1.x goes on beside it."""
    now = parse_contract((folder / "units.odcs.yaml").read_text("utf-8"), file="units").version
    major, minor, patch = map(int, now.split("."))
    mended, added, renamed = f"{major}.{minor}.{patch + 1}", f"{major}.{minor + 1}.0", f"{major + 1}.0.0"
    small = tmp_path / "small"
    small.mkdir()
    first = re.sub(
        r"(- name: unit)_level", r"\1_kind", (contract_folder() / "units.odcs.yaml").read_text("utf-8")
    ).replace("unit_level <>", "unit_kind <>")
    (small / "units.odcs.yaml").write_text(first, "utf-8")
    assert cchc("contract", "release", "units", "--folder", small).exit_code == 0
    entry = (
        '      - version: {0}\n        changed_on: "2027-01-15"\n        text_vi: "Đổi."\n        text_en: "Changed."\n'
    )
    head = "  - property: changelog\n    value:\n"
    new = (contract_folder() / "units.odcs.yaml").read_text("utf-8")
    new = new.replace(f"version: {now}", f"version: {renamed}", 1).replace(head, head + entry.format(renamed))
    (small / "units.odcs.yaml").write_text(new, "utf-8")
    old = older_units("2099-12-31").replace(f"version: {now}", f"version: {mended}", 1)
    (small / "units_v1.odcs.yaml").write_text(old.replace(head, head + entry.format(mended)), "utf-8")
    assert cchc("contract", "release", "--all", "--folder", small).exit_code == 0, "both"
    released = sorted(path.name for path in (small / "released" / "units").iterdir())
    assert released == [f"{version}.odcs.yaml" for version in (now, mended, renamed)]
    checked = cchc("contract", "check", "--folder", small)
    assert (checked.exit_code, checked.output) == (0, "2 published contracts keep to their released versions\n")
    broken = old.replace("- name: valid_to", "- name: valid_until").replace("valid_to <", "valid_until <")
    broken = broken.replace(f"version: {mended}", f"version: {added}", 1).replace(head, head + entry.format(added))
    (small / "units_v1.odcs.yaml").write_text(broken, "utf-8")
    refused = cchc("contract", "check", "--folder", small)
    assert (refused.exit_code, f"breaking change since {mended}" in refused.output) == (1, True)
