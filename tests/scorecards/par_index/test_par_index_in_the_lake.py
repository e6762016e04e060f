"""PAR INDEX from landed rows to built tables: documents, appraisals, defects, levels of units."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from small_lake import appraisal, copy_of, land

from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.scorecards import build
from cchc_pipeline.scorecards.par_index.appraisals import build_appraisals

ROWS = [
    appraisal("H99.02", "REFORM_PLAN_ISSUED", "self", 1.0),
    appraisal("H99.02", "DISCIPLINE_KEPT", "self", 1.0),
    appraisal("H99.02", "DISCIPLINE_KEPT", "first", 0.5),
    appraisal("H99.02", "STAFFING_KEPT", "first", 2.0),  # above the maximum
    appraisal("H99.02", "FUNCTIONS_DEFINED", "self", None),  # no points: quarantine
    appraisal("H99.201", "DISCIPLINE_KEPT", "self", None, is_not_applicable=True),
    appraisal("H99.201", "SATISFACTION_SURVEY", "survey", 0.9),
]


@pytest.fixture(scope="module")
def lake(published_lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    made = copy_of(published_lake, tmp_path_factory.mktemp("appraised"))
    land(made, "registers__appraisals", ROWS)
    build_appraisals(made)
    build.build_par_index(made)
    return made


def rows(lake: Lake, name: str) -> list[dict[str, Any]]:
    return lake.store.read(f"built/{name}").to_pylist()


def of(lake: Lake, unit: str, code: str) -> dict[str, Any]:
    (found,) = [
        row
        for row in rows(lake, "scorecard_par_index")
        if (row["unit_code"], row["criterion_code"], row["period_type"]) == (unit, code, "year")
    ]
    return found


def test_every_landed_row_is_published_or_in_quarantine(lake: Lake) -> None:
    kept = rows(lake, "par_index_appraisals")
    waiting = lake.store.read("core/quarantine_registers__appraisals").to_pylist()
    assert len(kept) + len(waiting) == len(ROWS)
    assert [row["rule_ids"] for row in waiting] == ["registers__appraisals.points_missing"]
    assert [row["criterion_code"] for row in kept if row["is_refused"]] == ["STAFFING_KEPT"]
    assert {row["is_evidence_found"] for row in kept} == {True}  # sent on 5 October under this number


def test_units_are_scored_and_ranked_by_the_rubric_of_their_level(lake: Lake) -> None:
    totals = [row for row in rows(lake, "scorecard_par_index") if row["criterion_level"] == "total"]
    found = {row["unit_code"]: (row["index_code"], row["unit_level"]) for row in totals}
    assert found["H99"] == ("par_index", "province")
    assert found["H99.02"] == ("par_index_department", "department")
    assert found["H99.201"] == ("par_index_commune", "commune")
    assert all(row["is_provisional"] for row in totals)


def test_a_late_plan_stands_before_the_units_own_score(lake: Lake) -> None:
    row = of(lake, "H99.02", "REFORM_PLAN_ISSUED")
    assert (row["points"], row["counted_stage"], row["computed_points"], row["self_points"]) == (0, "computed", 0, 1)
    assert row["evidence"] == "7/KH-STP (05/10/2026)"
    assert "sau hạn 31/03/2026" in row["reason_vi"]


def test_stages_not_applicable_and_survey_reach_the_scorecard(lake: Lake) -> None:
    row = of(lake, "H99.02", "DISCIPLINE_KEPT")
    assert (row["points"], row["counted_stage"], row["appraisal_difference"]) == (0.5, "first", -0.5)
    assert of(lake, "H99.02", "STAFFING_KEPT")["status"] == "missing"
    assert of(lake, "H99.02", "FUNCTIONS_DEFINED")["status"] == "missing"
    assert of(lake, "H99.201", "DISCIPLINE_KEPT")["status"] == "not_applicable"
    assert of(lake, "H99.201", "D5")["max_points"] == 1
    assert of(lake, "H99.201", "SATISFACTION_SURVEY")["survey_points"] == 0.9


def test_building_again_gives_the_same_bytes(lake: Lake) -> None:
    before = {
        name: lake.store.path(f"built/{name}").read_bytes() for name in ("par_index_appraisals", "scorecard_par_index")
    }
    build_appraisals(lake)
    build.build_par_index(lake)
    assert {name: lake.store.path(f"built/{name}").read_bytes() for name in before} == before
    assert date(2026, 12, 31) in {row["period_end"] for row in rows(lake, "scorecard_par_index")}
