"""Map dossiers and procedures of the one-stop system to flat records.

Canonical dossier status 1..10: the list of the National Public Service Portal (1 Mới đăng ký,
2 Được tiếp nhận, 3 Không được tiếp nhận, 4 Đang xử lý, 5 Yêu cầu bổ sung giấy tờ, 6 Yêu cầu thực
hiện nghĩa vụ tài chính, 7 Công dân yêu cầu rút hồ sơ, 8 Dừng xử lý, 9 Đã xử lý xong, 10 Đã trả kết quả).
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeVar

from cchc_pipeline.sources.protocol import Row
from cchc_pipeline.sources.records import (
    Fields,
    Problems,
    any_day,
    bool_or_none,
    local_day,
    local_name,
    mapping_or_empty,
    number_or_none,
    parse_instant,
    read_fields,
    read_unit,
    reader,
    text_or_none,
    unblank,
    unit_code,
    value_at,
)

Code = TypeVar("Code", int, str)

_STATUS_NAMES: dict[int, tuple[str, ...]] = {
    1: ("mới đăng ký", "chờ tiếp nhận", "chưa tiếp nhận", "mới nộp"),
    2: ("được tiếp nhận", "đã tiếp nhận", "mới tiếp nhận", "tiếp nhận"),
    3: ("không được tiếp nhận", "không tiếp nhận", "từ chối tiếp nhận", "từ chối", "đã từ chối"),
    4: ("đang xử lý", "đang giải quyết", "chờ xử lý"),
    5: (
        "yêu cầu bổ sung", "yêu cầu bổ sung giấy tờ", "yêu cầu bổ sung hồ sơ", "yêu cầu bổ sung thông tin",
        "chờ bổ sung", "chờ bổ sung hồ sơ", "bổ sung hồ sơ", "đang bổ sung",
    ),
    6: (
        "yêu cầu nghĩa vụ tài chính", "yêu cầu thực hiện nghĩa vụ tài chính", "thực hiện nghĩa vụ tài chính",
        "chờ thực hiện nghĩa vụ tài chính", "yêu cầu thực hiện nvtc", "chờ nghĩa vụ tài chính",
    ),
    7: ("đã rút", "rút hồ sơ", "đã rút hồ sơ", "công dân rút", "công dân rút hồ sơ", "công dân yêu cầu rút hồ sơ"),
    8: ("dừng xử lý", "đã dừng xử lý"),
    9: ("đã có kết quả", "có kết quả", "đã xử lý xong", "xử lý xong", "chờ trả kết quả"),
    10: ("đã trả kết quả", "trả kết quả"),
}  # fmt: skip

_CHANNEL_NAMES: dict[str, tuple[str, ...]] = {
    "direct": ("trực tiếp", "nộp trực tiếp"),
    "online": ("trực tuyến", "nộp trực tuyến"),
    "postal": ("bưu chính công ích", "bưu chính", "qua bưu chính", "qua bưu chính công ích"),
}

ONLINE_PAYMENT_NAMES = frozenset({"trực tuyến", "thanh toán trực tuyến"})
SERVICE_LEVELS = {"1": "information", "2": "information", "3": "partial", "4": "full"}
INTERLINKED = {"NONE": "none", "SAME_LEVEL": "same_level", "CROSS_LEVEL": "cross_level"}
_SERVICE_NAMES: dict[str, tuple[str, ...]] = {
    "full": ("toàn trình", "dịch vụ công trực tuyến toàn trình", "mức độ 4"),
    "partial": ("một phần", "dịch vụ công trực tuyến một phần", "mức độ 3"),
    "information": ("cung cấp thông tin trực tuyến", "chỉ cung cấp thông tin", "mức độ 1", "mức độ 2"),
}
EXECUTING_LEVELS = {
    "TINH": "province", "SO": "province", "HUYEN": "district", "QUANHUYEN": "district",
    "XA": "commune", "XAPHUONG": "commune",
}  # fmt: skip
_STATUS_PATHS = ("dossierTaskStatus", "dossierStatus")
_DEFINITION = "procedureProcessDefinition.processDefinition"
_moment = reader(parse_instant, "not a time with offset", unblank)
_day = reader(local_day, "not a time with offset", unblank)
_flag, _text = reader(bool_or_none), reader(text_or_none)
_TIMES: Fields = {
    "applied_at": ("appliedDate", _moment),
    "received_at": ("acceptedDate", _moment),
    "due_at": ("appointmentDate", _moment),
    "finished_at": ("completedDate", _moment),
}
_any_day = reader(any_day, "not a day", unblank)
_OLD_LEVEL = re.compile(r"^mức độ ([1-4])$")
_PROCEDURE_FIELDS: Fields = {
    "procedure_code": ("code", _text),
    "interlinked": ("interlinked", reader(lambda way: INTERLINKED.get(way.upper()), "unknown way", text_or_none)),
    "service_level": ("level.code", reader(SERVICE_LEVELS.get, "unknown level", text_or_none)),
    "executing_level": (
        "executingLevel",
        reader(lambda level: EXECUTING_LEVELS.get(level.upper()), "unknown level", text_or_none),
    ),
    "unit_code": ("agency.code", read_unit),
    "has_fee": ("fee", _flag),
    "is_payment_online": ("onlinePayment", _flag),
    "is_citizen_data_connected": ("citizenDataConnected", _flag),
    "is_content_full": ("contentFull", _flag),
    "is_updated_on_time": ("updatedOnTime", _flag),
    "publication_decision": ("publicationDecision", _text),
    "is_in_force": ("status", _flag),
    "is_internal": ("internal", _flag),
    "is_paperless": ("paperless", _flag),
    "is_priority_early": ("priorityEarly", _flag),
    "is_essential": ("essentialService", _flag),
    "is_location_free": ("locationFree", _flag),
    "integrated_on": ("nationalIntegratedDate", _any_day),
    "synced_on": ("nationalSyncedDate", _any_day),
    "time_cut_on": ("timeCutDate", _any_day),
    "simplified_on": ("simplifiedDate", _any_day),
}
PROCEDURE_NEEDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "procedure_name": (("name", "translate"),),
    **{column: ((path,),) for column, (path, _) in _PROCEDURE_FIELDS.items()},
}


@lru_cache(maxsize=4096)
def fold(label: str) -> str:
    """Normalise a label for comparison: NFC, no case, single spaces, `lý` and `ký`.

    >>> fold("Đang  xử lí ")
    'đang xử lý'
    """
    label = re.sub(r"\s+", " ", unicodedata.normalize("NFC", label)).strip(" .").casefold()
    return re.sub(r"\b([lk])í\b", r"\1ý", label)


def _lookup(names: Mapping[Code, tuple[str, ...]]) -> Callable[[str | None], Code | None]:
    by_label = {name: code for code, labels in names.items() for name in labels}
    return lambda label: by_label.get(fold(label)) if label else None


#: Canonical status of a status name; None for an unknown name.
status_of = _lookup(_STATUS_NAMES)
#: Channel of an application method: direct, online or postal; None if unknown.
channel_of = _lookup(_CHANNEL_NAMES)
#: Level of an online service: full, partial or information; None if unknown.
service_level_of = _lookup(_SERVICE_NAMES)


_DOSSIER_FIELDS: Fields = {
    "dossier_id": ("id", _text),
    "dossier_code": ("code", _text),
    "unit_code": ("agency.code", read_unit),
    "procedure_code": ("procedure.code", _text),
    "sector_code": ("procedure.sector.code", _text),
    "channel": ("applyMethod.name", reader(channel_of, "unknown application method", local_name)),
    "service_level": ("procedureLevel.name", reader(service_level_of, "unknown level", local_name)),
    "suspended_on": ("suspension.from", _day),
    "resumed_on": ("suspension.to", _day),
    "result_issued_on": ("resultIssuedDate", reader(any_day, "not a time with offset", unblank)),
    "is_in_personal_storage": ("personalStorageSynced", _flag),
    "is_citizen_data_used": ("citizenDataUsed", _flag),
    "is_synced_national": ("nationalSynced", _flag),
    "rating": ("rating.level", reader(lambda raw: raw if isinstance(raw, int) and not isinstance(raw, bool) else None)),
    "rated_on": ("rating.date", _day),
}
# column -> groups of paths: one path of every group must arrive, or the column is gone.
DOSSIER_NEEDS: dict[str, tuple[tuple[str, ...], ...]] = {
    **{column: ((path,),) for column, (path, _) in {**_TIMES, **_DOSSIER_FIELDS}.items()},
    **{column.replace("_at", "_on"): ((path,),) for column, (path, _) in _TIMES.items()},
    **{f"finished_{end}": (("completedDate",), ("refusedDate",)) for end in ("at", "on")},
    **{f"returned_{end}": (("returnedDate",),) for end in ("at", "on")},
    "status_code": (_STATUS_PATHS,),
    "status_name": (_STATUS_PATHS,),
    "steps": (("task", "currentTask"),),
    "processing_time": (("processingTime", f"{_DEFINITION}.processingTime"),),
    "processing_time_unit": (("processingTimeUnit", f"{_DEFINITION}.processingTimeUnit"),),
    "has_fee": (("dossierFee",),),
    "fee_amount_vnd": (("dossierFee.amount",),),
    "is_paid_online": (("dossierFee.paid",), ("dossierFee.paymentMethod", "paymentMethod")),
    "is_result_electronic": (("resultFiles.electronic",),),
    "is_digitised": (("dossierFormFile.digitised",),),
    "is_data_reused": (("dossierFormFile.reused",),),
}


def dossier_row(record: Mapping[str, Any]) -> Row:
    """Map one record of a search to a row of `one_stop__dossiers`."""
    problems = Problems()
    status, status_name = _status(record, problems)
    # spelled so in the interface: no date was promised
    given = {**record, "appointmentDate": None} if record.get("undefindedCompleteTime") == 1 else record
    times = read_fields(given, _TIMES, problems)
    if times["finished_at"] is None and status == 3:
        times["finished_at"] = _moment(record.get("refusedDate"), "finished_at", problems)
    times["returned_at"] = _moment(record.get("returnedDate"), "returned_at", problems)
    tasks = _tasks(record, "currentTask")
    step, holder = _step(next((task for task in tasks if task.get("isCurrent")), tasks[0] if tasks else {}))
    timed = record if record.get("processingTime") is not None else value_at(record, _DEFINITION)
    fees = _items(record, "dossierFee")
    amount = None if fees is None else int(sum(number_or_none(fee.get("amount")) or 0 for fee in fees))
    if amount is not None and abs(amount) >= 2**63:
        problems.add("fee_amount_vnd", "more than 64 bits hold", amount)
        amount = None
    forms = _items(record, "dossierFormFile")
    results = _items(record, "resultFiles")
    return {
        **times,
        **{column.replace("_at", "_on"): moment and moment.date() for column, moment in times.items()},
        **read_fields(record, _DOSSIER_FIELDS, problems),
        "national_code": text_or_none(record.get("nationCode")),
        "status_code": status,
        "status_name": status_name,
        "current_step": step,
        "current_step_unit_code": holder,
        "steps": _steps_json(record),
        "processing_time": number_or_none(value_at(timed, "processingTime")),
        "processing_time_unit": text_or_none(value_at(timed, "processingTimeUnit")),
        "has_fee": None if amount is None else amount > 0,
        "fee_amount_vnd": amount or None,
        "is_paid_online": None if fees is None else any(_paid_online(fee, record) for fee in fees),
        "is_result_electronic": None if results is None else any(item.get("electronic") is True for item in results),
        "is_digitised": None if forms is None else any(form.get("digitised") is True for form in forms),
        "is_data_reused": None if forms is None else any(form.get("reused") is True for form in forms),
        "parse_errors": problems.text(),
    }


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


def _tasks(record: Mapping[str, Any], field: str) -> list[Mapping[str, Any]]:
    """Return the tasks under `task` or `currentTask`, a list or a bare object."""
    tasks = record.get(field)
    return [task for task in (tasks if isinstance(tasks, list) else [tasks]) if isinstance(task, Mapping)]


def _step(task: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return the name of the step of a task, and the code of the unit that holds it."""
    unit = unit_code(text_or_none(value_at(task, "agency.code")))
    return local_name(value_at(task, "bpmProcessDefinitionTask.name")), unit


def _steps_json(record: Mapping[str, Any]) -> str | None:
    """Return the steps of a dossier in order of their beginning; None without any.

    Returns:
        A JSON list of objects: step, unit (canonical code), begun and ended (civil time of Asia/Ho_Chi_Minh;
        ended is null while the step is current), limit and limit_unit (the step's own time limit).
    """
    steps = []
    for task in _tasks(record, "task") or _tasks(record, "currentTask"):
        if (begun := _civil(task.get("createdDate"))) is None:
            continue
        step, unit = _step(task)
        ended = None if task.get("isCurrent") else _civil(task.get("updatedDate"))
        limit = number_or_none(value_at(task, "bpmProcessDefinitionTask.processingTime"))
        limit_unit = text_or_none(value_at(task, "bpmProcessDefinitionTask.processingTimeUnit"))
        steps.append(
            {"step": step, "unit": unit, "begun": begun, "ended": ended, "limit": limit, "limit_unit": limit_unit}
        )
    steps.sort(key=lambda step: str(step["begun"]))  # stable: steps that begin together stay as the source has them
    return json.dumps(steps, ensure_ascii=False, separators=(",", ":")) if steps else None


def _civil(raw: Any) -> str | None:
    moment = parse_instant(raw)
    return moment.strftime("%Y-%m-%dT%H:%M:%S") if moment else None


def _items(record: Mapping[str, Any], field: str) -> list[Mapping[str, Any]] | None:
    if field not in record:
        return None
    value = record[field]
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _paid_online(fee: Mapping[str, Any], record: Mapping[str, Any]) -> bool:
    name = local_name(fee.get("paymentMethod") or record.get("paymentMethod"))
    return fee.get("paid") is True and name is not None and fold(name) in ONLINE_PAYMENT_NAMES


def procedure_row(record: Mapping[str, Any]) -> Row:
    """Map one record of the catalogue to a row of `one_stop__procedures`."""
    problems = Problems()
    level = record.get("level")
    level = level if isinstance(level, Mapping) else {"code": level}
    old_level = _OLD_LEVEL.match(fold(local_name(level.get("name")) or ""))
    sector = mapping_or_empty(record.get("sector"))
    return {
        **read_fields({**record, "level": level}, _PROCEDURE_FIELDS, problems),
        "procedure_name": local_name(record.get("name")) or local_name(record.get("translate")),
        "sector_code": text_or_none(sector.get("code")),
        "sector_name": local_name(sector.get("name")),
        "service_level_old": int(old_level.group(1)) if old_level else None,
        "parse_errors": problems.text(),
    }
