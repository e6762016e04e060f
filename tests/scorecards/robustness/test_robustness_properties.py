"""What must not move a ranking, whatever the table: names, scales, shifts, and how weights are written."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cchc_pipeline.scorecards.robustness.choices import AGGREGATIONS, NORMALISATIONS, WEIGHTINGS
from cchc_pipeline.scorecards.robustness.draws import Plan, rank, spread, uncertainty
from cchc_pipeline.scorecards.robustness.steps import aggregate, normalise, weights

PARTS = 4
BOUNDS = np.array([[0.0] * PARTS, [10.0] * PARTS])
GIVEN = [3.0, 1.0, 2.0, 5.0]
tables = hnp.arrays(
    np.float64,
    st.tuples(st.integers(5, 12), st.just(PARTS)),
    elements=st.integers(10, 999).map(lambda n: n / 100),
    unique=True,
)
#: any shuffling of up to 12 units
keys = hnp.arrays(np.float64, 12, elements=st.floats(0, 1), unique=True)


@settings(max_examples=12, deadline=None)
@given(tables, keys)
def test_other_names_for_the_units_are_the_same_ranking_and_the_same_weights(values, order) -> None:
    order = np.argsort(order[: len(values)])
    for normalisation, how in product(NORMALISATIONS, AGGREGATIONS):
        plain, renamed = (
            rank(np.round(aggregate(normalise(table, normalisation, bounds=BOUNDS), np.array(GIVEN), how), 9))
            for table in (values, values[order])
        )
        assert renamed.tolist() == plain[order].tolist(), (normalisation, how)
    for how in WEIGHTINGS:
        plain, renamed = (weights(table, how, given=GIVEN) for table in (values, values[order]))
        if how == "correlation_balanced":  # found by search: what it is for must be equal, not the way there
            spreads = [np.ptp(_with_total(values, vector)) for vector in (plain, renamed)]
            assert spreads[0] == pytest.approx(spreads[1], abs=0.02)
        else:
            assert renamed == pytest.approx(plain, abs=1e-6), how


def _with_total(values: np.ndarray, vector: np.ndarray) -> np.ndarray:
    standard = (values - values.mean(axis=0)) / values.std(axis=0)
    return np.array([np.corrcoef(column, standard @ vector)[0, 1] for column in standard.T])


@settings(max_examples=20, deadline=None)
@given(tables, st.integers(0, PARTS - 1), st.floats(-50, 50), st.floats(0.1, 20))
def test_a_part_on_another_scale_is_the_same_part(values, part, constant, factor) -> None:
    moved = values.copy()
    moved[:, part] = moved[:, part] * factor + constant
    for how in ("zscore", "minmax", "rank"):
        assert normalise(moved, how) == pytest.approx(normalise(values, how), abs=1e-6), how


@settings(max_examples=20, deadline=None)
@given(tables, st.integers(0, PARTS - 1), st.integers(1, 20))
def test_the_same_points_more_for_everybody_move_nobody_and_ranks_of_a_part_know_only_its_order(
    values, part, constant
) -> None:
    given_more = values.copy()
    given_more[:, part] += constant
    plain, moved = (
        rank(np.round(aggregate(table, np.array(GIVEN), "arithmetic"), 9)) for table in (values, given_more)
    )
    assert moved.tolist() == plain.tolist()
    assert (normalise(np.exp(values), "rank") == normalise(values, "rank")).all()


@settings(max_examples=20, deadline=None)
@given(tables, st.floats(0.01, 1000))
def test_weights_in_another_unit_are_the_same_weights(values, factor) -> None:
    vector = np.array(GIVEN)
    for how in AGGREGATIONS:
        assert aggregate(values, vector * factor, how) == pytest.approx(aggregate(values, vector, how)), how
    assert weights(values, "given", given=vector * factor) == pytest.approx(weights(values, "given", given=vector))


@settings(max_examples=15, deadline=None)
@given(tables, st.integers(1, 1000))
def test_who_leads_in_every_part_leads_in_every_draw(values, seed) -> None:
    best = np.concatenate([values, values.max(axis=0, keepdims=True) + 0.01])
    plan = Plan(("none", "minmax", "zscore", "rank"), ("equal",), AGGREGATIONS, weight_noise=0.9)
    found = uncertainty(best, plan, 60, seed=seed)
    assert found.iloc[-1][["rank_low", "rank_high", "first_quarter"]].tolist() == [1, 1, 1]


@settings(max_examples=25, deadline=None)
@given(hnp.arrays(np.float64, st.tuples(st.integers(3, 40), st.integers(2, 9)), elements=st.integers(0, 30)), keys)
def test_a_spread_is_in_order_and_follows_the_names(scores, order) -> None:
    ranks = rank(scores)
    order = np.argsort(order[: scores.shape[1]])
    plain, renamed = spread(ranks), spread(ranks[:, order])
    assert (plain.rank_low <= plain.rank_median).all()
    assert (plain.rank_median <= plain.rank_high).all()
    assert ((plain.first_quarter >= 0) & (plain.first_quarter <= 1)).all()
    assert np.isin(np.stack([plain.rank_low, plain.rank_median, plain.rank_high]), ranks).all()
    assert renamed.to_numpy().tolist() == plain.to_numpy()[order].tolist()
