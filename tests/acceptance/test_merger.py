"""A province that loses its districts in the middle of the data: the whole way, over HTTP, and on both maps.

What is expected is counted from the dossiers of the sandbox, one by one, without the pipeline's history of units.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date

import pytest
from desk import Desk, Desks, Night

from cchc_pipeline.sandbox.life import workdays
from cchc_pipeline.sandbox.scenarios.merger_2025 import COMMUNES, DISTRICTS, DIVIDED, FORMER, MERGED_ON

pytestmark = pytest.mark.acceptance

FIRST, LAST = date(2025, 6, 23), date(2025, 7, 10)
#: Of a code with two holders, who held it first.
EARLIER = "H99.201.TO25.0630"
HEIR = {(EARLIER if old == "H99.201" else old): new for new, _, olds in COMMUNES for old in olds}


@pytest.fixture(scope="module")
def desk(make_desk: Desks) -> Desk:
    return make_desk("merger", scenario="merger-2025", size=0.3, nights=((FIRST, LAST),), CCHC_OVERLAP_DAYS="1")


@pytest.fixture(scope="module")
def night(desk: Desk) -> Night:
    return desk.nights[0]


def unit_id(life) -> str:
    return EARLIER if life.unit.code == "H99.201" and life.unit.valid_to else life.unit.code


@pytest.fixture(scope="module")
def lives(desk):
    """(unit, day of reception, day of closing or None) of every dossier that counts at the end of the last day."""
    clock = workdays.end_of(LAST)
    found = []
    for life in desk.province.lives_between(FIRST, LAST):
        seen = life.seen(clock) if life.defect is None else None
        if seen is None or seen.received_at is None or seen.status in (1, 3):
            continue
        closed = seen.finished_at.date() if seen.status in (7, 8, 9, 10) and seen.finished_at else None
        found.append((unit_id(life), seen.received_at.date(), closed))
    return found


def values(night, table, indicator, kind="year"):
    return {
        (row["unit_code"], row["period_start"]): row
        for row in night.published.rows(table)
        if row["indicator_id"] == indicator and row["period_type"] == kind
    }


YEAR, JUNE, JULY = date(2025, 1, 1), date(2025, 6, 1), date(2025, 7, 1)


def test_the_province_has_one_total_before_and_after(night, lives):
    for table in ("indicator_values", "indicator_values_today"):
        received = values(night, table, "received_total")["H99", YEAR]["numerator"]
        resolved = values(night, table, "resolved_total")["H99", YEAR]["numerator"]
        pending = values(night, table, "pending_total")["H99", YEAR]["numerator"]
        assert received == len(lives) > 100
        assert resolved == sum(closed is not None for *_, closed in lives)
        assert pending == received - resolved


def test_today_every_new_commune_has_what_its_parts_had(night, lives):
    expected = Counter(HEIR.get(unit, unit) for unit, *_ in lives)
    found = values(night, "indicator_values_today", "received_total")
    for code, *_ in COMMUNES:
        assert found[code, YEAR]["numerator"] == expected[code] > 0
    assert not {unit for unit, _ in found} & set(HEIR)


def test_today_a_divided_commune_stands_by_itself_and_its_parts_say_so(night, lives):
    divided, parts = DIVIDED
    found = values(night, "indicator_values_today", "received_total")
    assert found[divided, YEAR]["numerator"] == sum(unit == divided for unit, *_ in lives) > 0
    for code, *_ in COMMUNES:
        row = found[code, YEAR]
        assert row["is_exact"] == (code not in parts)
        assert ("UBND Xã Cũ 03 (đến 30/06/2025)" in (row["note_vi"] or "")) == (code in parts)
    assert found["H99", YEAR]["is_exact"]


def test_as_it_was_june_is_the_districts(night, lives):
    found = values(night, "indicator_values", "received_total", "month")
    district = {code: above for code, _, above in FORMER} | {EARLIER: "H99.41"}
    expected: dict[str, int] = defaultdict(int)
    for unit, received, _ in lives:
        if received < MERGED_ON and unit in district:
            expected[unit] += 1
            expected[district[unit]] += 1
    for code in (*(c for c, _ in DISTRICTS), *HEIR, DIVIDED[0]):
        assert found[code, JUNE]["numerator"] == expected[code] > 0
    assert ("H99.41", JULY) not in found
    assert ("H99.203", JUNE) not in found


def test_a_code_that_changed_hands_is_two_units(night, lives):
    found = values(night, "indicator_values", "received_total", "month")
    before = sum(unit == EARLIER and received < MERGED_ON for unit, received, _ in lives)
    since = sum(unit == "H99.201" for unit, *_ in lives)
    assert found[EARLIER, JUNE]["numerator"] == before > 0
    assert found["H99.201", JULY]["numerator"] == since > 0
    closed = {
        row["unit_code"]
        for row in night.published.rows("dossiers")
        if row["closed_on"] and row["closed_on"] >= MERGED_ON
    }
    assert EARLIER in closed, "a dossier of the township stays its own when it is closed after the change"


def test_as_it_was_open_dossiers_pass_to_the_successor(night, lives):
    found = values(night, "indicator_values", "pending_total", "month")
    for code, *_ in COMMUNES:
        pending = sum(HEIR.get(unit, unit) == code and closed is None for unit, _, closed in lives)
        assert found[code, JULY]["numerator"] == pending


def test_units_and_changes_are_published(night):
    units = {row["unit_code"]: row for row in night.published.rows("units")}
    assert units["H99.41.01"]["parent_code"] == "H99.41"
    assert (units["H99.41"]["unit_level"], units["H99.41"]["is_current"]) == ("district", False)
    assert units[EARLIER]["agency_code"] == "H99.201"
    assert units["H99.203"]["predecessor_codes"] == "H99.42.01 H99.42.02"
    changes = night.published.rows("unit_changes")
    assert Counter(row["kind"] for row in changes) == {"merged": 6, "split": 2, "dissolved": 2}
    assert {row["old_code"] for row in changes if not row["is_exact"]} == {DIVIDED[0], "H99.41", "H99.42"}


def test_nothing_small_is_in_the_public_table(night):
    rows = night.published.rows("indicator_values_public")
    assert {row["period_type"] for row in rows} == {"month", "quarter", "year"}
    counted = [r for r in rows if r["indicator_id"] in ("received_total", "resolved_late", "pending_overdue")]
    assert counted
    assert not [row for row in counted if row["numerator"] is not None and 0 < row["numerator"] < 5]
    assert any(row["is_suppressed"] for row in rows)
