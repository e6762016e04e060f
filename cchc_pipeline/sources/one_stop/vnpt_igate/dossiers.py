"""Map a dossier of the one-stop system to a flat record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from cchc_pipeline.reference.unit_codes import canonical_unit_code
from cchc_pipeline.sources.one_stop.codes import ONLINE_PAYMENT_NAMES, channel_of, fold, service_level_of, status_of
from cchc_pipeline.sources.one_stop.vnpt_igate.steps import step_name, step_unit, steps_json, tasks_of
from cchc_pipeline.sources.protocol import Row
from cchc_pipeline.sources.records import (
    Problems,
    bool_or_none,
    local_name,
    mapping_or_empty,
    number_or_none,
    text_or_none,
)
from cchc_pipeline.sources.timestamps import parse_instant, parse_iso_day

_STATUS_PATHS = ("dossierTaskStatus", "dossierStatus")

# column -> groups of paths: one path of every group must arrive, or the column is gone.
DOSSIER_NEEDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "dossier_id": (("id",),),
    "dossier_code": (("code",),),
    "status_code": (_STATUS_PATHS,),
    "status_name": (_STATUS_PATHS,),
    "unit_code": (("agency.code",),),
    "procedure_code": (("procedure.code",),),
    "sector_code": (("procedure.sector.code",),),
    "channel": (("applyMethod.name",),),
    "service_level": (("procedureLevel.name",),),
    **{f"applied_{end}": (("appliedDate",),) for end in ("at", "on")},
    **{f"received_{end}": (("acceptedDate",),) for end in ("at", "on")},
    **{f"due_{end}": (("appointmentDate",),) for end in ("at", "on")},
    **{f"finished_{end}": (("completedDate",), ("refusedDate",)) for end in ("at", "on")},
    **{f"returned_{end}": (("returnedDate",),) for end in ("at", "on")},
    "suspended_on": (("suspension.from",),),
    "resumed_on": (("suspension.to",),),
    "result_issued_on": (("resultIssuedDate",),),
    "steps": (("task", "currentTask"),),
    "processing_time": (("processingTime", "procedureProcessDefinition.processDefinition.processingTime"),),
    "processing_time_unit": (
        ("processingTimeUnit", "procedureProcessDefinition.processDefinition.processingTimeUnit"),
    ),
    "has_fee": (("dossierFee",),),
    "fee_amount_vnd": (("dossierFee.amount",),),
    "is_paid_online": (("dossierFee.paid",), ("dossierFee.paymentMethod", "paymentMethod")),
    "is_result_electronic": (("resultFiles.electronic",),),
    "is_digitised": (("dossierFormFile.digitised",),),
    "is_data_reused": (("dossierFormFile.reused",),),
    "is_in_personal_storage": (("personalStorageSynced",),),
    "is_citizen_data_used": (("citizenDataUsed",),),
    "is_synced_national": (("nationalSynced",),),
    "rating": (("rating.level",),),
    "rated_on": (("rating.date",),),
}

_unit = lru_cache(maxsize=4096)(canonical_unit_code)


def dossier_row(record: Mapping[str, Any]) -> Row:
    """Map one record of a search to a row of `one_stop__dossiers`."""
    problems = Problems()
    status, status_name = _status(record, problems)
    applied = _moment(record, "appliedDate", "applied_at", problems)
    received = _moment(record, "acceptedDate", "received_at", problems)
    due = None
    if record.get("undefindedCompleteTime") != 1:  # spelled so in the interface: no date was promised
        due = _moment(record, "appointmentDate", "due_at", problems)
    finished = _moment(record, "completedDate", "finished_at", problems)
    if finished is None and status == 3:
        finished = _moment(record, "refusedDate", "finished_at", problems)
    returned = _moment(record, "returnedDate", "returned_at", problems)
    suspension = mapping_or_empty(record.get("suspension"))
    rating = mapping_or_empty(record.get("rating"))
    level = rating.get("level")
    procedure = mapping_or_empty(record.get("procedure"))
    step, holder = _current_step(record)
    duration, duration_unit = _duration(record)
    fees = _items(record, "dossierFee")
    amount = None if fees is None else int(sum(number_or_none(fee.get("amount")) or 0 for fee in fees))
    if amount is not None and abs(amount) >= 2**63:
        problems.add("fee_amount_vnd", "more than 64 bits hold", amount)
        amount = None
    forms = _items(record, "dossierFormFile")
    results = _items(record, "resultFiles")
    return {
        "dossier_id": text_or_none(record.get("id")),
        "dossier_code": text_or_none(record.get("code")),
        "national_code": text_or_none(record.get("nationCode")),
        "status_code": status,
        "status_name": status_name,
        "unit_code": unit_code_of(record, problems),
        "procedure_code": text_or_none(procedure.get("code")),
        "sector_code": text_or_none(mapping_or_empty(procedure.get("sector")).get("code")),
        "channel": _channel(record, problems),
        "service_level": _service_level(record, problems),
        "applied_at": applied,
        "received_at": received,
        "due_at": due,
        "finished_at": finished,
        "returned_at": returned,
        "applied_on": applied and applied.date(),
        "received_on": received and received.date(),
        "due_on": due and due.date(),
        "finished_on": finished and finished.date(),
        "returned_on": returned and returned.date(),
        "suspended_on": _day(suspension, "from", "suspended_on", problems),
        "resumed_on": _day(suspension, "to", "resumed_on", problems),
        "result_issued_on": _paper_day(record, "resultIssuedDate", "result_issued_on", problems),
        "current_step": step,
        "current_step_unit_code": holder,
        "steps": steps_json(record),
        "processing_time": duration,
        "processing_time_unit": duration_unit,
        "has_fee": None if amount is None else amount > 0,
        "fee_amount_vnd": amount or None,
        "is_paid_online": None if fees is None else any(_paid_online(fee, record) for fee in fees),
        "is_result_electronic": None if results is None else any(item.get("electronic") is True for item in results),
        "is_digitised": None if forms is None else any(form.get("digitised") is True for form in forms),
        "is_data_reused": None if forms is None else any(form.get("reused") is True for form in forms),
        "is_in_personal_storage": bool_or_none(record.get("personalStorageSynced")),
        "is_citizen_data_used": bool_or_none(record.get("citizenDataUsed")),
        "is_synced_national": bool_or_none(record.get("nationalSynced")),
        "rating": level if isinstance(level, int) and not isinstance(level, bool) else None,
        "rated_on": _day(rating, "date", "rated_on", problems),
        "parse_errors": problems.text(),
    }


def _moment(record: Mapping[str, Any], field: str, column: str, problems: Problems) -> datetime | None:
    raw = record.get(field)
    if raw is None or raw == "":
        return None
    moment = parse_instant(raw) if isinstance(raw, str) else None
    if moment is None:
        problems.add(column, "not a time with offset", raw)
    return moment


def _day(record: Mapping[str, Any], field: str, column: str, problems: Problems) -> date | None:
    moment = _moment(record, field, column, problems)
    return moment.date() if moment else None


def _paper_day(record: Mapping[str, Any], field: str, column: str, problems: Problems) -> date | None:
    raw = record.get(field)  # a date on paper has no time: a bare civil date is as good as an instant
    day = parse_iso_day(raw) if isinstance(raw, str) else None
    return day or _day(record, field, column, problems)


def _status(record: Mapping[str, Any], problems: Problems) -> tuple[int | None, str | None]:
    names = [name for path in _STATUS_PATHS if (name := local_name(record.get(path))) and not name.isdigit()]
    for name in names:
        if (code := status_of(name)) is not None:
            return code, name
    if names:
        problems.add("status_code", "unknown status name", names[0])
    elif any(record.get(path) is not None for path in _STATUS_PATHS):
        problems.add("status_code", "a status number without a name", record.get("dossierStatus"))
    return None, names[0] if names else None


def unit_code_of(record: Mapping[str, Any], problems: Problems) -> str | None:
    """Return the canonical code of the record's agency; None, with a reason, if none."""
    raw = text_or_none(mapping_or_empty(record.get("agency")).get("code"))
    code = _unit(raw)
    if raw and code is None:
        problems.add("unit_code", "not an agency code", raw)
    return code


def _channel(record: Mapping[str, Any], problems: Problems) -> str | None:
    name = local_name(mapping_or_empty(record.get("applyMethod")).get("name"))
    channel = channel_of(name)
    if name and channel is None:
        problems.add("channel", "unknown application method", name)
    return channel


def _service_level(record: Mapping[str, Any], problems: Problems) -> str | None:
    name = local_name(mapping_or_empty(record.get("procedureLevel")).get("name"))
    level = service_level_of(name)
    if name and level is None:
        problems.add("service_level", "unknown level", name)
    return level


def _current_step(record: Mapping[str, Any]) -> tuple[str | None, str | None]:
    entries = tasks_of(record, "currentTask")
    task = next((entry for entry in entries if entry.get("isCurrent")), entries[0] if entries else {})
    return step_name(task), step_unit(task)


def _duration(record: Mapping[str, Any]) -> tuple[float | None, str | None]:
    if record.get("processingTime") is None:
        record = mapping_or_empty(mapping_or_empty(record.get("procedureProcessDefinition")).get("processDefinition"))
    return number_or_none(record.get("processingTime")), text_or_none(record.get("processingTimeUnit"))


def _items(record: Mapping[str, Any], field: str) -> list[Mapping[str, Any]] | None:
    if field not in record:
        return None
    value = record[field]
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _paid_online(fee: Mapping[str, Any], record: Mapping[str, Any]) -> bool:
    name = local_name(fee.get("paymentMethod") or record.get("paymentMethod"))
    return fee.get("paid") is True and name is not None and fold(name) in ONLINE_PAYMENT_NAMES
