"""What if: the same units scored again after a change of some figures."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import pandas as pd

from cchc_pipeline.reference.index_codes import TOTAL_CODE
from cchc_pipeline.scorecards.points import given_by_people, is_remainder
from cchc_pipeline.scorecards.scoring.engine import score
from cchc_pipeline.scorecards.scoring.errors import MeasureError
from cchc_pipeline.scorecards.scoring.measures import PERIOD
from cchc_pipeline.scorecards.scoring.rubric import Rubric, RuleKind

_CHANGE = re.compile(
    r"^(?P<code>[\w.]+)=(?:(?P<sign>[+-])(?P<items>\d+)|(?P<percent>\d+(?:[.,]\d+)?)\s*%|(?P<points>-?\d+(?:[.,]\d+)?)\s*(?:đ|d|pt))$"
)


@dataclass(frozen=True)
class Change:
    """One change: the criterion, and items more (or fewer) in its numerator, the share it should reach, or points.

    Points are what somebody would give for the criterion, whatever its rule.
    """

    criterion: str
    items: int | None = None
    share: float | None = None
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
    """`DOSSIER_ON_TIME=+64` (64 more), `DOSSIER_ONLINE_PAYMENT=80%` or `DISCIPLINE_KEPT=0.75đ` (points).

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
        return Change(found["code"], share=float(Fraction(found["percent"].replace(",", ".")) / 100))
    return Change(found["code"], items=int(f"{found['sign']}{found['items']}"))


def whatif(
    card: pd.DataFrame,
    rubric: Rubric | Mapping[str, Rubric],
    unit_code: str,
    changes: Sequence[Change],
    *,
    parents: Mapping[str, str | None],
    additive: Collection[str],
) -> Outcome:
    """Score a card again with some figures of one unit changed.

    Args:
        card: rows of one index, source and period, all units, with unit_level.
        rubric: the rubric it was scored by, or rubrics by index_code where levels of units have their own.
        unit_code: the unit whose figures change.
        changes: what changes; each criterion once. A criterion that is counted within a changed one moves by the same
            items, as far as it can, unless it is changed itself.
        parents: parent of every unit; the units above get the same items more.
        additive: criteria whose figures add up over units; the units above keep theirs for all others.

    Raises:
        MeasureError: a unit or criterion that the card does not have, or a change that cannot be.
    """
    period = card[list(PERIOD)].drop_duplicates()
    source = str(card["source"].iloc[0])
    if len(period) != 1 or len(set(card["source"])) != 1:
        raise MeasureError("A what-if is about one source and one period; choose them first")
    if unit_code not in set(card["unit_code"]):
        raise MeasureError(f"The card has no unit {unit_code}; choose one of its units or another period")
    rubrics = rubric if isinstance(rubric, Mapping) else dict.fromkeys(card["index_code"].unique(), rubric)
    parts = {
        str(code): measures_of(rows, rubrics[str(code)].for_source(source))
        for code, rows in card.groupby("index_code", sort=False)
    }
    measures = pd.concat(parts.values(), keys=parts, names=["index_code"]).reset_index(level=0).reset_index(drop=True)
    places = list(zip(measures["unit_code"], measures["metric_code"], strict=True))
    numerators = dict(zip(places, measures["numerator"].astype(float), strict=True))
    denominators = dict(zip(places, measures["denominator"].astype(float), strict=True))
    given = dict(zip(places, measures["points"].astype(float), strict=True))
    touched = [unit_code]
    notes = []
    wanted_codes = [change.criterion for change in changes]
    if twice := sorted({code for code in wanted_codes if wanted_codes.count(code) > 1}):
        raise MeasureError(f"{', '.join(twice)} is changed twice; write one change per criterion")
    own = rubrics[str(card.loc[card["unit_code"] == unit_code, "index_code"].iloc[0])]
    inner = {one.within: one for one in own.criteria() if one.within and one.code not in wanted_codes}
    for change in changes:
        place = (unit_code, change.criterion)
        if change.points is not None:
            measures = _with_points(measures, card, rubrics, place, change.points)
            places = list(zip(measures["unit_code"], measures["metric_code"], strict=True))
            given[place] = change.points
            numerators.setdefault(place, math.nan)
            continue
        if place in given and not math.isnan(given[place]):
            raise MeasureError(
                f"{change.criterion} of {unit_code} has points and no count; write {change.criterion}=0.75đ"
            )
        if place not in numerators:
            known = ", ".join(sorted(code for unit, code in places if unit == unit_code))
            raise MeasureError(f"{unit_code} has no figure for {change.criterion}; its criteria with figures: {known}")
        items = _items(change, numerators[place], denominators[place])
        moved_codes = {change.criterion: items}
        numerators[place] += items
        within = inner.get(change.criterion)
        if within is not None and (unit_code, within.code) in numerators and items:
            held = numerators[unit_code, within.code]
            moved_codes[within.code] = min(max(held + items, 0.0), numerators[place]) - held
            numerators[unit_code, within.code] += moved_codes[within.code]
            notes.append(
                f"{within.code} ({within.name_vi}) thay đổi theo {change.criterion}: {moved_codes[within.code]:+g}; "
                "giả định mỗi hồ sơ thêm hoặc bớt cũng thêm hoặc bớt ở đây"
            )
        for code, more in moved_codes.items():
            for unit in _above(unit_code, parents) if code in additive else []:
                if (unit, code) in numerators and math.isnan(given[unit, code]):
                    numerators[unit, code] += more
                    touched.append(unit)
    changed = measures.assign(
        numerator=[numerators[place] for place in places], points=[given[place] for place in places]
    )
    after: pd.DataFrame = pd.concat(
        score(rubrics[str(code)], rows.drop(columns="index_code"), source=source).to_pandas()
        for code, rows in changed.groupby("index_code", sort=False)
    )
    before = card.set_index(["unit_code", "criterion_code"])
    keyed = after.set_index(["unit_code", "criterion_code"])
    rows = before[["criterion_level", "criterion_name_vi", "numerator", "denominator", "points", "max_points"]].join(
        keyed[["numerator", "points"]].add_suffix("_after")
    )
    moved = (rows["points"] != rows["points_after"]) & ~(rows["points"].isna() & rows["points_after"].isna())
    moved |= (rows["numerator"] != rows["numerator_after"]) & rows["numerator"].notna()
    wanted = rows.index.get_level_values("unit_code").isin(touched)
    ranks = _ranks(card).merge(_ranks(after.merge(_levels(card), on="unit_code")), on="unit_code")
    ranks = ranks[["unit_code", "rank_x", "rank_y", "ranked_x"]].set_axis(
        ["unit_code", "rank", "rank_after", "ranked"], axis=1
    )
    return Outcome(
        rows[moved | (wanted & (rows["criterion_level"] == "total"))].reset_index(),
        ranks[ranks["unit_code"].isin([*touched, *ranks.loc[ranks["rank"] != ranks["rank_after"], "unit_code"]])],
        tuple(notes),
    )


def measures_of(card: pd.DataFrame, rubric: Rubric) -> pd.DataFrame:
    """The measures that a card was scored from: scoring them again gives the card."""
    leaves = card[
        (card["criterion_level"] == "criterion") & card["criterion_code"].isin([one.code for one in rubric.criteria()])
    ]
    # what was scored without any figure (a flag, an empty denominator) has a row; what was absent has none
    leaves = leaves[(leaves["status"] != "missing") | leaves["numerator"].notna()]
    return pd.DataFrame(
        {
            "unit_code": leaves["unit_code"],
            **{name: leaves[name] for name in PERIOD},
            "metric_code": leaves["criterion_code"],
            "numerator": leaves["numerator"],
            "denominator": leaves["denominator"],
            "evidence": leaves["evidence"],
            "is_not_applicable": leaves["status"] == "not_applicable",
            "points": leaves["points"].where(given_by_people(leaves) | is_remainder(leaves)),
        }
    ).reset_index(drop=True)


def _with_points(
    measures: pd.DataFrame, card: pd.DataFrame, rubrics: Mapping[str, Rubric], place: tuple[str, str], points: float
) -> pd.DataFrame:
    """Measures with a row for points that somebody would give, also where there was no figure so far."""
    unit, code = place
    rows = card[card["unit_code"] == unit]
    index_code = str(rows["index_code"].iloc[0])
    criterion = next((one for one in rubrics[index_code].criteria() if one.code == code), None)
    if criterion is None:
        known = ", ".join(one.code for one in rubrics[index_code].criteria())
        raise MeasureError(f"The rubric {index_code} has no criterion {code}; it has {known}")
    most = criterion.max_hundredths / 100
    least, most = (-most, 0.0) if criterion.rule.kind is RuleKind.PENALTY else (0.0, most)
    if not least <= points <= most:
        raise MeasureError(f"{code} cannot have {points:g} points; it has {least:g} to {most:g}")
    if ((measures["unit_code"] == unit) & (measures["metric_code"] == code)).any():
        return measures
    new = {"index_code": index_code, "unit_code": unit, "metric_code": code, "is_not_applicable": False}
    new |= {name: rows[name].iloc[0] for name in PERIOD}
    return pd.concat([measures, pd.DataFrame([new])], ignore_index=True)


def _items(change: Change, numerator: float, denominator: float) -> float:
    if change.share is not None:
        if not denominator > 0:
            raise MeasureError(f"{change.criterion} has no denominator here; a share of nothing cannot be reached")
        # items are whole: the share is reached by the next whole one, and not by the nearest
        needed = float(Fraction(str(change.share)) * Fraction(denominator))
        items = (math.ceil(needed) if denominator.is_integer() else needed) - numerator
    else:
        items = float(change.items or 0)
    if numerator + items < 0 or (denominator > 0 and numerator + items > denominator):
        raise MeasureError(
            f"{change.criterion}: {numerator:g} of {denominator:g} cannot become {numerator + items:g}; "
            f"at most {denominator - numerator:g} more or {numerator:g} fewer"
        )
    return items


def _above(unit: str, parents: Mapping[str, str | None]) -> list[str]:
    found = []
    parent = parents.get(unit)
    while parent is not None:
        found.append(parent)
        parent = parents.get(parent)
    return found


def _levels(card: pd.DataFrame) -> pd.DataFrame:
    return card[["unit_code", "unit_level"]].drop_duplicates("unit_code")


def _ranks(card: pd.DataFrame) -> pd.DataFrame:
    """Rank of each unit among those of its level, by achieved over reachable."""
    totals = card[(card["criterion_code"] == TOTAL_CODE) & card["ratio"].notna()]
    grouped = totals.groupby("unit_level")["ratio"]
    return pd.DataFrame(
        {
            "unit_code": totals["unit_code"],
            "rank": grouped.rank(ascending=False, method="min"),
            "ranked": grouped.transform("size"),
        }
    )
