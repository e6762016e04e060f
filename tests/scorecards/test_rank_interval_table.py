"""Rank intervals: chance in small counts, an unchanged night, and what the published table promises."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from papi_scores import landed
from small_lake import copy_of

from cchc_pipeline.contracts import enforce, load_contract
from cchc_pipeline.drawing.output import png
from cchc_pipeline.drawing.plots import WIDE, dots
from cchc_pipeline.lake.engine import run_file
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.scorecards.index766 import scorecard as index766
from cchc_pipeline.scorecards.papi import scorecard as papi
from cchc_pipeline.scorecards.rank_intervals import EVENTS, PAPI_DRAWS, Built, build_rank_intervals, draw_ranks, newest
from cchc_pipeline.scorecards.scoring.engine import score

LOCAL = index766.newest().for_source("local")
#: Criteria about lists that an office keeps, yes or no, or points of somebody else: no chance in them.
COMPLETE = {
    "PUBLISH_ON_TIME", "PUBLIC_UPDATE_ON_TIME", "PUBLIC_CONTENT_FULL", "ONLINE", "PAYMENT", "ONLINE_PROCEDURES",
    "ONLINE_PROCEDURES_USED", "FORMALITY_ONLINE_PAYMENT", "FORMALITY_PAYMENT_AVAILABLE",
    "CITIZEN_DATA_CONNECTED_FORMALITY", "ELECTRONIC_CERTIFIED_COPY",
}  # fmt: skip


def measures(dossiers: dict[str, int], shares: dict[str, float], month: date = date(2026, 10, 1)) -> pd.DataFrame:
    """Units with a number of dossiers and one share for every criterion."""
    end = (pd.Timestamp(month) + pd.offsets.MonthEnd()).date()
    return pd.DataFrame(
        [
            {
                "unit_code": unit, "metric_code": leaf.code, "numerator": round(shares[unit] * count),
                "denominator": count, "period_type": "month", "period_start": month, "period_end": end,
            }
            for unit, count in dossiers.items() for leaf in LOCAL.criteria()
        ]
    )  # fmt: skip


def parts(given_measures: pd.DataFrame) -> pd.DataFrame:
    card = score(index766.newest(), given_measures).to_pandas()
    return card[card["criterion_level"] == "criterion"]


def test_every_criterion_is_known_to_be_chance_or_not() -> None:
    codes = {leaf.code for leaf in index766.newest().criteria()}
    assert set(EVENTS) | COMPLETE == codes
    assert not set(EVENTS) & COMPLETE
    within = {leaf.code: leaf.within for leaf in index766.newest().criteria() if leaf.within}
    assert within == {"DOSSIER_RECEIVING_SATISFACTION": "DOSSIER_ON_TIME"}
    assert set(within) | set(within.values()) <= set(EVENTS)


def test_few_dossiers_leave_a_rank_open_and_many_settle_it() -> None:
    shares = {f"U{i:02d}": 0.6 + 0.03 * i for i in range(10)}
    widths = []
    for count in (10, 100, 100_000):
        held = draw_ranks(parts(measures(dict.fromkeys(shares, count), shares)), LOCAL)
        widths.append(float((held.rank_high - held.rank_low).mean()))
    assert widths[0] > widths[1] > widths[2] == 0
    assert held.rank_median.tolist() == list(range(10, 0, -1))


def test_the_small_unit_has_the_wider_interval() -> None:
    shares = {f"U{i:02d}": 0.6 + 0.03 * i for i in range(10)}
    counts = {unit: 8 if unit == "U05" else 5_000 for unit in shares}
    held = draw_ranks(parts(measures(counts, shares)), LOCAL)
    width = dict(zip(shares, held.rank_high - held.rank_low, strict=True))
    assert max(width, key=width.__getitem__) == "U05"


def test_all_met_of_few_does_not_prove_that_nothing_can_fail() -> None:
    shares = dict.fromkeys([f"U{i}" for i in range(4)], 1.0)
    counts = {unit: 3 if unit == "U0" else 10_000 for unit in shares}
    held = draw_ranks(parts(measures(counts, shares)), LOCAL)
    assert held.rank_high[0] == 4


def test_units_that_differ_in_nothing_share_every_interval_but_for_chance() -> None:
    shares = {"A": 0.8, "B": 0.8}
    held = draw_ranks(parts(measures(dict.fromkeys(shares, 50), shares)), LOCAL, draws=4_000)
    assert held.rank_low.tolist() == [1, 1]
    assert held.rank_high.tolist() == [2, 2]
    assert held.first_quarter.tolist() == pytest.approx([0.5, 0.5], abs=0.05)


def test_what_is_no_event_never_moves() -> None:
    frame = measures({"A": 4, "B": 4, "C": 4}, {"A": 0.25, "B": 0.5, "C": 0.75})
    frame = frame[frame["metric_code"].isin(COMPLETE)]
    held = draw_ranks(parts(frame), LOCAL)
    assert held.rank_low.tolist() == held.rank_high.tolist() == [3, 2, 1]


def test_a_late_dossier_is_a_dissatisfied_one_in_every_draw() -> None:
    """Figures that fall together move a total further than figures of different dossiers do."""

    def ahead(satisfied_of: int) -> float:
        rows = [
            ("A", "DOSSIER_ON_TIME", 30, 40),
            ("A", "DOSSIER_RECEIVING_SATISFACTION", 30, satisfied_of),
            ("B", "DOSSIER_ON_TIME", 820_000, 1_000_000),
            ("B", "DOSSIER_RECEIVING_SATISFACTION", 820_000, 1_000_000),
        ]
        frame = pd.DataFrame(rows, columns=["unit_code", "metric_code", "numerator", "denominator"])
        return float(draw_ranks(parts(frame), LOCAL, draws=6_000).first_quarter[0])

    # A is 1.3 standard deviations behind where both are drawn apart, and 1.0 where one lies within the other
    assert ahead(40) == pytest.approx(0.15, abs=0.03)
    assert ahead(41) < ahead(40) - 0.025


counts_of_units = st.lists(st.tuples(st.integers(0, 60), st.floats(0, 1)), min_size=2, max_size=7)


@settings(max_examples=8, deadline=None)
@given(counts_of_units, st.integers(1, 5))
def test_intervals_stay_within_the_number_of_units_and_the_same_seed_repeats(units, seed) -> None:
    dossiers = {f"U{i}": count for i, (count, _) in enumerate(units)}
    card = parts(measures(dossiers, {f"U{i}": share for i, (_, share) in enumerate(units)}))
    held, again = (draw_ranks(card, LOCAL, draws=60, seed=seed) for _ in range(2))
    shuffled = draw_ranks(card.sample(frac=1, random_state=seed), LOCAL, draws=60, seed=seed)
    assert held.equals(again)
    assert held.equals(shuffled)
    assert (held.rank_low >= 1).all()
    assert (held.rank_low <= held.rank_median).all()
    assert (held.rank_median <= held.rank_high).all()
    assert (held.rank_high <= len(units)).all()
    assert ((held.first_quarter >= 0) & (held.first_quarter <= 1)).all()


# --- the table in a lake ---


def keep(lake: Lake, name: str, card: pa.Table, level: str) -> None:
    codes = sorted(set(card["unit_code"].to_pylist()))
    units = pa.table({"unit_code": codes, "unit_name": codes, "unit_level": [level] * len(codes)})
    card = card.append_column("band_vi", pa.nulls(card.num_rows, pa.string()))
    ranked = run_file("scorecards/ranked", card=card, units=units)
    lake.store.update(enforce(ranked, load_contract(name)), f"built/{name}")


def papi_year(year: int, without: str) -> pa.Table:
    return papi.to_scorecard(papi.compose(landed(year, {without}), year), year)


def index766_months(shares: dict[str, float], months: list[date]) -> pa.Table:
    dossiers = dict.fromkeys(shares, 40)
    return score(index766.newest(), pd.concat([measures(dossiers, shares, month) for month in months]))


SHARES = {f"H{i}": 0.5 + i / 20 for i in range(5)}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lake, Built]:
    """A lake in which the intervals were built once, and what that was."""
    lake = Lake(tmp_path_factory.mktemp("ranked"))
    keep(lake, "scorecard_papi", papi_year(2016, without="P07"), "province")
    months = [date(2026, month, 1) for month in range(1, 9)]
    keep(lake, "scorecard_index766", index766_months(SHARES, months), "commune")
    return lake, build_rank_intervals(lake)


@pytest.fixture
def lake(first: tuple[Lake, Built], tmp_path: Path) -> Lake:
    return copy_of(first[0], tmp_path)


def test_the_table_holds_what_is_ranked_with_the_rank_of_the_card(first: tuple[Lake, Built]) -> None:
    lake, built = first
    table = built.table.to_pandas()
    years = table[table["scorecard_id"] == "papi"]
    assert len(years) == 62
    assert "P07" not in set(years["unit_code"])
    assert (years["rank_of"] == 62).all()
    assert (years["draws"] == PAPI_DRAWS).all()
    assert years["method_vi"].str.contains("chưa tính sai số khảo sát").all()
    card = lake.store.read("built/scorecard_papi", schema=pa.schema([])).to_pandas()
    ranks = card[card["rank"].notna()].set_index("unit_code")["rank"].astype(int).to_dict()
    assert years.set_index("unit_code")["rank"].to_dict() == ranks
    counted = table[table["scorecard_id"] == "index766"]
    assert sorted(set(counted["period_start"])) == [date(2026, month, 1) for month in range(3, 9)]
    assert counted["method_vi"].str.contains("nhị thức").all()


def test_an_unchanged_night_computes_nothing_and_changes_no_file(first: tuple[Lake, Built], lake: Lake) -> None:
    path = lake.store.path("built/rank_intervals")
    before = (path.read_bytes(), path.stat().st_mtime_ns)
    second = build_rank_intervals(lake)
    assert (first[1].computed, second.computed) == (first[1].strata, 0)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_only_what_changed_is_computed_again_and_as_if_everything_was(lake: Lake) -> None:
    months = [date(2026, month, 1) for month in range(1, 8)]
    changed = pa.concat_tables(
        [index766_months(SHARES, months), index766_months(SHARES | {"H0": 0.9}, [date(2026, 8, 1)])]
    )
    keep(lake, "scorecard_index766", changed, "commune")
    partly = build_rank_intervals(lake)
    assert partly.computed == 1
    lake.store.path("built/rank_intervals").unlink()
    wholly = build_rank_intervals(lake)
    assert wholly.computed == wholly.strata
    assert wholly.table.equals(partly.table)


def test_a_lake_without_scores_has_an_empty_table(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    for name in ("scorecard_papi", "scorecard_index766"):
        lake.store.update(load_contract(name).arrow_schema().empty_table(), f"built/{name}")
    assert build_rank_intervals(lake).table.num_rows == 0


def test_standard_errors_of_totals_widen_the_intervals_of_their_year(first: tuple[Lake, Built], lake: Lake) -> None:
    plain = first[1]
    card = lake.store.read("built/scorecard_papi", schema=load_contract("scorecard_papi").arrow_schema())
    errors = pa.array([0.9 if code == "TOTAL" else None for code in card["criterion_code"].to_pylist()], pa.float64())
    place = card.schema.get_field_index("standard_error")
    lake.store.update(card.set_column(place, card.schema.field(place), errors), "built/scorecard_papi")
    printed = build_rank_intervals(lake)
    assert printed.computed == 1
    widths = []
    for table in (plain.table, printed.table):
        years = table.to_pandas().query("scorecard_id == 'papi'")
        widths.append((years["rank_high"] - years["rank_low"]).mean())
    assert widths[0] < widths[1]
    assert "sai số chuẩn của tổng điểm" in years["method_vi"].iloc[0]


def test_the_picture_shows_the_newest_year_of_our_own_figures(first: tuple[Lake, Built], lake: Lake) -> None:
    assert newest(first[1].table) is None  # months only
    year = measures(dict.fromkeys(SHARES, 40), SHARES).assign(
        period_type="year", period_start=date(2026, 1, 1), period_end=date(2026, 12, 31)
    )
    keep(lake, "scorecard_index766", score(index766.newest(), year), "commune")
    rows, title = newest(build_rank_intervals(lake).table)
    assert "2026" in title
    assert [dot.label for dot in rows] == ["H4", "H3", "H2", "H1", "H0"]
    assert all(dot.low <= dot.median <= dot.high for dot in rows)
    assert png(dots(rows, WIDE, title)).startswith(b"\x89PNG")


def test_a_group_that_is_carried_for_every_unit_is_ranked_by_its_points() -> None:
    """Rows that do not apply are left out of the parts: of units below, all three criteria of the online group."""
    month = {"period_type": "month", "period_start": date(2026, 10, 1), "period_end": date(2026, 10, 31)}
    measured = pd.DataFrame(
        [
            {"unit_code": unit, "metric_code": code, "numerator": top, "denominator": of, **month}
            for unit, points in (("A", 12.0), ("B", 1.0))
            for code, top, of in (("ONLINE", points, 12.0), ("DOSSIER_ON_TIME", 500.0, 1000.0))
        ]
    )
    portal = index766.newest().for_source("portal")
    card = score(portal, measured, source="portal").to_pandas()
    card = card[(card["criterion_level"] == "criterion") & (card["status"] != "not_applicable")]
    assert "ONLINE_PROCEDURES" not in set(card["criterion_code"])
    found = draw_ranks(card, portal, draws=200)
    assert found["rank_low"].tolist() == found["rank_high"].tolist() == [1, 2]
