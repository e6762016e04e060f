"""Normalisation, weights, aggregation, imputation and ranks: what must hold for every table."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cchc_pipeline.scorecards.robustness.choices import AGGREGATIONS, NORMALISATIONS, WEIGHTINGS, RobustnessError
from cchc_pipeline.scorecards.robustness.draws import rank, shift, structure
from cchc_pipeline.scorecards.robustness.steps import aggregate, impute, normalise, weights

BOUNDS = np.array([[0.0] * 4, [10.0] * 4])
TABLES = hnp.arrays(
    np.float64, st.tuples(st.integers(5, 12), st.just(4)), elements=st.integers(10, 999).map(lambda n: n / 100),
    unique=True,
)  # fmt: skip


QUICK = settings(max_examples=25)


@QUICK
@given(TABLES)
def test_normalising_keeps_the_order_of_the_units_and_stays_above_zero(values) -> None:
    for how in NORMALISATIONS:
        placed = normalise(values, how, bounds=BOUNDS)
        assert (np.argsort(placed, axis=0) == np.argsort(values, axis=0)).all(), how
        assert (placed > 0).all(), how


@QUICK
@given(TABLES, st.permutations(range(4)), st.lists(st.integers(1, 9), min_size=4, max_size=4))
def test_who_is_better_in_every_part_is_better_in_sum_and_the_order_of_the_parts_does_not_matter(
    values, order, given_weights
) -> None:
    vector = np.array(given_weights, dtype=float)
    for how in AGGREGATIONS:
        scores = aggregate(np.concatenate([values, values + 0.5]), np.ones(4), how)
        assert (scores[len(values) :] > scores[: len(values)]).all(), how
        plain = aggregate(values, vector, how)
        assert aggregate(values[:, order], vector[list(order)], how) == pytest.approx(plain), how


@QUICK
@given(TABLES)
def test_means_stand_in_their_known_order(values) -> None:
    harmonic, geometric, arithmetic = (
        aggregate(values, np.ones(4), how) for how in ("harmonic", "geometric", "arithmetic")
    )
    assert (harmonic <= geometric + 1e-9).all()
    assert (geometric <= arithmetic + 1e-9).all()


@QUICK
@given(TABLES)
def test_copeland_adds_up_to_nothing_and_counts_pairs(values) -> None:
    scores = aggregate(values, np.ones(4), "copeland")
    assert scores.sum() == 0
    expected = [
        sum(np.sign(sum(np.sign(mine - theirs) for mine, theirs in zip(one, other, strict=True))) for other in values)
        for one in values
    ]
    assert scores.tolist() == expected


@QUICK
@given(TABLES, st.integers(0, 3))
def test_a_unit_with_a_gap_has_no_score_and_changes_none(values, part: int) -> None:
    gaps = values.copy()
    gaps[0, part] = np.nan
    for how in AGGREGATIONS:
        scores = aggregate(gaps, np.ones(4), how)
        assert np.isnan(scores[0])
        assert np.allclose(scores[1:], aggregate(values[1:], np.ones(4), how))


def test_a_stack_of_draws_is_aggregated_like_each_alone() -> None:
    generator = np.random.default_rng(3)
    stack, vectors = generator.uniform(1, 10, (7, 9, 4)), generator.uniform(0.5, 1.5, (7, 4))
    for how in AGGREGATIONS:
        together = aggregate(stack, vectors, how)
        alone = np.stack([aggregate(table, vector, how) for table, vector in zip(stack, vectors, strict=True)])
        assert together == pytest.approx(alone)


@QUICK
@given(TABLES)
def test_weights_are_never_below_zero_and_sum_to_the_number_of_parts(values) -> None:
    for how in WEIGHTINGS:
        found = weights(values, how, given=[1, 2, 3, 4])
        assert (found >= 0).all(), how
        assert found.sum() == pytest.approx(4), how


def test_balanced_weights_make_correlations_equal_where_that_can_be() -> None:
    generator = np.random.default_rng(5)
    common = generator.normal(size=400)
    values = np.stack([common * pull + generator.normal(size=400) for pull in (0.4, 0.8, 1.2, 1.6)], axis=1)
    standard = (values - values.mean(axis=0)) / values.std(axis=0)
    before = structure(standard, "abcd").with_total
    after = structure(standard * weights(values, "correlation_balanced"), "abcd").with_total
    assert np.ptp(after) < 1e-3 < 0.1 < np.ptp(before)


def test_gaps_are_filled_as_asked() -> None:
    values = np.array([[1.0, 4.0], [np.nan, 6.0], [5.0, np.nan], [3.0, 2.0]])
    assert impute(values, "mean")[1, 0] == 3
    assert impute(values, "median")[2, 1] == 4
    by_group = impute(values, "group_mean", groups=["north", "north", "south", "south"])
    assert by_group[1, 0] == 1
    assert by_group[2, 1] == 2
    assert impute(values, "previous", previous=np.full((4, 2), 9.0))[1, 0] == 9
    assert np.isnan(impute(values, "none")[1, 0])
    with pytest.raises(RobustnessError, match="last year"):
        impute(values, "previous")


def test_equal_scores_share_the_better_rank_and_gaps_have_none() -> None:
    assert rank(np.array([3.0, 5.0, np.nan, 5.0])).tolist()[:2] == [3, 1]
    assert np.isnan(rank(np.array([3.0, np.nan]))[1])


def test_a_ranking_does_not_move_against_itself() -> None:
    scores = np.array([4.0, 2.0, 9.0, 1.0])
    assert shift(scores, scores) == {"spearman": pytest.approx(1), "mean_abs": 0, "largest": 0}
    assert shift(scores, -scores) == {"spearman": pytest.approx(-1), "mean_abs": 2, "largest": 3}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: normalise(np.ones((3, 2)), "minmax"), "all units are equal in part 1"),
        (lambda: normalise(np.ones((3, 2)), "goalposts"), "bounds"),
        (lambda: aggregate(np.zeros((3, 2)), np.ones(2), "geometric"), "above zero"),
    ],
)
def test_what_cannot_be_done_is_said(call, message) -> None:
    with pytest.raises(RobustnessError, match=message):
        call()


def test_structure_of_parts_that_are_one_and_the_same() -> None:
    column = np.arange(8.0)
    found = structure(np.column_stack([column, 2 * column, column + 5]), "abc")
    assert found.alpha == pytest.approx(1)
    assert found.first_share == pytest.approx(1)
    assert found.variance_share.tolist() == pytest.approx([0.25, 0.5, 0.25])
    assert {pair[:2] for pair in found.flagged} == set(itertools.combinations("abc", 2))
