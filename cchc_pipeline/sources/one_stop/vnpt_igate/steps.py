"""Read the process history of a dossier of the one-stop system as compact JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from cchc_pipeline.reference.unit_codes import canonical_unit_code
from cchc_pipeline.sources.records import local_name, mapping_or_empty, number_or_none, text_or_none
from cchc_pipeline.sources.timestamps import parse_instant

_unit = lru_cache(maxsize=4096)(canonical_unit_code)


def tasks_of(record: Mapping[str, Any], field: str) -> list[Mapping[str, Any]]:
    """Return the tasks under `task` or `currentTask`, a list or a bare object."""
    tasks = record.get(field)
    return [task for task in (tasks if isinstance(tasks, list) else [tasks]) if isinstance(task, Mapping)]


def step_name(task: Mapping[str, Any]) -> str | None:
    """Return the name of the step of a task."""
    return local_name(mapping_or_empty(task.get("bpmProcessDefinitionTask")).get("name"))


def step_unit(task: Mapping[str, Any]) -> str | None:
    """Return the canonical code of the unit that holds the task."""
    return _unit(text_or_none(mapping_or_empty(task.get("agency")).get("code")))


def steps_json(record: Mapping[str, Any]) -> str | None:
    """Return the steps of a dossier in order of their beginning; None without any.

    Returns:
        A JSON list of objects: step, unit (canonical code), begun and ended (civil time of Asia/Ho_Chi_Minh;
        ended is null while the step is current), limit and limit_unit (the step's own time limit).
    """
    steps = []
    for task in tasks_of(record, "task") or tasks_of(record, "currentTask"):
        begun = _civil(task.get("createdDate"))
        if begun is None:
            continue
        definition = mapping_or_empty(task.get("bpmProcessDefinitionTask"))
        steps.append(
            {
                "step": step_name(task),
                "unit": step_unit(task),
                "begun": begun,
                "ended": None if task.get("isCurrent") else _civil(task.get("updatedDate")),
                "limit": number_or_none(definition.get("processingTime")),
                "limit_unit": text_or_none(definition.get("processingTimeUnit")),
            }
        )
    if not steps:
        return None
    steps.sort(key=lambda step: str(step["begun"]))  # stable: steps that begin together stay as the source has them
    return json.dumps(steps, ensure_ascii=False, separators=(",", ":"))


def _civil(raw: Any) -> str | None:
    moment = parse_instant(raw) if isinstance(raw, str) else None
    return moment.strftime("%Y-%m-%dT%H:%M:%S") if moment else None
