"""Arrange the page of a unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cchc_pipeline.site.card import Card, make_card
from cchc_pipeline.site.data import SiteData, Unit
from cchc_pipeline.site.tables import Row, grouped

#: Indicators of the section on late dossiers, in its order.
LATE = (
    "resolved_total", "resolved_late", "late_rate", "late_in_fact_count", "late_software_only_count",
    "late_other_authority_count", "late_unknown_count", "apology_rate", "pending_total", "pending_overdue",
)  # fmt: skip
FIXES = 6


@dataclass(frozen=True)
class UnitPage:
    """Content of the page of one unit; fields without figures are None or empty.

    Attributes:
        stages: rows of the card of PAR INDEX, total first, with `stages` of their appraisal; empty if not appraised.
        readings: indicator id -> its public values, in the order of the catalogue.
        without: indicators without values.
    """

    unit: Unit
    parent: Unit | None
    children: tuple[Unit, ...]
    local: Card | None
    portal: Card | None
    par: Card | None
    stages: list[Row]
    interval: Row | None
    fixes: Sequence[Row]
    readings: dict[str, Row]
    risk: Row | None
    without: list[Row]
    history: Sequence[Row]

    @property
    def families(self) -> dict[str, list[Row]]:
        """Return family of indicators -> their values."""
        return grouped(self.readings.values(), "family")

    @property
    def late(self) -> list[Row]:
        """Return the values of the section on late dossiers."""
        return [self.readings[name] for name in LATE if name in self.readings]


def unit_page(data: SiteData, unit: Unit) -> UnitPage:
    """Arrange the rows of a unit for its page."""
    code, known = unit.code, data.indicators
    held = {row["indicator_id"]: row for row in data.figures.get(code, ())}
    par = make_card(data.par.get(code, ()), "local", data.shown_par, known, data.rubrics)
    stages = data.stages.get(code, {})
    return UnitPage(
        unit=unit,
        parent=data.units.get(unit.parent or ""),
        children=tuple(one for one in data.units.values() if one.parent == code),
        local=make_card(data.local.get(code, ()), "local", data.shown, known, data.rubrics),
        portal=make_card(data.portal.get(code, ()), "portal", data.shown, known, data.rubrics),
        par=par,
        stages=[
            {**row, "stages": stages[row["criterion_code"]]}
            for row in ((par.total, *par.lines) if par else ())
            if row["criterion_code"] in stages
        ],
        interval=data.interval("index766", "local", data.shown, code),
        fixes=data.fixes.get(code, ())[:FIXES],
        readings={name: held[name] for name in known if name in held},
        risk=data.risks.get(code),
        without=[one for name, one in known.items() if name not in held],
        history=data.history.get(code, ()),
    )
