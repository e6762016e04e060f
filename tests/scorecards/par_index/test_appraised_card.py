"""Scorecards with what people scored: what is taken, what is shown beside it, and that nothing else moves."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rubric_files import criterion, group, rubric_content, rubric_from

from cchc_pipeline.scorecards.par_index.appraisals import appraised_card
from cchc_pipeline.scorecards.points import causes, fixes, withheld
from cchc_pipeline.scorecards.scoring.measures import MeasureError
from cchc_pipeline.scorecards.whatif import parse_change, whatif

YEAR = {"period_type": "year", "period_start": pd.Timestamp(2026, 1, 1), "period_end": pd.Timestamp(2026, 12, 31)}
MONTH = {"period_type": "month", "period_start": pd.Timestamp(2026, 12, 1), "period_end": pd.Timestamp(2026, 12, 31)}
RATE = criterion("RATE", 3, "linear", "indicator", indicator="timely_rate")
RUBRIC = rubric_from(
    rubric_content(
        group("G1", criterion("HAND", 2, "linear"), criterion("OTHER", 1.5, "flag")),
        group("G2", RATE, criterion("SURVEY", 10, "linear", "survey")),
    )
)
CODES = {"HAND": 2.0, "OTHER": 1.5, "RATE": 3.0, "SURVEY": 10.0}


def figures(n: float = 96, d: float = 100, unit: str = "H99", **period: Any) -> pd.DataFrame:
    return pd.DataFrame(
        [{"unit_code": unit, "metric_code": "RATE", "numerator": n, "denominator": d, **(period or YEAR)}]
    )


def stage(code: str, name: str, points: float | None = 1.0, **more: Any) -> dict[str, Any]:
    return {
        "rubric_id": "mau", "rubric_version": RUBRIC.version, "unit_code": "H99", "year": 2026,
        "criterion_code": code, "stage": name, "points": points,
        "is_not_applicable": points is None, "scored_by": "Hội đồng", "scored_on": date(2026, 12, 1),
        "evidence": "25/BC-SM", "note": None, "is_refused": False, "is_counted": True, **more,
    }  # fmt: skip


COLUMNS = list(stage("HAND", "self"))


def card(*stages: dict[str, Any], measures: pd.DataFrame | None = None) -> pd.DataFrame:
    found = appraised_card(
        RUBRIC, figures() if measures is None else measures, pd.DataFrame(list(stages), columns=COLUMNS)
    )
    return found.to_pandas()


def of(table: pd.DataFrame, code: str, period: str = "year", unit: str = "H99") -> Any:
    rows = table[(table["criterion_code"] == code) & (table["period_type"] == period) & (table["unit_code"] == unit)]
    assert len(rows) == 1
    return rows.iloc[0]


def test_points_of_people_are_taken_as_they_are_with_who_when_and_where() -> None:
    row = of(card(stage("HAND", "first", 1.25), stage("HAND", "self", 2.0, is_counted=False)), "HAND")
    assert (row["points"], row["status"], row["counted_stage"]) == (1.25, "ok", "first")
    assert (row["self_points"], row["first_points"], row["appraisal_difference"]) == (2.0, 1.25, -0.75)
    assert (row["numerator"], row["denominator"], row["ratio"], row["points_lost"]) == (1.25, 2.0, 0.625, 0.75)
    assert row["evidence"] == "Thẩm định lần 1, Hội đồng, 01/12/2026: 25/BC-SM"
    assert not row["is_provisional"]


def test_a_self_score_alone_is_provisional_and_says_so() -> None:
    row = of(card(stage("HAND", "self", 1.0)), "HAND")
    assert row["is_provisional"]
    assert row["reason_vi"] == "Chỉ có điểm tự chấm, chưa thẩm định: tạm tính"
    assert row["counted_stage"] == "self"


def test_appraisals_stand_before_figures_and_figures_before_self_scores() -> None:
    row = of(card(stage("RATE", "self", 3.0)), "RATE")
    assert (row["points"], row["counted_stage"], row["self_points"], row["computed_points"]) == (
        2.88,
        "computed",
        3,
        2.88,
    )
    row = of(card(stage("RATE", "second", 1.5)), "RATE")
    assert (row["points"], row["counted_stage"], row["computed_points"]) == (1.5, "second", 2.88)
    assert row["reason_vi"] == "Số liệu hệ thống: 2,88 điểm (96/100)"
    # without a figure the self-score is all there is
    row = of(card(stage("RATE", "self", 3.0), measures=figures(0, 0)), "RATE")
    assert (row["points"], row["counted_stage"]) == (3.0, "self")


def test_a_survey_is_points_of_its_own() -> None:
    row = of(card(stage("SURVEY", "survey", 8.41)), "SURVEY")
    assert (row["points"], row["survey_points"], row["counted_stage"]) == (8.41, 8.41, "survey")
    assert row["evidence"].startswith("Điều tra xã hội học, Hội đồng")


def test_not_applicable_takes_the_maximum_away() -> None:
    table = card(stage("HAND", "first", None), stage("OTHER", "first", 1.5))
    row, group = of(table, "HAND"), of(table, "G1")
    assert (row["status"], row["counted_stage"]) == ("not_applicable", "first")
    assert row["max_points"] != row["max_points"]
    assert (group["points"], group["max_points"], group["status"]) == (1.5, 1.5, "ok")


def test_a_year_counts_in_its_year_only_and_has_a_card_without_any_figure() -> None:
    both = pd.concat([figures(), figures(**MONTH)], ignore_index=True)
    table = card(stage("HAND", "first", 2.0), measures=both)
    assert of(table, "HAND", "month")["status"] == "missing"
    assert pd.isna(of(table, "HAND", "month")["first_points"])
    assert of(table, "HAND")["points"] == 2.0
    alone = card(stage("HAND", "first", 2.0, unit_code="H99.07", year=2024))
    row = of(alone, "HAND", unit="H99.07")
    assert (row["period_start"], row["period_end"], row["points"]) == (date(2024, 1, 1), date(2024, 12, 31), 2.0)
    empty = card(stage("HAND", "first", 2.0), measures=figures().iloc[:0])
    assert of(empty, "TOTAL")["points"] == 2.0


def test_refused_rows_and_other_rubrics_count_nowhere() -> None:
    table = card(
        stage("HAND", "first", 9.0, is_refused=True, is_counted=False),
        stage("OTHER", "first", rubric_id="x"),
        stage("OTHER", "first", rubric_version="0"),
    )
    assert of(table, "HAND")["status"] == "missing"
    assert pd.isna(of(table, "HAND")["first_points"])
    assert of(table, "OTHER")["status"] == "missing"


def test_points_that_a_criterion_cannot_give_are_not_scored() -> None:
    row = of(card(stage("HAND", "first", 2.5)), "HAND")
    assert row["status"] == "missing"
    assert "không hợp lệ" in row["reason_vi"]


GIVEN = st.dictionaries(
    st.sampled_from(sorted(CODES)),
    st.tuples(st.sampled_from(("self", "first", "second", None)), st.integers(0, 100)),
)  # fmt: skip


def stages(given_points: dict[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for code, (name, percent) in given_points.items():
        kind = "survey" if code == "SURVEY" else name or "first"
        points = None if name is None else round(CODES[code] * percent / 100, 2)
        rows.append(stage(code, kind, points))
    return rows


@settings(max_examples=10, deadline=None)
@given(GIVEN, st.integers(0, 100))
def test_sums_hold_and_no_criterion_changes_another_nor_a_whatif_of_nothing(given_points: Any, on_time: int) -> None:
    """Beside the unit stands, for each criterion with points, one that has the same but for these."""
    alike = {"H99": stages(given_points)}
    for code in given_points:
        alike[f"H99.{code}"] = [one for one in stages(given_points) if one["criterion_code"] != code]
    table = card(
        *(one | {"unit_code": unit} for unit, held in alike.items() for one in held),
        measures=pd.concat([figures(on_time, unit=unit) for unit in alike], ignore_index=True),
    )
    of_unit = {unit: rows.drop(columns="unit_code").reset_index(drop=True) for unit, rows in table.groupby("unit_code")}
    mine = of_unit["H99"]
    leaves = mine[mine["criterion_level"] == "criterion"].set_index("criterion_code")
    for _, row in mine[mine["criterion_level"] == "group"].iterrows():
        below = leaves[leaves["parent_code"] == row["criterion_code"]]
        assert (0 if pd.isna(row["points"]) else row["points"]) == pytest.approx(below["points"].sum())
    total = of(table, "TOTAL")
    assert (0 if pd.isna(total["points"]) else total["points"]) == pytest.approx(leaves["points"].sum())
    assert ((leaves["points"] >= 0) & (leaves["points"] <= leaves["max_points"]) | leaves["points"].isna()).all()
    for code in given_points:
        without = of_unit[f"H99.{code}"]
        others = without[without["criterion_level"] == "criterion"].set_index("criterion_code").drop(code)
        pd.testing.assert_frame_equal(others, leaves.drop(code))
    own = table[table["unit_code"] == "H99"].assign(unit_level="province")
    found = whatif(own, {"mau": RUBRIC}, "H99", [], parents={"H99": None}, additive=())
    assert (found.rows["points"].fillna(-1) == found.rows["points_after"].fillna(-1)).all()


def test_a_whatif_can_give_points_that_people_did_not() -> None:
    table = card(stage("HAND", "first", 0.5)).assign(unit_level="province")

    def after(*changes: str) -> Any:
        wanted = [parse_change(one) for one in changes]
        found = whatif(table, {"mau": RUBRIC}, "H99", wanted, parents={"H99": None}, additive=())
        return found.rows.set_index("criterion_code")["points_after"]

    assert after("HAND=1,5đ", "OTHER=1.5đ")[["HAND", "OTHER", "TOTAL"]].tolist() == [1.5, 1.5, 5.88]
    assert after("RATE=+4")["RATE"] == 3.0
    with pytest.raises(MeasureError, match=r"has points and no count; write HAND=0\.75đ"):
        after("HAND=+1")
    with pytest.raises(MeasureError, match=r"cannot have 2\.5 points; it has 0 to 2"):
        after("HAND=2.5đ")
    with pytest.raises(MeasureError, match="no criterion NOTHING"):
        after("NOTHING=1đ")


def test_points_of_people_are_listed_apart_from_items() -> None:
    table = card(stage("HAND", "first", 0.5), stage("HAND", "self", 2.0, is_counted=False)).assign(
        unit_level="province"
    )
    assert fixes(table, RUBRIC)["criterion_code"].tolist() == ["RATE"]
    rows = withheld(table).to_dict("records")
    assert [(row["criterion_code"], row["points_lost"], row["self_points"]) for row in rows] == [("HAND", 1.5, 2.0)]
    assert causes(table, "H99", {"H99": None}, ["RATE", "HAND"])["criterion_code"].tolist() == ["RATE"]
