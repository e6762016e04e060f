"""`causes.yaml` is read whole, and a mistake in it is named with its line and keys."""

from __future__ import annotations

import pytest

from cchc_pipeline.scorecards.reconciliation.causes import CauseError, Causes, causes
from cchc_pipeline.yaml_files import read_yaml

TEXT = """\
trailing_days: 35
figures:
  received: {metric: M, side: denominator, name_vi: a, name_en: a, sql: "TRUE", indicator: i}
causes:
  - id: A
    name_vi: a
    name_en: a
    sentence_vi: a
    fix_en: a
    where: received_on > as_of_on - $trailing_days
    sets: {is_present: "FALSE"}
unexplained: {id: U, name_vi: u, name_en: u, sentence_vi: u, fix_en: u}
"""


def test_days_are_put_into_the_condition() -> None:
    found = read_yaml(TEXT, Causes, "causes.yaml", CauseError)
    assert "- 35" in found.condition(found.causes[0])
    assert not found.unexplained.applies


@pytest.mark.parametrize(
    ("old", "new", "place", "said"),
    [
        ("    fix_en: a\n", "", "line 5, causes[0].fix_en", "missing"),
        ("where: received_on", "where: CASE WHEN", "line 10, causes[0].where", "SQL does not parse"),
        ("    where: received_on > as_of_on - $trailing_days\n", "", "line 5, causes[0].where", "applies: false"),
        ("side: denominator", "side: top", "line 3, figures.received.side", "'numerator' or 'denominator'"),
        ("indicator: i}", "indicator: i, denominator: x}", "line 3, figures.received.denominator", "no figure"),
        ("unexplained:", "  - {id: A, name_vi: a, name_en: a, sentence_vi: a, fix_en: a, applies: false}\nunexplained:",
         "line 12, causes[1].id", "twice"),
    ],
)  # fmt: skip
def test_a_mistake_has_its_place(old: str, new: str, place: str, said: str) -> None:
    with pytest.raises(CauseError) as refused:
        read_yaml(TEXT.replace(old, new), Causes, "causes.yaml", CauseError)
    assert str(refused.value).startswith(f"causes.yaml, {place}: ")
    assert said in str(refused.value)


def test_an_unknown_cause_is_refused_with_those_there_are() -> None:
    assert causes().cause("D05").number == 5
    with pytest.raises(CauseError, match=r"no cause D99\. Causes are CAPTURED_EARLIER"):
        causes().cause("D99")
