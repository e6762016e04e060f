from __future__ import annotations

import json
from datetime import timedelta

import duckdb
import pyarrow as pa
import pytest
from command_line import output
from small_lake import FIRST, INBOUND, LAST, SETTINGS, days, derive, done, land, october, publish

from cchc_pipeline.contracts import all_contracts, load_contract
from cchc_pipeline.contracts.errors import ContractBroken
from cchc_pipeline.core import state
from cchc_pipeline.core.build import build_dossiers
from cchc_pipeline.lake.files import LakeError
from cchc_pipeline.lake.layout import DataSpan, Lake
from cchc_pipeline.lake.publish import PublishError, current_version, read_manifest, read_published, version_names
from cchc_pipeline.release.release import missing_days, release

PUBLISHED = sorted(contract.name for contract in all_contracts() if contract.is_published)


def test_every_published_contract_is_a_table_and_no_other(published_lake):
    version = current_version(published_lake.published)
    manifest = read_manifest(version)
    assert [resource["name"] for resource in manifest["resources"]] == PUBLISHED
    assert sorted(path.stem for path in version.glob("*.parquet")) == PUBLISHED
    assert (manifest["data_from"], manifest["data_until"]) == (str(FIRST), str(LAST))
    assert manifest["province_code"] == SETTINGS.province_code


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_table_has_its_contracts_schema_key_and_labels(published_lake, name):
    contract = load_contract(name)
    table = read_published(published_lake.published, name)
    assert table.schema.equals(contract.arrow_schema())
    keys = [tuple(row.values()) for row in table.select(list(contract.key)).to_pylist()]
    assert len(keys) == len(set(keys))
    manifest = read_manifest(current_version(published_lake.published))
    (resource,) = [r for r in manifest["resources"] if r["name"] == name]
    assert resource["title"] == contract.title_vi
    assert [field["name"] for field in resource["schema"]["fields"]] == list(contract.column_names)
    assert {field["title"] for field in resource["schema"]["fields"]} == {c.label_vi for c in contract.columns}
    assert resource["schema"]["primaryKey"] == list(contract.key)
    assert resource["contract"]["version"] == contract.version


def test_any_duckdb_reads_it(published_lake):
    path = published_lake.published / "current" / "dossiers.parquet"
    with duckdb.connect() as connection:
        found = connection.read_parquet(str(path)).aggregate("outcome, COUNT(*)").fetchall()
    assert dict(found) == {"early": 2, "late": 1, "on_time": 2, None: 3}


def test_the_months_of_dossiers_are_joined_in_order(own_lake):
    land(own_lake, "one_stop__dossiers", [done(20, 1, 2, received_on=FIRST - timedelta(days=30))])
    state.take_in_dossiers(own_lake)
    build_dossiers(own_lake, LAST)
    assert list(own_lake.store.parts("built/dossiers")) == ["2026-09", "2026-10"]
    publish(own_lake, "second")
    table = read_published(own_lake.published, "dossiers")
    assert table.num_rows == 9
    assert table["received_on"][0].as_py() == FIRST - timedelta(days=30)


def test_what_waits_in_quarantine_is_published_with_its_reason(published_lake):
    (row,) = read_published(published_lake.published, "quarantine").to_pylist()
    assert (row["table_name"], row["rule_ids"]) == ("one_stop__dossiers", "one_stop__dossiers.DQ06")
    assert row["reasons_vi"]
    quality = read_published(published_lake.published, "data_quality").to_pylist()
    totals = {
        r["table_name"]: (r["rows_in"], r["rows_valid"], r["rows_quarantined"])
        for r in quality
        if r["rule_id"] == "TOTAL"
    }
    assert totals["one_stop__dossiers"] == (9, 8, 1)
    assert set(totals) == set(INBOUND)


def test_a_second_release_of_the_same_changes_nothing_and_either_can_be_used(own_lake):
    before = current_version(own_lake.published)
    first = read_manifest(before)
    derive(own_lake)
    done_again = publish(own_lake, "second")
    assert done_again.changed == ()
    second = read_manifest(done_again.folder)
    assert [r["hash"] for r in first["resources"]] == [r["hash"] for r in second["resources"]]
    assert {key for key in first if first[key] != second[key]} <= {"version", "created"}
    listed = output("versions", "--data-dir", own_lake.root)
    assert before.name[:16] in listed and done_again.version[:16] in listed
    used = output("versions", "--use", before.name, "--data-dir", own_lake.root)
    assert used == f"current is now {before.name}\n"
    assert current_version(own_lake.published).name == before.name


def test_a_table_that_was_not_built_is_named_and_nothing_moves(own_lake):
    before = current_version(own_lake.published)
    own_lake.store.path("built/scorecard_papi").unlink()
    with pytest.raises(PublishError, match="scorecard_papi"):
        publish(own_lake, "second")
    assert current_version(own_lake.published) == before
    assert version_names(own_lake.published) == [before.name]


def test_a_table_that_breaks_its_contract_is_named_and_nothing_moves(own_lake):
    before = current_version(own_lake.published)
    table = own_lake.store.read("built/units")
    own_lake.store.update(table.drop_columns(["unit_level"]), "built/units")
    with pytest.raises(ContractBroken, match="unit_level"):
        publish(own_lake, "second")
    assert current_version(own_lake.published) == before


def test_nothing_is_released_from_an_empty_lake(tmp_path):
    with pytest.raises(LakeError, match="no day of any source was read"):
        release(Lake(tmp_path), SETTINGS, INBOUND, "run")


def test_no_day_is_missing(published_lake):
    assert missing_days(published_lake) == []


def test_missing_days_are_told_by_source_and_range(lake):
    for day in days():
        status = "failed" if day in (october(5), october(6)) else "ok"
        lake.record_pull("one_stop", day, day, {"status": status, "overlap_days": 0})
        if day not in (october(3), october(10)):
            lake.record_pull("documents", day, day, {"status": "ok", "overlap_days": 0})
    assert missing_days(lake) == [("one_stop", october(5), october(6)), ("documents", october(3), october(3))]
    # data go to the day before the first that is missing; a day after the last one read is no gap
    assert lake.span() == DataSpan(FIRST, october(4))
    assert lake.read_span("documents") == DataSpan(FIRST, october(2))
    # the night after an outage reads the days of its overlap, too
    lake.record_pull("one_stop", october(7), october(7), {"status": "ok", "overlap_days": 2})
    assert missing_days(lake) == [("documents", october(3), october(3))]
    assert lake.span() == DataSpan(FIRST, LAST)


@pytest.mark.parametrize("again", ["failed", "ok"])
def test_a_day_that_the_contract_refused_is_missing_until_it_is_pulled_again(lake, again):
    lake.record_pull("one_stop", FIRST, LAST, {"status": "ok", "overlap_days": 0})
    lake.refuse_days("one_stop", {october(4): "a column is gone"})
    assert lake.pulls("one_stop")[october(4)]["status"] == "failed"
    assert missing_days(lake) == [("one_stop", october(4), october(4))]
    lake.record_pull("one_stop", FIRST, LAST, {"status": again, "overlap_days": 0})
    assert missing_days(lake) == ([("one_stop", october(4), october(4))] if again == "failed" else [])
    lake.record_pull("one_stop", october(4), october(4), {"status": "ok", "overlap_days": 0})
    lake.refuse_days("one_stop", {october(4): "a column is gone"})  # what was staged of it before stays
    assert missing_days(lake) == ([("one_stop", october(4), october(4))] if again == "failed" else [])


def test_the_manifest_is_plain_json_that_names_no_folder_of_this_machine(published_lake):
    text = (published_lake.published / "current" / "datapackage.json").read_text("utf-8")
    assert str(published_lake.root) not in text
    assert all("/" not in resource["path"] for resource in json.loads(text)["resources"])


def test_arrow_metadata_carries_the_labels(published_lake):
    schema = pa.parquet.read_schema(published_lake.published / "current" / "dossier_events.parquet")
    assert schema.field("quantity").metadata[b"label_vi"]
