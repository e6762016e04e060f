"""PAPI over time and in groups: which years may be compared, quarters as the publisher forms them, weighted totals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from published_files import published

from cchc_pipeline.reference.papi_instrument import (
    PROVINCES,
    all_dimensions,
    all_slots,
    breaks_off,
    comparable_since,
    former_provinces,
    instrument,
)
from cchc_pipeline.scorecards.papi import scorecard as papi
from cchc_pipeline.scorecards.papi.scorecard import tier_note_vi, tiers
from cchc_pipeline.sources.papi.source import read_wide

ALL_YEARS = range(2011, 2025)
CODES = ("TOTAL", *all_dimensions(), *all_slots())


def made_up(year: int, missing: tuple[str, ...] = ()) -> pd.DataFrame:
    """A composed year in which every province has its own score."""
    rows = [
        (year, province, slot, np.nan if province in missing else 1 + number / 100)
        for number, province in enumerate(PROVINCES)
        for slot in instrument(year).slots
    ]
    return papi.compose(pd.DataFrame(rows, columns=["year", "province_code", "slot", "score"]), year)


def card(year: int, missing: tuple[str, ...] = ()) -> pd.DataFrame:
    return papi.to_scorecard(made_up(year, missing), year).to_pandas().set_index(["unit_code", "criterion_code"])


@pytest.mark.parametrize(
    ("code", "stretches"),
    [
        ("D3", {2011: 2011, 2015: 2011, 2016: 2016, 2017: 2016, 2020: 2018, 2021: 2021, 2024: 2021}),
        ("SC32", {2015: 2011, 2017: 2016, 2018: 2018, 2020: 2018, 2024: 2021}),
        ("D2", {2017: 2011, 2018: 2018, 2024: 2018}),
        ("D7", {2018: 2018, 2019: 2019, 2024: 2019}),
        ("D8", {2018: 2018, 2019: 2019, 2020: 2020, 2024: 2021}),
        ("D5", {2020: 2011, 2021: 2021, 2024: 2021}),
        ("D1", {2018: 2011, 2021: 2019, 2024: 2022}),
        ("D4", {2011: 2011, 2024: 2011}),
        ("SC31", {2024: 2011}),
        ("SC24", {2018: 2018, 2024: 2018}),
        ("SC83", {2019: 2019, 2024: 2020}),
        ("TOTAL", {2015: 2011, 2017: 2016, 2018: 2018, 2019: 2019, 2020: 2020, 2021: 2021, 2024: 2022}),
    ],
)
def test_stretches_in_which_points_may_be_compared(code: str, stretches: dict[int, int]) -> None:
    assert {year: comparable_since(code, year) for year in stretches} == stretches


def test_what_a_year_does_not_have_is_comparable_with_nothing() -> None:
    assert [comparable_since("D7", 2017), comparable_since("SC52", 2021), comparable_since("SC24", 2017)] == [None] * 3


@pytest.mark.parametrize("year", ALL_YEARS[1:])
def test_another_scale_meaning_or_membership_is_always_a_break_that_says_so(year: int) -> None:
    now, before = instrument(year), instrument(year - 1)
    for code in CODES:
        if not now.has(code):
            continue
        changed = not before.has(code) or now.bounds(code) != before.bounds(code)
        if code in now.slots and code in before.slots:
            new, old = now.slots[code], before.slots[code]
            changed |= (new.construct, new.version) != (old.construct, old.version)
        assert not changed or breaks_off(code, year), (code, year)
        # A code that is new this year has no year before: nothing to say. Every other break carries its sentence.
        if before.has(code):
            assert breaks_off(code, year) == (now.break_note_vi(code) is not None), (code, year)


@given(year=st.sampled_from(ALL_YEARS), code=st.sampled_from(CODES))
def test_no_sum_is_comparable_further_back_than_its_parts(year: int, code: str) -> None:
    since, wanted = comparable_since(code, year), instrument(year)
    parts = wanted.dimensions if code == "TOTAL" else wanted.dimensions.get(code, ())
    assert since is None or all(since >= (comparable_since(part, year) or 0) for part in parts)
    # The stretch is one: every year inside it begins where it begins.
    assert since is None or {comparable_since(code, inside) for inside in range(since, year + 1)} == {since}


@pytest.mark.parametrize(
    ("year", "missing", "sizes"),
    [
        (2019, 0, [16, 16, 15, 16]),
        (2020, 0, [16, 16, 15, 16]),
        (2023, 2, [15, 15, 15, 16]),
        (2021, 3, [15, 15, 15, 15]),
    ],
)
def test_groups_have_the_publishers_sizes(year: int, missing: int, sizes: list[int]) -> None:
    found = card(year, PROVINCES[10 : 10 + missing]).xs("TOTAL", level="criterion_code")["tier"]
    assert found.value_counts().reindex([1, 2, 3, 4]).tolist() == sizes
    assert found.isna().sum() == missing
    assert (found["P63"], found["P01"]) == (1, 4)


def test_groups_of_dimensions_and_none_of_subdimensions() -> None:
    found = card(2023, ("P05",))
    assert found.xs("D3", level="criterion_code")["tier"].notna().sum() == 62
    assert found.xs("SC31", level="criterion_code")["tier"].isna().all()
    assert pd.isna(found.loc[("P05", "D3"), "tier"])


@given(st.permutations(range(63)))
def test_groups_do_not_depend_on_the_order_of_provinces_and_follow_the_score(order: list[int]) -> None:
    scores = pd.Series([30 + number / 7 for number in range(63)], index=list(PROVINCES))
    shuffled = scores.iloc[order]
    assert tiers(shuffled, 2019).reindex(scores.index).tolist() == tiers(scores, 2019).tolist()
    assert tiers(shuffled.sort_values(ascending=False), 2019).is_monotonic_increasing


def test_too_few_provinces_form_no_groups_and_the_row_says_so() -> None:
    found = card(2022, PROVINCES[:7])
    assert found["tier"].isna().all()
    assert "Không xếp nhóm" in found.loc[("P63", "TOTAL"), "reason_vi"]


def test_years_whose_published_groups_were_not_compared_say_so() -> None:
    assert [tier_note_vi(year, 61) is None for year in (2019, 2020, 2023)] == [True] * 3
    assert "chưa đối chiếu với bảng nhóm công bố của năm 2024" in card(2024).loc[("P01", "TOTAL"), "reason_vi"]
    assert pd.isna(card(2019).loc[("P01", "D4"), "reason_vi"])


def test_a_weighted_total_stands_beside_the_unweighted_one_where_weights_are_known() -> None:
    found = card(2019, ("P07",))
    weights = instrument(2019).weights
    by_hand = sum(weight * found.loc[("P20", code), "points"] for code, weight in weights.items())
    assert found.loc[("P20", "TOTAL"), "weighted_points"] == pytest.approx(by_hand, abs=1e-12)
    assert found.loc[("P20", "TOTAL"), "points"] != pytest.approx(by_hand, abs=0.1)
    assert pd.isna(found.loc[("P07", "TOTAL"), "weighted_points"])
    assert found.drop("TOTAL", level="criterion_code")["weighted_points"].isna().all()
    assert card(2020)["weighted_points"].isna().all()


def test_a_printed_weighted_total_counts_before_a_computed_one_and_a_zero_is_none() -> None:
    rows = [(2019, "P01", 43.25, 0.61), (2019, "P02", 0.0, 0.0), (2022, "P03", 40.0, 0.7)]
    printed = pd.DataFrame(rows, columns=["year", "province_code", "weighted_total", "standard_error"])
    cards = {year: papi.to_scorecard(made_up(year), year, printed).to_pandas() for year in (2019, 2022)}
    found = {year: one.query("criterion_code == 'TOTAL'").set_index("unit_code") for year, one in cards.items()}
    assert found[2019].loc["P01", ["weighted_points", "standard_error"]].tolist() == [43.25, 0.61]
    assert found[2019].loc["P02", "weighted_points"] == card(2019).loc[("P02", "TOTAL"), "weighted_points"]
    assert found[2019]["standard_error"].notna().sum() == 1
    assert found[2022]["weighted_points"].dropna().to_dict() == {"P03": 40.0}
    assert cards[2019].query("criterion_code != 'TOTAL'")["standard_error"].isna().all()


@pytest.mark.acceptance
def test_weighted_totals_of_2019_move_ranks_as_the_published_ones_do() -> None:
    table = read_wide(published("acceptance/papi_wide/2019.csv"), 2019)
    found = papi.to_scorecard(papi.compose(table, 2019), 2019).to_pandas().query("criterion_level == 'total'")
    plain, weighted = (found[name].rank(ascending=False) for name in ("points", "weighted_points"))
    moved = (plain - weighted).abs()
    assert plain.corr(weighted) == pytest.approx(0.845, abs=5e-4)
    assert (moved.max(), round(moved.mean(), 1)) == (28, 7.6)


@pytest.mark.acceptance
@pytest.mark.parametrize("year", [2019, 2020])
def test_groups_of_the_published_totals(year: int) -> None:
    table = read_wide(published(f"acceptance/papi_wide/{year}.csv"), year)
    found = papi.to_scorecard(papi.compose(table, year), year).to_pandas().query("criterion_level == 'total'")
    assert found["tier"].value_counts().sort_index().tolist() == [16, 16, 15, 16]
    assert found.groupby("tier")["points"].min().is_monotonic_decreasing


def test_provinces_carry_their_code_and_its_vintage() -> None:
    found = card(2024).xs("TOTAL", level="criterion_code")
    assert set(found["unit_vintage"]) == {"p63"}
    assert found["gso_code"].to_dict() == {code: one.gso_code for code, one in former_provinces().items()}


def test_a_province_is_found_by_its_agency_code_under_its_own_name() -> None:
    codes = {one.agency_code: code for code, one in former_provinces().items()}
    assert (len(codes), codes["H14"], codes["H12"]) == (63, "P03", "P63")  # Cao Bằng has the statistical code 04
