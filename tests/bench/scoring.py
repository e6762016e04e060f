"""Measure scoring of units × 30 criteria × 12 months against a plain loop."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from rubric_files import criterion, group, rubric_content

from bench.measure import Line, Report, seconds
from cchc_pipeline.scorecards.scoring.engine import score
from cchc_pipeline.scorecards.scoring.rubric import Rubric
from cchc_pipeline.scorecards.scoring.rules import score_criterion

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

CRITERIA, MONTHS = 30, 12
GROUPS = 6
#: Maxima, and the ratios from which points are full; criteria take them in turn.
_MAXIMA, _FULL_AT = (2, 4, 6, 20), (1, 0.9, 0.8, 0.5)


def bench(report: Report, units: int) -> None:
    """Measure scoring from measures to scorecards, by the engine and by a plain loop."""
    rubric = _rubric()
    generator = np.random.default_rng(766)
    shape = (units * MONTHS, CRITERIA)
    denominator = generator.integers(1, 400, shape)
    numerator = generator.binomial(denominator, generator.uniform(0.3, 1, shape))
    measures = _measures(rubric, numerator, denominator)
    maxima = np.array([one.max_hundredths for one in rubric.criteria()])
    full_at = [one.rule.full_at for one in rubric.criteria()]
    top, bottom = np.array([one.numerator for one in full_at]), np.array([one.denominator for one in full_at])

    columns = ["criterion_level", "ratio", "points", "points_lost"]
    table = score(rubric, measures).select(columns).to_pandas()
    width = len(table) // len(numerator)
    level = table["criterion_level"].to_numpy()[:width]
    grids = {name: table[name].to_numpy().reshape(len(numerator), width) for name in columns[1:]}
    cards = _loop_over_cards(numerator, denominator, maxima, top, bottom)
    for name, (leaves, groups, total) in cards.items():
        for place, expected in (("criterion", leaves), ("group", groups), ("total", total)):
            np.testing.assert_allclose(grids[name][:, level == place], expected, rtol=0, atol=1e-9)
    report.note(f"ratio, points and points lost of {len(table):,} criteria, groups and totals are the same in both")

    what = f"{units:,} units × {CRITERIA} criteria × {MONTHS} months"
    ours = seconds(lambda: score(rubric, measures), 2)
    plain = seconds(lambda: _loop_over_cards(numerator, denominator, maxima, top, bottom))
    report.add(
        Line(f"{what}: finished table", ours, plain, "plain NumPy loop over scorecards, numbers only", target=1.0)
    )
    ours = seconds(lambda: _points(rubric, numerator, denominator), 2)
    plain = seconds(lambda: _loop_of_points(numerator, denominator, maxima, top, bottom), 2)
    report.add(Line(f"{what}: points of criteria", ours, plain, "plain NumPy loop over scorecards", target=1.0))


def _points(rubric: Rubric, numerator: Integers, denominator: Integers) -> list[Integers]:
    tops, bottoms = numerator.astype(np.float64), denominator.astype(np.float64)
    return [
        score_criterion(criterion, tops[:, i], bottoms[:, i]).points_hundredths
        for i, criterion in enumerate(rubric.criteria())
    ]


def _card(numerator: Integers, denominator: Integers, maxima: Integers, top: Integers, bottom: Integers) -> Integers:
    """Return points of one scorecard in hundredths, rounded half to even."""
    share, of = numerator * bottom, denominator * top
    whole, rest = np.divmod(np.minimum(share, of) * maxima, of)
    return np.asarray(whole + ((2 * rest > of) | ((2 * rest == of) & (whole % 2 == 1))))


def _loop_of_points(
    numerator: Integers, denominator: Integers, maxima: Integers, top: Integers, bottom: Integers
) -> Integers:
    points = np.empty(numerator.shape, dtype=np.int64)
    for card in range(len(numerator)):
        points[card] = _card(numerator[card], denominator[card], maxima, top, bottom)
    return points


def _loop_over_cards(
    numerator: Integers, denominator: Integers, maxima: Integers, top: Integers, bottom: Integers
) -> dict[str, tuple[Floats, Floats, Floats]]:
    """Return ratio, points and points lost of criteria, groups, total, card by card."""
    cards = len(numerator)
    found = {
        name: (np.empty((cards, CRITERIA)), np.empty((cards, GROUPS)), np.empty((cards, 1)))
        for name in ("ratio", "points", "points_lost")
    }
    starts = np.arange(0, CRITERIA, CRITERIA // GROUPS)
    of_groups = np.add.reduceat(maxima, starts)
    for card in range(cards):
        points = _card(numerator[card], denominator[card], maxima, top, bottom)
        sums = np.add.reduceat(points, starts)
        total = sums.sum()
        found["points"][0][card] = points / 100
        found["points"][1][card] = sums / 100
        found["points"][2][card] = total / 100
        found["points_lost"][0][card] = (maxima - points) / 100
        found["points_lost"][1][card] = (of_groups - sums) / 100
        found["points_lost"][2][card] = (maxima.sum() - total) / 100
        found["ratio"][0][card] = numerator[card] / denominator[card]
        found["ratio"][1][card] = sums / of_groups
        found["ratio"][2][card] = total / maxima.sum()
    return found


def _rubric() -> Rubric:
    criteria = [
        criterion(f"C{i:02d}", _MAXIMA[i % len(_MAXIMA)], {"kind": "linear", "full_at": _FULL_AT[i % len(_FULL_AT)]})
        for i in range(CRITERIA)
    ]
    step = CRITERIA // GROUPS
    groups = [group(f"G{i}", *criteria[i : i + step]) for i in range(0, CRITERIA, step)]
    return Rubric.model_validate(rubric_content(*groups, id="bench"))


def _measures(rubric: Rubric, numerator: Integers, denominator: Integers) -> pd.DataFrame:
    codes = [one.code for one in rubric.criteria()]
    starts = pd.date_range("2026-01-01", periods=MONTHS, freq="MS")
    card = np.repeat(np.arange(len(numerator)), CRITERIA)
    units = np.array([f"H99.{i:04d}" for i in range(len(numerator) // MONTHS)], dtype=object)
    return pd.DataFrame(
        {
            "unit_code": units[card // MONTHS],
            "period_type": "month",
            "period_start": starts[card % MONTHS],
            "period_end": (starts + pd.offsets.MonthEnd())[card % MONTHS],
            "metric_code": np.tile(np.array(codes, dtype=object), len(numerator)),
            "numerator": numerator.ravel(),
            "denominator": denominator.ravel(),
        }
    )
