"""What the published scorecards say beside points: rank among units of a level, band, caveats."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest


@pytest.fixture(scope="module")
def card(published_lake):
    return pq.read_table(published_lake.published / "current" / "scorecard_index766.parquet").to_pandas()


def test_totals_are_ranked_among_units_of_their_level_by_achieved_over_reachable(card) -> None:
    totals = card[(card["criterion_level"] == "total") & card["ratio"].notna()]
    assert len(totals)
    for _, alike in totals.groupby(["source", "period_type", "period_start", "unit_level"]):
        assert (alike["rank_of"] == len(alike)).all()
        assert (alike["rank"] == alike["ratio"].rank(ascending=False, method="min")).all()
    others = card[(card["criterion_level"] != "total") | card["ratio"].isna()]
    assert others["rank"].isna().all()
    assert others["rank_of"].isna().all()


def test_a_band_is_named_only_where_enough_was_scored(card) -> None:
    totals = card[card["criterion_level"] == "total"]
    scored = totals["denominator"] / totals["max_points"]
    assert totals.loc[scored < 0.8, "band_vi"].isna().all()
    named = totals[totals["band_vi"].notna()]
    assert named["band_vi"].str.endswith(" (tạm tính)").equals(named["denominator"] < named["max_points"])
    assert card.loc[card["criterion_level"] != "total", "band_vi"].isna().all()


def test_a_total_over_few_or_no_dossiers_says_so_without_a_count(card) -> None:
    period = ["unit_code", "source", "period_type", "period_start", "period_end"]
    timely = card[(card["criterion_code"] == "DOSSIER_ON_TIME") & (card["status"] == "ok")].set_index(period)
    totals = card[card["criterion_level"] == "total"].set_index(period)
    received = timely["denominator"].fillna(0).reindex(totals.index)
    said = totals["reason_vi"].fillna("")
    few, none = said.str.contains("dưới 10 hồ sơ tiếp nhận"), said.str.contains("không có hồ sơ tiếp nhận")
    assert few.any()
    assert few.equals(received.between(1, 9))
    assert none.equals(received == 0)
