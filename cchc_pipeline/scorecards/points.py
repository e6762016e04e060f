"""Find where points are lost, by whom, and which are the cheapest to win back.

A card is the table of a scorecard (`SCORECARD_SCHEMA` and unit_level) of one index, source and period.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

import pandas as pd

from cchc_pipeline.scorecards.par_index.stage_sums import PEOPLE
from cchc_pipeline.scorecards.scoring.measures import REMAINDER_EVIDENCE
from cchc_pipeline.scorecards.scoring.rubric import Criterion, Rubric, RuleKind, SourceKind

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
    rows = rows[(rows["denominator"] > 0) & ~given_by_people(rows) & ~is_remainder(rows)]
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


def is_remainder(rows: pd.DataFrame) -> pd.Series:
    """Return whether points are what is left of a published group, and no items."""
    return rows["evidence"].fillna("").astype(str).str.startswith(REMAINDER_EVIDENCE)


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
    parts: list[tuple[object, ...]] = []
    for row in own.to_dict("records"):
        same = missing[missing["criterion_code"] == row["criterion_code"]].set_index("unit_code")
        by_unit = own_parts(same["missing"].to_dict(), unit_code, parents) or {}
        parts += [
            (row["criterion_code"], row["criterion_name_vi"], unit, items, row["points_lost"] * items / row["missing"])
            for unit, items in by_unit.items()
            if items > 0
        ]
    found = pd.DataFrame(parts, columns=["criterion_code", "criterion_name_vi", "caused_by", "items", "points"])
    order = ["points", "criterion_code", "caused_by"]
    return found.sort_values(order, ascending=[False, True, True], ignore_index=True)


def own_parts(
    amounts: Mapping[str, float], unit_code: str, parents: Mapping[str, str | None]
) -> dict[str, float] | None:
    """Return what each unit adds to an amount; None where parts exceed the whole."""
    below: dict[str, list[str]] = {}
    for unit, parent in parents.items():
        if parent is not None:
            below.setdefault(parent, []).append(unit)
    found: dict[str, float] = {}
    waiting = [unit_code]
    while waiting:
        unit = waiting.pop()
        children = [child for child in below.get(unit, []) if child in amounts]
        rest = amounts[unit] - sum(amounts[child] for child in children)
        if rest < -1e-9:
            return None
        found[unit] = rest
        waiting += children
    return found
