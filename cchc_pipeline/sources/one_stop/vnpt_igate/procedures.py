"""Map a procedure of the one-stop system's catalogue to a flat record."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from cchc_pipeline.sources.one_stop.codes import EXECUTING_LEVELS, INTERLINKED, SERVICE_LEVELS, fold
from cchc_pipeline.sources.one_stop.vnpt_igate.dossiers import unit_code_of
from cchc_pipeline.sources.protocol import Row
from cchc_pipeline.sources.records import Problems, bool_or_none, local_name, mapping_or_empty, text_or_none
from cchc_pipeline.sources.timestamps import parse_instant, parse_iso_day

# Attributes that not every build of the system has: column -> field of the record.
_FLAGS = {
    "is_paperless": "paperless",
    "is_priority_early": "priorityEarly",
    "is_essential": "essentialService",
    "is_location_free": "locationFree",
}
_DAYS = {
    "integrated_on": "nationalIntegratedDate",
    "synced_on": "nationalSyncedDate",
    "time_cut_on": "timeCutDate",
    "simplified_on": "simplifiedDate",
}
_OLD_LEVEL = re.compile(r"^mức độ ([1-4])$")
PROCEDURE_NEEDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "procedure_code": (("code",),),
    "procedure_name": (("name", "translate"),),
    "service_level": (("level.code",),),
    "executing_level": (("executingLevel",),),
    "unit_code": (("agency.code",),),
    "has_fee": (("fee",),),
    "is_payment_online": (("onlinePayment",),),
    "is_citizen_data_connected": (("citizenDataConnected",),),
    "is_content_full": (("contentFull",),),
    "is_updated_on_time": (("updatedOnTime",),),
    "publication_decision": (("publicationDecision",),),
    "is_in_force": (("status",),),
    "is_internal": (("internal",),),
    "interlinked": (("interlinked",),),
    **{column: ((field,),) for column, field in {**_FLAGS, **_DAYS}.items()},
}


def procedure_row(record: Mapping[str, Any]) -> Row:
    """Map one record of the catalogue to a row of `one_stop__procedures`."""
    problems = Problems()
    sector = mapping_or_empty(record.get("sector"))
    level = record.get("level")
    level_code = text_or_none(level.get("code") if isinstance(level, Mapping) else level)
    executing = text_or_none(record.get("executingLevel"))
    service_level = SERVICE_LEVELS.get(level_code or "")
    executing_level = EXECUTING_LEVELS.get((executing or "").upper())
    level_name = local_name(level.get("name")) if isinstance(level, Mapping) else None
    old_level = _OLD_LEVEL.match(fold(level_name or ""))
    linked = text_or_none(record.get("interlinked"))
    interlinked = INTERLINKED.get((linked or "").upper())
    if linked and interlinked is None:
        problems.add("interlinked", "unknown way", linked)
    if level_code and service_level is None:
        problems.add("service_level", "unknown level", level_code)
    if executing and executing_level is None:
        problems.add("executing_level", "unknown level", executing)
    return {
        "procedure_code": text_or_none(record.get("code")),
        "procedure_name": local_name(record.get("name")) or local_name(record.get("translate")),
        "sector_code": text_or_none(sector.get("code")),
        "sector_name": local_name(sector.get("name")),
        "service_level": service_level,
        "executing_level": executing_level,
        "unit_code": unit_code_of(record, problems),
        "has_fee": bool_or_none(record.get("fee")),
        "is_payment_online": bool_or_none(record.get("onlinePayment")),
        "is_citizen_data_connected": bool_or_none(record.get("citizenDataConnected")),
        "is_content_full": bool_or_none(record.get("contentFull")),
        "is_updated_on_time": bool_or_none(record.get("updatedOnTime")),
        "publication_decision": text_or_none(record.get("publicationDecision")),
        "is_in_force": bool_or_none(record.get("status")),
        "service_level_old": int(old_level.group(1)) if old_level else None,
        "is_internal": bool_or_none(record.get("internal")),
        "interlinked": interlinked,
        **{column: bool_or_none(record.get(field)) for column, field in _FLAGS.items()},
        **{column: _day(record.get(field), column, problems) for column, field in _DAYS.items()},
        "parse_errors": problems.text(),
    }


def _day(raw: Any, column: str, problems: Problems) -> date | None:
    """Read a civil day, written as such or as an instant."""
    if raw is None or raw == "":
        return None
    moment = parse_instant(raw) if isinstance(raw, str) else None
    day = parse_iso_day(raw) if isinstance(raw, str) else None
    day = day or (moment.date() if moment else None)
    if day is None:
        problems.add(column, "not a day", raw)
    return day
