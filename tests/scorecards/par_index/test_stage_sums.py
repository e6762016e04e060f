"""Sums of the stages of an appraisal: of what each stage scored, over what that could give, and nothing else."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cchc_pipeline.scorecards.par_index.stage_sums import COLUMNS, PEOPLE, stage_sums

points = st.none() | st.integers(0, 200).map(lambda value: value / 100)


def row(code: str, parent: str | None, level: str = "criterion", **values) -> dict:
    held = dict.fromkeys([*COLUMNS.values(), "appraisal_difference", "counted_stage"]) | values
    return {"criterion_code": code, "parent_code": parent, "criterion_level": level, "max_points": 2.0, **held}


TREE = [row("TOTAL", None, "total"), row("D1", "TOTAL", "group"), row("D1.A", "D1", "group")]


def test_a_stage_is_summed_over_what_it_scored():
    found = stage_sums(
        [
            *TREE,
            row("A", "D1.A", self_points=1.0, first_points=0.1, counted_stage="first", appraisal_difference=-0.9),
            row("B", "D1", self_points=0.2, counted_stage="self"),
            row("C", "TOTAL", survey_points=0.77, counted_stage="survey"),
            row("D", "D1", computed_points=2.0, counted_stage="computed", max_points=None),
        ]
    )
    total = found["TOTAL"]
    assert {stage: (one.points, one.most) for stage, one in total.scores.items()} == {
        "self": (1.2, 4.0), "first": (0.1, 2.0), "survey": (0.77, 2.0), "computed": (2.0, None),
    }  # fmt: skip
    assert (total.difference, total.appraised, total.only_self, total.counted_stage) == (-0.9, 1, 1, None)
    assert set(found["D1.A"].scores) == {"self", "first"} and set(found["D1"].scores) == {"self", "first", "computed"}
    assert found["A"].counted_stage == "first" and found["A"].scores.keys() & PEOPLE
    assert not found["D"].scores.keys() & PEOPLE and found["D"].difference is None
    assert found["B"].difference is None


@given(st.lists(st.fixed_dictionaries(dict.fromkeys(COLUMNS.values(), points)), max_size=8))
def test_a_total_is_the_exact_sum_of_its_criteria_and_a_group_is_part_of_it(given_):
    leaves = [row(f"C{n}", ("D1", "D1.A", "TOTAL")[n % 3], **values) for n, values in enumerate(given_)]
    found = stage_sums([*TREE, *leaves])
    assert set(found) == {one["criterion_code"] for one in (*TREE, *leaves)}
    for stage, column in COLUMNS.items():
        scored = [leaf[column] for leaf in leaves if leaf[column] is not None]
        assert (stage in found["TOTAL"].scores) == bool(scored)
        if scored:
            score = found["TOTAL"].scores[stage]
            assert Decimal(str(score.points)) == sum(Decimal(str(value)) for value in scored)
            assert score.most == 2.0 * len(scored)
        below = found["D1"].scores.get(stage)
        assert below is None or below.points <= found["TOTAL"].scores[stage].points


@pytest.mark.parametrize("stage", COLUMNS)
def test_zero_points_are_points(stage):
    found = stage_sums([*TREE, row("A", "D1", **{COLUMNS[stage]: 0.0})])
    assert found["TOTAL"].scores[stage].points == 0.0
