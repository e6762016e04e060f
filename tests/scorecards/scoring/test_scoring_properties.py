"""What holds for every card, whatever the figures: over the rubric of QĐ 766 and over one with every kind of rule."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rubric_files import RULES, rubric_of

from cchc_pipeline.scorecards.scoring.engine import STATUSES, score
from cchc_pipeline.scorecards.scoring.rubric import Rubric
from cchc_pipeline.scorecards.scoring.rubric_set import shipped
from cchc_pipeline.scorecards.scoring.rule import RuleKind

RUBRICS = {
    "every rule": rubric_of(RULES),
    "index766 local": shipped().find("index766").for_source("local"),
    "index766 portal": shipped().find("index766").for_source("portal"),
}
UNITS = ("H1", "H2", "H3")
#: what arrives: counts, gaps, shares that cannot be
figures = st.one_of(st.none(), st.integers(-3, 60).map(float), st.sampled_from([0.5, 1e9, 2.5]))
cell = st.tuples(figures, figures, st.booleans(), st.booleans())


def cards(rubric: Rubric) -> st.SearchStrategy[pd.DataFrame]:
    """Measures of some units; a criterion may be absent, excused, or nonsense."""
    codes = [one.code for one in rubric.criteria()]
    places = st.tuples(st.sampled_from(UNITS), st.sampled_from(codes))
    return st.dictionaries(places, cell, min_size=1, max_size=40).map(
        lambda held: pd.DataFrame(
            [
                {
                    "unit_code": unit, "metric_code": code, "numerator": top, "denominator": bottom,
                    "is_not_applicable": excused and provisional, "is_provisional": provisional,
                }
                for (unit, code), (top, bottom, excused, provisional) in held.items()
            ]
        ).astype({"numerator": "float64", "denominator": "float64"})
    )  # fmt: skip


def scored(rubric: Rubric, measures: pd.DataFrame, source: str = "local") -> pd.DataFrame:
    table = score(rubric, measures, source=source).to_pandas()
    return table.sort_values(["unit_code", "criterion_code"]).reset_index(drop=True)


def source_of(name: str) -> str:
    return "portal" if name.endswith("portal") else "local"


@pytest.mark.parametrize("name", RUBRICS)
@settings(max_examples=12, deadline=None)  # an example holds three cards with every criterion
@given(st.data())
def test_points_lie_between_nothing_and_the_maximum_and_every_sum_is_that_of_what_is_below_it(
    name: str, data: st.DataObject
) -> None:
    rubric = RUBRICS[name]
    table = scored(rubric, data.draw(cards(rubric)), source_of(name))
    criteria_keep_to_their_bounds(rubric, table)
    sums_are_those_of_what_is_below(rubric, table)


def criteria_keep_to_their_bounds(rubric: Rubric, table: pd.DataFrame) -> None:
    """Points are whole hundredths, too."""
    kinds = {one.code: one.rule.kind for one in rubric.criteria()}
    for row in table[table["criterion_level"] == "criterion"].to_dict("records"):
        assert row["status"] in STATUSES
        assert (row["status"] == "ok") == pd.notna(row["points"])
        if row["status"] != "ok":
            assert row["reason_vi"]
            continue
        kind = kinds[row["criterion_code"]]
        low, high = (-row["max_points"], 0) if kind is RuleKind.PENALTY else (0, row["max_points"])
        assert low <= row["points"] <= high
        assert row["points"] * 100 == pytest.approx(round(row["points"] * 100), abs=1e-9)
        if kind is RuleKind.PENALTY:
            assert row["points_lost"] == -row["points"]
        elif kind is not RuleKind.BONUS:
            assert row["points_lost"] == pytest.approx(row["max_points"] - row["points"])


def sums_are_those_of_what_is_below(rubric: Rubric, table: pd.DataFrame) -> None:
    extra = {one.code for one in rubric.criteria() if one.rule.is_extra}

    def total(rows: list[dict[str, Any]], name: str) -> float:
        return sum(row[name] for row in rows if pd.notna(row[name]))

    children: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in table.to_dict("records"):
        children.setdefault((row["unit_code"], row["parent_code"]), []).append(row)
    for row in table[table["criterion_level"] != "criterion"].to_dict("records"):
        below = children.get((row["unit_code"], row["criterion_code"]), [])
        for name in ("points", "points_lost"):
            is_unknown = all(pd.isna(one[name]) for one in below)
            assert is_unknown or row[name] == pytest.approx(total(below, name)), name
        regular = [one for one in below if one["criterion_code"] not in extra]
        assert np.nan_to_num(row["max_points"]) == pytest.approx(total(regular, "max_points"))
        assert pd.isna(row["ratio"]) or 0 <= row["ratio"] <= 1
        states = {one["status"] for one in below}
        if states & {"missing", "partial"}:
            assert row["status"] in ("partial", "missing")
        elif "ok" in states:
            assert row["status"] == "ok"


@pytest.mark.parametrize("name", RUBRICS)
@settings(max_examples=8, deadline=None)
@given(st.data(), st.randoms(use_true_random=False))
def test_neither_the_order_of_rows_nor_other_units_change_a_card(name: str, data: st.DataObject, chance: Any) -> None:
    rubric, source = RUBRICS[name], source_of(name)
    measures = data.draw(cards(rubric))
    whole = scored(rubric, measures, source)
    order = list(range(len(measures)))
    chance.shuffle(order)
    pd.testing.assert_frame_equal(whole, scored(rubric, measures.iloc[order], source))
    for unit in measures["unit_code"].unique():
        alone = scored(rubric, measures[measures["unit_code"] == unit], source)
        pd.testing.assert_frame_equal(
            whole[whole["unit_code"] == unit].reset_index(drop=True), alone, check_dtype=False
        )


@settings(max_examples=6, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 500), st.integers(1, 500), st.integers(2, 10**6)), min_size=10, max_size=20))
def test_only_the_ratio_counts_and_not_how_many(shares: list[tuple[int, int, int]]) -> None:
    """Each share is a unit of its own, and so many times as much is another."""
    codes = [code for code in RULES if code in ("LINEAR", "FLOOR", "STEPS", "ALL")]
    rows = [
        {
            "unit_code": f"{name}{n:02}", "metric_code": code, "numerator": min(top, of) * factor,
            "denominator": of * factor,
        }
        for n, (top, of, times) in enumerate(shares) for name, factor in (("A", 1), ("B", times)) for code in codes
    ]  # fmt: skip
    table = scored(RUBRICS["every rule"], pd.DataFrame(rows))
    one, other = (table[table["unit_code"].str[0] == name].set_index("unit_code")["points"] for name in "AB")
    assert len(one) == len(other) >= len(shares) * len(codes)
    np.testing.assert_array_equal(one.to_numpy(), other.to_numpy())


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 6), min_size=2, max_size=6), st.integers(6, 12))
def test_more_in_a_numerator_never_costs_points_but_for_a_penalty(numerators: list[int], of: int) -> None:
    denominators = dict.fromkeys(RULES, of) | {"BONUS": None, "PENALTY": None, "CARRIED": 6}
    rows = [
        {"unit_code": f"H{i}", "metric_code": code, "numerator": top, "denominator": denominators[code]}
        for code in RULES
        for i, top in enumerate(sorted(numerators))
    ]
    table = scored(RUBRICS["every rule"], pd.DataFrame(rows).astype({"denominator": "float64"}))
    for code in RULES:
        points = table[table["criterion_code"] == code]["points"].tolist()
        assert points == sorted(points, reverse=code == "PENALTY"), code
