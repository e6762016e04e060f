"""Breaks between days, on lakes with a history: what is told, what is not, and what cannot be known yet."""

from __future__ import annotations

import shutil
from datetime import date, timedelta

import numpy as np
import pytest
from contract_batches import CLEAN
from hypothesis import given, settings
from hypothesis import strategies as st
from lake_of_days import DOSSIERS, FIRST, UNITS, days_from, dossiers_of, found, night, remember, stage_days
from sql_verdict import without_cross_check  # noqa: F401 - a fixture of this module

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.validation.drift.daily import NEW_LEVEL, distribution_shift, level_shift

HISTORY = days_from(FIRST, 91)  # Monday 5 January to Sunday 5 April 2026, with Tết in it
AFTER = days_from(HISTORY[-1] + timedelta(days=1), 14)


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    """Three months of ordinary days."""
    lake = Lake(tmp_path_factory.mktemp("history"))
    remember(lake, DOSSIERS, {day: dossiers_of(day) for day in HISTORY})
    return lake


@pytest.fixture
def lake(history, tmp_path):
    """The history, to go on with."""
    shutil.copytree(history.root, tmp_path / "lake")
    return Lake(tmp_path / "lake")


def go_on(lake, days, **options):
    remember(lake, DOSSIERS, {day: dossiers_of(day, **options) for day in days})
    return found(lake, [days[-1]])


# -- ordinary days ------------------------------------------------------------------------------------------------


def test_ordinary_days_alarm_nobody_as_one_load(history):
    """Weekends, Tết and the holidays of the calendar are in it."""
    for name, one in found(history, HISTORY).items():
        assert [b.sentence_en for b in one.breaks] == [], name
        assert one.judged > 0, name
        assert type(one.judged) is int, f"{name}: Dagster stores no numpy number"


def test_ordinary_nights_alarm_nobody(lake):
    for day in AFTER:
        for name, one in go_on(lake, [day]).items():
            assert [b.sentence_en for b in one.breaks] == [], (day, name)


def test_too_little_history_is_neither_good_nor_bad(tmp_path):
    lake = Lake(tmp_path)
    days = days_from(FIRST, 5)
    remember(lake, DOSSIERS, {day: dossiers_of(day) for day in days})
    compared = found(lake, days)
    assert {name: compared[name].judged for name in ("volume", "level", "distribution")} == {
        "volume": 0, "level": 0, "distribution": 0
    }  # fmt: skip
    assert not any(one.breaks for one in compared.values())


def test_what_a_night_reads_again_is_no_volume(lake):
    """A night also brings older dossiers: only those of the day itself are compared."""
    day = AFTER[0]
    rows = [*dossiers_of(day), *(row for n in range(30) for row in dossiers_of(HISTORY[-1 - n], seed=n))]
    night(lake, DOSSIERS, day, rows)
    compared = found(lake, [day])
    assert not compared["volume"].breaks
    assert not compared["distribution"].breaks


# -- volume -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("working, told", [(0, True), (4, True), (45, False), (80, False), (400, True)])
def test_a_day_far_from_its_weekday_is_told_with_the_numbers(lake, working, told):
    day = AFTER[0]
    night(lake, DOSSIERS, day, dossiers_of(day, working) if working else [])
    volume = found(lake, [day])["volume"]
    assert bool(volume.breaks) is told
    if told:
        (one,) = volume.breaks
        assert one.numbers["day"] == str(day)
        assert 50 <= one.numbers["usual"] <= 70
        assert one.numbers["low"] < one.numbers["usual"] < one.numbers["high"]
        assert "thứ Hai 06/04/2026" in one.sentence_vi
        assert "usually about" in one.sentence_en


def test_a_holiday_is_compared_with_days_off(tmp_path, lake):
    """30 April is a Thursday in 2026, and off: no dossiers are no news."""
    holiday = date(2026, 4, 30)
    days = days_from(AFTER[0], (holiday - AFTER[0]).days + 1)
    remember(lake, DOSSIERS, {day: dossiers_of(day) for day in days})
    assert not found(lake, [holiday])["volume"].breaks
    rows = [row | {"received_on": holiday} for row in dossiers_of(date(2026, 4, 29))]
    night(lake, DOSSIERS, holiday, rows)
    assert found(lake, [holiday])["volume"].breaks


# -- level --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("working", [25, 150])
def test_a_source_that_moves_to_another_level_and_stays_is_told_once(lake, working):
    go_on(lake, AFTER[:7], working=working)
    level = found(lake, AFTER[:7])["level"]
    (one,) = level.breaks
    assert one.culprit == "one_stop"
    assert one.numbers["since"] == str(AFTER[0])
    assert 50 <= one.numbers["before"] <= 70
    assert abs(one.numbers["after"] - working) < 20
    assert "gãy từ 06/04/2026" in one.sentence_vi


def test_one_low_day_is_no_other_level(lake):
    go_on(lake, AFTER[:1], working=20)
    assert not go_on(lake, AFTER[1:8])["level"].breaks


def test_a_unit_that_falls_silent_is_named(lake):
    level = go_on(lake, AFTER[:5], units=UNITS[:2])["level"]
    assert [one.culprit for one in level.breaks] == [UNITS[2]]
    assert f"đơn vị {UNITS[2]}" in level.breaks[0].sentence_vi


@settings(max_examples=100, deadline=None)
@given(st.integers(20, 5000), st.floats(0.0, 0.5), st.integers(0, 2**32 - 1))
def test_half_and_less_is_always_a_shift_and_chance_never_is(usual, share, seed):
    draw = np.random.default_rng(seed)
    old = draw.poisson(usual, 40).astype(float)
    same = draw.poisson(usual, NEW_LEVEL).astype(float)
    fallen = np.round(np.full(NEW_LEVEL, usual * share))
    assert level_shift(np.concatenate([old, same])) is None
    if usual >= 40:
        assert level_shift(np.concatenate([old, fallen])) is not None


# -- distribution -------------------------------------------------------------------------------------------------


def test_a_column_that_goes_empty_is_told_with_its_shares(lake):
    compared = go_on(lake, AFTER[:7], change=lambda row, draw: row | {"due_on": None, "applied_at": None})
    told = {one.culprit: one for one in compared["distribution"].breaks}
    assert "applied_at" in told
    assert told["applied_at"].numbers["psi"] > told["applied_at"].numbers["limit"]
    moved = {one["value"]: (one["before_pct"], one["after_pct"]) for one in told["applied_at"].numbers["moved"]}
    assert moved[None][0] == 0.0
    assert moved[None][1] > 95
    assert "giá trị trống" in told["applied_at"].sentence_vi


def test_hours_that_move_by_a_time_zone_are_told(lake):
    def seven_hours(row, draw):
        return row | {"applied_at": row["applied_at"] + timedelta(hours=7)}

    told = {one.culprit for one in go_on(lake, AFTER[:7], change=seven_hours)["distribution"].breaks}
    assert told == {"applied_at"}


def test_a_channel_that_takes_over_is_told_and_nothing_else(lake):
    told = go_on(lake, AFTER[:7], change=lambda row, draw: row | {"channel": "direct"})["distribution"].breaks
    assert [one.culprit for one in told] == ["channel"]


def test_columns_that_settle_later_are_compared_between_nights_only(tmp_path):
    """Days of a first load are old and closed, nights are young and open: that is no drift."""
    lake = Lake(tmp_path)
    finished = {"status_code": 10, "status_name": "Đã trả kết quả"}
    history = HISTORY[-42:]  # the four weeks that a distribution looks back, and more
    closed = {
        day: [row | finished | {"finished_on": day, "returned_on": day} for row in dossiers_of(day)] for day in history
    }
    remember(lake, DOSSIERS, closed, pulled=HISTORY[-1] + timedelta(days=40))
    go_on(lake, AFTER[:7])
    assert not found(lake, [AFTER[6]])["distribution"].breaks


@settings(max_examples=100, deadline=None)
@given(st.integers(2, 40), st.integers(100, 3000), st.integers(0, 2**32 - 1))
def test_draws_from_one_distribution_do_not_alarm(buckets, rows, seed):
    draw = np.random.default_rng(seed)
    shares = draw.dirichlet(np.ones(buckets))
    old, new = draw.multinomial(4 * rows, shares), draw.multinomial(rows, shares)
    assert distribution_shift([str(n) for n in range(buckets)], old.astype(float), new.astype(float)) is None


@settings(max_examples=50, deadline=None)
@given(st.integers(500, 5000), st.integers(0, 2**32 - 1))
def test_a_share_that_goes_from_tenth_to_half_always_alarms(rows, seed):
    draw = np.random.default_rng(seed)
    old, new = draw.multinomial(4 * rows, [0.9, 0.1]), draw.multinomial(rows, [0.5, 0.5])
    told = distribution_shift(["a", "b"], old.astype(float), new.astype(float))
    assert told is not None
    assert told["moved"][0]["value"] in ("a", "b")


# -- codes --------------------------------------------------------------------------------------------------------


def test_a_new_value_of_a_small_vocabulary_is_told(lake):
    def office(row, draw):
        return row | {"status_name": "Chờ liên thông thuế"} if draw.random() < 0.1 else row

    night(lake, DOSSIERS, AFTER[0], dossiers_of(AFTER[0], change=office))
    (one,) = found(lake, [AFTER[0]])["codes"].breaks
    assert one.culprit == "status_name"
    assert list(one.numbers["codes"]) == ["Chờ liên thông thuế"]
    # on the next day it has been seen
    assert not go_on(lake, AFTER[1:2], change=office)["codes"].breaks
    # staging the first day again tells it again
    stage_days(lake, DOSSIERS, [AFTER[0]])
    assert found(lake, [AFTER[0]])["codes"].breaks


def test_a_rare_new_procedure_is_no_alarm_but_new_codes_throughout_are(lake):
    def rare(row, draw):
        return row | {"procedure_code": "2.009999"} if row["dossier_id"].endswith("000001") else row

    compared = go_on(lake, AFTER[:1], change=rare)["codes"]
    assert not compared.breaks
    assert compared.about["seen_for_the_first_time"] == ["procedure_code=2.009999"]
    renamed = go_on(
        lake, AFTER[1:2], change=lambda row, draw: row | {"procedure_code": f"3.{row['procedure_code'][2:]}"}
    )
    assert [one.culprit for one in renamed["codes"].breaks] == ["procedure_code"]


def test_a_value_outside_its_code_list_needs_no_history(tmp_path):
    lake = Lake(tmp_path)
    night(lake, DOSSIERS, FIRST, [CLEAN[DOSSIERS] | {"received_on": FIRST, "channel": "pigeon"}])
    (one,) = found(lake, [FIRST])["codes"].breaks
    assert "ngoài danh mục mã: «pigeon» (1)" in one.sentence_vi
    assert load_contract(DOSSIERS).column("channel").valid_values is not None
