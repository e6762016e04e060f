"""Render the pages of the site and of the quality report."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from cchc_pipeline.drawing.templating import environment
from cchc_pipeline.site import words
from cchc_pipeline.site.card import SOURCES
from cchc_pipeline.vietnamese import period_label

if TYPE_CHECKING:
    import jinja2

#: severity of a rule -> Vietnamese label
SEVERITY_VI = {"reject": "loại", "warn": "cảnh báo", "note": "ghi chú"}


@cache
def _environment() -> jinja2.Environment:
    return environment(
        "cchc_pipeline.site",
        filters={
            "number": words.number,
            "points": words.points,
            "most": words.most,
            "percent": words.percent,
            "signed": words.signed,
            "moved": words.moved,
            "day": words.day,
            "severity": SEVERITY_VI.__getitem__,
            "band": words.band,
            "shown": lambda shown: period_label(shown.period_type, shown.first, shown.last),
            "rule": lambda label: words.rule(label)[0],
            "t": words.phrase,
        },
        names={
            "level_label": lambda code: words.labels("unit_level")[code][0],
            "stage_label": lambda code: words.labels("counted_stage")[code][0],
            "basis_label": lambda code: words.labels("today_basis")[code][0],
            "period": period_label,
            "source_label": SOURCES.__getitem__,
            "families": words.FAMILIES,
            "dash": words.NONE,
        },
    )


def render(template: str, **content: Any) -> bytes:
    """Return a page: a template of the folder `templates`, filled."""
    return _environment().get_template(template).render(**({"root": ""} | content)).encode()
