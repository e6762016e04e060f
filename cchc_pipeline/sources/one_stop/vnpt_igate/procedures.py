"""Map a procedure of the one-stop system's catalogue to a flat record."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cchc_pipeline.sources.one_stop.codes import EXECUTING_LEVELS, INTERLINKED, SERVICE_LEVELS, fold
from cchc_pipeline.sources.protocol import Row
from cchc_pipeline.sources.records import (
    Fields,
    Problems,
    bool_or_none,
    local_name,
    mapping_or_empty,
    read_fields,
    read_unit,
    reader,
    text_or_none,
    unblank,
)
from cchc_pipeline.sources.timestamps import any_day

_flag, _text = reader(bool_or_none), reader(text_or_none)
_day = reader(any_day, "not a day", unblank)
_OLD_LEVEL = re.compile(r"^mức độ ([1-4])$")
_FIELDS: Fields = {
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
    "integrated_on": ("nationalIntegratedDate", _day),
    "synced_on": ("nationalSyncedDate", _day),
    "time_cut_on": ("timeCutDate", _day),
    "simplified_on": ("simplifiedDate", _day),
}
PROCEDURE_NEEDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "procedure_name": (("name", "translate"),),
    **{column: ((path,),) for column, (path, _) in _FIELDS.items()},
}


def procedure_row(record: Mapping[str, Any]) -> Row:
    """Map one record of the catalogue to a row of `one_stop__procedures`."""
    problems = Problems()
    level = record.get("level")
    level = level if isinstance(level, Mapping) else {"code": level}
    old_level = _OLD_LEVEL.match(fold(local_name(level.get("name")) or ""))
    sector = mapping_or_empty(record.get("sector"))
    return {
        **read_fields({**record, "level": level}, _FIELDS, problems),
        "procedure_name": local_name(record.get("name")) or local_name(record.get("translate")),
        "sector_code": text_or_none(sector.get("code")),
        "sector_name": local_name(sector.get("name")),
        "service_level_old": int(old_level.group(1)) if old_level else None,
        "parse_errors": problems.text(),
    }
