"""The published figures of Đắk Nông come out of the raw records exactly."""

from __future__ import annotations

import csv
import json
from datetime import date

import pytest
from published_files import published

from cchc_pipeline.sandbox.life import workdays
from cchc_pipeline.sandbox.life.steps import WAITING
from cchc_pipeline.sandbox.province import Province
from cchc_pipeline.sandbox.servers.one_stop import OneStop
from cchc_pipeline.sandbox.servers.portal_counts import GROUPS, Portal
from cchc_pipeline.sandbox.truth.indicators import Truth, indicator_truth

pytestmark = pytest.mark.acceptance

START, END = date(2019, 11, 16), date(2020, 11, 8)
DEPARTMENTS = {
    "khdt": "H16.05", "tnmt": "H16.12", "xd": "H16.16", "ldtbxh": "H16.07", "yt": "H16.17", "nv": "H16.09",
    "gddt": "H16.03", "nnptnt": "H16.10", "vhttdl": "H16.15", "tc": "H16.11",
}  # fmt: skip


@pytest.fixture(scope="module")
def province() -> Province:
    return Province("dak-nong-2020", size=7)


@pytest.fixture(scope="module")
def truth(province: Province) -> Truth:
    return indicator_truth(province, date(2020, 12, 31), START, END)


def count(truth: Truth, indicator: str, unit: str = "H16") -> float:
    return truth[indicator, unit][0]


RESOLVED = {"resolved_early": 5_072, "resolved_on_time": 21_836, "resolved_late": 102}
RECEIVED = {"received_total": 28_044, "received_online": 13_253, "carried_over": 0}
REST = {"resolved_total": 27_010, "pending_total": 1_034}
SERVICES = {"procedures_information_count": 1_234, "procedures_partial_count": 614, "procedures_full_count": 60}


def test_published_counts(truth: Truth) -> None:
    expected = RESOLVED | RECEIVED | REST | SERVICES
    assert {name: count(truth, name) for name in expected} == expected


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_published_counts_hold_for_every_seed(seed: int) -> None:
    truth = indicator_truth(Province("dak-nong-2020", seed), END, START, END)
    expected = RESOLVED | RECEIVED
    assert {name: count(truth, name) for name in expected} == expected


@pytest.fixture(scope="module")
def late(province: Province) -> dict[str, list[str]]:
    """Cause -> the unit of each dossier that was late."""
    late: dict[str, list[str]] = {"fact": [], "software": [], "judicial": []}
    for life in province.lives_between(START, END):
        if life.closed_at is None or life.due_at is None or life.closed_status != 9 or life.closed_at.date() > END:
            continue
        due = (life.extended_due_at or life.due_at).date()
        if life.closed_at.date() <= due:
            continue
        assert life.result_issued_on is not None
        in_software = "software" if life.result_issued_on <= due else "fact"
        late["judicial" if life.late_cause == "other_authority" else in_software].append(life.unit.code)
    return late


def test_the_102_late_dossiers(late: dict[str, list[str]], truth: Truth) -> None:
    assert {kind: len(units) for kind, units in late.items()} == {"fact": 13, "software": 25, "judicial": 64}
    assert set(late["judicial"]) == {"H16.14"}
    assert count(truth, "resolved_late", "H16.14") == 64


@pytest.mark.acceptance
def test_the_late_dossiers_of_each_department(late: dict[str, list[str]], truth: Truth) -> None:
    with published("acceptance/seed_figures.csv").open(encoding="utf-8") as file:
        figures = {row["id"]: row["value"] for row in csv.DictReader(file)}
    for name, unit in DEPARTMENTS.items():
        assert late["fact"].count(unit) == int(figures.get(f"dn20.late_real.{name}") or 0)
        assert late["software"].count(unit) == int(figures.get(f"dn20.late_software_only.{name}") or 0)
        assert truth["apology_rate", unit][0] == int(figures.get(f"dn20.late_real_apology.{name}") or 0)


def test_the_window_really_cuts(province: Province) -> None:
    before = indicator_truth(province, END, date(2019, 10, 1), date(2019, 11, 15))
    after = indicator_truth(province, date(2020, 12, 31), date(2020, 11, 9), date(2020, 12, 31))
    assert count(before, "received_total") == count(before, "resolved_total") > 3_000
    assert count(after, "received_total") > 3_000
    assert count(after, "carried_over") == 1_034
    assert province.lives(date(2021, 1, 4)) == []


def test_figures_do_not_move_after_the_window(province: Province, truth: Truth) -> None:
    at_the_end = indicator_truth(province, END, START, END)
    for indicator in ("received_total", "resolved_total", "resolved_early", "resolved_late", "pending_total"):
        assert at_the_end[indicator, "H16"] == truth[indicator, "H16"]


def test_decisions_and_ratings(province: Province, truth: Truth) -> None:
    year = indicator_truth(province, date(2020, 12, 31), date(2020, 1, 1), date(2020, 12, 31))
    assert count(year, "publication_decisions_count") == 13
    assert count(year, "published_procedures_count") == 183
    satisfied, rated = truth["satisfaction_rate", "H16"]
    assert rated is not None
    assert round(100 * satisfied / rated, 1) == 98.8


def test_units_and_clean_records(province: Province) -> None:
    levels = [unit.level for unit in province.units]
    assert [levels.count(level) for level in ("province", "department", "district", "commune")] == [1, 19, 8, 71]
    assert province.size == 1.0
    assert province.expected_defects(date(2020, 12, 31), date(2019, 1, 1), date(2020, 12, 31)) == []


def test_every_record_renders(province: Province) -> None:
    book, clock = OneStop(province), workdays.end_of(END)
    levels, steps = set(), 0
    for life in province.lives_between(date(2020, 6, 1), date(2020, 7, 15)):
        seen = life.seen(clock)
        assert seen is not None
        record = json.loads(book.dossier(life, seen, clock))
        levels.add(record["agencyLevel"]["code"])
        steps += any(task["bpmProcessDefinitionTask"]["name"]["name"] == WAITING for task in record["task"])
    assert levels == {"SO", "QUANHUYEN", "XAPHUONG"}
    assert steps > 0


def test_the_portal_scores_three_levels(province: Province) -> None:
    portal, clock = Portal(province), workdays.end_of(END)
    for code in ("H16", "H16.41", "H16.41.01", "H16.14"):
        scores = portal.scores(province.scenario.unit(code), clock, date(2020, 1, 1), date(2020, 12, 31))
        assert all(0 <= scores[group] <= maximum for group, (_, maximum) in GROUPS.items())
