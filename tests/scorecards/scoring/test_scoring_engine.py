"""The engine: rounding, rules, sums, gaps; with properties over random measures."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rubric_files import RULES, criterion, group, rubric_content, rubric_from, rubric_of

from cchc_pipeline.scorecards.scoring.engine import SCORECARD_SCHEMA, score
from cchc_pipeline.scorecards.scoring.measures import MeasureError, from_indicators
from cchc_pipeline.scorecards.scoring.rubric_set import shipped


def scored(rules: dict[str, Any], rows: list[tuple[Any, ...]], **more: Any) -> pd.DataFrame:
    """Results by criterion code of one unit; rows are (code, numerator, denominator)."""
    measures = pd.DataFrame([("H1", *row) for row in rows], columns=["unit_code", "metric_code", *COUNTS])
    return score(rubric_of(rules, **more), measures).to_pandas().set_index("criterion_code")


COUNTS = ["numerator", "denominator"]


def points_of(rule: Any, numerator: float | None, denominator: float | None, **more: Any) -> Any:
    row = scored({"X": rule}, [("X", numerator, denominator)], **more).loc["X"]
    return row["points"] if row["status"] == "ok" else row["status"]


def test_ties_are_rounded_to_even() -> None:
    linear = {"kind": "linear"}
    assert points_of(linear, 1, 48) == 0.12  # 0.125
    assert points_of(linear, 3, 48) == 0.38  # 0.375
    assert points_of(linear, 1, 400) == 0.02  # 0.015
    assert points_of(linear, 10**15 - 1, 10**15) == 6  # larger than 64 bits hold on the way
    assert points_of(linear, 0.5, 24) == 0.12  # fractions of a count stay exact


@pytest.mark.parametrize(
    ("rule", "numerator", "denominator", "points"),
    [
        ("LINEAR", 79, 100, 5.92), ("LINEAR", 80, 100, 6), ("LINEAR", 100, 100, 6), ("FLOOR", 949, 1000, 0),
        ("FLOOR", 95, 100, 5.7), ("FLOOR", 1, 1, 6), ("STEPS", 24, 100, 0), ("STEPS", 25, 100, 1.5),
        ("STEPS", 99, 100, 3), ("ALL", 89, 100, 0), ("ALL", 9, 10, 6), ("FLAG", 1, None, 6), ("FLAG", 0, None, 0),
        ("FLAG", 1, 1, 6), ("CARRIED", 5.135, 6, 5.14), ("CARRIED", 0, None, 0), ("BONUS", 3, None, 1.5),
        ("BONUS", 99, None, 6), ("PENALTY", 2, None, -2), ("PENALTY", 9, None, -6),
    ],
)  # fmt: skip
def test_rules(rule: str, numerator: float, denominator: float | None, points: float) -> None:
    assert points_of(RULES[rule], numerator, denominator) == points


@pytest.mark.parametrize(("zero", "result"), [("full", 6), ("zero", 0), ("missing", "missing")])
def test_a_missing_denominator_scores_what_the_rubric_says(zero: str, result: Any) -> None:
    for numerator, denominator in ((0, 0), (None, None), (None, 0), (0, None)):
        assert points_of(RULES["LINEAR"], numerator, denominator, zero=zero) == result
    assert points_of(RULES["FLAG"], None, None, zero=zero) == result
    assert points_of(RULES["LINEAR"], None, 5, zero=zero) == "missing"
    assert points_of(RULES["LINEAR"], 5, None, zero=zero) == "missing"


@pytest.mark.parametrize(
    ("rule", "numerator", "denominator"),
    [
        ("LINEAR", 2, 1),
        ("LINEAR", -1, 1),
        ("LINEAR", 1, -1),
        ("LINEAR", 1, 0),
        ("CARRIED", 6.01, 6),
        ("CARRIED", 1, 10),
    ],
)
def test_figures_that_cannot_be_true_are_not_scored(rule: str, numerator: float, denominator: float) -> None:
    row = scored({"X": RULES[rule]}, [("X", numerator, denominator)]).loc["X"]
    assert row["status"] == "missing"
    assert "không hợp lệ" in row["reason_vi"]


def test_bonus_and_penalty_lie_outside_the_maximum() -> None:
    rules = {"A": RULES["LINEAR"], "B": RULES["BONUS"], "C": RULES["PENALTY"]}
    table = scored(rules, [("A", 4, 10), ("B", 2, None), ("C", 1, None)])
    assert table.loc["TOTAL", ["points", "max_points", "points_lost", "status"]].tolist() == [3.0, 6.0, 4.0, "ok"]
    alone = scored(rules, [("A", 4, 10)])
    assert alone.loc[["B", "C"], "status"].tolist() == ["not_applicable"] * 2
    assert alone.loc["TOTAL", ["points", "status"]].tolist() == [3.0, "ok"]


def test_missing_is_missing_and_the_sum_is_partial() -> None:
    table = scored({"A": RULES["LINEAR"], "B": RULES["LINEAR"]}, [("A", 4, 10)])
    assert pd.isna(table.loc["B", "points"])
    assert pd.isna(table.loc["B", "points_lost"])
    assert table.loc["B", "max_points"] == 6
    total = table.loc["TOTAL"]
    assert total[["points", "max_points", "points_lost", "ratio"]].tolist() == [3.0, 12.0, 3.0, 0.5]
    assert total["status"] == "partial"
    assert total["reason_vi"] == "Chưa chấm được: B"
    assert table.loc["G", "status"] == table.loc["G.1", "status"] == "missing"


def test_what_does_not_apply_takes_its_maximum_away() -> None:
    measures = pd.DataFrame(
        {
            "unit_code": ["H1", "H1", "H2"],
            "metric_code": ["A", "B", "A"],
            "numerator": [4, None, 1],
            "denominator": [10, None, 10],
            "is_not_applicable": [False, True, None],
        }
    )
    table = score(rubric_of({"A": RULES["LINEAR"], "B": RULES["LINEAR"]}), measures).to_pandas()
    table = table.set_index(["unit_code", "criterion_code"])
    assert table.loc[("H1", "TOTAL"), ["points", "max_points", "status"]].tolist() == [3.0, 6.0, "ok"]
    for code in ("B", "G.1", "G"):
        row = table.loc[("H1", code)]
        assert row["status"] == "not_applicable"
        assert row[["points", "max_points", "points_lost"]].isna().all()
        assert "áp dụng" in row["reason_vi"]
    assert table.loc[("H2", "TOTAL"), ["points", "max_points", "status"]].tolist() == [0.75, 12.0, "partial"]
    never = scored({"A": RULES["LINEAR"], "B": "not_applicable"}, [("A", 4, 10), ("B", 1, 2)])
    assert never.loc["TOTAL", ["points", "max_points", "status"]].tolist() == [3.0, 6.0, "ok"]


def test_columns_order_notes_and_periods() -> None:
    month = {"period_type": "month", "period_start": date(2026, 10, 1), "period_end": date(2026, 10, 31)}
    of = {"metric_code": "A", "denominator": 2, **month}
    rows = [
        {"unit_code": "H2", "numerator": 1, "evidence": "e", "reason_vi": None, **of},
        {"unit_code": "H1", "numerator": None, "reason_vi": "vì sao", **of},
    ]
    rubric = rubric_of({"A": RULES["LINEAR"]}, note_vi="Tạm tính")
    table = score(rubric, pa.Table.from_pylist(rows), source="portal")
    assert table.schema == SCORECARD_SCHEMA
    assert table.column("unit_code").to_pylist() == ["H2"] * 4 + ["H1"] * 4
    assert table.column("criterion_code").to_pylist() == ["TOTAL", "G", "G.1", "A"] * 2
    assert table.column("parent_code").to_pylist()[:4] == [None, "TOTAL", "G", "G.1"]
    last = table.to_pylist()[-1]
    assert (last["period_start"], last["period_end"]) == (date(2026, 10, 1), date(2026, 10, 31))
    assert (last["reason_vi"], last["status"], last["source"]) == ("vì sao; Tạm tính", "missing", "portal")
    first = table.to_pylist()[3]
    assert (first["reason_vi"], first["evidence"], first["ratio"]) == ("Tạm tính", "e", 0.5)
    without = score(rubric, pd.DataFrame([{k: v for k, v in rows[0].items() if "period" not in k}]))
    assert without.column("period_start").null_count == without.column("period_type").null_count == 4


def test_two_periods_of_one_unit_are_two_scorecards() -> None:
    starts = pd.to_datetime(["2026-09-01", "2026-10-01"])
    frame = pd.DataFrame({"unit_code": "H1", "metric_code": "A", "numerator": [1, 2], "denominator": 4})
    frame = frame.assign(period_type="month", period_start=starts, period_end=starts)
    table = score(rubric_of({"A": {"kind": "linear"}}), frame).to_pandas()
    assert table[table["criterion_code"] == "A"]["points"].tolist() == [1.5, 3.0]


def test_a_measure_that_stands_there_twice_is_refused() -> None:
    row = {"unit_code": "H1", "metric_code": "A", "numerator": 1, "denominator": 2}
    with pytest.raises(MeasureError, match="more than once"):
        score(rubric_of({"A": RULES["LINEAR"]}), pd.DataFrame([row, row]))


def test_no_measures_give_an_empty_table() -> None:
    empty = pd.DataFrame(columns=["unit_code", "metric_code", "numerator", "denominator"])
    table = score(shipped().find("index766"), empty)
    assert table.num_rows == 0
    assert table.schema == SCORECARD_SCHEMA


def test_indicators_become_measures() -> None:
    values = pd.DataFrame(
        {
            "indicator_id": ["online_rate", "online_rate", "early_rate"],
            "unit_code": "H1",
            "period_type": ["month", "day", "month"],
            "period_start": date(2026, 10, 1),
            "period_end": date(2026, 10, 31),
            "numerator": 1.0,
            "denominator": 2.0,
        }
    )
    measures = from_indicators(shipped().find("index766").for_source("local"), pa.Table.from_pandas(values))
    assert measures["metric_code"].tolist() == ["ONLINE_DOSSIERS"]
    assert measures["evidence"].tolist() == ["indicator_values:online_rate"]


counts = st.integers(0, 10**9)
pairs = st.tuples(counts, counts).map(lambda pair: (min(pair), max(pair)))


#: Criteria that differ in the maximum and in the share that is enough for it.
LINEAR = {
    f"X{most}_{full_at}": (most, full_at) for most in (1, 2, 4, 6, 20) for full_at in ("0.8", "0.9", "1")
}  # fmt: skip


@settings(max_examples=6, deadline=None)
@given(st.lists(pairs, min_size=10, max_size=20))
def test_points_equal_exact_arithmetic(shares: list[tuple[int, int]]) -> None:
    """Each share is a unit of its own."""
    criteria = (
        criterion(code, most, {"kind": "linear", "full_at": float(full_at)}, "survey")
        for code, (most, full_at) in LINEAR.items()
    )
    shares = [(top, max(of, 1)) for top, of in shares]
    rows = [(f"H{n:02}", code, *share) for n, share in enumerate(shares) for code in LINEAR]
    measures = pd.DataFrame(rows, columns=["unit_code", "metric_code", *COUNTS])
    card = score(rubric_from(rubric_content(group("G", *criteria))), measures).to_pylist()
    found = {(row["unit_code"], row["criterion_code"]): row["points"] for row in card}
    for unit, code, numerator, denominator in rows:
        most, full_at = LINEAR[code]
        exact = most * min(Fraction(1), Fraction(numerator, denominator) / Fraction(full_at))
        cents = Decimal(exact.numerator * 100) / Decimal(exact.denominator)
        expected = float(cents.quantize(Decimal(1), ROUND_HALF_EVEN) / 100)
        assert found[unit, code] == expected, f"{numerator} of {denominator} for {code}"


cells = st.dictionaries(st.sampled_from(list(RULES)), pairs, min_size=1)


@settings(max_examples=8, deadline=None)
@given(st.lists(st.tuples(cells, st.sampled_from(list(RULES))), min_size=6, max_size=12))
def test_excusing_one_criterion_changes_no_other(units: list[tuple[dict[str, tuple[int, int]], str]]) -> None:
    rubric, cards = rubric_of(RULES), []
    excuses = [(f"H{n}", excused) for n, (_, excused) in enumerate(units)]
    rows = [(f"H{n}", code, *pair, False) for n, (measured, _) in enumerate(units) for code, pair in measured.items()]
    other = [row for row in rows if row[:2] not in excuses]
    other += [(*excuse, float("nan"), float("nan"), True) for excuse in excuses]
    for held in (rows, other):
        measures = pd.DataFrame(held, columns=["unit_code", "metric_code", *COUNTS, "is_not_applicable"])
        card = score(rubric, measures).to_pandas().set_index(["unit_code", "criterion_code"])
        leaves = card[card["criterion_level"] == "criterion"].drop(excuses).sort_index()
        cards.append(leaves[["points", "max_points", "points_lost", "status"]])
    pd.testing.assert_frame_equal(*cards)
