"""Scores night by night: what moved, against which night, for how long, and through which dossiers."""

from __future__ import annotations

from datetime import date, timedelta

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from score_nights import EVERY, NIGHT, UNITS, metric, night, of, row, scored

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.lake import files
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.reports.explain import find_indicator
from cchc_pipeline.scorecards.score_days import FULL_DAYS, NIGHTS, compared_nights
from cchc_pipeline.scorecards.scoring.rubric_set import shipped


@pytest.fixture
def lake(tmp_path) -> Lake:
    return Lake(tmp_path)


def test_the_first_night_has_points_and_ranks_and_says_why_it_has_no_change(lake):
    rows = night(lake, NIGHT, scored(EVERY | {"H99.02": 12.0}))
    first, second = of(rows, "H99.02"), of(rows, "H99.03")
    assert (first["rank"], first["rank_of"], second["rank"]) == (1, 2, 2)
    assert first["change"] is None and first["change_reason_vi"] == "Chưa có đêm nào trước đó"
    assert first["change_week_reason_vi"] == "Chưa có đêm nào cách một tuần để so sánh"
    assert first["direction"] is None and first["streak_nights"] is None
    assert first["figures_on"] == NIGHT and not first["is_older_figure"]


def test_departments_are_ranked_apart_from_communes_criterion_by_criterion(lake):
    rows = night(lake, NIGHT, scored({"H99": 1.0, "H99.02": 5.0, "H99.03": 7.0, "H99.201": 6.0, "H99.202": 6.0}))
    for code in ("TOTAL", "DOSSIER_ON_TIME"):
        ranks = {unit: (of(rows, unit, code)["rank"], of(rows, unit, code)["rank_of"]) for unit in UNITS}
        assert ranks == {"H99": (1, 1), "H99.02": (2, 2), "H99.03": (1, 2), "H99.201": (1, 2), "H99.202": (1, 2)}


def test_the_only_unit_that_moved_is_first_with_criterion_counts_and_command(lake):
    night(lake, NIGHT, scored(EVERY))
    rows = night(lake, NIGHT + timedelta(1), scored(EVERY | {"H99.201": 8.5, "H99": 9.9}))
    (mover,) = [one for one in rows if one["move_order"] == 1 and one["criterion_level"] == "total"
                and one["unit_level"] != "province"]  # fmt: skip
    assert (mover["unit_code"], mover["change"], mover["moved_by"]) == ("H99.201", -1.5, "DOSSIER_ON_TIME")
    assert (mover["rank_before"], mover["rank"]) == (1, 2)
    criterion = of(rows, "H99.201", "DOSSIER_ON_TIME")
    assert (criterion["numerator_before"], criterion["numerator"], criterion["before_on"]) == (10.0, 8.5, NIGHT)
    assert criterion["explain_command"] == (
        "cchc explain DOSSIER_ON_TIME --unit H99.201 --from 2026-10-01 --to 2026-10-11 --since 2026-10-10 "
        "--until 2026-10-11"
    )
    others = [one for one in rows if one["unit_code"] not in ("H99.201", "H99")]
    assert {(one["change"], one["direction"], one["move_order"], one["explain_command"]) for one in others} == {
        (0.0, "equal", None, None)
    }


def test_every_criterion_of_the_command_is_known_to_explain():
    for rubric in shipped().versions("index766"):
        for one in rubric.for_source("local").criteria():
            if one.indicator:
                assert find_indicator(one.code).id == one.indicator


def test_a_streak_counts_nights_of_one_direction(lake):
    told = []
    for day, points in enumerate([10.0, 11.0, 12.0, 12.0, 12.0, 11.0, None, 11.0, 12.0]):
        one = of(night(lake, NIGHT + timedelta(day), scored({"H99.201": points})), "H99.201")
        told.append((one["direction"], one["streak_nights"]))
    assert told == [
        (None, None), ("up", 1), ("up", 2), ("equal", 1), ("equal", 2), ("down", 1), (None, None), (None, None),
        ("up", 1),
    ]  # fmt: skip


def test_missing_points_are_no_zero_and_no_fall(lake):
    night(lake, NIGHT, scored(EVERY))
    gone = of(night(lake, NIGHT + timedelta(1), scored(EVERY | {"H99.201": None})), "H99.201")
    assert gone["points"] is None and gone["change"] is None and gone["points_before"] == 10.0
    assert gone["change_reason_vi"] == "Đêm này chưa chấm được điểm" and gone["rank"] is None
    back = of(night(lake, NIGHT + timedelta(2), scored(EVERY)), "H99.201")
    assert back["change"] is None and back["change_reason_vi"] == "Đêm so sánh chưa chấm được điểm"


def test_the_week_is_told_against_the_newest_night_at_least_seven_days_ago(lake):
    for day in (0, 2, 3, 8):
        night(lake, NIGHT + timedelta(day), scored({"H99.201": 10.0 + day}))
    one = of(night(lake, NIGHT + timedelta(9), scored({"H99.201": 15.0})), "H99.201")
    assert (one["before_on"], one["change"]) == (NIGHT + timedelta(8), -3.0)
    assert (one["week_before_on"], one["points_week_before"], one["change_week"]) == (NIGHT + timedelta(2), 12.0, 3.0)


@given(
    held=st.sets(st.integers(0, 60)),
    night_number=st.integers(0, 60),
)
def test_compared_nights_are_earlier_and_the_newest_of_their_kind(held, night_number):
    day = {number: NIGHT + timedelta(number) for number in range(61)}
    found = compared_nights(day[night_number], [day[one] for one in held])
    before = [one for one in held if one < night_number]
    week = [one for one in before if 7 <= night_number - one <= 13]
    assert found == {
        "night": day[max(before)] if before else None,
        "week": day[max(week)] if week else None,
    }


@settings(max_examples=6, deadline=None)
@given(nights=st.lists(st.dictionaries(st.sampled_from(sorted(UNITS)), st.sampled_from([None, 0.0, 1.25, 2.5, 20.0]),
                                       min_size=1), min_size=1, max_size=4))  # fmt: skip
def test_change_direction_streak_and_rank_follow_from_the_points(tmp_path_factory, nights):
    """Held against a few lines of Python over the points alone."""
    lake, before, streaks, seen = Lake(tmp_path_factory.mktemp("lake")), {}, {}, set()
    for number, points in enumerate(nights):
        rows = night(lake, NIGHT + timedelta(number), scored(points))
        seen |= set(points)
        assert len(rows) == 2 * len(seen), "who was there stays, with a reason"
        points = dict.fromkeys(seen) | points
        for unit, value in points.items():
            one, earlier = of(rows, unit), before.get(unit)
            change = None if value is None or earlier is None else round(value - earlier, 4)
            kind = None if change is None else "up" if change > 0 else "down" if change < 0 else "equal"
            known = streaks.get(unit, (None, 0))
            streak = None if kind is None else known[1] + 1 if known[0] == kind else 1
            assert (one["change"], one["direction"], one["streak_nights"]) == (change, kind, streak)
            assert (one["change"] is None) == (one["change_reason_vi"] is not None)
            alike = [points[other] for other in points if UNITS[other] == UNITS[unit] and points[other] is not None]
            expected = None if value is None else 1 + sum(other > value for other in alike)
            assert one["rank"] == expected
            if value is not None:
                assert one["rank_of"] == len(alike)
        streaks = {unit: (of(rows, unit)["direction"], of(rows, unit)["streak_nights"]) for unit in points}
        before = dict(points)


def test_another_version_of_the_rubric_is_not_compared_and_says_so(lake):
    night(lake, NIGHT, scored(EVERY, rubric_version="2026.1"))
    one = of(night(lake, NIGHT + timedelta(1), scored(EVERY)), "H99.201")
    assert one["change"] is None and one["points_before"] == 10.0 and one["streak_nights"] is None
    assert one["change_reason_vi"] == "Đổi phiên bản bộ tiêu chí từ 2026.1 sang 2026.2: không so sánh được"
    again = of(night(lake, NIGHT + timedelta(2), scored(EVERY | {"H99.201": 11.0})), "H99.201")
    assert (again["change"], again["direction"], again["streak_nights"]) == (1.0, "up", 1)


@pytest.mark.parametrize(
    ("code", "other", "reason"),
    [
        ("DOSSIER_ON_TIME", {"rule": "linear(full_at=0.8)"}, "Cách chấm khác đêm so sánh: không so sánh được"),
        ("DOSSIER_ON_TIME", {"max_points": 10.0}, "Cách chấm khác đêm so sánh: không so sánh được"),
        ("TOTAL", {"denominator": 18.0}, "Số điểm chấm được khác đêm so sánh: không so sánh được"),
    ],
)
def test_points_of_another_rule_or_maximum_are_not_compared(lake, code, other, reason):
    night(lake, NIGHT, [row("H99.201", code, 10.0, **other)])
    one = of(night(lake, NIGHT + timedelta(1), [row("H99.201", code, 11.0)]), "H99.201", code)
    assert (one["change"], one["change_reason_vi"], one["move_order"]) == (None, reason, None)


def test_figures_that_the_portal_did_not_give_anew_are_no_unchanged_night(lake):
    """It answers, refuses twice, and answers again: the streak goes on from the night that it answered."""
    told = []
    for day, points, is_read in ((0, 10.0, True), (1, 11.0, True), (2, 11.0, False), (3, 11.0, False), (4, 12.0, True)):
        read_on = NIGHT + timedelta(day if is_read else 1) + timedelta(1)
        portal = [metric("H99.201", read_on)]
        rows = scored({"H99.201": points}, source="portal")
        one = of(night(lake, NIGHT + timedelta(day), rows, portal=portal, landed=is_read), "H99.201", source="portal")
        told.append((one["is_older_figure"], one["change"], one["direction"], one["streak_nights"], one["figures_on"]))
        if not is_read:
            assert one["change_reason_vi"] == (
                "Cổng không cung cấp số liệu mới: giữ số liệu đọc ngày 12/10/2026, không tính là một đêm không đổi"
            )
            assert one["captured_on"] == date(2026, 10, 12)
    assert told == [
        (False, None, None, None, NIGHT),
        (False, 1.0, "up", 1, NIGHT + timedelta(1)),
        (True, None, "up", 1, NIGHT + timedelta(1)),
        (True, None, "up", 1, NIGHT + timedelta(1)),
        (False, 1.0, "up", 2, NIGHT + timedelta(4)),
    ]
    newest = of(pq.read_table(lake.store.path("built/score_days")).to_pylist()[-2:], "H99.201", source="portal")
    assert newest["before_on"] == NIGHT + timedelta(1), "compared with the night that its figures were of"


def test_an_answer_about_one_criterion_leaves_the_other_and_the_sum_older(lake):
    rows = [row("H99.201", code, 10.0, source="portal") for code in ("DOSSIER_ON_TIME", "DOSSIER_SYNC", "TOTAL")]
    both = [metric("H99.201", NIGHT, code) for code in ("DOSSIER_ON_TIME", "DOSSIER_SYNC")]
    night(lake, NIGHT, rows, portal=both)
    both[0]["captured_on"] = NIGHT + timedelta(2)
    found = night(lake, NIGHT + timedelta(1), rows, portal=both, landed=False)
    is_older = {one["criterion_code"]: one["is_older_figure"] for one in found}
    assert is_older == {"DOSSIER_ON_TIME": False, "DOSSIER_SYNC": True, "TOTAL": True}


def test_what_the_portal_says_of_its_own_change_stands_beside_both_sources(lake):
    portal = [metric("H99", NIGHT, "TOTAL", score_delta=12.5, growth_pct=23.26), metric("H99", NIGHT, "GROUP.TDGQ",
              score_delta=-0.5), metric("H99", NIGHT)]  # fmt: skip
    rows = [row("H99", code, 10.0, source=source) for code in ("TOTAL", "TDGQ") for source in ("local", "portal")]
    found = night(lake, NIGHT, rows, portal=portal)
    for source in ("local", "portal"):
        total, group = of(found, "H99", "TOTAL", source), of(found, "H99", "TDGQ", source)
        assert (total["portal_score_delta"], total["portal_growth_pct"]) == (12.5, 23.26)
        assert (group["portal_score_delta"], group["portal_growth_pct"]) == (-0.5, None)


def test_the_same_night_again_changes_no_byte_and_adds_no_row(lake):
    night(lake, NIGHT, scored(EVERY))
    night(lake, NIGHT + timedelta(1), scored(EVERY | {"H99.201": 8.5}))
    before = {path: files.sha256(path) for path in lake.root.rglob("*score_days*.parquet")}
    rows = lake.store.rows("built/score_days")
    night(lake, NIGHT + timedelta(1), scored(EVERY | {"H99.201": 8.5}))
    assert {path: files.sha256(path) for path in before} == before and lake.store.rows("built/score_days") == rows


def test_a_correction_of_an_earlier_day_changes_the_newest_night_only(lake):
    night(lake, NIGHT, scored(EVERY))
    night(lake, NIGHT + timedelta(1), scored(EVERY))
    first = files.sha256(lake.store.path(NIGHTS, NIGHT))
    lake.record_pull("one_stop", NIGHT - timedelta(5), NIGHT - timedelta(5), {"status": "ok"})
    rows = night(lake, NIGHT + timedelta(1), scored(EVERY | {"H99.201": 9.0}))
    assert of(rows, "H99.201")["change"] == -1.0 and files.sha256(lake.store.path(NIGHTS, NIGHT)) == first
    assert list(lake.store.parts(NIGHTS)) == ["2026-10-10", "2026-10-11"]


def test_a_lake_that_was_put_back_forgets_the_nights_after(lake, tmp_path):
    for day, points in enumerate((10.0, 11.0, 12.0)):
        night(lake, NIGHT + timedelta(day), scored({"H99.201": points}))
    for number in (1, 2):  # as in a copy of the pulls from two days ago
        (lake.root / f"pulls/one_stop/{NIGHT + timedelta(number)}_{NIGHT + timedelta(number)}.json").unlink()
    one = of(night(lake, NIGHT, scored({"H99.201": 10.0})), "H99.201")
    assert one["change"] is None and list(lake.store.parts(NIGHTS)) == ["2026-10-10"]


def test_of_older_nights_the_totals_stay_as_long_as_the_contract_says(lake):
    older, first = NIGHT - timedelta(FULL_DAYS + 1), NIGHT - timedelta(FULL_DAYS)
    earlier = {"period_start": date(2026, 9, 1), "period_end": date(2026, 9, 30)}
    long_ago = NIGHT - timedelta(load_contract("score_days").retention_days + 31)
    night(lake, long_ago, scored(EVERY, period_start=long_ago.replace(day=1), period_end=long_ago))
    night(lake, older, scored(EVERY, **earlier))
    night(lake, first, scored(EVERY, **earlier))
    for _ in range(2):
        night(lake, NIGHT, scored(EVERY))
        rows = pq.read_table(lake.store.path("built/score_days")).to_pylist()
        kept = {day: {one["criterion_code"] for one in rows if one["night_on"] == day} for day in (older, first, NIGHT)}
        both = {"TOTAL", "DOSSIER_ON_TIME"}
        assert kept == {older: {"TOTAL"}, first: both, NIGHT: both}
        assert len(rows) == (1 + 2 + 2) * len(EVERY), "of long ago nothing is left"
        assert [one["night_on"] for one in rows] == sorted(one["night_on"] for one in rows)


def test_a_new_month_is_not_compared_with_the_old_one_which_goes_on_moving(lake):
    september = {"period_start": date(2026, 9, 1), "period_end": date(2026, 9, 30)}
    night(lake, date(2026, 9, 30), scored(EVERY, **september))
    rows = night(lake, date(2026, 10, 1), scored(EVERY) + scored(EVERY | {"H99.02": 11.0}, **september))
    new = [one for one in rows if one["period_start"] == date(2026, 10, 1)]
    assert {one["change_reason_vi"] for one in new} == {"Đêm so sánh chưa có kỳ này"}
    closed = [one for one in rows if one["period_start"] == date(2026, 9, 1)]
    assert {one["unit_code"]: one["change"] for one in closed} == {**dict.fromkeys(UNITS, 0.0), "H99.02": 1.0}


def test_peers_are_units_of_the_level_with_half_to_twice_the_dossiers(lake):
    communes = {f"H99.3{n:02d}": volume for n, volume in enumerate((100, 60, 120, 200, 50, 49, 201, 1000))}
    rows = []
    for number, (unit, volume) in enumerate(communes.items()):
        more = {"unit_level": "commune", "unit_name": unit}
        UNITS[unit] = "commune"
        rows += [row(unit, "DOSSIER_ON_TIME", float(number), **{**more, "denominator": float(volume)})]
        rows += [row(unit, "TOTAL", float(number), **more)]
        del UNITS[unit]
    found = {one["unit_code"]: one for one in night(lake, NIGHT, rows) if one["criterion_code"] == "TOTAL"}
    first = found["H99.300"]  # 100 dossiers: those with 50 to 200
    assert first["peers_count"] == 5
    assert [first[f"peers_{name}"] for name in ("first_quartile", "median", "third_quartile")] == [1.0, 2.0, 3.0]
    alone = found["H99.307"]
    assert (alone["peers_count"], alone["peers_median"]) == (1, None)


# --- dossiers
