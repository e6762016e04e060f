"""The way of a whole province over several nights: first load, the same again, a gap, its repair, the next night.

Every fixture is one run on the desk's real Dagster instance and needs the one before; every test judges
what that run published and left behind.
"""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from desk import INBOUND, Desk, Desks, Night
from personal_traces import personal_traces
from sandbox_lives import lives_known
from true_figures import differences, periods_of

from cchc_pipeline.contracts import all_contracts, load_contract
from cchc_pipeline.sandbox.life import workdays
from cchc_pipeline.sandbox.life.dossiers import DEFECTS
from cchc_pipeline.sandbox.scenarios.two_level_registers import MISTAKES, REFUSED
from cchc_pipeline.sandbox.truth.definitions import indicators
from cchc_pipeline.sandbox.truth.indicators import indicator_truth

pytestmark = pytest.mark.acceptance

FIRST, LOADED = date(2026, 9, 1), date(2026, 9, 10)
#: Nobody ran the nights of 11 and 12 September, and a night reads only two days back.
GAP = date(2026, 9, 11), date(2026, 9, 12)
LATE, NEXT = date(2026, 9, 15), date(2026, 9, 16)
SHORT_OVERLAP = {"CCHC_OVERLAP_DAYS": "2"}
#: The late corrections of closed dossiers come with the sweep, here all of it in one night.
WHOLE_SWEEP = {"CCHC_SWEEP_NIGHTS": "1"}


@pytest.fixture(scope="module")
def desk(make_desk: Desks) -> Desk:
    return make_desk("nights", size=0.3, small=False, defects=0.06, days=40)


@pytest.fixture(scope="module")
def first_load(desk: Desk) -> Night:
    desk.set_clock_after(LOADED)
    return desk.run(FIRST, LOADED, **SHORT_OVERLAP)


@pytest.fixture(scope="module")
def once_more(desk: Desk, first_load: Night) -> Night:
    return desk.run(FIRST, LOADED, **SHORT_OVERLAP)


@pytest.fixture(scope="module")
def with_gap(desk: Desk, once_more: Night) -> Night:
    desk.set_clock_after(LATE)
    return desk.run(LATE, **SHORT_OVERLAP)


@pytest.fixture(scope="module")
def repaired(desk: Desk, with_gap: Night) -> Night:
    """The range that the failed run asked for."""
    (message,) = with_gap.outcome.failures.values()
    (days,) = re.findall(r"`cchc run --from (\S+) --to (\S+)`", message)
    return desk.run(*map(date.fromisoformat, days), **SHORT_OVERLAP)


@pytest.fixture(scope="module")
def next_night(desk: Desk, repaired: Night) -> Night:
    desk.set_clock_after(NEXT)
    return desk.run(NEXT, cross_checked=True, **SHORT_OVERLAP, **WHOLE_SWEEP)


# -- the first load -----------------------------------------------------------------------------------------------


def test_a_range_of_days_is_one_green_run(desk: Desk, first_load: Night) -> None:
    assert first_load.outcome.success, first_load.outcome.failures
    with desk.instance() as instance:
        runs = instance.get_runs(dg.RunsFilter(run_ids=[first_load.outcome.run_id]))
        assert [run.status for run in runs] == [dg.DagsterRunStatus.SUCCESS]
        (run,) = runs
        assert run.tags["dagster/asset_partition_range_start"] == FIRST.isoformat()
        assert run.tags["dagster/asset_partition_range_end"] == LOADED.isoformat()
        materialised = instance.get_materialized_partitions(dg.AssetKey("raw_one_stop__dossiers"))
    days = {(FIRST + timedelta(days=i)).isoformat() for i in range((LOADED - FIRST).days + 1)}
    assert materialised == days


def test_every_indicator_of_the_first_load_is_the_truth(desk: Desk, first_load: Night) -> None:
    periods = periods_of(FIRST, LOADED, (FIRST, date(2026, 9, 7), LOADED))
    assert {kind for kind, *_ in periods} == {"day", "month", "quarter", "year"}
    assert differences(first_load.published, desk.province, periods, {LOADED}) == []


def test_nothing_is_empty_where_the_province_has_data(first_load: Night) -> None:
    rows = {r["name"]: r["rows"] for r in first_load.published.manifest["resources"]}
    # nobody accepted a record, no two months are over, no unit changed, and the catalogue is read on days off
    nothing_of_the_kind = {"quarantine_releases", "at_risk_calibration", "unit_changes", "portal_procedures"}
    assert {name for name, count in rows.items() if not count} == nothing_of_the_kind
    assert len(first_load.published.rows("units")) == 51
    # our own dossiers and the portal's counts stand side by side
    assert len({row["source"] for row in first_load.published.rows("scorecard_index766")}) == 2


# -- the same window again ----------------------------------------------------------------------------------------


def test_the_same_window_again_changes_no_byte(desk: Desk, first_load: Night, once_more: Night) -> None:
    assert once_more.outcome.success, once_more.outcome.failures
    assert once_more.published.folder != first_load.published.folder
    assert once_more.published.hashes == first_load.published.hashes
    with desk.instance() as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey("published"))
        materialization = event.asset_materialization if event else None
    assert materialization is not None
    assert materialization.metadata["tables_changed"].value == 0


def test_the_manifest_says_what_the_files_are(first_load: Night) -> None:
    release = first_load.published
    assert release.problems() == []
    for resource in release.manifest["resources"]:
        path = release.folder / resource["path"]
        assert resource["bytes"] == path.stat().st_size
        contract = load_contract(resource["name"])
        names = [field["name"] for field in resource["schema"]["fields"]]
        assert names == pq.read_schema(path).names == contract.arrow_schema().names
        assert pq.read_schema(path).equals(contract.arrow_schema(), check_metadata=False)
    assert release.manifest["data_from"] == FIRST.isoformat()
    assert release.manifest["data_until"] == LOADED.isoformat()


def test_tables_contracts_and_assets_match_one_to_one(desk: Desk, first_load: Night) -> None:
    contracts = {contract.name for contract in all_contracts() if contract.is_published}
    in_manifest = {resource["name"] for resource in first_load.published.manifest["resources"]}
    on_disk = set(first_load.published.hashes)
    assert contracts == in_manifest == on_disk
    assert {contract.name for contract in all_contracts()} == contracts | set(INBOUND)
    landed = {path.name for path in (desk.lake.root / "landing").iterdir()}
    assert landed == set(INBOUND) - {"national_portal__procedures"}  # read on days off


PLAIN_DUCKDB = """
import json, sys, duckdb
folder, *tables = sys.argv[1:]
count = "SELECT count(*) FROM '{}/{}.parquet'"
rows = {table: duckdb.sql(count.format(folder, table)).fetchall()[0][0] for table in tables}
ours = [name for name in sys.modules if name.split(".")[0] in ("cchc_pipeline", "assets", "dagster")]
print(json.dumps({"rows": rows, "ours": ours}))
"""


def test_the_version_opens_with_plain_duckdb(desk: Desk, first_load: Night) -> None:
    expected = {resource["name"]: resource["rows"] for resource in first_load.published.manifest["resources"]}
    done = subprocess.run(
        [sys.executable, "-I", "-c", PLAIN_DUCKDB, str(first_load.published.folder), *expected],
        capture_output=True, text=True, check=True, cwd=desk.folder, timeout=300,
    )  # fmt: skip
    assert json.loads(done.stdout) == {"rows": expected, "ours": []}


# -- a gap --------------------------------------------------------------------------------------------------------


def test_days_that_nobody_pulled_make_the_run_red(with_gap: Night, once_more: Night) -> None:
    assert not with_gap.outcome.success
    assert list(with_gap.outcome.failures) == ["days_complete"]
    message = with_gap.outcome.failures["days_complete"]
    for source in ("one_stop", "documents"):
        assert f"{source}: {GAP[0]} … {GAP[1]}" in message
    assert f"`cchc run --from {GAP[0]} --to {GAP[1]}`" in message
    # what came after the gap waits: figures are those of the last complete day, as exact as on that day
    assert with_gap.published.as_of_on == LOADED
    for table in ("dossiers", "dossier_events", "documents", "indicator_values"):
        assert with_gap.published.hashes[table] == once_more.published.hashes[table], table


def test_the_gap_is_a_failed_check_of_the_asset(desk: Desk, with_gap: Night) -> None:
    check = desk.checks(with_gap.outcome.run_id)["published", "no_missing_days"]
    assert not check.passed
    assert check.metadata["run"].value == [f"cchc run --from {GAP[0]} --to {GAP[1]}"]
    assert set(desk.steps(with_gap.outcome.run_id).values()) == {"SUCCESS", "FAILURE"}


def test_the_command_of_the_message_repairs_it(repaired: Night) -> None:
    assert (repaired.window.first, repaired.window.last) == GAP
    assert repaired.outcome.success, repaired.outcome.failures
    assert repaired.published.problems() == []
    assert repaired.published.as_of_on == LATE


# -- the next night -----------------------------------------------------------------------------------------------


def test_every_indicator_of_the_next_night_is_the_truth(desk: Desk, next_night: Night) -> None:
    assert next_night.outcome.success, next_night.outcome.failures
    assert next_night.published.as_of_on == NEXT
    days = FIRST, LOADED, GAP[0], LATE, NEXT
    periods = periods_of(FIRST, NEXT, days)
    assert differences(next_night.published, desk.province, periods, {LOADED, LATE, NEXT}) == []


def test_every_indicator_counts_something(next_night: Night) -> None:
    """A comparison of nothing with nothing would prove nothing."""
    counted = {row["indicator_id"] for row in next_night.published.rows("indicator_values") if row["numerator"]}
    # Too few dossiers were late in these days for the rarer causes; those are counted in the Đắk Nông run.
    rare = {i for i in indicators() if i.startswith(("late_other_authority", "late_unknown"))}
    # Of the decisions and replies of these days none was late, no decision was about internal procedures, nobody was
    # dissatisfied; today there are no districts, and no services on the scale before 2022.
    rare |= {"publication_decisions_late_count", "published_internal_procedures_count", "replies_late_count"}
    rare |= {"replies_late_rate", "dissatisfied_count", "dissatisfaction_rate"}
    elsewhere = {i for i in indicators() if "district" in i or i.startswith("services_level_")}
    assert set(indicators()) - counted - rare - elsewhere == set()


def test_the_report_of_a_unit_is_the_truth(desk: Desk, next_night: Night) -> None:
    first, last = date(2026, 9, 3), LATE
    truth = indicator_truth(desk.province, NEXT, first, last)
    unit = max((u.code for u in desk.province.units[1:]), key=lambda code: truth["received_total", code][0])
    arguments = ("report", "dossiers", "--from", f"{first}", "--to", f"{last}", "--unit", unit, "--format", "json")
    report = json.loads(desk.output(*arguments))
    names = {
        "received": "received_total", "received_online": "received_online", "received_direct": "received_direct",
        "received_postal": "received_postal", "resolved": "resolved_total", "resolved_early": "resolved_early",
        "resolved_on_time": "resolved_on_time", "resolved_late": "resolved_late", "pending": "pending_total",
        "pending_overdue": "pending_overdue", "pending_in_time": "pending_in_time", "carried_over": "carried_over",
    }  # fmt: skip
    assert {name: report[name] for name in names} == {name: truth[ours, unit][0] for name, ours in names.items()}


def test_every_dossier_stands_as_its_life_does(desk: Desk, next_night: Night) -> None:
    held = {row["dossier_id"]: row for row in next_night.published.rows("dossiers")}
    clock = workdays.end_of(NEXT)
    expected = {}
    for life in lives_known(desk.province, clock):
        seen = life.seen(clock)
        if seen is not None and life.defect is None:
            expected[life.dossier_id] = (
                seen.status, life.unit.code, life.channel, _day(seen.received_at), _day(seen.due_at),
                _day(seen.finished_at), _day(seen.returned_at), seen.rating, seen.is_paid_online,
                seen.is_result_electronic, seen.is_synced_national,
            )  # fmt: skip
    columns = (
        "status_code", "unit_code", "channel", "received_on", "due_on", "finished_on", "returned_on", "rating",
        "is_paid_online", "is_result_electronic", "is_synced_national",
    )  # fmt: skip
    assert {key: tuple(row[name] for name in columns) for key, row in held.items()} == expected


def test_what_changed_after_the_first_load_is_in(desk: Desk, first_load: Night, next_night: Night) -> None:
    before = {row["dossier_id"]: row for row in first_load.published.rows("dossiers")}
    after = {row["dossier_id"]: row for row in next_night.published.rows("dossiers")}
    loaded, now = workdays.end_of(LOADED), workdays.end_of(NEXT)
    resolved, corrected = set(), set()
    for life in desk.province.lives_between(FIRST, LOADED):
        if life.defect is None and life.closed_at is not None:
            if loaded < life.closed_at <= now:
                resolved.add(life.dossier_id)
            elif life.closed_at <= loaded and life.correction_at is not None and loaded < life.correction_at <= now:
                corrected.add(life.dossier_id)
    assert resolved
    assert corrected, "the province has no late correction: choose other days"
    assert all(before[key]["is_open"] and not after[key]["is_open"] for key in resolved)
    assert all(before[key]["finished_on"] > after[key]["finished_on"] for key in corrected)


def _day(instant: object) -> date | None:
    return None if instant is None else instant.date()  # type: ignore[attr-defined]


# -- rows: valid or in quarantine, never lost ---------------------------------------------------------------------


def test_rows_in_are_rows_valid_and_quarantined(desk: Desk, first_load: Night, next_night: Night) -> None:
    for night in (first_load, next_night):
        checks = desk.checks(night.outcome.run_id)
        for table in INBOUND:
            check = checks[f"staged_{table}", "conservation"]
            assert check.passed, (table, check.metadata)
            rows = {name: check.metadata[name].value for name in ("rows_in", "rows_valid", "rows_quarantined")}
            assert rows["rows_in"] == rows["rows_valid"] + rows["rows_quarantined"]
            if night is next_night:
                landed = desk.lake.store.path(f"landing/{table}", NEXT)
                assert rows["rows_in"] == (pq.read_metadata(landed).num_rows if landed.exists() else 0), table


def test_great_expectations_agrees_in_every_table(desk: Desk, next_night: Night) -> None:
    checks = desk.checks(next_night.outcome.run_id)
    judged = {table: checks[f"staged_{table}", "great_expectations"] for table in INBOUND}
    assert all(check.passed for check in judged.values())
    assert judged["one_stop__dossiers"].metadata["rules_run"].value == len(load_contract("one_stop__dossiers").rules)
    assert all(checks[f"staged_{table}", "shape"].passed for table in INBOUND)


#: What the sandbox did to a record -> the rule that has to say so.
RULES = {
    "code_missing": "one_stop__dossiers.dossier_code_required",
    "status_unknown": "one_stop__dossiers.DQ13",
    "due_before_received": "one_stop__dossiers.DQ08",
    "date_format": "one_stop__dossiers.DQ02",
    "finished_missing": "one_stop__dossiers.DQ03",
    "finished_before_received": "one_stop__dossiers.DQ06",
}


def test_the_defective_records_are_exactly_the_quarantine(desk: Desk, next_night: Night) -> None:
    expected = {one.dossier_id: one for one in desk.province.expected_defects(NEXT, FIRST, NEXT)}
    assert {one.defect for one in expected.values()} == set(DEFECTS), "the province lacks a kind of defect"
    rows = next_night.published.rows("quarantine")
    assert {row["table_name"] for row in rows} == {"one_stop__dossiers", "registers__appraisals"}
    assert sorted(row["row_key"] for row in rows if row["table_name"] == "one_stop__dossiers") == sorted(expected)
    dossiers = {row["dossier_id"] for row in next_night.published.rows("dossiers")}
    assert not dossiers & set(expected)


def test_mistakes_in_the_appraisals_are_quarantined_or_refused_and_none_is_lost(next_night: Night) -> None:
    rows = [row for row in next_night.published.rows("quarantine") if row["table_name"] == "registers__appraisals"]
    found = {tuple(row["row_key"].split("|")[3:]): row["rule_ids"] for row in rows}
    assert set(found) == {(code, stage) for code, stage, *_ in MISTAKES}
    for code, stage, _, rule in MISTAKES:
        assert f"registers__appraisals.{rule}" in found[code, stage].split(";"), (code, stage)
    kept = next_night.published.rows("par_index_appraisals")
    refused = {(row["criterion_code"], row["stage"]): row["reason_vi"] for row in kept if row["is_refused"]}
    assert set(refused) == {(code, stage) for code, stage, *_ in REFUSED}
    assert all(words in refused[code, stage] for code, stage, _, words in REFUSED)


def test_quarantine_names_the_rule_and_the_reason_in_vietnamese(desk: Desk, next_night: Night) -> None:
    expected = {one.dossier_id: str(one.defect) for one in desk.province.expected_defects(NEXT, FIRST, NEXT)}
    contract = load_contract("one_stop__dossiers")
    for row in next_night.published.rows("quarantine"):
        if row["table_name"] != "one_stop__dossiers":
            continue
        assert RULES[expected[row["row_key"]]] in row["rule_ids"].split(";"), (expected[row["row_key"]], row)
        for rule_id in row["rule_ids"].split(";"):
            rule = contract.rule(rule_id)
            assert rule.severity == "reject"
            assert rule.sentence_vi in row["reasons_vi"]
            assert rule.sentence_en in row["reasons_en"]
        assert re.search("[à-ỹđ]", row["reasons_vi"])


# -- nothing personal ---------------------------------------------------------------------------------------------


def test_nothing_personal_is_in_any_file(desk: Desk, next_night: Night) -> None:
    shown = {life.person for life in desk.province.lives_between(FIRST, NEXT)}
    assert len(shown) > 500
    assert personal_traces(desk.folder) == []


def test_the_search_for_personal_data_finds_it(tmp_path: Path, desk: Desk, next_night: Night) -> None:
    """Not a test of the pipeline: a search that finds nothing has to be able to find something."""
    pq.write_table(pa.table({"note": ["x NGƯỜI MẪU 000123"]}), tmp_path / "a.parquet", compression="zstd")
    (tmp_path / "b.json").write_text('{"name": "NG\\u01af\\u1edcI M\\u1eaaU 000123"}', encoding="ascii")
    with sqlite3.connect(tmp_path / "c.db") as connection:
        connection.execute("CREATE TABLE t (v TEXT)")
        connection.execute("INSERT INTO t VALUES ('999000000123 +84000000123 mau000123@example.invalid')")
    connection.close()
    shutil.copy(next_night.published.folder / "units.parquet", tmp_path / "d.parquet")
    found = {(Path(path).name, what) for path, what in personal_traces(tmp_path)}
    assert found == {
        ("a.parquet", "name"), ("b.json", "name"), ("c.db", "identity number"), ("c.db", "phone"), ("c.db", "e-mail"),
    }  # fmt: skip
