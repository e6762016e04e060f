"""Score the same units again after a change of some figures: what if."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any, TypeAlias

import pandas as pd

from cchc_pipeline.reference.index_codes import TOTAL_CODE
from cchc_pipeline.scorecards.points import given_by_people
from cchc_pipeline.scorecards.scoring.engine import score
from cchc_pipeline.scorecards.scoring.measures import PERIOD, MeasureError
from cchc_pipeline.scorecards.scoring.rubric import Rubric

#: Measures as records by unit and criterion.
Figures: TypeAlias = dict[tuple[str, str], dict[Any, Any]]
_CHANGE = re.compile(
    r"^(?P<code>[\w.]+)=(?:(?P<sign>[+-])(?P<items>\d+)|(?P<percent>\d+(?:[.,]\d+)?)\s*%|(?P<points>-?\d+(?:[.,]\d+)?)\s*(?:đ|d|pt))$"
)


@dataclass(frozen=True)
class Change:
    """One change of a criterion: items more or fewer, a share to reach, or points.

    Points are what somebody would give for the criterion, whatever its rule.
    """

    criterion: str
    items: int | None = None
    share: Fraction | None = None
    points: float | None = None


@dataclass(frozen=True)
class Outcome:
    """Before and after, one row per unit and node of the tree that the change touches.

    `rows` has unit_code, criterion_level, criterion_code, criterion_name_vi, numerator, denominator, points,
    max_points and the same with `_after` for numerator and points; `ranks` has unit_code, rank, rank_after and
    ranked (how many units of its level have a total), by achieved over reachable. `notes` (Vietnamese) say what was
    assumed.
    """

    rows: pd.DataFrame
    ranks: pd.DataFrame
    notes: tuple[str, ...] = ()


def parse_change(text: str) -> Change:
    """Read a change: `CRITERION=+64` (items), `CRITERION=80%`, `CRITERION=0.75đ`.

    Raises:
        MeasureError: the text has none of these forms.
    """
    found = _CHANGE.match(text.strip())
    if found is None:
        raise MeasureError(
            f"{text!r} is no change; write CRITERION=+64, CRITERION=-3, CRITERION=80% or CRITERION=0.75đ"
        )
    if found["points"]:
        return Change(found["code"], points=float(found["points"].replace(",", ".")))
    if found["percent"]:
        return Change(found["code"], share=Fraction(found["percent"].replace(",", ".")) / 100)
    return Change(found["code"], items=int(f"{found['sign']}{found['items']}"))


def whatif(
    card: pd.DataFrame,
    rubrics: Mapping[str, Rubric],
    unit_code: str,
    changes: Sequence[Change],
    *,
    parents: Mapping[str, str | None],
    additive: Collection[str],
) -> Outcome:
    """Score a card again with some figures of one unit changed.

    Args:
        card: rows of one index, source and period, all units, with unit_level.
        rubrics: the rubrics it was scored by, by index_code; levels of units may have their own.
        unit_code: the unit whose figures change.
        changes: what changes; each criterion once. A criterion that is counted within a changed one moves by the same
            items, as far as it can, unless it is changed itself.
        parents: parent of every unit; the units above get the same items more.
        additive: criteria whose figures add up over units; the units above keep theirs for all others.

    Raises:
        MeasureError: a unit or criterion that the card does not have, or a change that cannot be.
    """
    if len(card[["source", *PERIOD]].drop_duplicates()) != 1:
        raise MeasureError("A what-if is about one source and one period; choose them first")
    index_of = card.drop_duplicates("unit_code").set_index("unit_code")["index_code"].to_dict()
    if unit_code not in index_of:
        raise MeasureError(f"The card has no unit {unit_code}; choose one of its units or another period")
    codes = [change.criterion for change in changes]
    if twice := sorted({code for code in codes if codes.count(code) > 1}):
        raise MeasureError(f"{', '.join(twice)} is changed twice; write one change per criterion")
    source = str(card["source"].iloc[0])
    parts = card.groupby("index_code", sort=False)
    measures = pd.concat(measures_of(rows, rubrics[str(code)].for_source(source)) for code, rows in parts)
    figures: Figures = {(row["unit_code"], row["metric_code"]): row for row in measures.to_dict("records")}
    own = rubrics[index_of[unit_code]]
    inner = {one.within: one for one in own.criteria() if one.within and one.code not in codes}
    touched, notes, above, parent = [unit_code], [], [], parents.get(unit_code)
    while parent is not None:
        above.append(parent)
        parent = parents.get(parent)
    for change in changes:
        place = (unit_code, change.criterion)
        if change.points is not None:
            _give_points(figures, card, own, place, change.points)
            continue
        if place not in figures or figures[place]["is_not_applicable"]:
            counted = (place for place, row in figures.items() if not row["is_not_applicable"])
            known = ", ".join(sorted(code for unit, code in counted if unit == unit_code))
            raise MeasureError(f"{unit_code} has no figure for {change.criterion}; its criteria with figures: {known}")
        if not math.isnan(figures[place]["points"]):
            raise MeasureError(
                f"{change.criterion} of {unit_code} has points and no count; write {change.criterion}=0.75đ"
            )
        items = _items(change, figures[place]["numerator"], figures[place]["denominator"])
        moved = {change.criterion: items}
        figures[place]["numerator"] += items
        within = inner.get(change.criterion)
        if within is not None and (unit_code, within.code) in figures and items:
            inside = figures[unit_code, within.code]
            after = min(max(inside["numerator"] + items, 0.0), figures[place]["numerator"])
            moved[within.code] = after - inside["numerator"]
            inside["numerator"] = after
            notes.append(
                f"{within.code} ({within.name_vi}) thay đổi theo {change.criterion}: {moved[within.code]:+g}; "
                "giả định mỗi hồ sơ thêm hoặc bớt cũng thêm hoặc bớt ở đây"
            )
        for unit, code in product(above, [code for code in moved if code in additive]):
            if (unit, code) in figures and math.isnan(figures[unit, code]["points"]):
                figures[unit, code]["numerator"] += moved[code]
                touched.append(unit)
    rows = pd.DataFrame(figures.values())
    by_index = rows.groupby(rows["unit_code"].map(index_of), sort=False)
    scored = pd.concat(score(rubrics[str(code)], some, source=source).to_pandas() for code, some in by_index)
    return _outcome(card, scored, touched, tuple(notes))


def _outcome(card: pd.DataFrame, scored: pd.DataFrame, touched: list[str], notes: tuple[str, ...]) -> Outcome:
    """Return before and after, where something moved."""
    key = ["unit_code", "criterion_code"]
    shown = ["criterion_level", "criterion_name_vi", "numerator", "denominator", "points", "max_points"]
    before = card.set_index(key)[shown]
    rows = before.join(scored.set_index(key)[["numerator", "points"]].add_suffix("_after"))
    moved = (rows["points"] != rows["points_after"]) & ~(rows["points"].isna() & rows["points_after"].isna())
    moved |= (rows["numerator"] != rows["numerator_after"]) & rows["numerator"].notna()
    moved |= rows.index.get_level_values("unit_code").isin(touched) & (rows["criterion_level"] == "total")
    levels = card[["unit_code", "unit_level"]].drop_duplicates("unit_code")
    after = _ranks(scored.merge(levels, on="unit_code"))[["unit_code", "rank"]]
    ranks = _ranks(card).merge(after, on="unit_code", suffixes=("", "_after"))
    other = ranks["unit_code"].isin(touched) | (ranks["rank"] != ranks["rank_after"])
    return Outcome(rows[moved].reset_index(), ranks.loc[other, ["unit_code", "rank", "rank_after", "ranked"]], notes)


def measures_of(card: pd.DataFrame, rubric: Rubric) -> pd.DataFrame:
    """Return the measures of a card; scoring them again gives the card."""
    leaves = card[card["criterion_code"].isin([one.code for one in rubric.criteria()])]
    # what was scored without any figure (a flag, an empty denominator) has a row; what was absent has none
    leaves = leaves[(leaves["status"] != "missing") | leaves["numerator"].notna()]
    columns = ["unit_code", *PERIOD, "criterion_code", "numerator", "denominator", "evidence"]
    measures = leaves[columns].rename(columns={"criterion_code": "metric_code"})
    points = leaves["points"].where(given_by_people(leaves))
    is_not_applicable = leaves["status"] == "not_applicable"
    return measures.assign(is_not_applicable=is_not_applicable, points=points).reset_index(drop=True)


def _give_points(figures: Figures, card: pd.DataFrame, rubric: Rubric, place: tuple[str, str], points: float) -> None:
    """Put in points that somebody would give, also where there was no figure so far."""
    unit, code = place
    criteria = {one.code: one for one in rubric.criteria()}
    if code not in criteria:
        raise MeasureError(f"The rubric {rubric.id} has no criterion {code}; it has {', '.join(criteria)}")
    least, most = criteria[code].possible_points
    if not least <= points <= most:
        raise MeasureError(f"{code} cannot have {points:g} points; it has {least:g} to {most:g}")
    if place not in figures:
        period = card[list(PERIOD)].iloc[0].to_dict()
        nothing = dict.fromkeys(("numerator", "denominator"), math.nan)
        figures[place] = {"unit_code": unit, "metric_code": code, "is_not_applicable": False, **nothing, **period}
    figures[place]["points"] = points


def _items(change: Change, numerator: float, denominator: float) -> float:
    if change.share is not None:
        if not denominator > 0:
            raise MeasureError(f"{change.criterion} has no denominator here; a share of nothing cannot be reached")
        # items are whole: the share is reached by the next whole one, and not by the nearest
        needed = float(change.share * Fraction(denominator))
        items = (math.ceil(needed) if denominator.is_integer() else needed) - numerator
    else:
        items = float(change.items or 0)
    if numerator + items < 0 or (denominator > 0 and numerator + items > denominator):
        raise MeasureError(
            f"{change.criterion}: {numerator:g} of {denominator:g} cannot become {numerator + items:g}; "
            f"at most {denominator - numerator:g} more or {numerator:g} fewer"
        )
    return items


def _ranks(card: pd.DataFrame) -> pd.DataFrame:
    """Rank of each unit among those of its level, by achieved over reachable."""
    totals = card[(card["criterion_code"] == TOTAL_CODE) & card["ratio"].notna()]
    grouped = totals.groupby("unit_level")["ratio"]
    ranks = {"rank": grouped.rank(ascending=False, method="min"), "ranked": grouped.transform("size")}
    return totals[["unit_code"]].assign(**ranks)
