"""Nights on which the portal broke off, or a unit is there no more: what moved is told once, and nothing else is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from score_nights import EVERY, NIGHT, UNITS, metric, night, of, row, scored

from cchc_pipeline.lake.layout import Lake


@pytest.fixture
def lake(tmp_path) -> Lake:
    return Lake(tmp_path)


READ = {"A": "DOSSIER_ON_TIME", "B": "DOSSIER_SYNC"}


def portal_nights(
    lake: Lake, nights: Sequence[tuple[Collection[str], Mapping[str, float]]]
) -> list[list[dict[str, Any]]]:
    """Run nights on each of which the portal gave some of two criteria, of a unit: codes -> points that it stands at.

    The total is their sum. What was not given stays as it was.
    """
    held: dict[str, tuple[float, date]] = {}
    found = []
    for number, (came, points) in enumerate(nights):
        day = NIGHT + timedelta(number)
        held |= {one: (points[one], day + timedelta(1)) for one in READ if one in came or one not in held}
        rows = [row("H99.201", READ[one], value, source="portal") for one, (value, _) in held.items()]
        rows.append(row("H99.201", "TOTAL", sum(value for value, _ in held.values()), source="portal"))
        portal = [metric("H99.201", captured, READ[one]) for one, (_, captured) in held.items()]
        found.append(night(lake, day, rows, portal=portal, only={READ[one] for one in came} if number else None))
    return found


def test_what_moved_while_the_pull_broke_off_is_told_with_the_next_whole_night(lake):
    """A rises on a night that leaves B out; on the next B rises a little: the total rose by both, and most by A."""
    _, broken, after = portal_nights(
        lake, [("AB", {"A": 10.0, "B": 5.0}), ("A", {"A": 13.0}), ("AB", {"A": 13.0, "B": 6.0})]
    )
    mixed = of(broken, "H99.201", source="portal")
    assert (mixed["points"], mixed["change"], mixed["is_older_figure"]) == (18.0, None, True)
    assert mixed["change_reason_vi"] == (
        "Cổng chưa cung cấp đủ số liệu mới: một phần giữ số liệu đọc ngày 11/10/2026, nói tăng, giảm khi có đủ"
    )
    assert of(broken, "H99.201", READ["A"], "portal")["change"] == 3.0
    total = of(after, "H99.201", source="portal")
    assert (total["before_on"], total["points_before"], total["change"]) == (NIGHT, 15.0, 4.0)
    assert total["moved_by"] == READ["A"], "it moved the total most since the night that it is compared with"
    assert of(after, "H99.201", READ["A"], "portal")["change"] == 0.0


@settings(max_examples=8, deadline=None)
@given(nights=st.lists(st.tuples(st.sampled_from(["", "A", "B", "AB"]), st.fixed_dictionaries(
    {one: st.integers(0, 8).map(lambda n: n * 1.25) for one in READ})), min_size=2, max_size=9))  # fmt: skip
def test_told_changes_add_up_between_whole_nights_however_many_broke_off(tmp_path_factory, nights):
    lake = Lake(tmp_path_factory.mktemp("lake"))
    found = portal_nights(lake, nights)
    for code in (*READ.values(), "TOTAL"):
        rows = [of(one, "H99.201", code, "portal") for one in found]
        told, ups = 0.0, 0
        for number, one in enumerate(rows):
            assert (one["change"] is None) == (one["is_older_figure"] or number == 0), (code, number)
            told += one["change"] or 0.0
            if not one["is_older_figure"]:
                assert told == one["points"] - rows[0]["points"], (code, number)
                ups = ups + 1 if one["direction"] == "up" else 0
                assert one["direction"] != "up" or one["streak_nights"] == ups
            if one["change_week"] is not None:
                base = rows[(one["week_before_on"] - NIGHT).days]
                whole = rows[(one["figures_on"] - NIGHT).days]
                assert not base["is_older_figure"] and 7 <= (one["night_on"] - base["night_on"]).days < 14
                assert one["points"] == whole["points"]
                assert one["change_week"] == one["points"] - base["points"] == whole["points"] - base["points"]


def test_a_unit_that_is_there_no_more_stands_with_its_reason(lake):
    night(lake, NIGHT, scored(EVERY | {"H99.201": 12.0}))
    for day in (1, 2):
        rows = night(lake, NIGHT + timedelta(day), scored({unit: 10.0 for unit in UNITS if unit != "H99.201"}))
        gone, left = of(rows, "H99.201"), of(rows, "H99.202")
        assert (gone["points"], gone["status"], gone["rank"], gone["change"]) == (None, "missing", None, None)
        assert gone["change_reason_vi"] == gone["reason_vi"]
        assert gone["reason_vi"] == "Đơn vị có ở đêm trước nhưng không có trong số liệu của đêm này"
        assert gone["unit_level"] == "commune" and gone["points_before"] == (12.0 if day == 1 else None)
        assert (left["rank"], left["rank_of"]) == (1, 1)
        assert left["rank_before"] == (None if day == 1 else 1), "nobody rises by the leaving of another"
    back = of(night(lake, NIGHT + timedelta(3), scored(EVERY)), "H99.201")
    assert (back["points"], back["change"]) == (10.0, None)
