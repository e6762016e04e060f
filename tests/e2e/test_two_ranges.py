"""A first load in parts, and all of it judged anew: the same figures as in one piece."""

from __future__ import annotations

from datetime import date

import pytest
from e2e_desk import INBOUND, Night, TwoRanges, differences, periods_of

pytestmark = pytest.mark.e2e

FIRST, LAST = date(2026, 9, 1), date(2026, 9, 16)


def test_both_runs_are_green(two_ranges: TwoRanges) -> None:
    assert two_ranges.first.outcome.success, two_ranges.first.outcome.failures
    assert two_ranges.second.outcome.success, two_ranges.second.outcome.failures


def test_a_dossier_finished_after_the_range_is_no_defect(two_ranges: TwoRanges) -> None:
    """The sources know more than the range: what happened after its last day does not lie in the future."""
    defects = {one.dossier_id for one in two_ranges.desk.province.expected_defects(LAST, FIRST, LAST)}
    for night in (two_ranges.first, two_ranges.second):
        rows = night.published.rows("quarantine")
        assert {row["row_key"] for row in rows if row["table_name"] == "one_stop__dossiers"} <= defects


def test_two_ranges_end_with_the_truth(two_ranges: TwoRanges) -> None:
    periods = periods_of(FIRST, LAST, (FIRST, LAST))
    assert differences(two_ranges.second.published, two_ranges.desk.province, periods, {date(2026, 9, 8), LAST}) == []


def test_judging_every_day_anew_changes_no_figure(two_ranges: TwoRanges, judged_anew: Night) -> None:
    assert judged_anew.outcome.success, judged_anew.outcome.failures
    before, after = two_ranges.second.published.hashes, judged_anew.published.hashes
    # Data quality counts what was pulled, and the last day was pulled again.
    assert {name for name in before if before[name] != after[name]} <= {"data_quality"}


def test_great_expectations_agrees_over_days_of_several_pulls(two_ranges: TwoRanges, judged_anew: Night) -> None:
    checks = two_ranges.desk.checks(judged_anew.outcome.run_id)
    apart = {table: checks[f"staged_{table}", "great_expectations"] for table in INBOUND}
    assert {table: check.metadata for table, check in apart.items() if not check.passed} == {}
