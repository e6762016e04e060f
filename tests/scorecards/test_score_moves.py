"""What moved a score from night to night: the dossiers, listed first, and what keeping them costs."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from small_lake import DOSSIERS, copy_of, done, fill, next_night, october

from cchc_pipeline.core import build, journal
from cchc_pipeline.indicators.build import build_indicator_values
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.scorecards import build as scorecards
from cchc_pipeline.scorecards.score_days import NIGHTS, build_score_days


@pytest.fixture(scope="module")
def filled(tmp_path_factory) -> Lake:
    """A lake of a dozen dossiers after its first night."""
    lake = Lake(tmp_path_factory.mktemp("filled"))
    fill(lake)
    return lake


@pytest.fixture
def small(filled, tmp_path) -> Lake:
    return copy_of(filled, tmp_path)


def score_rows(lake: Lake, day: date) -> list[dict[str, Any]]:
    return lake.store.read(NIGHTS, day).to_pylist()


def on_time(rows: list[dict[str, Any]], unit: str) -> dict[str, Any]:
    """The row of our own figure about dossiers on time."""
    own = (one for one in rows if (one["unit_code"], one["source"]) == (unit, "local"))
    (found,) = (one for one in own if one["criterion_code"] == "DOSSIER_ON_TIME")
    return found


def test_the_dossier_whose_finish_date_changed_comes_first(small):
    """One dossier on time is found to have been finished late: its unit, its criterion, its dossier."""
    number = next(one for one in DOSSIERS if one["unit_code"] == "H99.201" and one.get("finished_on") == october(3))
    late = {**number, "finished_on": october(9)}
    next_night(small, october(11), one_stop__dossiers=[late])
    rows = [one for one in score_rows(small, october(11)) if one["source"] == "local"]
    first = [one for one in rows if one["move_order"] == 1 and one["unit_level"] != "province"]
    by_level = {one["criterion_level"]: one for one in first}
    assert {one["unit_code"] for one in first} == {"H99.201"}
    assert by_level["criterion"]["criterion_code"] == "DOSSIER_ON_TIME"
    assert by_level["total"]["moved_by"] == "DOSSIER_ON_TIME" and by_level["total"]["change"] < 0
    criterion = by_level["criterion"]
    assert criterion["dossier_codes"] == number["dossier_code"] and criterion["dossiers_moved_count"] == 1
    assert criterion["numerator_before"] - criterion["numerator"] == 1
    assert criterion["denominator_before"] == criterion["denominator"]
    above = on_time(rows, "H99")
    assert above["dossier_codes"] == number["dossier_code"], "it moved the province as well"
    untouched = [one for one in rows if one["unit_code"] == "H99.02"]
    assert {one["change"] for one in untouched if one["points"] is not None} == {0.0}
    assert all(one["dossier_codes"] is None for one in untouched)


def test_a_due_date_that_passed_moves_a_score_without_a_record(small):
    """Dossier 6 is open and due on the 12th: on the 13th it counts as late though nobody touched it."""
    next_night(small, october(12))
    assert all(one["dossier_codes"] is None for one in score_rows(small, october(12)))
    next_night(small, october(13))
    one = on_time(score_rows(small, october(13)), "H99.201")
    six = next(one["dossier_code"] for one in DOSSIERS if one["dossier_id"] == f"{6:024x}")
    assert one["dossier_codes"] == six and one["numerator_before"] - one["numerator"] == 1


def test_without_the_one_stop_system_nights_go_on_and_no_due_date_passes(small):
    """It leaves the settings, documents are read on: dossier 6, due on the 12th, is not called late on the 13th."""
    for day in (11, 12, 13):
        for source, status in (("one_stop", "absent"), ("documents", "ok"), ("national_portal", "ok")):
            small.record_pull(source, october(day), october(day), {"status": status, "rows": {}})
    build.build_dossiers(small, small.dossiers_until())
    build.build_events(small, small.dossiers_until())
    build_indicator_values(small, ())
    scorecards.build_index766(small)
    build_score_days(small)
    assert (small.span().as_of_on, small.dossiers_until()) == (october(13), october(10))
    rows = score_rows(small, october(13))
    assert all(one["dossier_codes"] is None and not one["change"] for one in rows if one["source"] == "local")


def test_a_night_run_again_keeps_what_moved_since_the_night_before(small):
    """The record changes twice on one day, then back: nothing is left of it."""
    known = next(one for one in DOSSIERS if one["unit_code"] == "H99.201" and one.get("finished_on") == october(3))
    new = done(20, 10, 10, unit_code="H99.201", dossier_code="H99.201-261010-0020")
    next_night(small, october(11), one_stop__dossiers=[{**known, "finished_on": october(9)}, new])
    first = score_rows(small, october(11))
    next_night(small, october(11), one_stop__dossiers=[{**known, "finished_on": october(9)}, new])
    assert score_rows(small, october(11)) == first
    next_night(small, october(11), one_stop__dossiers=[{**known, "finished_on": october(8)}, new])
    one = on_time(score_rows(small, october(11)), "H99.201")
    assert one["dossiers_moved_count"] == 2 and known["dossier_code"] in one["dossier_codes"].split("; ")
    next_night(small, october(11), one_stop__dossiers=[known, new])
    back = on_time(score_rows(small, october(11)), "H99.201")
    assert back["dossier_codes"] == new["dossier_code"]


def test_a_night_costs_what_changed(small):
    next_night(small, october(11))
    assert small.store.parts(journal.TABLE) == {}, "nothing changed, nothing is kept"
    next_night(small, october(12), one_stop__dossiers=[{**DOSSIERS[0], "is_digitised": True}])
    (kept,) = small.store.parts(journal.TABLE)
    assert kept == "2026-10-12" and small.store.rows(journal.TABLE, kept) == 1
