"""Draws, intervals and Sobol indices."""

from __future__ import annotations

import numpy as np
import pytest

from cchc_pipeline.scorecards.robustness.draws import Plan, composite, rank, sensitivity, uncertainty

VALUES = np.random.default_rng(11).uniform(2, 9, (20, 5))
BOUNDS = np.array([[1.0] * 5, [10.0] * 5])
OPEN = Plan(
    normalisations=("none", "goalposts", "minmax", "zscore", "rank"),
    weightings=("equal", "pca", "correlation_balanced"),
    aggregations=("arithmetic", "geometric", "harmonic", "copeland"),
    weight_noise=0.25,
    standard_errors=np.full(VALUES.shape, 0.3),
    bounds=BOUNDS,
)


def test_where_nothing_is_open_every_draw_is_the_nominal_one() -> None:
    found = uncertainty(VALUES, Plan(), 200)
    assert (found["rank_low"] == found["rank"]).all()
    assert (found["rank_high"] == found["rank"]).all()
    assert found["score"].to_numpy() == pytest.approx(VALUES.mean(axis=1))


def test_the_same_seed_gives_the_same_intervals() -> None:
    one, two = uncertainty(VALUES, OPEN, 300, seed=4), uncertainty(VALUES, OPEN, 300, seed=4)
    assert (one.rank_low == two.rank_low).all()
    assert (one.rank_median == two.rank_median).all()
    assert (one.rank_high == two.rank_high).all()


def test_a_larger_error_of_the_survey_widens_the_intervals() -> None:
    plans = [Plan(standard_errors=np.full(VALUES.shape, error)) for error in (0.0, 0.1, 0.5, 2.0)]
    found = [uncertainty(VALUES, plan, 2_000) for plan in plans]
    widths = [(one.rank_high - one.rank_low).mean() for one in found]
    assert widths == sorted(widths)
    assert widths[0] == 0 < widths[1]


def test_the_error_of_the_survey_moves_the_total_as_its_variance_says() -> None:
    # two units one standard error of the difference apart: the worse one is ahead in 15.9 % of all samples
    values = np.array([[5.0, 5.0], [5.0 + 2**0.5, 5.0 + 2**0.5]])
    error = np.full(values.shape, 1.0)  # of the mean of two parts: 1/sqrt(2); of the difference of two means: 1
    lower = values.copy()
    lower[1] = 5.0 + 1.0
    found = uncertainty(lower, Plan(standard_errors=error), 40_000)
    assert found.first_quarter[0] == pytest.approx(0.1587, abs=0.01)


def test_a_unit_with_a_gap_is_ranked_only_where_the_gap_is_filled() -> None:
    values = VALUES.copy()
    values[3, 2] = np.nan
    left_out = uncertainty(values, Plan(weight_noise=0.2), 200)
    assert np.isnan(left_out["rank"][3])
    assert np.isnan(left_out.rank_low[3])
    assert np.nanmax(left_out.rank_high) <= len(VALUES) - 1
    filled = uncertainty(values, Plan(imputations=("mean", "median"), weight_noise=0.2), 200)
    assert not np.isnan(filled.rank_low).any()


def test_scores_stay_inside_the_scale_when_the_sample_varies() -> None:
    values = np.full((3, 5), 9.9) - np.arange(3)[:, None]
    plan = Plan(("goalposts",), standard_errors=np.full(values.shape, 5.0), bounds=BOUNDS)
    assert np.isfinite(uncertainty(values, plan, 500).rank_high).all()


def test_the_only_choice_that_matters_explains_everything() -> None:
    # parts already in standard units: normalising changes nothing, weights do
    standard = (VALUES - VALUES.mean(axis=0)) / VALUES.std(axis=0, ddof=1)
    plan = Plan(("none", "zscore"), ("equal", "given"), given=[10, 1, 1, 1, 1])
    shares = sensitivity(standard, plan, 256)[0]["total"]
    assert shares["weighting"] == pytest.approx(1, abs=0.05)
    assert shares["normalisation"] == pytest.approx(0, abs=0.05)


def test_every_open_choice_is_a_factor() -> None:
    found, mean_shift = sensitivity(VALUES, OPEN, 64)
    assert found.index.tolist() == ["normalisation", "weighting", "aggregation", "weight_noise", "sampling_error"]
    assert (found["total"] >= -found["total_error"]).all()
    assert mean_shift > 0
    assert sensitivity(VALUES, Plan(weight_noise=0.2)) is None  # one choice is compared with nothing


def test_the_nominal_rank_is_that_of_the_composite() -> None:
    assert (uncertainty(VALUES, OPEN, 10)["rank"] == rank(composite(VALUES, OPEN))).all()
