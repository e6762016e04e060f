"""Read all data of the pages once per version, and arrange what is of one unit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from cchc_pipeline.indicators.disclosure import SMALL
from cchc_pipeline.lake.files import read_parquet
from cchc_pipeline.scorecards import points
from cchc_pipeline.scorecards.indicators_used import additive_criteria
from cchc_pipeline.scorecards.par_index.stage_sums import PEOPLE, stage_sums
from cchc_pipeline.scorecards.scoring.rubric import Group, Rubric
from cchc_pipeline.scorecards.scoring.rubric_set import RubricSet
from cchc_pipeline.site import words
from cchc_pipeline.site.country import Country
from cchc_pipeline.site.days import Days
from cchc_pipeline.site.tables import Row, Shown, grouped, run, shown_period, total_of, tree
from cchc_pipeline.vietnamese import names_within


@dataclass(frozen=True)
class Card:
    """A scorecard of one unit.

    Rows have the columns of `card.sql` and: depth in the tree (1: group), share (points over reachable points, 0 to 1;
    None where unknown), reasons and evidence in Vietnamese.

    Attributes:
        lines: all other rows, from the first group on.
        notes: reasons that every criterion shares.
    """

    source: str
    shown: Shown
    total: Row
    lines: tuple[Row, ...]
    notes: tuple[str, ...]

    @property
    def groups(self) -> tuple[Row, ...]:
        """Return the groups directly below the total."""
        return tuple(row for row in self.lines if row["depth"] == 1 and row["criterion_level"] == "group")

    @property
    def criteria(self) -> tuple[Row, ...]:
        """Return the criteria, without groups."""
        return tuple(row for row in self.lines if row["criterion_level"] == "criterion")

    @property
    def missing(self) -> tuple[Row, ...]:
        """Return groups and criteria without points."""
        return tuple(row for row in self.lines if row["status"] == "missing")


def make_card(
    rows: Sequence[Row], source: str, shown: Shown | None, indicators: Mapping[str, Row], rubrics: RubricSet
) -> Card | None:
    """Return the card of one unit; None where it has no total.

    `rows` are those of the unit in the period shown, as in `card.sql`; `source` is local, portal or table; `indicators`
    are rows of the catalogue by id.
    """
    total = total_of(rows)
    if total is None or shown is None:
        return None
    names = {row["criterion_code"]: row["criterion_name_vi"] for row in rows}
    said = {row["criterion_code"]: words.reasons(row, names) for row in rows}
    leaves = [said[row["criterion_code"]] for row in rows if row["criterion_level"] == "criterion"]
    common = [one for one in (leaves[0] if leaves else []) if all(one in others for others in leaves)]
    order = {
        code: place for place, code in enumerate(_codes(rubrics.version(total["index_code"], total["rubric_version"])))
    }

    def line(row: Row) -> Row:
        most = (row["max_points"] if row["criterion_level"] == "criterion" else row["denominator"]) or row["max_points"]
        return {
            **row,
            "share": None if row["points"] is None or not most else max(0.0, min(1.0, row["points"] / most)),
            "reasons": [one for one in said[row["criterion_code"]] if one not in common],
            "evidence": words.evidence(row, indicators),
        }

    by_place = sorted(rows, key=lambda row: (order.get(row["criterion_code"], len(order)), row["criterion_code"]))
    first, *lines = map(line, tree(by_place))
    return Card(source, shown, first, tuple(lines), tuple(common))


def _codes(above: Rubric | Group) -> Iterator[str]:
    """Yield the codes of groups and criteria in the order of a rubric."""
    for group in above.groups:
        yield group.code
        yield from _codes(group)
        yield from (criterion.code for criterion in group.criteria)


INDEX766, PAR_INDEX = "scorecard_index766", "scorecard_par_index"
#: A dossier counts as due soon within these working days, and as likely late from this probability on.
SOON_DAYS, LIKELY = 2, 0.5


@dataclass(frozen=True)
class Unit:
    """A unit of the province that has a page."""

    code: str
    name: str
    level: str
    parent: str | None
    is_current: bool
    valid_to: date | None

    @property
    def page(self) -> str:
        """Return the path of its page in the site."""
        return f"units/{self.code}.html"


class SiteData:
    """The rows of the published tables that the pages show, by unit.

    `published` is published table -> Parquet file; `rubrics` are those that the scorecards were scored by.
    """

    def __init__(self, published: Mapping[str, Path], province_code: str, data_until: date, rubrics: RubricSet) -> None:
        self.tables, self.data_until, self.rubrics = published, data_until, rubrics
        index766, par_index, public = (published[name] for name in (INDEX766, PAR_INDEX, "indicator_values_public"))
        #: Source -> its row of `source_states`; and the rows of those whose figures are not of the newest night.
        self.states = {row["source"]: row for row in read_parquet(published["source_states"]).to_pylist()}
        self.remarkable = [row for row in self.states.values() if row["state"] != "read"]
        #: The month of QĐ 766 and of the indicators, and the year of PAR INDEX; None where nothing was scored.
        self.shown = shown = shown_period(index766, "month", data_until)
        self.shown_par = shown_par = shown_period(par_index, "year", data_until)

        def card(table: Path, source: str, period: Shown | None) -> dict[str, list[Row]]:
            given = {"source": source, **_days(period)} if period else None
            return grouped(run("card", given, card=table, public=public)) if given else {}

        #: Unit -> rows of its scorecard, as in `card.sql`.
        self.local, self.portal = card(index766, "local", shown), card(index766, "portal", shown)
        self.par = card(par_index, "local", shown_par)
        self.units = _units(published, {*self.local, *self.portal, *self.par}, province_code)
        self.province = self.units[province_code]
        self.fixes, self.causes = self._to_fix(index766, shown) if shown and self.local else ({}, [])
        stages = grouped(run("stages", {"shown": shown_par.first}, card=par_index)) if shown_par else {}
        sums = {unit: stage_sums(rows) for unit, rows in stages.items()}
        #: Unit -> criterion, group or total of PAR INDEX -> points of each stage; only of units that people appraised.
        self.stages = {
            unit: held for unit, held in sums.items() if any(one.scores.keys() & PEOPLE for one in held.values())
        }
        #: Unit -> totals of QĐ 766 in every period, as in `history.sql`.
        self.history = grouped(run("history", {"until": data_until}, card=index766))
        indicators = published["indicators"]
        self.indicators = {row["indicator_id"]: row for row in read_parquet(indicators).to_pylist()}
        #: Unit -> public indicator values, as in `indicators.sql`.
        self.figures: dict[str, list[Row]] = {}
        if shown:
            days = {name: day for name, day in _days(shown).items() if name != "running"}
            days["year"] = shown.first.replace(month=1, day=1)
            self.figures = grouped(run("indicators", days, public=public, indicators=indicators))
        given, at_risk = {"soon_days": SOON_DAYS, "likely": LIKELY}, published["at_risk_dossiers"]
        risks = run("risk", given, units=published["units"], at_risk=at_risk)
        #: Unit -> dossiers at risk, in bands of five, as in `risk.sql`.
        self.risks = {row["unit_code"]: row for row in risks}
        names = ("scorecard_id", "source", "period_type", "period_start", "unit_code")
        rows = (row for row in read_parquet(published["rank_intervals"]).to_pylist() if row["rank_low"] is not None)
        self._intervals = {tuple(row[name] for name in names): row for row in rows}
        #: The newest night, and the lines of the nights before it.
        self.days = Days(published["score_days"])
        #: Ranks of the provinces on the portal.
        self.country = Country(published["portal_ranks"], province_code, rubrics)
        #: Newest row of `external_indices` of each index of the province.
        self.external = run("external", {"unit": province_code}, external=published["external_indices"])

    def interval(self, scorecard: str, source: str, shown: Shown | None, unit_code: str) -> Row | None:
        """Return the interval of a unit's rank, or None."""
        key = (scorecard, source, shown.period_type, shown.first, unit_code) if shown else ()
        return self._intervals.get(key)

    def _to_fix(self, index766: Path, shown: Shown) -> tuple[dict[str, list[Row]], list[Row]]:
        """Return each unit's cheapest points, and what each unit costs the province.

        Columns are those of `points.fixes` (cheapest first) and `points.causes`.
        """
        wanted = {"source": "local", "period_type": shown.period_type, "period_start": shown.first}
        filters = [(name, "=", value) for name, value in wanted.items()]
        card: pd.DataFrame = pq.read_table(index766, filters=filters).to_pandas()
        rubric = self.rubrics.version("index766", str(card["rubric_version"].iloc[0]))
        rows = (row for rows in self.local.values() for row in rows)
        told = {(row["unit_code"], row["criterion_code"]) for row in rows if row["has_counts"]}
        fixes = _records(points.fixes(card, rubric))
        for row in fixes:
            if (row["unit_code"], row["criterion_code"]) not in told:
                row["items"] = None
            row["points_per_item"] = row["points"] / row["items"] if row["items"] else None
        parents = {unit.code: unit.parent for unit in self.units.values()}
        causes = _records(points.causes(card, self.province.code, parents, additive_criteria(rubric)))
        for row in causes:
            is_told = (row["caused_by"], row["criterion_code"]) in told and row["items"] >= SMALL
            row["items"] = int(row["items"]) if is_told else None
        return grouped(fixes), causes


def _days(shown: Shown) -> Row:
    """Return the parameters of queries over a period and its neighbours."""
    return {
        "period_type": shown.period_type, "shown": shown.first, "before": shown.before, "running": shown.running
    }  # fmt: skip


def _units(published: Mapping[str, Path], scored: set[str], province_code: str) -> dict[str, Unit]:
    """Return units with a page: current ones, and former ones scored in the period.

    Their names omit that of the province, which stands above every page.
    """
    rows = read_parquet(published["units"]).to_pylist()
    names = names_within(province_code, {row["unit_code"]: row["unit_name"] or row["unit_code"] for row in rows})
    found = {}
    for row in rows:
        code, level, is_current = row["unit_code"], row["unit_level"] or "department", bool(row["is_current"])
        if is_current or code in scored:
            found[code] = Unit(code, names[code], level, row["parent_code"], is_current, row["valid_to"])
    for code in sorted((scored | {province_code}) - set(found)):
        level = "province" if code == province_code else "department"
        found[code] = Unit(code, code, level, None, is_current=True, valid_to=None)
    return found


def _records(frame: pd.DataFrame) -> list[Row]:
    return frame.to_dict("records")  # type: ignore[return-value]


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
