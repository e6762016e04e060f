"""From a procedure of the one-stop system's catalogue to a flat record.

Belongs here: which field of the catalogue becomes which column. Not here: dossiers
(`one_stop_mapping.py`), calls (`one_stop_api.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cchc_pipeline.sources.one_stop_codes import EXECUTING_LEVELS, SERVICE_LEVELS
from cchc_pipeline.sources.one_stop_mapping import unit_code_of
from cchc_pipeline.sources.protocol import Row
from cchc_pipeline.sources.records import Problems, bool_or_none, local_name, mapping_or_empty, text_or_none

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
}


def procedure_row(record: Mapping[str, Any]) -> Row:
    """The row of `one_stop__procedures` for one record of the catalogue."""
    problems = Problems()
    sector = mapping_or_empty(record.get("sector"))
    level = record.get("level")
    level_code = text_or_none(level.get("code") if isinstance(level, Mapping) else level)
    executing = text_or_none(record.get("executingLevel"))
    service_level = SERVICE_LEVELS.get(level_code or "")
    executing_level = EXECUTING_LEVELS.get((executing or "").upper())
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
        "parse_errors": problems.text(),
    }
