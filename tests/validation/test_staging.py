"""Staging by day: conservation, quarantine over time, a day that is refused whole."""

from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa
import pytest
from contract_batches import AS_OF, CLEAN, batch, breaking_row
from sql_verdict import without_cross_check  # noqa: F401 - a fixture of this module

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.lake import files
from cchc_pipeline.validation.staging import pending_days, published_state, stage

NAME = "documents__statuses"  # a small contract with a key of three columns: staging is the same for all
STATUSES, DOSSIERS = load_contract(NAME), load_contract("one_stop__dossiers")
QUARANTINE, QUALITY = load_contract("quarantine"), load_contract("data_quality")
PARSED = f"{NAME}.parse_errors_present"
GOOD = CLEAN[NAME] | {"parse_errors": None}
BAD = GOOD | {"parse_errors": "status_at: «hôm qua» không phải thời điểm."}
DAY = date(2026, 6, 29)
NEXT = DAY + timedelta(days=1)


def land(lake, contract, rows, day=DAY):
    table = rows if isinstance(rows, pa.Table) else batch(contract, rows)
    lake.store.write(table, f"landing/{contract.name}", day)


def night(lake, contract, rows, day=DAY):
    land(lake, contract, rows, day)
    return stage(lake, contract.name, [day], AS_OF)


def staged(lake, day=DAY, contract=STATUSES):
    path = lake.store.path(f"staged/{contract.name}", day)
    return files.read_parquet(path).to_pylist() if path.exists() else None


def quarantine(lake, contract=STATUSES):
    return lake.store.read(f"core/quarantine_{contract.name}", schema=QUARANTINE.arrow_schema()).to_pylist()


def key(unit_code="H34.5"):
    return f"{GOOD['document_id']}|{unit_code}|03"


def waiting(lake):
    return [(row["pulled_for_on"], row["row_key"]) for row in quarantine(lake)]


def quality(lake, rule="TOTAL", contract=STATUSES):
    rows = lake.store.read(f"core/quality_{contract.name}", schema=QUALITY.arrow_schema()).to_pylist()
    return {
        row["pulled_for_on"]: (row["rows_in"], row["rows_valid"], row["rows_quarantined"], row["rows_broken"])
        for row in rows
        if row["rule_id"] == rule
    }


def test_valid_rows_are_written_with_the_contracts_schema_and_the_others_wait(lake):
    done = night(lake, STATUSES, [GOOD, BAD | {"unit_code": "H34.6"}, GOOD | {"unit_code": "H34.7"}])
    assert (done.rows_in, done.rows_valid, done.rows_quarantined) == (3, 2, 1)
    found = lake.store.read(f"staged/{NAME}", DAY)
    assert found.schema.equals(STATUSES.arrow_schema(), check_metadata=True)
    assert found.to_pylist() == [GOOD, GOOD | {"unit_code": "H34.7"}]
    (row,) = quarantine(lake)
    assert (row["row_key"], row["source_row_number"], row["pulled_for_on"]) == (key("H34.6"), 2, DAY)
    assert row["rule_ids"] == PARSED
    assert done.rows_broken[PARSED] == 1


def test_a_day_staged_again_replaces_its_quarantine_and_counts(lake):
    night(lake, STATUSES, [BAD, BAD | {"unit_code": "H34.6"}])
    night(lake, STATUSES, [BAD])
    stage(lake, NAME, [DAY], AS_OF)
    assert waiting(lake) == [(DAY, key())]
    assert quality(lake) == {DAY: (1, 0, 1, None)}
    assert quality(lake, PARSED) == {DAY: (1, 0, 1, 1)}


def test_a_corrected_row_leaves_quarantine(lake):
    night(lake, STATUSES, [BAD, BAD | {"unit_code": "H34.6"}])
    night(lake, STATUSES, [GOOD], NEXT)
    assert waiting(lake) == [(DAY, key("H34.6"))]
    assert staged(lake, NEXT) == [GOOD]


def test_rows_without_a_key_wait_each_on_its_own(lake):
    nameless = [CLEAN[DOSSIERS.name] | {"dossier_id": None, "dossier_code": f"H34.12-260302-000{n}"} for n in (1, 2, 3)]
    night(lake, DOSSIERS, nameless[:2])
    night(lake, DOSSIERS, nameless[1:], NEXT)
    assert [row["pulled_for_on"] for row in quarantine(lake, DOSSIERS)] == [DAY, NEXT, NEXT]
    night(lake, STATUSES, [GOOD | {"status_code": None}])
    night(lake, STATUSES, [GOOD | {"status_code": None, "unit_code": "H34.6"}], NEXT)
    assert [row["pulled_for_on"] for row in quarantine(lake)] == [DAY, NEXT]


def test_a_day_that_breaks_the_contract_is_refused_whole_and_the_others_are_staged(lake):
    night(lake, STATUSES, [GOOD])
    before = files.sha256(lake.store.path(f"staged/{NAME}", DAY))
    land(lake, STATUSES, batch(STATUSES, [GOOD | {"unit_code": "H34.6"}]).drop_columns(["status_code"]))
    land(lake, STATUSES, [GOOD | {"unit_code": "H34.7"}], NEXT)
    done = stage(lake, NAME, [DAY, NEXT], AS_OF)
    assert set(done.broken) == {DAY}
    assert "status_code" in str(done.broken[DAY])
    assert files.sha256(lake.store.path(f"staged/{NAME}", DAY)) == before  # the last good one stays
    assert staged(lake, NEXT) == [GOOD | {"unit_code": "H34.7"}]
    assert quality(lake)[DAY] == (1, 1, 0, None)
    assert pending_days(lake, NAME) == [DAY]
    land(lake, STATUSES, [GOOD | {"unit_code": "H34.6"}])
    assert not stage(lake, NAME, pending_days(lake, NAME), AS_OF).broken
    assert staged(lake) == [GOOD | {"unit_code": "H34.6"}]
    assert pending_days(lake, NAME) == []


@pytest.mark.parametrize("column, values", [("status_on", ["2026-03-02"]), ("status_at", [7]), ("status_code", [3.5])])
def test_a_retyped_column_breaks_the_contract(lake, column, values):
    table = batch(STATUSES, [GOOD])
    done = night(lake, STATUSES, table.set_column(table.schema.get_field_index(column), column, pa.array(values)))
    assert column in str(done.broken[DAY])
    assert staged(lake) is None
    assert waiting(lake) == []


def test_unknown_and_absent_columns_are_told_and_break_nothing(lake):
    rows = batch(STATUSES, [GOOD]).append_column("extra", pa.array([1]))
    land(lake, STATUSES, rows)
    land(lake, STATUSES, batch(STATUSES, [GOOD]).drop_columns(["parse_errors"]), NEXT)
    done = stage(lake, NAME, [DAY, NEXT], AS_OF)
    assert (done.unknown_columns, done.absent_columns) == ({"extra"}, {"parse_errors"})
    assert staged(lake) == [GOOD]
    assert staged(lake, NEXT) == [GOOD | {"parse_errors": None}]


def test_days_without_a_landing_file_are_passed_over(lake):
    done = stage(lake, NAME, [DAY, NEXT], AS_OF)
    assert (done.rows_in, done.is_conserved, done.results) == (0, True, {})
    assert staged(lake) is None


def test_the_published_tables_join_what_was_kept_of_every_table(lake):
    night(lake, STATUSES, [BAD, GOOD | {"unit_code": "H34.6"}])
    night(lake, DOSSIERS, [breaking_row(DOSSIERS, "one_stop__dossiers.DQ03")])
    tables = (NAME, DOSSIERS.name, "documents__documents")
    kept = published_state(lake, "quarantine", tables)
    assert sorted(kept["table_name"].to_pylist()) == [NAME, DOSSIERS.name]
    counts = published_state(lake, "data_quality", tables)
    totals = [r for r in counts.to_pylist() if r["rule_id"] == "TOTAL"]
    assert [(r["table_name"], r["rows_in"]) for r in totals] == [(NAME, 2), (DOSSIERS.name, 1)]
    assert kept.schema.equals(QUARANTINE.arrow_schema(), check_metadata=True)
