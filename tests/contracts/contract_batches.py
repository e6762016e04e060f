"""Rows for tests of contracts: one clean row per inbound table, and for every rule a row that breaks it."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa

from cchc_pipeline.contracts import Contract

AS_OF = date(2026, 6, 30)
NOON = datetime(2026, 3, 2, 5, tzinfo=UTC)

CLEAN: dict[str, dict[str, Any]] = {
    "one_stop__dossiers": {
        "dossier_id": "64b000000000000000000001",
        "dossier_code": "000.00.12.H34-260302-0001",
        "status_code": 10,
        "status_name": "Đã trả kết quả",
        "unit_code": "H34.12",
        "procedure_code": "1.001234",
        "channel": "online",
        "received_at": NOON,
        "applied_on": date(2026, 3, 1),
        "received_on": date(2026, 3, 2),
        "due_on": date(2026, 3, 9),
        "finished_on": date(2026, 3, 6),
        "returned_on": date(2026, 3, 6),
        "has_fee": True,
        "fee_amount_vnd": 50_000,
        "is_paid_online": True,
        "is_result_electronic": True,
        "is_digitised": True,
        "is_data_reused": False,
        "is_in_personal_storage": True,
        "is_citizen_data_used": True,
        "is_synced_national": True,
        "rating": 3,
        "rated_on": date(2026, 3, 7),
    },
    "one_stop__procedures": {
        "procedure_code": "1.001234",
        "procedure_name": "Đăng ký khai sinh",
        "service_level": "full",
        "executing_level": "commune",
        "unit_code": "H34.5",
        "has_fee": True,
        "is_payment_online": True,
        "is_citizen_data_connected": True,
        "is_content_full": True,
        "is_updated_on_time": True,
        "is_in_force": True,
    },
    "documents__documents": {
        "document_id": "000.00.12.H34,2026/03/02,123/QĐ-UBND",
        "unit_code": "H34.12",
        "document_number": "123",
        "notation": "QĐ-UBND",
        "document_type": "Quyết định",
        "subject_kind": "publication_decision",
        "promulgated_on": date(2026, 3, 2),
        "due_on": date(2026, 3, 10),
        "sent_at": NOON,
        "sent_on": date(2026, 3, 2),
        "is_paper_copy": False,
        "is_signed": True,
        "procedures_count": 4,
        "priority": 0,
    },
    "documents__statuses": {
        "document_id": "000.00.12.H34,2026/03/02,123/QĐ-UBND",
        "unit_code": "H34.5",
        "status_code": "03",
        "status_at": NOON,
        "status_on": date(2026, 3, 2),
    },
    "national_portal__metrics": {
        "unit_code": "H34.5",
        "period_type": "month",
        "period_start": date(2026, 3, 1),
        "period_end": date(2026, 3, 31),
        "report": "dvc-progress-tree",
        "metric_code": "DOSSIER_ON_TIME",
        "numerator": 90.0,
        "denominator": 100.0,
        "ratio_pct": 90.0,
        "score": 18.0,
        "max_score": 20.0,
    },
    "papi__subdimensions": {"year": 2025, "province_code": "P07", "slot": "SC11", "score": 1.2},
    "registers__observations": {
        "measure_code": "eid_accounts",
        "unit_code": "H34",
        "period_start": date(2026, 3, 2),
        "observed_on": date(2026, 3, 2),
        "value": 80.0,
        "total": 100.0,
        "system": "de_an_06",
        "source_row": "observations.csv, dòng 2",
    },
    "registers__plan_tasks": {
        "plan_year": 2026,
        "activity_code": "1.2.3",
        "field_code": "1",
        "task_code": "1.2",
        "name": "Hoạt động mẫu",
        "unit_code": "H34.12",
        "due_on": date(2026, 3, 31),
        "finished_on": date(2026, 3, 2),
        "source_row": "plan_tasks.csv, dòng 2",
    },
    "registers__inspections": {
        "plan_year": 2026,
        "inspection_code": "KT01",
        "unit_code": "H34.12",
        "planned_on": date(2026, 3, 2),
        "inspected_on": date(2026, 3, 3),
        "conclusion_number": "12/KL-ĐKT",
        "source_row": "inspections.csv, dòng 2",
    },
    "registers__petitions": {
        "petition_code": "PA00001",
        "kind": "petition",
        "unit_code": "H34.12",
        "received_on": date(2026, 3, 2),
        "due_on": date(2026, 3, 16),
        "answered_on": date(2026, 3, 9),
        "channel": "portal",
        "source_row": "petitions.csv, dòng 2",
    },
    "registers__external_indices": {
        "index_code": "PCI",
        "unit_code": "H34",
        "year": 2025,
        "as_of_on": date(2026, 5, 6),
        "source": "Bảng mẫu",
        "value": 66.5,
        "rank": 12,
        "rank_of": 34,
        "source_row": "external_indices.csv, dòng 2",
    },
}
INBOUND = tuple(CLEAN)

#: Changes to the clean row that break exactly the SQL rule named (others may break as well).
BREAKING: dict[str, dict[str, Any]] = {
    "one_stop__dossiers.DQ02": {"received_on": None},
    "one_stop__dossiers.DQ03": {"finished_on": None},
    "one_stop__dossiers.DQ04": {"received_on": AS_OF + timedelta(days=1)},
    "one_stop__dossiers.DQ05": {"finished_on": AS_OF + timedelta(days=1)},
    "one_stop__dossiers.DQ06": {"finished_on": date(2026, 3, 1)},
    "one_stop__dossiers.DQ07": {"applied_on": date(2026, 3, 3)},
    "one_stop__dossiers.DQ08": {"due_on": date(2026, 3, 1)},
    "one_stop__dossiers.DQ09": {"due_on": None, "status_code": 4, "finished_on": None, "returned_on": None},
    "one_stop__dossiers.DQ10": {"returned_on": date(2026, 3, 5)},
    "one_stop__dossiers.DQ11": {"status_code": 9},
    "one_stop__dossiers.DQ13": {"status_code": None, "status_name": "Chờ liên thông"},
    "one_stop__dossiers.DQ15": {"unit_code": "H34.13"},
    "one_stop__dossiers.DQ16": {"dossier_code": "000.00.12.H34-260228-0001"},
    "one_stop__dossiers.dossier_code_legacy": {"dossier_code": "HS-2026/15"},
    "one_stop__dossiers.procedure_code_form": {"procedure_code": "TTHC 12"},
    "one_stop__dossiers.rating_values": {"rating": 5},
    "one_stop__dossiers.rated_without_date": {"rated_on": None},
    "one_stop__dossiers.closed_without_date": {"status_code": 7, "finished_on": None, "returned_on": None},
    "one_stop__dossiers.open_with_finish_date": {"status_code": 4},
    "one_stop__dossiers.suspended_without_date": {"status_code": 5, "finished_on": None},
    "one_stop__dossiers.suspension_order": {"suspended_on": date(2026, 3, 5), "resumed_on": date(2026, 3, 4)},
    "one_stop__dossiers.received_on_ancient": {"received_on": date(1970, 1, 1)},
    "one_stop__dossiers.paid_without_fee": {"has_fee": False},
    "one_stop__dossiers.fee_amount_vnd_negative": {"fee_amount_vnd": -1},
    "one_stop__procedures.procedure_code_form": {"procedure_code": "TTHC 12"},
    "one_stop__procedures.payment_without_fee": {"has_fee": False},
    "documents__documents.document_id_form": {"document_id": "123/QĐ-UBND"},
    "documents__documents.document_number_form": {"document_number": "số 5"},
    "documents__documents.promulgated_in_future": {"promulgated_on": AS_OF + timedelta(days=1)},
    "documents__documents.sent_in_future": {"sent_on": AS_OF + timedelta(days=1)},
    "documents__documents.sent_before_promulgated": {"sent_on": date(2026, 3, 1)},
    "documents__documents.decision_without_due": {"due_on": None},
    "documents__documents.decision_without_count": {"procedures_count": None},
    "documents__documents.procedures_count_negative": {"procedures_count": -1},
    "documents__documents.apology_without_dossier": {"subject_kind": "apology_letter"},
    "documents__documents.priority_values": {"priority": 9},
    "documents__statuses.status_code_values": {"status_code": "99"},
    "documents__statuses.status_code_14": {"status_code": "14"},
    "documents__statuses.status_in_future": {"status_on": AS_OF + timedelta(days=1)},
    "national_portal__metrics.period_order": {"period_end": date(2026, 2, 28)},
    "national_portal__metrics.period_in_future": {"period_start": AS_OF + timedelta(days=1)},
    "national_portal__metrics.numerator_above_denominator": {"numerator": 101.0},
    "national_portal__metrics.numerator_negative": {"numerator": -1.0},
    "national_portal__metrics.denominator_negative": {"denominator": -1.0},
    "national_portal__metrics.ratio_range": {"ratio_pct": 120.0},
    "national_portal__metrics.score_above_maximum": {"score": 20.5},
    "national_portal__metrics.marked_by_portal": {"data_quality_status": "TEMP_NATIONAL_REPORT_DENOMINATOR"},
    "papi__subdimensions.score_range": {"score": 11.0},
    "papi__subdimensions.score_missing": {"score": None},
    "registers__observations.period_order": {"period_start": date(2026, 3, 3)},
    "registers__observations.observed_on_future": {"observed_on": AS_OF + timedelta(days=1)},
    "registers__observations.flag_value": {"measure_code": "qr_listed", "value": 2.0, "total": None},
    "registers__observations.part_above_total": {"value": 101.0},
    "registers__observations.total_missing": {"total": None},
    "registers__plan_tasks.finished_on_future": {"finished_on": AS_OF + timedelta(days=1)},
    "registers__plan_tasks.due_outside_plan": {"due_on": date(2027, 1, 4)},
    "registers__plan_tasks.due_missing": {"due_on": None},
    "registers__plan_tasks.finished_before_plan": {"finished_on": date(2025, 12, 31)},
    "registers__inspections.inspected_on_future": {"inspected_on": AS_OF + timedelta(days=1)},
    "registers__inspections.planned_outside_year": {"planned_on": date(2025, 3, 2)},
    "registers__inspections.concluded_without_inspection": {"inspected_on": None},
    "registers__petitions.received_on_future": {"received_on": AS_OF + timedelta(days=1)},
    "registers__petitions.answered_on_future": {"answered_on": AS_OF + timedelta(days=1)},
    "registers__petitions.due_before_received": {"due_on": date(2026, 3, 1)},
    "registers__petitions.answered_before_received": {"answered_on": date(2026, 3, 1)},
    "registers__petitions.due_missing": {"due_on": None},
    "registers__external_indices.as_of_on_future": {"as_of_on": AS_OF + timedelta(days=1)},
    "registers__external_indices.rank_above_rank_of": {"rank": 35},
    "registers__external_indices.nothing_stated": {"value": None, "rank": None},
    "registers__external_indices.rank_of_missing": {"rank_of": None},
}

_POOL: dict[str, list[Any]] = {
    "VARCHAR": [None, "", "khác", "H34", "H34.12", "H34.12\n", "000.00.12.H34-260302-0001\n", "１２３", "'", "a;b|c"],
    "INTEGER": [None, -1, 0, 1, 2, 4, 5, 6, 8, 9, 11],
    "BIGINT": [None, -5, 0, 10],
    "DOUBLE": [None, -0.5, 0.0, 50.0, 100.0, 250.0],
    "BOOLEAN": [None, True, False],
    "DATE": [None, date(1, 1, 1), date(1999, 12, 31), date(2026, 3, 2), AS_OF, AS_OF + timedelta(days=1)],
    "TIMESTAMP_TZ": [None, NOON],
}


def breaking_row(contract: Contract, rule_id: str) -> dict[str, Any]:
    """A row that breaks the rule."""
    row, suffix = dict(CLEAN[contract.name]), rule_id.split(".", 1)[1]
    if rule_id in BREAKING:
        return row | BREAKING[rule_id]
    if suffix == "parse_errors_present":
        return row | {"parse_errors": "due_on: «31/02/2026» không phải ngày."}
    column = contract.column(contract.rule(rule_id).column or contract.key[0])
    changes = {
        f"{column.name}_required": None,
        f"{column.name}_pattern": "?",
        f"{column.name}_values": "khác" if column.logical_type == "string" else 99,
        f"{column.name}_range": (column.minimum or 0) - 1 if column.maximum is None else column.maximum + 1,
    }
    if suffix == "key_unique":
        return row
    value = changes[suffix]
    return row | {column.name: int(value) if isinstance(value, float) and "INT" in column.physical_type else value}


def batch(contract: Contract, rows: list[dict[str, Any]]) -> pa.Table:
    """Rows as a staged batch; columns that a row lacks are null."""
    return pa.Table.from_pylist(rows, schema=contract.arrow_schema(relaxed=True))


def random_row(contract: Contract, source: random.Random, dirt: float = 0.1) -> dict[str, Any]:
    """The clean row with every column replaced, with probability `dirt`, by an awkward value."""
    row: dict[str, Any] = dict(CLEAN[contract.name])
    row[contract.key[0]] = source.choice([row[contract.key[0]], row[contract.key[0]], *_fresh(row, contract, source)])
    for column in contract.columns:
        if source.random() < dirt:
            row[column.name] = source.choice(_POOL[column.physical_type])
    return row


def _fresh(row: dict[str, Any], contract: Contract, source: random.Random) -> list[Any]:
    value = row[contract.key[0]]
    return [value + source.randrange(50) if isinstance(value, int) else value[:-2] + f"{source.randrange(99):02d}"] * 8


def any_batch(contract: Contract, seed: int, rows: int = 200) -> pa.Table:
    """Rows of awkward values only, for contracts without a clean row."""
    source = random.Random(seed)
    pools = {
        column.name: _POOL[column.physical_type] + list(column.valid_values or ()) * 5 for column in contract.columns
    }
    made = [{name: source.choice(pool) for name, pool in pools.items()} for _ in range(rows)]
    return batch(contract, made + made[:5])


def dirty_batch(contract: Contract, seed: int, rows: int = 400) -> pa.Table:
    """Every breaking row once, and `rows` random ones, shuffled."""
    source = random.Random(seed)
    made = [breaking_row(contract, rule.id) for rule in contract.rules]
    made += [random_row(contract, source) for _ in range(rows)]
    source.shuffle(made)
    return batch(contract, made)
