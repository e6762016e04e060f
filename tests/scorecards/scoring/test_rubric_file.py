"""Rubric files: what is read, and how a bad one is refused."""

from __future__ import annotations

import copy
import pickle
import re
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from rubric_files import criterion, group, rubric_content, rubric_from

from cchc_pipeline.scorecards.scoring.rubric import RubricError, parse_rubric, read_rubric
from cchc_pipeline.scorecards.scoring.rubric_set import SHIPPED_FOLDER, shipped
from cchc_pipeline.scorecards.scoring.rule import RuleKind

BAND = {"code": "good", "name_vi": "Tốt", "name_en": "Good", "from_share": 0.8}
GOOD = rubric_content(group("G", criterion("A", 2.5, {"kind": "linear", "full_at": 0.8})), bands=[BAND])
GOOD |= {"id": "demo", "valid_from": date(2026, 1, 1)}


def changed(**changes: Any) -> dict[str, Any]:
    rubric = copy.deepcopy(GOOD)
    rubric["groups"][0]["criteria"][0].update(changes)
    return rubric


def test_numbers_are_read_as_written() -> None:
    criterion = rubric_from(GOOD).criterion("A")
    assert criterion.max_hundredths == 250
    assert criterion.rule.full_at == Fraction(4, 5)
    assert criterion.rule.label() == "linear(full_at=0.8)"


CRITERION = "groups[0].criteria[0]"


@pytest.mark.parametrize(
    ("changes", "place", "said"),
    [
        ({"max": 1.005}, "max", "two decimals (found 1.005)"),
        ({"max": 0}, "max", "above 0; use the rule not_applicable"),
        ({"max": "six"}, "max", "must be a number (found 'six')"),
        ({"rule": {"kind": "linear", "full_at": 80}}, "rule.full_at", "80% is 0.8 (found 80)"),
        ({"rule": {"kind": "linear", "full_at": 0}}, "rule.full_at", "above 0"),
        ({"rule": {"kind": "linear", "floor": 0.5}}, "rule.floor", "linear has no floor; remove it"),
        ({"rule": {"kind": "linear_above_floor", "floor": 0.95, "full_at": 0.9}}, "rule.floor", "below full_at"),
        ({"rule": {"kind": "linear_above_floor", "full_at": 0.9}}, "rule.floor", "needs floor; add it"),
        (
            {"rule": {"kind": "steps", "steps": [{"at": 0.5, "points": 2}, {"at": 0.8, "points": 1}]}},
            "rule.steps", "must not fall",
        ),
        ({"rule": {"kind": "steps", "steps": [{"at": 0.5, "points": 3}]}}, "rule.steps", "between 0 and max"),
        (
            {"rule": {"kind": "steps", "steps": [{"at": 0.8, "points": 1}, {"at": 0.5, "points": 2}]}},
            "rule.steps", "rising order",
        ),
        ({"rule": {"kind": "steps", "steps": []}}, "rule.steps", "rising order"),
        ({"rule": {"kind": "steps"}}, "rule.steps", "needs steps; add it"),
        ({"rule": "liner"}, "rule", "'linear', 'linear_above_floor'"),
        ({"rule": ["linear"]}, "rule", "dictionary"),
        ({"rule": {"kind": "bonus", "points_each": -1}}, "rule.points_each", "must be above 0"),
        ({"source": "rumour"}, "source", "'indicator', 'portal'"),
        ({"source": "indicator"}, "source", "belong together"),
        ({"indicator": "online_rate"}, "source", "belong together"),
        ({"zero_denominator": "half"}, "zero_denominator", "'full', 'zero' or 'missing' (found 'half')"),
        ({"name_vi": " "}, "name_vi", "at least 1 character"),
        ({"is_provisional": "yes"}, "is_provisional", "boolean"),
        ({"weight": 2}, "weight", "unknown key"),
    ],
)  # fmt: skip
def test_a_bad_criterion_is_named_with_file_line_and_keys(changes: dict[str, Any], place: str, said: str) -> None:
    with pytest.raises(RubricError, match=r"demo\.yaml, line \d+, ") as refused:
        rubric_from(changed(**changes), "demo.yaml")
    assert f", {CRITERION}.{place}: " in str(refused.value)
    assert said in str(refused.value)
    assert str(pickle.loads(pickle.dumps(refused.value))) == str(refused.value)  # noqa: S301


def test_the_line_of_a_mistake_is_that_of_the_file() -> None:
    text = yaml.safe_dump(changed(max=0), sort_keys=False)
    line = text.splitlines().index("    max: 0") + 1
    with pytest.raises(RubricError, match=rf"^a\.yaml, line {line}, groups\[0\]\.criteria\[0\]\.max: "):
        parse_rubric(text, "a.yaml")


@pytest.mark.parametrize(
    ("change", "place", "said"),
    [
        (lambda r: r["groups"].append(r["groups"][0]), "groups[1].code", "occurs more than once"),
        (lambda r: r["groups"][0].update(code="TOTAL"), "groups[0].code", "reserved"),
        (lambda r: r["groups"][0].update(code="A"), f"{CRITERION}.code", "'A' occurs more than once"),
        (lambda r: r["groups"][0].update(criteria=[]), "groups[0]", "group G has no criteria"),
        (lambda r: r["groups"][0].update(criteria=[], missing_reason_vi="chưa có"), "groups", "no criterion at all"),
        (lambda r: r["groups"][0].update(criteria={"a": 1}), "groups[0].criteria", "tuple"),
        (lambda r: r.pop("id"), "id", "missing"),
        (lambda r: r.update(valid_to=date(2025, 1, 1)), "valid_to", "lies before"),
        (lambda r: r.update(valid_from="soon"), "valid_from", "date"),
        (lambda r: r.update(unit_levels=["village"]), "unit_levels", "village; use province"),
        (lambda r: r.update(origin="a.yaml"), "origin", "unknown key"),
        (lambda r: r["bands"][0].pop("name_en"), "bands[0].name_en", "missing"),
        (
            lambda r: r["groups"][0]["criteria"][0].update(within="B"),
            f"{CRITERION}.within",
            "'B' is no other criterion",
        ),
        (
            lambda r: r["groups"][0]["criteria"][0].update(within="A"),
            f"{CRITERION}.within",
            "'A' is no other criterion",
        ),
    ],
)
def test_a_bad_tree_is_refused(change: Any, place: str, said: str) -> None:
    rubric = copy.deepcopy(GOOD)
    change(rubric)
    with pytest.raises(RubricError, match=r"^demo\.yaml, line \d+, ") as refused:
        rubric_from(rubric, "demo.yaml")
    assert f", {place}: " in str(refused.value)
    assert said in str(refused.value)


def test_files_that_are_no_rubric(tmp_path: Path) -> None:
    file = tmp_path / "r.yaml"
    for content in (b"\xff\xfe\x00", b"a: [", b"- 1", b""):
        file.write_bytes(content)
        with pytest.raises(RubricError, match=r"r\.yaml"):
            read_rubric(file)
    with pytest.raises(RubricError, match=r"absent\.yaml: cannot be read"):
        read_rubric(tmp_path / "absent.yaml")


def test_read_rubric_accepts_an_imported_file(tmp_path: Path) -> None:
    file = tmp_path / "office.yaml"
    file.write_text(yaml.safe_dump(GOOD, allow_unicode=True), encoding="utf-8")
    assert read_rubric(file) == rubric_from(GOOD, "office.yaml")


def test_shipped_rubrics_are_complete() -> None:
    for name in ("index766", "par_index"):
        rubric = shipped().find(name)
        assert rubric.id == name
        assert all(criterion.name_vi and criterion.name_en for criterion in rubric.criteria())
        assert rubric.is_valid_on(date(2026, 11, 1))
        assert not rubric.is_valid_on(date(2010, 1, 1))
    assert set(shipped().ids) == {"index766", "par_index", "par_index_department", "par_index_commune"}
    for file in SHIPPED_FOLDER.glob("*.yaml"):
        assert file.stem == "papi" or file.stem.startswith(read_rubric(file).id)


def test_index766_maxima_add_up_to_100_from_either_source() -> None:
    for source in ("local", "portal"):
        criteria = shipped().find("index766").for_source(source).criteria()
        assert sum(one.max_hundredths for one in criteria if not one.in_place_of) == 100_00
        assert all(c.rule.kind is not RuleKind.CARRIED for c in criteria) == (source == "local")


def test_bands() -> None:
    rubric = shipped().find("index766")
    bands = {points: rubric.band(points, 100) for points in (100, 90, 89.99, 80, 76.9, 50, 49.99, 0)}
    names = {points: band.name_vi for points, band in bands.items() if band}
    assert names == {
        100: "Xuất sắc", 90: "Xuất sắc", 89.99: "Tốt", 80: "Tốt", 76.9: "Khá", 50: "Trung bình", 49.99: "Yếu",
        0: "Yếu",
    }  # fmt: skip
    assert rubric.band(0, 0) is None
    assert shipped().find("par_index").band(1, 1) is None


@pytest.mark.parametrize(
    ("carrier", "head", "said"),
    [
        ({"rule": "carried", "in_place_of": ["A", "C"]}, {}, "must name criteria of the same group; it has A, B"),
        ({"rule": "carried", "in_place_of": ["A"]}, {}, "their maxima must add up to 5"),
        ({"rule": "flag", "in_place_of": ["A", "B"]}, {}, "only published points stand for others"),
        ({"rule": "carried", "in_place_of": ["A", "B"]}, {"replaced_by": "1"}, "a version cannot replace itself"),
        ({"rule": "carried", "rounded_ratio": "sometimes"}, {}, "rounded_ratio"),
    ],
)
def test_what_a_published_sum_cannot_stand_for(carrier: dict[str, Any], head: dict[str, Any], said: str) -> None:
    items = [criterion("A", 2, "linear"), criterion("B", 3, "linear")]
    one = group("G", *items, criterion("SUM", 5, carrier.pop("rule"), **carrier))
    with pytest.raises(RubricError, match=re.escape(said)):
        rubric_from(rubric_content(one, group("H", criterion("C", 3, "linear")), **head))
