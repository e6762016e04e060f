"""Binary arithmetic: what the portal does with a tie, and that it stays next to the exact points."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rubric_files import criterion, group, rubric_content, rubric_from

from cchc_pipeline.scorecards.scoring.rubric import Criterion
from cchc_pipeline.scorecards.scoring.rule import Arithmetic
from cchc_pipeline.scorecards.scoring.rules import hundredths, score_criterion

COUNTS = st.integers(1, 400_000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of)))


def leaf(most: float, full_at: float = 1, rounded: str = "never") -> Criterion:
    rule = {"kind": "linear", "full_at": full_at}
    return rubric_from(rubric_content(group("G", criterion("A", most, rule, rounded_ratio=rounded)))).criterion("A")


def points(one: Criterion, top: float, bottom: float, arithmetic: Arithmetic = Arithmetic.BINARY) -> float:
    return float(score_criterion(one, np.array([top]), np.array([bottom]), arithmetic).points_hundredths[0] / 100)


@pytest.mark.parametrize(
    ("most", "top", "bottom", "published"),
    [(6, 1, 48, 0.12), (4, 1, 32, 0.13), (2, 2, 32, 0.13)],  # all three are 0.125
)
def test_ties_as_they_were_published(most: float, top: float, bottom: float, published: float) -> None:
    assert points(leaf(most), top, bottom) == published


@given(value=st.floats(0, 101, allow_nan=False))
def test_two_decimals_are_those_of_the_double(value: float) -> None:
    exact = Decimal(value).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert hundredths(np.array([value]))[0] == int(exact * 100)


@given(counts=COUNTS, most=st.sampled_from([2, 4, 6, 20]), full_at=st.sampled_from([0.5, 0.8, 0.9, 1]))
def test_binary_points_differ_from_exact_ones_by_a_hundredth_at_most_and_are_full_where_those_are(
    counts: tuple[int, int], most: float, full_at: float
) -> None:
    exact = points(leaf(most, full_at), *counts, arithmetic=Arithmetic.EXACT)
    for rounded in ("never", "always"):
        found = points(leaf(most, full_at, rounded), *counts)
        assert abs(found - exact) < 0.0101
        assert 0 <= found <= most
        assert found == most or exact < most
