"""Scenarios with exact figures: the arithmetic of counts, and the same figures whatever the seed."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cchc_pipeline.sandbox.exact.letters import PublicationQuota, exact_publications, part_of, printed, shares_of
from cchc_pipeline.sandbox.exact.procedures import ProcedureQuota, ServiceCount, exact_procedures
from cchc_pipeline.sandbox.exact.registers import Figure, Flow
from cchc_pipeline.sandbox.life import workdays
from cchc_pipeline.sandbox.life.province_parts import SandboxError, Unit
from cchc_pipeline.sandbox.province import Province
from cchc_pipeline.sandbox.truth.indicators import indicator_truth
from cchc_pipeline.yaml_files import read_yaml

SEEDS = st.integers(0, 10_000)
UNTIMED = settings(deadline=None)


@UNTIMED
@given(st.integers(1, 200_000), st.integers(0, 10_000))
def test_a_part_prints_as_the_percentage_or_is_refused(whole: int, hundredths: int) -> None:
    percent = f"{Decimal(hundredths) / 100:.2f}"
    try:
        part = part_of(whole, percent)
    except SandboxError:
        assert whole < 10_000  # from there on every percentage of two decimals has a count
    else:
        assert printed(part, whole, 2) == Decimal(percent)


@UNTIMED
@given(st.integers(1, 60), st.integers(0, 400), SEEDS)
def test_shares_add_up_and_none_is_empty(parts: int, more: int, seed: int) -> None:
    shares = shares_of(random.Random(seed), parts + more, parts)
    assert (len(shares), sum(shares)) == (parts, parts + more)
    assert min(shares) >= 1


@UNTIMED
@given(st.integers(0, 3_000), SEEDS)
def test_a_spread_holds_every_one_on_working_days_in_order(count: int, seed: int) -> None:
    days = workdays.spread(random.Random(seed), date(2024, 2, 1), date(2024, 3, 31), count)
    assert len(days) == count
    assert days == sorted(days)
    assert all(workdays.works(day) for day in days)


@UNTIMED
@given(st.integers(12, 80), st.integers(0, 5), SEEDS)
def test_publication_decisions_hold_their_numbers(decisions: int, late: int, seed: int) -> None:
    procedures = decisions * 7
    quota = PublicationQuota(
        start="2024-01-08", end="2024-11-29", decisions=decisions, procedures=procedures, internal=decisions, late=late
    )
    made = exact_publications(random.Random(seed), quota)
    assert (len(made), sum(one.procedures for one in made)) == (decisions, procedures)
    assert sum(one.internal for one in made) == decisions
    assert sum(one.days > 5 for one in made) == late
    assert all(0 <= one.internal <= one.procedures for one in made)


def test_contradicting_numbers_of_procedures_are_refused() -> None:
    quota = ProcedureQuota(levels={"province": 3}, services=(ServiceCount(level="full", count=2),))
    with pytest.raises(SandboxError, match="3 procedures by level, 2 by service"):
        exact_procedures("H16", {"H16.02": "Sở Mẫu"}, quota, random.Random(1))


def test_a_flow_is_spread_over_its_months_and_adds_up() -> None:
    flow = '{add: flow, measure: guidance, total: 6483, start: "2019-11-16", end: "2020-11-08", system: one_stop}'
    unit = Unit("H16", "UBND", "province", None, "000.00.00.H16", "UBND")
    rows = [row for _, row in read_yaml(flow, Flow, "figures").rows([unit])]
    assert sum(int(str(row["value"])) for row in rows) == 6_483
    assert (rows[0]["period_start"], rows[-1]["observed_on"]) == (date(2019, 11, 16), date(2020, 11, 8))
    assert len(rows) == 13


def test_an_index_without_value_and_rank_is_refused_with_its_place() -> None:
    index = '- {add: index, code: PCI, year: 2019, as_of_on: "2019-12-31", source: VCCI}'
    with pytest.raises(SandboxError, match="index PCI of 2019: give a value or a rank"):
        read_yaml(index, list[Figure], "figures", SandboxError)


@pytest.mark.acceptance
@pytest.mark.parametrize("seed", [1, 2])
def test_the_figures_of_a_whole_year_hold_for_every_seed(seed: int) -> None:
    first, last = date(2024, 1, 1), date(2024, 12, 4)
    truth = indicator_truth(Province("dak-nong-2024", seed), last, first, last)
    assert truth["received_online", "H16"][0] == 4_512
    assert truth["full_online_rate", "H16"] == (4_020, 12_000)
    assert truth["apology_rate", "H16"] == (120, 120)
    assert truth["published_internal_procedures_count", "H16"][0] == 127
    numerator, denominator = truth["documents_electronic_rate", "H16"]
    assert denominator is not None
    assert printed(int(numerator), int(denominator), 1) == Decimal("96.2")


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.acceptance)])
def test_the_figures_of_half_a_year_hold_for_every_seed(seed: int) -> None:
    first, last = date(2024, 1, 1), date(2024, 6, 21)
    truth = indicator_truth(Province("kon-tum-2024", seed), last, first, last)
    assert truth["digitised_result_rate_district_level", "H34"] == (1_125, 1_515)
    assert truth["late_district_share", "H34"] == (85, 96)
