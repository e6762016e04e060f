"""Provinces: determinism, the order of lives, proportions, defects."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sandbox_lives import changes, transitions

from cchc_pipeline.days import LOCAL_ZONE
from cchc_pipeline.reference.unit_codes import canonical_unit_code
from cchc_pipeline.sandbox.life import workdays
from cchc_pipeline.sandbox.life.dossiers import DEFECTS
from cchc_pipeline.sandbox.life.province_parts import SandboxError
from cchc_pipeline.sandbox.province import SCENARIO_NAMES, Province

START, END = date(2026, 9, 1), date(2026, 11, 30)
CODE = re.compile(r"^((\d{3}\.\d{2}\.\d{2}\.)?[GH]\d{2}(\.\d{1,3}){0,3})-\d{6}-\d{4,6}$")


@pytest.fixture(scope="module")
def province() -> Province:
    return Province(seed=766, size=0.5)


@pytest.fixture(scope="module")
def large() -> Province:
    """What is rare occurs in it: defects of every kind, letters of apology."""
    return Province(size=2)


def test_two_builds_are_equal_in_any_order_of_asking() -> None:
    days = workdays.days(date(2026, 9, 7), date(2026, 9, 20))
    one, other = Province(size=0.2), Province(size=0.2)
    forward = [one.lives(day) for day in days]
    backward = [other.lives(day) for day in reversed(days)][::-1]
    assert forward == backward
    assert [one.letters.letters(day) for day in days] == [other.letters.letters(day) for day in days]
    assert [one.letters.receipts(day) for day in days] == [other.letters.receipts(day) for day in days]
    assert forward != [Province(seed=1, size=0.2).lives(day) for day in days]


def test_any_day_from_go_live_on_holds_data_and_none_before(province: Province) -> None:
    assert province.lives(date(2026, 8, 31)) == []
    assert province.lives(date(2031, 3, 5))
    assert province.lives(date(2026, 9, 6))  # a Sunday: a few, online
    assert {life.channel for life in province.lives(date(2026, 9, 6))} == {"online"}
    assert len(province.lives(date(2026, 9, 6))) < len(province.lives(date(2026, 9, 7))) / 5


def test_size_scales_the_daily_volume() -> None:
    day = date(2026, 9, 8)
    small, large = len(Province(size=0.5).lives(day)), len(Province(size=5).lives(day))
    assert 6 < large / small < 16
    assert 0.7 < large / 5 / 240 < 1.3


@pytest.mark.parametrize("bad", [{"scenario": "atlantis"}, {"size": 0}])
def test_a_province_that_does_not_exist_is_refused_with_the_choices(bad: dict[str, object]) -> None:
    with pytest.raises(SandboxError, match=r"choose one of|above 0"):
        Province(**bad)  # type: ignore[arg-type]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), day=st.dates(date(2026, 9, 1), date(2029, 12, 31)))
def test_lives_are_ordered_and_stay_in_the_hours_of_the_sandbox(seed: int, day: date) -> None:
    for life in Province(seed=seed, size=0.1).lives(day):
        moments = [at for at, _ in transitions(life)]
        assert moments == sorted(moments)
        for moment, status in dict(transitions(life)).items():  # of two at one instant, the later one holds
            assert life.status_at(moment) == status
        assert all("06:30" <= f"{at:%H:%M}" <= "22:30" for at in changes(life))
        assert life.status_at(moments[0] - timedelta(seconds=1)) is None
        seen = life.seen(changes(life)[-1] + timedelta(days=1))
        assert seen is not None
        if life.defect is None and seen.received_at is not None:
            assert life.day == seen.received_at.date()
            assert seen.due_at is None or seen.due_at.date() >= life.day
            if seen.finished_at is not None:
                assert seen.finished_at >= (seen.resumed_at or seen.received_at)
                assert seen.returned_at is None or seen.returned_at >= seen.finished_at
            assert timedelta(0) <= seen.received_at - life.applied_at < timedelta(days=3)


def test_state_moves_with_the_clock(province: Province) -> None:
    lives = list(province.lives_between(START, START + timedelta(days=30)))
    early, late = (
        Counter(life.status_at(workdays.end_of(START + timedelta(days=n))) for life in lives) for n in (20, 200)
    )
    assert early[None] > 0 == late[None]
    assert set(late) <= {1, 3, 5, 6, 7, 8, 9, 10, 4}
    assert late[10] > early[10]
    assert {2, 4} & set(early)
    every = Counter(
        life.status_at(workdays.end_of(START + timedelta(days=n))) for life in lives for n in range(0, 200, 3)
    )
    assert set(every) == {None, 1, 3, 4, 5, 6, 7, 8, 9, 10} | ({2} & set(every))


def test_some_records_change_after_they_were_finished(province: Province) -> None:
    lives = [life for life in province.lives_between(START, END) if life.closed_at is not None]
    after = [life for life in lives if life.closed_at and changes(life)[-1].date() > life.closed_at.date()]
    assert len(after) > 0.3 * len(lives)
    corrected = [life for life in lives if life.correction_at is not None]
    assert corrected
    for life in corrected:
        assert life.correction_at is not None
        before, now = (life.seen(life.correction_at + timedelta(seconds=s)) for s in (-1, 0))
        assert before is not None
        assert now is not None
        assert before.finished_at is not None
        assert now.finished_at is not None
        assert now.finished_at <= before.finished_at


def test_proportions_are_those_of_a_real_province(province: Province) -> None:
    clock = workdays.end_of(END + timedelta(days=60))
    seen = [(life, life.seen(clock)) for life in province.lives_between(START, END)]
    counted = [(life, view) for life, view in seen if view is not None and view.status not in (1, 3)]
    shares = {
        "online": sum(life.channel == "online" for life, _ in counted),
        "digitised": sum(view.is_digitised for _, view in counted),
        "reused": sum(view.is_data_reused for _, view in counted),
        "electronic": sum(view.is_result_electronic for _, view in counted),
        "citizen": sum(view.is_citizen_data_used for _, view in counted),
    }
    expected = {"online": 0.98, "digitised": 0.226, "reused": 0.165, "electronic": 0.73, "citizen": 0.62}
    for name, share in expected.items():
        assert shares[name] / len(counted) == pytest.approx(share, abs=0.04), name
    with_fee = [view for life, view in counted if life.procedure.fee_vnd]
    assert sum(view.is_paid_online for view in with_fee) / len(with_fee) == pytest.approx(0.91, abs=0.05)


#: Scenarios with a plan are as large as their province was, whatever the size asked for.
WHOLE = ("dak-nong-2020", "ha-giang-2023")


@pytest.mark.parametrize(
    "scenario", [pytest.param(n, marks=[pytest.mark.acceptance] * (n in WHOLE)) for n in SCENARIO_NAMES]
)
def test_nothing_is_filed_online_where_the_service_only_informs(scenario: str) -> None:
    """On working days people come in person; on days off nobody could, and asks for something else."""
    made = Province(scenario, size=0.5)
    start = made.scenario.go_live
    lives = list(made.lives_between(start, start + timedelta(days=60)))
    informing = [life for life in lives if life.procedure.service_level == "information"]
    assert informing
    assert all(life.channel != "online" for life in informing)
    if made.scenario.plan is None:
        assert any(not workdays.works(life.day) for life in lives)
        assert all(workdays.works(life.day) for life in informing)


def test_units_differ(province: Province) -> None:
    late = [unit.profile.late for unit in province.units if unit.weight]
    assert min(late) < 0.05 < 0.25 < max(late)


def test_codes_are_known_forms_and_unique(province: Province) -> None:
    lives = list(province.lives_between(START, END))
    codes = [life.dossier_code for life in lives if life.dossier_code is not None]
    assert len(codes) == len(set(codes))
    assert len({life.dossier_id for life in lives}) == len(lives)
    legacy = [code for code in codes if not CODE.match(code)]
    assert 0 < len(legacy) < 0.02 * len(codes)
    for unit in province.units:
        assert canonical_unit_code(unit.source_code) == unit.code
    assert {u.source_code == u.code for u in province.units if u.level == "commune"} == {True}
    assert {u.source_code == u.code for u in province.units if u.level == "department"} == {False}


def test_defects_are_listed_and_of_every_kind(large: Province) -> None:
    defects = large.expected_defects(END, START, END)
    assert {defect.defect for defect in defects} == set(DEFECTS)
    received = sum(life.received_at is not None for life in large.lives_between(START, END))
    assert 0.0015 < len(defects) / received < 0.0045
    assert all(START <= defect.day <= END for defect in defects)
    assert large.expected_defects(START, START, END) == [d for d in defects if d.day == START]


def test_a_defective_record_is_defective_at_every_end_of_day(large: Province) -> None:
    """A pipeline must never have stored a good version of a record that turns bad later."""
    for life in large.lives_between(START, END):
        if life.defect in ("finished_missing", "finished_before_received"):
            seen = life.seen(workdays.end_of(life.day))
            assert seen is not None
            assert seen.status in (9, 10)
        if life.defect is not None:
            assert life.applied_at.date() == life.day


def test_default_clock() -> None:
    now = datetime(2026, 11, 1, 9, tzinfo=LOCAL_ZONE)
    assert Province(size=0.1).default_clock(now) == now
    assert Province(size=0.1).default_clock(now - timedelta(days=90)).date() == date(2026, 10, 1)


@given(day=st.dates(date(2018, 2, 1), date(2032, 1, 1)), count=st.integers(-20, 60))
def test_working_day_arithmetic_agrees_with_the_calendar(day: date, count: int) -> None:
    from working_time_by_day import add_working_days, working_days_between

    from cchc_pipeline.reference.calendar import is_working_day

    if count >= 0:
        assert workdays.shift(day, count) == add_working_days(day, count)
        assert workdays.between(day, workdays.shift(day, count)) == working_days_between(
            day, workdays.shift(day, count)
        )
    else:
        assert workdays.shift(day, count) < day
    assert workdays.works(day) == is_working_day(day)


def test_documents_have_keys_of_their_own_and_follow_the_units(large: Province) -> None:
    letters = [x for day in workdays.days(START, date(2026, 10, 31)) for x in large.letters.letters(day)]
    assert len({letter.document_id for letter in letters}) == len(letters)
    assert len({letter.doc_id for letter in letters}) == len(letters)
    assert {letter.kind for letter in letters} == {
        "publication_decision", "apology_letter", "reform_plan", "reform_report", "other",
    }  # fmt: skip
    assert all(letter.promulgated_on <= letter.sent_at.date() <= letter.created_at.date() for letter in letters)
    assert all(letter.created_at.date() <= date(2026, 10, 31) for letter in letters)
    own = [letter for letter in letters if letter.unit is not None]
    assert sum(not x.is_paper_copy for x in own) / len(own) == pytest.approx(0.96, abs=0.02)
    assert sum(x.is_signed for x in own) / len(own) == pytest.approx(0.92, abs=0.03)
    codes = {life.dossier_code: life for life in large.lives_between(START, date(2026, 10, 31))}
    apologies = [letter for letter in letters if letter.kind == "apology_letter"]
    assert len(apologies) > 50
    for letter in apologies:
        assert letter.dossier_code is not None
        assert letter.dossier_code in letter.subject
        assert letter.unit == codes[letter.dossier_code].unit


def test_most_records_of_a_night_are_old_ones() -> None:
    """What a night changes is several times what it brings."""
    province, night = Province(size=1), date(2026, 11, 10)
    touched = sum(any(at.date() == night for at in changes(life)) for life in province.lives_between(START, night))
    assert touched > 1.5 * len(province.lives(night))
