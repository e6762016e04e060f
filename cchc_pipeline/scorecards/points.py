"""Read a published card; find where points are lost, by whom, and the cheapest ones.

A card is the table of a scorecard (`SCORECARD_SCHEMA` and unit_level) of one index, source and period.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cchc_pipeline.days import Period, parse_period
from cchc_pipeline.lake.publish import read_published
from cchc_pipeline.scorecards.par_index.stage_sums import PEOPLE
from cchc_pipeline.scorecards.scoring.measures import MeasureError
from cchc_pipeline.scorecards.scoring.rubric import Criterion, Rubric, SourceKind
from cchc_pipeline.scorecards.scoring.rubric_set import RubricSet
from cchc_pipeline.scorecards.scoring.rule import RuleKind

#: The period that is read where none is asked for is the newest month; appraisals are of a year.
_USUAL_KIND = {"par_index": "year"}
_LISTED = 12
_RATIO_RULES = (RuleKind.LINEAR, RuleKind.LINEAR_ABOVE_FLOOR, RuleKind.ALL_OR_NOTHING, RuleKind.STEPS)


def fixes(card: pd.DataFrame, rubric: Rubric) -> pd.DataFrame:
    """Compute items that bring each criterion to full points, cheapest first.

    Args:
        card: rows of one index, source and period.
        rubric: the rubric it was scored by.

    Returns:
        One row per unit and criterion that lost points and whose rule counts items: unit_code, criterion_code,
        criterion_name_vi, numerator, denominator, items (how many more in the numerator are needed for full points),
        points (won by them) and points_per_item; sorted by points_per_item. The denominator is taken as it is: items
        that are already in it change side. Points that people gave are no items: see `withheld`.
    """
    criteria = {one.code: one for one in rubric.criteria()}
    rows = card[(card["criterion_level"] == "criterion") & (card["points_lost"] > 0)]
    counted = [
        code
        for code, one in criteria.items()
        if one.rule.kind in _RATIO_RULES and one.source is not SourceKind.SURVEY  # shares of a survey are no items
    ]
    rows = rows[rows["criterion_code"].isin(counted)]
    rows = rows[(rows["denominator"] > 0) & ~given_by_people(rows)]
    columns = ["unit_code", "criterion_code", "criterion_name_vi", "numerator", "denominator", "points_lost"]
    found = rows[columns].rename(columns={"points_lost": "points"})
    counts = zip(found["criterion_code"], found["numerator"], found["denominator"], strict=True)
    found["items"] = [_needed(criteria[code], numerator, denominator) for code, numerator, denominator in counts]
    found["points_per_item"] = found["points"] / found["items"]
    order = ["points_per_item", "points", "unit_code", "criterion_code"]
    return found.sort_values(order, ascending=[False, False, True, True], ignore_index=True)


def given_by_people(rows: pd.DataFrame) -> pd.Series:
    """Return whether people gave the points of each row."""
    if "counted_stage" not in rows:
        return pd.Series(False, index=rows.index)
    return rows["counted_stage"].isin(PEOPLE)


def withheld(card: pd.DataFrame) -> pd.DataFrame:
    """Return points that people did not give, the most first.

    Args:
        card: rows of one index, source and period.

    Returns:
        One row per unit and criterion that was scored by people and lost points: unit_code, criterion_code,
        criterion_name_vi, counted_stage, points, points_lost, self_points, reason_vi.
    """
    rows = card[(card["criterion_level"] == "criterion") & (card["points_lost"] > 0) & given_by_people(card)]
    columns = ["unit_code", "criterion_code", "criterion_name_vi", "counted_stage", "points", "points_lost"]
    columns += ["self_points", "reason_vi"]
    order = ["points_lost", "unit_code", "criterion_code"]
    return rows.reindex(columns=columns).sort_values(order, ascending=[False, True, True], ignore_index=True)


def _needed(criterion: Criterion, numerator: float, denominator: float) -> int:
    """Count the items until the rule gives everything it can give."""
    rule = criterion.rule
    full_at = rule.steps[-1].at if rule.kind is RuleKind.STEPS else rule.full_at
    wanted = math.ceil(full_at * int(denominator)) if denominator.is_integer() else float(full_at) * denominator
    return max(1, math.ceil(wanted - numerator))


def causes(
    card: pd.DataFrame, unit_code: str, parents: Mapping[str, str | None], additive: Collection[str]
) -> pd.DataFrame:
    """Divide the points that a unit lost among the units below that cost it them.

    What is missing in a numerator is the sum of what is missing in the units below and in the unit's own counter, so
    the points lost are divided in proportion to it. Criteria whose figures do not add up over units are left out, and
    so are those that people scored for one of the units.

    Args:
        card: rows of one index, source and period.
        unit_code: whose points.
        parents: parent of every unit.
        additive: criteria whose figures add up over units.

    Returns:
        criterion_code, criterion_name_vi, caused_by (a unit below, or the unit itself), items missing, points; the
        largest first. Points of a criterion add up to its points lost.
    """
    rows = card[(card["criterion_level"] == "criterion") & card["numerator"].notna() & (card["denominator"] > 0)]
    missing = rows.assign(missing=rows["denominator"] - rows["numerator"])
    by_people = set(card.loc[given_by_people(card), "criterion_code"])
    missing = missing[missing["criterion_code"].isin([code for code in additive if code not in by_people])]
    own = missing[(missing["unit_code"] == unit_code) & (missing["points_lost"] > 0) & (missing["missing"] > 0)]
    below: dict[str | None, list[str]] = {}
    for unit, parent in parents.items():
        below.setdefault(parent, []).append(unit)
    parts: list[tuple[object, ...]] = []
    for row in own.to_dict("records"):
        code = row["criterion_code"]
        amounts = missing[missing["criterion_code"] == code].set_index("unit_code")["missing"].to_dict()
        inner, waiting = {}, [unit_code]
        while waiting:
            unit = waiting.pop()
            inner[unit] = [child for child in below.get(unit, []) if child in amounts]
            waiting += inner[unit]
        rests = {unit: amounts[unit] - sum(amounts[child] for child in some) for unit, some in inner.items()}
        if min(rests.values()) >= -1e-9:  # else the parts are more than the whole
            parts += [
                (code, row["criterion_name_vi"], unit, items, row["points_lost"] * items / row["missing"])
                for unit, items in rests.items()
                if items > 0
            ]
    found = pd.DataFrame(parts, columns=["criterion_code", "criterion_name_vi", "caused_by", "items", "points"])
    order = ["points", "criterion_code", "caused_by"]
    return found.sort_values(order, ascending=[False, True, True], ignore_index=True)


@dataclass(frozen=True)
class PublishedCard:
    """A published scorecard.

    Attributes:
        rows: its rows.
        period: its period.
        parents: unit code -> code of the unit above; None at the top.
        names: unit code -> name.
    """

    rows: pd.DataFrame
    period: Period
    parents: Mapping[str, str | None]
    names: Mapping[str, str]

    def of_unit(self, unit: str) -> pd.DataFrame:
        """Return the rows of a unit.

        Raises:
            MeasureError: it has none.
        """
        found = self.rows[self.rows["unit_code"] == unit]
        if found.empty:
            known = ", ".join(sorted(set(self.rows["unit_code"]))[:_LISTED])
            raise MeasureError(f"The scorecard has no unit {unit}; it has {known} …")
        return found

    def rubrics(self, rubrics: RubricSet, unit: str | None = None) -> dict[str, Rubric]:
        """Return rubrics by id, in the versions that scored the card or one unit."""
        rows = self.rows if unit is None else self.of_unit(unit)
        pairs = rows[["index_code", "rubric_version"]].drop_duplicates()
        return {code: rubrics.version(code, version) for code, version in pairs.itertuples(index=False)}


def read_card(published: Path, index_code: str, source: str, period: str | None) -> PublishedCard:
    """Read a scorecard of the current version.

    Args:
        published: the published folder.
        index_code: index766 or par_index.
        source: local or portal.
        period: such as 2026-10, 2026-Q3 or 2026; None for the newest month, of PAR INDEX the newest year.

    Raises:
        MeasureError: there is no such scorecard, or none of the source and period.
        PeriodError: `period` is none.
        PublishError: the scorecard was not published.
    """
    every = read_published(published, f"scorecard_{index_code}").to_pandas()
    every = every[every["source"] == source]
    if every.empty:
        raise MeasureError(f"The scorecard {index_code} has no figures of the source {source}; choose another --source")
    asked = parse_period(period) if period else None
    rows = every[every["period_type"] == (asked.kind if asked else _USUAL_KIND.get(index_code, "month"))]
    rows = rows[rows["period_start"] == (asked.first if asked else rows["period_start"].max())]
    if asked and rows.empty:
        have = sorted({f"{day:%Y-%m}" for day in every.loc[every["period_type"] == "month", "period_start"]})
        months = f"its months are {have[0]} to {have[-1]}" if have else "it has no months, only longer periods"
        raise MeasureError(f"The scorecard has no {period}; {months}")
    kind, first, last = rows[["period_type", "period_start", "period_end"]].iloc[0]
    units = read_published(published, "units").to_pylist()
    return PublishedCard(
        rows,
        Period(kind, first, last),
        {row["unit_code"]: row["parent_code"] or None for row in units},
        {row["unit_code"]: row["unit_name"] for row in units},
    )
