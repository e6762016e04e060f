"""Units with history: what a code meant on a day, and where a unit is found on the map of another."""

from __future__ import annotations

import csv
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from published_files import published

from cchc_pipeline.reference.units import UnitChange, UnitHistory, UnitHistoryError
from cchc_pipeline.reference.units_national import MERGER_ON, old_provinces, province_history

BEFORE, TODAY = date(2025, 6, 30), date(2026, 11, 22)


def change(old, new, kind="merged", *, on=MERGER_ON, exact=True, old_name=None, new_name=None):
    return UnitChange(old, old_name or f"Xã {old}", new, new_name or (new and f"Xã {new}"), on, kind, exact)


def by_statistical_code():
    """Provinces by the codes that went to other provinces on 1/7/2025."""
    provinces = old_provinces()
    heirs = [one.successor_gso_code for one in provinces]
    return UnitHistory(
        change(one.gso_code, one.successor_gso_code, old_name=one.name_vi, new_name=one.successor_name_vi)
        for one in provinces
        if heirs.count(one.successor_gso_code) > 1
    )


# -- provinces ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "before", "since"),
    [
        ("15", "Tỉnh Yên Bái", "Tỉnh Lào Cai"),
        ("24", "Tỉnh Bắc Giang", "Tỉnh Bắc Ninh"),
        ("44", "Tỉnh Quảng Bình", "Tỉnh Quảng Trị"),
        ("52", "Tỉnh Bình Định", "Tỉnh Gia Lai"),
        ("80", "Tỉnh Long An", "Tỉnh Tây Ninh"),
        ("82", "Tỉnh Tiền Giang", "Tỉnh Đồng Tháp"),
        ("91", "Tỉnh Kiên Giang", "Tỉnh An Giang"),
    ],
)
def test_a_code_given_to_another_province_means_the_one_that_held_it_on_the_day(code, before, since):
    history = by_statistical_code()
    assert history.holder(code, BEFORE).name == before
    assert history.holder(code, MERGER_ON).name == since
    assert history.holder(code, BEFORE).unit_id != history.holder(code, MERGER_ON).unit_id
    assert history.place(f"{code}.TO25.0630", TODAY).unit_ids == (code,)


def test_the_old_holder_of_a_name_leads_to_the_new_one():
    history = by_statistical_code()
    assert history.place("10", BEFORE).unit_ids == ("10",)
    assert history.place("10", TODAY).unit_ids == ("15",)
    assert [s.unit_id for s in history.predecessors("15")] == ["10", "15.TO25.0630"]
    assert all(s.change.is_exact for s in history.predecessors("15"))


def test_by_agency_code_the_survivor_goes_on():
    history = province_history()
    assert history.holder("H38", BEFORE).unit_id == history.holder("H38", TODAY).unit_id == "H38"
    assert history.place("H63", TODAY).unit_ids == ("H38",)
    assert {s.unit_id for s in history.predecessors("H36")} == {"H16", "H11"}


def test_63_provinces_become_34():
    history = by_statistical_code()
    placed = [history.place(history.holder(p.gso_code, BEFORE).unit_id, TODAY) for p in old_provinces()]
    assert all(place.is_exact for place in placed)
    assert len(placed) == 63
    assert len({place.unit_ids for place in placed}) == 34


def test_the_table_of_provinces_is_that_of_the_reference():
    with published("reference/units/crosswalk_63_34.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    ours = {p.gso_code: p for p in old_provinces()}
    assert {r["gso63"]: (r["gso34"], r["name63_vi"], r["papi_id"]) for r in rows} == {
        code: (p.successor_gso_code, p.name_vi, str(int(code))) for code, p in ours.items()
    }
    reused = {
        code
        for code in ours
        if code in by_statistical_code().codes and len({t.unit_id for t in by_statistical_code().tenures(code)}) > 1
    }
    assert reused == {r["gso63"] for r in rows if r["code_reused_with_new_meaning"] == "True"}


# -- invented cases -------------------------------------------------------------------------------------------------


def test_a_split_unit_is_in_all_its_parts_and_exactly_in_none():
    history = UnitHistory(
        [change("H99.21", "H99.301", "split", exact=False), change("H99.21", "H99.302", "split", exact=False)]
    )
    place = history.place("H99.21", TODAY)
    assert place.unit_ids == ("H99.301", "H99.302")
    assert not place.is_exact
    assert [s.change.is_exact for s in history.predecessors("H99.301")] == [False]


def test_a_code_that_goes_round():
    """21 becomes 301, and 22 takes over its code; two years later 301 is merged into 22's heir."""
    later = date(2027, 1, 1)
    history = UnitHistory(
        [
            change("H99.21", "H99.301", "recoded"),
            change("H99.22", "H99.21", "recoded"),
            change("H99.301", "H99.21", on=later),
        ]
    )
    assert history.holder("H99.21", BEFORE).unit_id == "H99.21.TO25.0630"
    assert history.holder("H99.21", MERGER_ON).unit_id == "H99.21"
    assert history.place("H99.21.TO25.0630", TODAY).unit_ids == ("H99.301",)
    assert history.place("H99.21.TO25.0630", later).unit_ids == ("H99.21",)
    assert history.place("H99.22", TODAY).unit_ids == ("H99.21",)


def test_a_renamed_unit_stays_itself():
    history = UnitHistory([change("H99.21", "H99.21", "renamed", old_name="Xã Cũ", new_name="Phường Mới")])
    assert [(t.unit_id, t.name) for t in history.tenures("H99.21")] == [("H99.21", "Xã Cũ"), ("H99.21", "Phường Mới")]
    assert history.place("H99.21", TODAY) == history.place("H99.21", BEFORE)


def test_a_dissolved_unit_is_nowhere():
    place = UnitHistory([change("H99.41", None, "dissolved")]).place("H99.41", TODAY)
    assert place.unit_ids == ()
    assert not place.is_exact


def test_whole_and_part_cannot_both_be_true():
    with pytest.raises(UnitHistoryError, match=r"H99[.]21 goes into H99[.]301, H99[.]302"):
        UnitHistory([change("H99.21", "H99.301"), change("H99.21", "H99.302", "split", exact=False)])


@st.composite
def merger_waves(draw):
    """Exact changes over several years: at each day every living unit goes on, is recoded, or is merged."""
    alive = [f"H99.{200 + i}" for i in range(draw(st.integers(2, 6)))]
    changes, day = [], date(2025, 7, 1)
    for _ in range(draw(st.integers(1, 3))):
        pool = [*alive, *(f"H99.{300 + i}" for i in range(3))]
        target = {code: draw(st.sampled_from(pool)) for code in alive}
        # Who stays as he is has no change, unless others join him.
        joined = {new for old, new in target.items() if old != new}
        changes += [
            change(old, new, on=day, old_name=f"{old} {day}", new_name=f"{new} {day} mới")
            for old, new in target.items()
            if old != new or old in joined
        ]
        alive, day = sorted(set(target.values())), day + timedelta(days=400)
    return changes, alive


@given(merger_waves())
def test_after_exact_changes_every_unit_is_whole_in_one_that_lives(waves):
    changes, alive = waves
    history = UnitHistory(changes)
    living = {history.holder(code, date(2030, 1, 1)).unit_id for code in alive}
    for code in history.codes:
        for tenure in history.tenures(code):
            place = history.place(tenure.unit_id, date(2030, 1, 1))
            assert place.is_exact
            assert set(place.unit_ids) <= living


@given(merger_waves(), st.dates(date(2024, 1, 1), date(2029, 1, 1)))
def test_a_code_has_one_holder_on_a_day_and_its_id_leads_back_to_the_code(waves, day):
    history = UnitHistory(waves[0])
    for code in history.codes:
        assert sum(tenure.holds(day) for tenure in history.tenures(code)) <= 1
        holder = history.holder(code, day)
        assert holder in history.of_id(holder.unit_id)
        assert holder.code == code
