"""Compute points of a criterion from numerators and denominators.

Points are integer hundredths. `exact` arithmetic computes from the unrounded ratio in integers and rounds half to even:
a tie is a tie, and no binary fraction decides. `binary` arithmetic repeats what the national portal computes, operation
by operation in doubles: 100 times the share, where a rubric says so rounded to two decimals, times the maximum, divided
by the percentage that gives full points, two decimals by the value of the double. 1/48 of 6 points is 0.12 and 1/32 of
4 is 0.13 then, as published, which no rule on decimals can give (decision 0026).
"""

from __future__ import annotations

import math
from enum import IntEnum
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cchc_pipeline.scorecards.scoring.rubric import Criterion
from cchc_pipeline.scorecards.scoring.rule import Arithmetic, RoundedRatio, Rule, RuleKind, ZeroDenominator

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Integers = npt.NDArray[Any]
"""int64, or Python integers in an object array where int64 would overflow."""

_INT64_SAFE = 2**61
#: Hundredths of a percentage lie below 10,001, where doubles are 2e-12 apart.
_NEAR_A_HALF = 1e-9


class Verdict(IntEnum):
    """What came of one measure."""

    SCORED = 0
    FULL_WITHOUT_DENOMINATOR = 1
    ZERO_WITHOUT_DENOMINATOR = 2
    NOT_APPLICABLE = 3
    ABSENT = 4
    NO_NUMERATOR = 5
    NO_DENOMINATOR = 6
    INVALID = 7
    REPLACED = 8


class Scored(NamedTuple):
    """Points, unrounded ratio (0 to 1 or NaN) and verdict per row."""

    points_hundredths: npt.NDArray[np.int64]
    ratio: Floats
    verdict: npt.NDArray[np.int8]


def score_criterion(
    criterion: Criterion, numerator: Floats, denominator: Floats, arithmetic: Arithmetic = Arithmetic.EXACT
) -> Scored:
    """Score one criterion for many units and periods.

    Args:
        criterion: the rule, the maximum and what a missing denominator scores.
        numerator: NaN for null.
        denominator: NaN for null.
        arithmetic: that of the rubric.

    Returns:
        One entry per row. A measure that cannot be true (negative, above its denominator) is not scored.
    """
    rule = criterion.rule
    ratio = np.full(len(numerator), np.nan)
    points = np.zeros(len(numerator), dtype=np.int64)
    verdict = _verdicts(criterion, numerator, denominator)
    if rule.kind is RuleKind.NOT_APPLICABLE:
        verdict[:] = Verdict.NOT_APPLICABLE
    points[verdict == Verdict.FULL_WITHOUT_DENOMINATOR] = criterion.max_hundredths
    rows = np.flatnonzero(verdict == Verdict.SCORED)
    if len(rows):
        points[rows], ratio[rows] = _points(criterion, numerator[rows], denominator[rows], arithmetic)
    return Scored(points, ratio, verdict)


def with_decisions(criterion: Criterion, scored: Scored, given: Floats, excused: Bools) -> Scored:
    """Return the result with what people decided in place of what the rule gives.

    Args:
        criterion: says which points there can be: 0 to its maximum, or minus its maximum to 0 for a penalty.
        scored: what the rule gives.
        given: points as given, NaN where nobody gave any; rounded half to even to two decimals.
        excused: where the criterion does not apply: its maximum is removed, and nothing is taken from `given`.
    """
    points, ratio, verdict = scored.points_hundredths.copy(), scored.ratio.copy(), scored.verdict.copy()
    points[excused], ratio[excused], verdict[excused] = 0, np.nan, Verdict.NOT_APPLICABLE
    rows = np.flatnonzero(~np.isnan(given) & ~excused)
    if not len(rows) or criterion.rule.kind is RuleKind.NOT_APPLICABLE:
        return Scored(points, ratio, verdict)
    least, most = (round(100 * points) for points in criterion.possible_points)
    values = given[rows].tolist()
    hundredths = [most + 1 if math.isinf(value) else round(Fraction(repr(value)) * 100) for value in values]
    possible = np.array([least <= one <= most for one in hundredths], dtype=np.bool_)
    points[rows] = [one if fits else 0 for one, fits in zip(hundredths, possible, strict=True)]
    ratio[rows] = np.nan if criterion.rule.is_extra else points[rows] / criterion.max_hundredths
    verdict[rows] = np.where(possible, Verdict.SCORED, Verdict.INVALID)
    return Scored(points, ratio, verdict)


def _verdicts(criterion: Criterion, numerator: Floats, denominator: Floats) -> npt.NDArray[np.int8]:
    kind = criterion.rule.kind
    no_numerator, no_denominator = np.isnan(numerator), np.isnan(denominator) | (denominator == 0)
    invalid = (numerator < 0) | (denominator < 0) | np.isinf(numerator) | np.isinf(denominator)
    verdict = np.full(len(numerator), Verdict.SCORED, dtype=np.int8)
    without = {
        ZeroDenominator.FULL: Verdict.FULL_WITHOUT_DENOMINATOR,
        ZeroDenominator.ZERO: Verdict.ZERO_WITHOUT_DENOMINATOR,
        ZeroDenominator.MISSING: Verdict.NO_DENOMINATOR,
    }[criterion.zero_denominator]
    verdict[no_numerator] = Verdict.NO_NUMERATOR
    if kind is RuleKind.FLAG:
        verdict[no_numerator & no_denominator] = without
    elif kind is RuleKind.CARRIED:
        invalid |= numerator > criterion.max_points
        invalid |= ~np.isnan(denominator) & (denominator != criterion.max_points)
    elif not criterion.rule.is_extra:
        verdict[no_denominator] = Verdict.NO_DENOMINATOR
        verdict[no_denominator & (no_numerator | (numerator == 0))] = without
        invalid |= numerator > denominator
    verdict[invalid] = Verdict.INVALID
    return verdict


def hundredths(values: Floats) -> npt.NDArray[np.int64]:
    """Round doubles of 0 and more to hundredths by their binary value, an exact half up, as JavaScript's toFixed(2)."""
    scaled = values * 100
    rounded = np.floor(scaled + 0.5).astype(np.int64)
    # the product is itself rounded: near a half the exact value of the double decides
    for row in np.flatnonzero(np.abs(scaled - np.floor(scaled) - 0.5) < _NEAR_A_HALF):
        rounded[row] = math.floor(Fraction(values[row]) * 100 + Fraction(1, 2))
    return rounded


def _points(
    criterion: Criterion, numerator: Floats, denominator: Floats, arithmetic: Arithmetic
) -> tuple[npt.NDArray[np.int64], Floats]:
    rule, full = criterion.rule, criterion.max_hundredths
    if rule.kind is RuleKind.FLAG:
        return np.where(numerator > 0, full, 0), np.where(numerator > 0, 1.0, 0.0)
    if rule.kind is RuleKind.CARRIED or rule.is_extra:
        top, bottom = _exact(numerator, np.ones_like(numerator), _INT64_SAFE)
        each = rule.points_each * 100 if rule.is_extra else Fraction(100)
        points = np.minimum(_round_half_even(top * each.numerator, bottom * each.denominator), full).astype(np.int64)
        sign = -1 if rule.kind is RuleKind.PENALTY else 1
        return sign * points, np.full(len(points), np.nan) if rule.is_extra else numerator * 100 / full
    top, bottom = _exact(numerator, denominator, _INT64_SAFE // _factor(rule, full))
    if rule.kind is RuleKind.STEPS:
        points = np.zeros(len(top), dtype=np.int64)
        for step in rule.steps:
            points[_reaches(top, bottom, step.at)] = step.points_hundredths
    elif rule.kind is RuleKind.ALL_OR_NOTHING:
        points = np.where(_reaches(top, bottom, rule.full_at), full, 0)
    elif arithmetic is Arithmetic.BINARY:
        percent = numerator / denominator * 100
        if criterion.rounded_ratio is RoundedRatio.ALWAYS:
            percent = hundredths(percent) / 100
        earned = criterion.max_points * percent / float(rule.full_at * 100)
        points = np.minimum(hundredths(earned), full)
        points[~_reaches(top, bottom, rule.floor)] = 0
    else:
        share_top, share_bottom = top * rule.full_at.denominator, bottom * rule.full_at.numerator
        share_top = np.minimum(share_top, share_bottom)
        points = _round_half_even(share_top * full, share_bottom).astype(np.int64)
        points[~_reaches(top, bottom, rule.floor)] = 0
    return points, numerator / denominator


def _factor(rule: Rule, full: int) -> int:
    shares = (rule.full_at, rule.floor, *(step.at for step in rule.steps))
    return 2 * full * max(max(share.numerator, share.denominator) for share in shares)


def _exact(numerator: Floats, denominator: Floats, largest: int) -> tuple[Integers, Integers]:
    """Return both as integers of the same ratio; Python integers where too large."""
    together = np.concatenate([numerator, denominator])
    if (together == np.floor(together)).all() and together.max(initial=0) <= largest:
        return numerator.astype(np.int64), denominator.astype(np.int64)
    tops, bottoms = np.empty(len(numerator), dtype=object), np.empty(len(numerator), dtype=object)
    for row, (top, bottom) in enumerate(zip(numerator.tolist(), denominator.tolist(), strict=True)):
        exact = Fraction(repr(top)) / Fraction(repr(bottom))
        tops[row], bottoms[row] = exact.numerator, exact.denominator
    return tops, bottoms


def _reaches(top: Integers, bottom: Integers, share: Fraction) -> Bools:
    return np.asarray(top * share.denominator >= bottom * share.numerator, dtype=np.bool_)


def _round_half_even(top: Integers, bottom: Integers) -> Integers:
    whole = top // bottom
    twice = 2 * (top - whole * bottom)
    up = (twice > bottom) | ((twice == bottom) & (whole % 2 == 1))
    return whole + np.asarray(up, dtype=np.int64)
