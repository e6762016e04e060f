"""Arrange the page of a unit."""

from __future__ import annotations

from collections.abc import Mapping

from cchc_pipeline.site.card import Card, make_card
from cchc_pipeline.site.data import SiteData, Unit
from cchc_pipeline.site.tables import Row, Shown, grouped

#: Indicators of the section on late dossiers, in its order.
LATE = (
    "resolved_total", "resolved_late", "late_rate", "late_in_fact_count", "late_software_only_count",
    "late_other_authority_count", "late_unknown_count", "apology_rate", "pending_total", "pending_overdue",
)  # fmt: skip
FIXES = 6


class UnitPage:
    """The rows of a unit for its page; what has no figures is None or empty."""

    def __init__(self, data: SiteData, unit: Unit) -> None:
        code, known = unit.code, data.indicators
        self.unit, self.parent = unit, data.units.get(unit.parent or "")
        self.children = [one for one in data.units.values() if one.parent == code]

        def card(held: Mapping[str, list[Row]], source: str, shown: Shown | None) -> Card | None:
            return make_card(held.get(code, ()), source, shown, known, data.rubrics)

        self.local, self.portal = card(data.local, "local", data.shown), card(data.portal, "portal", data.shown)
        self.par = card(data.par, "local", data.shown_par)
        stages, par = data.stages.get(code, {}), self.par
        #: Rows of the card of PAR INDEX, total first, with `stages` of their appraisal; empty if not appraised.
        self.stages = [
            {**row, "stages": stages[row["criterion_code"]]}
            for row in ((par.total, *par.lines) if par else ())
            if row["criterion_code"] in stages
        ]
        self.interval = data.interval("index766", "local", data.shown, code)
        self.fixes = data.fixes.get(code, [])[:FIXES]
        held = {row["indicator_id"]: row for row in data.figures.get(code, ())}
        #: Indicator id -> its public values, in the order of the catalogue; and the indicators without values.
        self.readings = {name: held[name] for name in known if name in held}
        self.without = [one for name, one in known.items() if name not in held]
        self.late = [held[name] for name in LATE if name in self.readings]
        self.families = grouped(self.readings.values(), "family")
        self.risk, self.history = data.risks.get(code), data.history.get(code, [])
