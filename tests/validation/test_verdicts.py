from __future__ import annotations

import json
import pickle
from datetime import date, datetime

import pyarrow as pa
import pytest
from contract_batches import AS_OF, CLEAN, batch, breaking_row, dirty_batch

from cchc_pipeline.contracts import enforce, load_contract
from cchc_pipeline.contracts.conform import absent_columns, conform, unknown_columns
from cchc_pipeline.contracts.errors import ContractBroken
from cchc_pipeline.validation.verdict import judge, rule_breaks

DOSSIERS = load_contract("one_stop__dossiers")


def test_of_a_repeated_key_the_last_row_stays():
    rows = [CLEAN[DOSSIERS.name] | {"status_name": name} for name in ("a", "b", "c")]
    verdict = judge(batch(DOSSIERS, rows), DOSSIERS, AS_OF)
    assert verdict.valid["status_name"].to_pylist() == ["c"]
    assert verdict.quarantined["rule_ids"].to_pylist() == ["one_stop__dossiers.key_unique"] * 2
    assert verdict.quarantined["source_row_number"].to_pylist() == [1, 2]


def test_rows_without_key_are_not_duplicates_of_each_other():
    rows = [CLEAN[DOSSIERS.name] | {"dossier_id": None}] * 2
    verdict = judge(batch(DOSSIERS, rows), DOSSIERS, AS_OF)
    assert set(verdict.quarantined["rule_ids"].to_pylist()) == {"one_stop__dossiers.dossier_id_required"}
    assert verdict.quarantined["row_key"].to_pylist() == ["", ""]


def test_quarantine_row():
    contract = load_contract("documents__statuses")
    row = CLEAN[contract.name] | {"parse_errors": "x", "unit_code": "?"}
    verdict = judge(batch(contract, [row]), contract, AS_OF, date(2026, 6, 29))
    assert verdict.quarantined.schema.equals(load_contract("quarantine").arrow_schema())
    found = verdict.quarantined.to_pylist()[0]
    assert json.loads(found.pop("row_json")) == {
        "document_id": "000.00.12.H34,2026/03/02,123/QĐ-UBND",
        "unit_code": "?",
        "status_code": "03",
        "status_at": "2026-03-02T12:00:00.000000+07:00",
        "status_on": "2026-03-02",
        "parse_errors": "x",
    }
    assert found == {
        "table_name": "documents__statuses",
        "source": "documents",
        "row_key": "000.00.12.H34,2026/03/02,123/QĐ-UBND|?|03",
        "source_row_number": 1,
        "rule_ids": "documents__statuses.unit_code_pattern;documents__statuses.parse_errors_present",
        "reasons_vi": "«Mã cơ quan báo cáo» không theo mẫu quy định. "
        "Bản ghi có giá trị không đọc được; xem cột parse_errors.",
        "reasons_en": "«Unit code» does not have the required form. "
        "The record holds a value that could not be read; see the column parse_errors.",
        "pulled_for_on": date(2026, 6, 29),
        "unit_code": "?",
        "first_seen_on": date(2026, 6, 29),
        "last_seen_on": date(2026, 6, 29),
        "first_seen_at": None,
        "last_seen_at": None,
        "times_seen": 1,
    }


def test_today_is_what_the_caller_says():
    table = batch(DOSSIERS, [CLEAN[DOSSIERS.name]])
    assert judge(table, DOSSIERS, date(2026, 3, 6)).rows_valid == 1
    assert judge(table, DOSSIERS, date(2026, 3, 5)).quarantined["rule_ids"].to_pylist() == ["one_stop__dossiers.DQ05"]


def test_warnings_and_notes_reject_nothing():
    for rule in DOSSIERS.rules:
        row = breaking_row(DOSSIERS, rule.id)
        verdict = judge(batch(DOSSIERS, [row]), DOSSIERS, AS_OF)
        rejects = any(verdict.rows_broken[one.id] for one in DOSSIERS.rules if one.severity == "reject")
        assert verdict.rows_quarantined == int(rejects)
    assert judge(batch(DOSSIERS, [breaking_row(DOSSIERS, f"{DOSSIERS.name}.DQ15")]), DOSSIERS, AS_OF).rows_valid == 1


def test_both_forms_of_the_agency_in_a_dossier_code_are_the_same_agency():
    codes = ["000.00.12.H34-260302-0001", "H34.12-260302-0001", "000.09.12.H34-260302-0001", "H34.12.9-260302-0001"]
    rows = [CLEAN[DOSSIERS.name] | {"dossier_code": code} for code in codes]
    flags = rule_breaks(batch(DOSSIERS, rows), DOSSIERS, AS_OF)
    place = [rule.id for rule in DOSSIERS.rules].index("one_stop__dossiers.DQ15")
    assert flags.column(place).to_pylist() == [False, False, True, True]


def test_data_quality_rows():
    table = dirty_batch(DOSSIERS, seed=5, rows=50)
    verdict = judge(table, DOSSIERS, AS_OF, date(2026, 6, 29))
    rows = verdict.data_quality().to_pylist()
    assert rows[0]["rule_id"] == "TOTAL"
    assert {(row["rows_in"], row["rows_valid"], row["rows_quarantined"]) for row in rows} == {
        (table.num_rows, verdict.rows_valid, verdict.rows_quarantined)
    }
    assert {row["rule_id"] for row in rows[1:]} == {rule.id for rule in DOSSIERS.rules}
    contract = load_contract("data_quality")
    assert judge(verdict.data_quality(), contract, AS_OF).rows_quarantined == 0


def test_an_empty_batch_is_judged():
    verdict = judge(batch(DOSSIERS, []), DOSSIERS, AS_OF)
    assert (verdict.rows_in, verdict.rows_valid, verdict.rows_quarantined) == (0, 0, 0)


def test_drift_is_told_and_mended():
    table = batch(DOSSIERS, [CLEAN[DOSSIERS.name]]).drop_columns(["rating"]).append_column("extra", pa.array([1]))
    assert (unknown_columns(table, DOSSIERS), absent_columns(table, DOSSIERS)) == (("extra",), ("rating",))
    shaped = conform(table, DOSSIERS)
    assert shaped.schema.equals(DOSSIERS.arrow_schema(relaxed=True))
    assert shaped["rating"].to_pylist() == [None]
    assert not unknown_columns(shaped, DOSSIERS) + absent_columns(shaped, DOSSIERS)


def _column(name: str, values: pa.Array) -> pa.Table:
    table = batch(DOSSIERS, [CLEAN[DOSSIERS.name]])
    return table.set_column(table.schema.get_field_index(name), name, values)


@pytest.mark.parametrize(
    "name, values",
    [
        ("status_code", pa.array(["10"])),
        ("status_code", pa.array([2**40])),
        ("status_code", pa.array([1.5])),
        ("has_fee", pa.array(["true"])),
        ("has_fee", pa.array([1])),
        ("received_on", pa.array(["2026-03-02"])),
        ("received_on", pa.array([datetime(2026, 3, 2, 1)])),  # noqa: DTZ001
        ("received_at", pa.array([datetime(2026, 3, 2, 1)])),  # noqa: DTZ001
        ("unit_code", pa.array([34])),
    ],
)
def test_a_wrong_type_refuses_the_batch(name, values):
    with pytest.raises(ContractBroken) as caught:
        conform(_column(name, values), DOSSIERS)
    error = caught.value
    assert (error.table, error.column, error.expected) == (DOSSIERS.name, name, str(DOSSIERS.column(name).arrow_type))
    assert str(values.type) in error.came
    assert error.fix in str(error)
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (type(again), str(again), again.column) == (ContractBroken, str(error), name)


@pytest.mark.parametrize(
    "name, values, seen",
    [
        ("status_code", pa.array([10], pa.int64()), 10),
        ("status_code", pa.array([10.0]), 10),
        ("status_code", pa.array([None]), None),
        ("unit_code", pa.array(["H34.12"]).dictionary_encode(), "H34.12"),
        ("unit_code", pa.array(["H34.12"], pa.large_string()), "H34.12"),
        ("processing_time", pa.array([float("nan")]), None),
        ("processing_time", pa.array([5], pa.int32()), 5.0),
    ],
)
def test_harmless_types_are_cast(name, values, seen):
    assert conform(_column(name, values), DOSSIERS)[name].to_pylist() == [seen]


def test_an_instant_keeps_its_moment():
    zoned = pa.array([CLEAN[DOSSIERS.name]["received_at"]], pa.timestamp("ms", tz="UTC"))
    assert conform(_column("received_at", zoned), DOSSIERS)["received_at"][0].as_py().isoformat() == (
        "2026-03-02T12:00:00+07:00"
    )


def test_a_missing_or_doubled_column_refuses_the_batch():
    table = batch(DOSSIERS, [CLEAN[DOSSIERS.name]])
    with pytest.raises(ContractBroken, match=r"unit_code.*no such column") as caught:
        conform(table.drop_columns(["unit_code"]), DOSSIERS)
    assert "required" in caught.value.expected
    with pytest.raises(ContractBroken, match="2 times"):
        conform(table.append_column("unit_code", pa.array(["H34"])), DOSSIERS)


def test_enforce_refuses_a_null_in_a_required_column():
    table = batch(DOSSIERS, [CLEAN[DOSSIERS.name], CLEAN[DOSSIERS.name] | {"channel": None}])
    with pytest.raises(ContractBroken, match="channel: came 1 nulls in 2 rows"):
        enforce(table, DOSSIERS)
    assert enforce(table.slice(0, 1), DOSSIERS).schema.equals(DOSSIERS.arrow_schema(), check_metadata=True)
