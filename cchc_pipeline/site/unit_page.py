"""Arrange the page of a unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from cchc_pipeline.scorecards.par_index.stage_sums import Stages
from cchc_pipeline.site.card import Card, Line, make_card
from cchc_pipeline.site.data import SiteData, Unit
from cchc_pipeline.site.tables import Row

#: Indicators of the section on late dossiers, in its order.
LATE = (
    "resolved_total", "resolved_late", "late_rate", "late_in_fact_count", "late_software_only_count",
    "late_other_authority_count", "late_unknown_count", "apology_rate", "pending_total", "pending_overdue",
)  # fmt: skip
FIXES = 6


@dataclass(frozen=True)
class Reading:
    """An indicator with its public values."""

    indicator: Row
    figure: Row

    @property
    def change(self) -> float | None:
        """Return the change from the period before; None where one is missing or hidden."""
        now, before = self.figure["value"], self.figure["value_before"]
        return None if now is None or before is None else now - before

    @property
    def is_better(self) -> bool | None:
        """Tell whether the change is an improvement; None without change or direction."""
        if not self.change or self.indicator["direction"] not in ("higher", "lower"):
            return None
        return (self.change > 0) == (self.indicator["direction"] == "higher")


@dataclass(frozen=True)
class Moment:
    """A period of the history with the totals from both sources.

    Attributes:
        is_open: whether the period is not over.
        is_break: whether the local total was made of other criteria than in the period before of the same type.
    """

    period_type: str
    first: date
    last: date
    local: Row | None
    portal: Row | None
    is_open: bool
    is_break: bool


@dataclass(frozen=True)
class StageLine:
    """A criterion, group or total of PAR INDEX with the stages of its appraisal."""

    line: Line
    stages: Stages


@dataclass(frozen=True)
class UnitPage:
    """Content of the page of one unit; fields without figures are None or empty."""

    unit: Unit
    parent: Unit | None
    children: tuple[Unit, ...]
    local: Card | None
    portal: Card | None
    par: Card | None
    stages: tuple[StageLine, ...]
    interval: Row | None
    fixes: tuple[Row, ...]
    late: tuple[Reading, ...]
    risk: Row | None
    families: tuple[tuple[str, tuple[Reading, ...]], ...]
    without: tuple[Row, ...]
    history: tuple[Moment, ...]

    @property
    def anchors(self) -> frozenset[str]:
        """Return the ids of indicators on the page, to which links may lead."""
        return frozenset(one.indicator["indicator_id"] for _, some in self.families for one in some)

    def reading(self, indicator_id: str) -> Reading | None:
        """Return one of its indicators, or None."""
        return next(
            (one for _, some in self.families for one in some if one.indicator["indicator_id"] == indicator_id), None
        )


def unit_page(data: SiteData, unit: Unit) -> UnitPage:
    """Arrange the rows of a unit for its page."""
    names = data.indicator_names
    readings = _readings(data, unit)
    local = make_card(data.local.get(unit.code, ()), "local", data.shown, names, data.shelf) if data.shown else None
    portal = make_card(data.portal.get(unit.code, ()), "portal", data.shown, names, data.shelf) if data.shown else None
    par = make_card(data.par.get(unit.code, ()), "local", data.shown_par, names, data.shelf) if data.shown_par else None
    by_family: dict[str, list[Reading]] = {}
    for one in readings.values():
        by_family.setdefault(one.indicator["family"], []).append(one)
    return UnitPage(
        unit=unit,
        parent=data.units.get(unit.parent or ""),
        children=tuple(one for one in data.units.values() if one.parent == unit.code),
        local=local,
        portal=portal,
        par=par,
        stages=stage_lines(par, data.stages.get(unit.code, {})),
        interval=data.interval("index766", "local", data.shown, unit.code) if data.shown else None,
        fixes=tuple(data.fixes.get(unit.code, ())[:FIXES]),
        late=tuple(readings[name] for name in LATE if name in readings),
        risk=data.risks.get(unit.code),
        families=tuple((family, tuple(some)) for family, some in by_family.items()),
        without=tuple(one for name, one in data.indicators.items() if name not in readings),
        history=moments(data.history.get(unit.code, ()), data.data_until),
    )


def stage_lines(par: Card | None, stages: Mapping[str, Stages]) -> tuple[StageLine, ...]:
    """Return lines of a card with their stages, total first; empty if not appraised."""
    if par is None or not stages:
        return ()
    found = ((line, stages.get(line.row["criterion_code"])) for line in (par.total, *par.lines))
    return tuple(StageLine(line, one) for line, one in found if one is not None)


def _readings(data: SiteData, unit: Unit) -> dict[str, Reading]:
    """Return indicator id -> reading, in the order of the catalogue.

    Left out are indicators without a value in the period, the one before and the year, unless a value of the period or
    the year is hidden.
    """
    found = {figure["indicator_id"]: figure for figure in data.figures.get(unit.code, ())}
    return {
        name: Reading(indicator, found[name])
        for name, indicator in data.indicators.items()
        if name in found and _says_something(found[name])
    }


def _says_something(figure: Row) -> bool:
    values = (figure["value"], figure["value_before"], figure["value_year"])
    return any(value is not None for value in values) or figure["is_hidden"] or figure["is_hidden_year"]


_KINDS = ("month", "quarter", "year", "custom")


def moments(totals: Sequence[Row], data_until: date) -> tuple[Moment, ...]:
    """Return all periods with both totals: months first, oldest first within a type."""
    held: dict[tuple[str, date, date], dict[str, Row]] = {}
    for one in totals:
        held.setdefault((one["period_type"], one["period_start"], one["period_end"]), {})[one["source"]] = one
    found: list[Moment] = []
    last: dict[str, Row] = {}
    for kind, first, end in sorted(held, key=lambda key: (_KINDS.index(key[0]), key[1], key[2])):
        sides = held[kind, first, end]
        local = sides.get("local")
        before = last.get(kind)
        broke = local is not None and before is not None and local["measured_by"] != before["measured_by"]
        found.append(Moment(kind, first, end, local, sides.get("portal"), end > data_until, broke))
        if local is not None:
            last[kind] = local
    return tuple(found)
