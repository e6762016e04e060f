"""Two nights of which only one unit changed: table, page and command name the unit, the criterion and the dossier."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from html import unescape

import pytest
from desk import Desk, Desks, Night

from cchc_pipeline.sandbox.life import workdays
from cchc_pipeline.sandbox.life.dossiers import Life

pytestmark = pytest.mark.e2e

#: A Saturday and the Sunday after it: no office works, no due date passes.
FIRST, SATURDAY, SUNDAY = date(2026, 9, 1), date(2026, 9, 12), date(2026, 9, 13)


@dataclass(frozen=True)
class Story:
    """Two nights; between them somebody corrects the finish date of one dossier, which then was late."""

    desk: Desk
    before: Night
    after: Night
    dossier: Life


def on_time(life: Life) -> bool:
    """Whether the dossier was plainly finished in time, and would have been late a day after its due date."""
    until = workdays.end_of(SATURDAY)
    return (
        life.defect is None
        and life.due_at is not None
        and life.closed_at is not None
        and life.closed_at < life.due_at < until - timedelta(days=2)
        and (life.returned_at is None or life.returned_at > until)
        and life.unit.level != "province"
        and not (life.extended_due_at or life.suspended_at or life.corrected_closed_at)
        and life.status_at(until) == 9
    )


@pytest.fixture(scope="module")
def story(make_desk: Desks) -> Story:
    desk = make_desk("score-days", size=0.1, nights=((FIRST, SATURDAY),))
    found = [(day, place, life) for day in workdays.days(FIRST, SATURDAY)
             for place, life in enumerate(desk.province.lives(day)) if on_time(life)]  # fmt: skip
    day, place, life = found[0]
    assert life.due_at is not None
    desk.province.lives(day)[place] = replace(life, closed_at=life.due_at + timedelta(days=1))
    after = desk.run(SUNDAY, CCHC_OVERLAP_DAYS="12")
    assert after.outcome.success, after.outcome.failures
    return Story(desk, desk.nights[0], after, life)


def test_the_table_names_the_unit_the_criterion_and_the_dossier_first(story: Story) -> None:
    newest = [row for row in story.after.published.rows("score_days") if row["night_on"] == SUNDAY]
    own = [row for row in newest if row["source"] == "local" and row["unit_level"] != "province"]
    moved = {row["unit_code"] for row in own if row["change"]}
    assert moved == {story.dossier.unit.code}
    first = {row["criterion_level"]: row for row in own if row["move_order"] == 1}
    assert first["total"]["change"] < 0 and first["total"]["moved_by"] == "DOSSIER_ON_TIME"
    criterion = first["criterion"]
    assert (criterion["criterion_code"], criterion["before_on"]) == ("DOSSIER_ON_TIME", SATURDAY)
    assert (criterion["dossiers_moved_count"], criterion["dossier_codes"]) == (1, story.dossier.dossier_code)
    assert criterion["numerator_before"] - criterion["numerator"] == 1
    # On a day off pages of the portal's catalogue take the place of the closed month.
    older = {row["period_start"] for row in newest if row["is_older_figure"]}
    assert FIRST not in older, "the portal was read on both nights"
    assert older <= {date(2026, 8, 1)}


def test_the_page_names_the_unit_and_the_criterion_first_and_no_dossier(story: Story) -> None:
    page = (story.after.published.folder / "site/days.html").read_text(encoding="utf-8")
    first = re.search(r'<ol class="moves">(.*?)</li>', page, re.DOTALL)
    assert first is not None
    assert f"units/{story.dossier.unit.code}.html" in first[1] and "Tiến độ giải quyết" in first[1]
    assert f"cchc explain DOSSIER_ON_TIME --unit {story.dossier.unit.code} " in first[1]
    for name in ("days.html", "index.html", f"units/{story.dossier.unit.code}.html"):
        text = (story.after.published.folder / "site" / name).read_text(encoding="utf-8")
        assert str(story.dossier.dossier_code) not in text, "pages are public"


def test_the_command_of_table_and_page_lists_the_dossier_first(story: Story) -> None:
    row = next(
        row
        for row in story.after.published.rows("score_days")
        if row["night_on"] == SUNDAY and row["move_order"] == 1 and row["explain_command"]
        and row["unit_level"] != "province"
    )  # fmt: skip
    page = (story.after.published.folder / "site/days.html").read_text(encoding="utf-8")
    first_command = re.search(r"<code[^>]*>(.*?)</code>", page)
    assert first_command is not None and unescape(first_command[1]) == row["explain_command"]
    said = story.desk.output(*row["explain_command"].split()[1:], "--format", "csv")
    heads, *lines = said.splitlines()
    every = [dict(zip(heads.split(","), line.split(","), strict=False)) for line in lines]
    listed = every[0]
    assert (listed["side"], listed["dossier_code"]) == ("moved", story.dossier.dossier_code)
    assert sum(one["side"] == "moved" for one in every) == row["dossiers_moved_count"]
    assert (float(listed["numerator_before"]), float(listed["numerator"])) == (1, 0)
