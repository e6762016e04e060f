"""What waits in quarantine, night after night: a record corrected at the source leaves, a released one is counted.

That one whose release is taken back waits again and is not counted: `tests/validation/test_released_rows`, and what is
told of it: `tests/cli/test_quarantine_commands`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date

import pytest
from desk import Desk, Desks, Night

pytestmark = pytest.mark.e2e

FIRST, LOADED, NEXT = date(2026, 9, 1), date(2026, 9, 3), date(2026, 9, 4)
TABLE = "one_stop__dossiers"


@dataclass(frozen=True)
class Story:
    """Two runs: a first load, and a night after one record was released and one corrected at the source."""

    desk: Desk
    released: str
    corrected: str
    others: set[str]
    loaded: Night
    next_night: Night


@pytest.fixture(scope="module")
def story(make_desk: Desks) -> Story:
    desk = make_desk("quarantine", size=0.2, small=True, defects=0.3, days=10)
    desk.set_clock_after(LOADED)
    loaded = desk.run(FIRST, LOADED)
    listed = json.loads(desk.output("quarantine", "list", "--rule", "DQ08", "--format", "json"))
    only_due = [row["row_key"] for row in listed if row["rule_ids"] == f"{TABLE}.DQ08"]
    released, corrected, *_ = only_due
    about = ("--table", TABLE, "--reason", "đã đối chiếu sổ", "--by", "Trần Thị Mẫu")
    desk.output("quarantine", "release", released, *about)
    for day in (FIRST, date(2026, 9, 2), LOADED):
        lives = desk.province.lives(day)
        for place, life in enumerate(lives):
            if life.dossier_id == corrected:  # someone at the counter corrects the due date
                lives[place] = replace(life, defect=None)
    desk.set_clock_after(NEXT)
    next_night = desk.run(NEXT)
    others = {row["row_key"] for row in loaded.published.rows("quarantine")} - {released, corrected}
    return Story(desk, released, corrected, others, loaded, next_night)


def keys(night: Night, table: str = "quarantine", column: str = "row_key") -> set[str]:
    assert night.outcome.success, night.outcome.failures
    return {row[column] for row in night.published.rows(table)}


def test_both_wait_at_first(story: Story) -> None:
    assert {story.released, story.corrected} <= keys(story.loaded)
    assert not {story.released, story.corrected} & keys(story.loaded, "dossiers", "dossier_id")


def test_a_record_corrected_at_the_source_leaves_by_itself_and_is_counted(story: Story) -> None:
    assert story.corrected not in keys(story.next_night)
    assert story.corrected in keys(story.next_night, "dossiers", "dossier_id")


def test_a_released_record_is_counted_and_the_release_is_published(story: Story) -> None:
    assert story.released not in keys(story.next_night)
    assert story.released in keys(story.next_night, "dossiers", "dossier_id")
    (told,) = story.next_night.published.rows("quarantine_releases")
    assert (told["row_key"], told["rule_ids"], told["is_active"]) == (story.released, f"{TABLE}.DQ08", True)
    assert (told["released_by"], told["release_reason"]) == ("Trần Thị Mẫu", "đã đối chiếu sổ")


def test_the_others_go_on_waiting_and_say_since_when(story: Story) -> None:
    held = {row["row_key"]: row for row in story.next_night.published.rows("quarantine")}
    assert story.others <= set(held)
    for key in story.others:
        row = held[key]
        assert row["first_seen_on"] <= LOADED
        assert row["first_seen_at"] <= row["last_seen_at"]
        assert row["times_seen"] >= 1
    assert max(held[key]["times_seen"] for key in story.others) == 2  # read again with the overlap
    assert {held[key]["last_seen_on"] for key in story.others} >= {NEXT}


def test_one_that_waits_is_shown_and_one_that_was_corrected_has_left(story: Story) -> None:
    waiting = story.desk.output("quarantine", "show", min(story.others))
    assert min(story.others) in waiting and "→" in waiting
    assert "corrected has left" in story.desk.output("quarantine", "show", story.corrected, code=1)
