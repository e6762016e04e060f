"""A first load in parts, and all of it judged anew: the same figures as in one piece."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from desk import INBOUND, Desk, Night
from true_figures import differences, periods_of

from cchc_pipeline.contracts import load_contract

pytestmark = pytest.mark.e2e

FIRST, LAST = date(2026, 9, 1), date(2026, 9, 16)
SHORT_OVERLAP = {"CCHC_OVERLAP_DAYS": "2"}


@pytest.fixture(scope="module")
def desk(two_ranges: Desk) -> Desk:
    return two_ranges


@pytest.fixture(scope="module")
def first(desk: Desk) -> Night:
    return desk.nights[0]


@pytest.fixture(scope="module")
def second(desk: Desk) -> Night:
    return desk.nights[1]


@pytest.fixture(scope="module")
def judged_anew(desk: Desk, second: Night) -> Night:
    """The next run after a change of the contracts: every day that was ever landed is judged again."""
    shutil.rmtree(desk.lake.root / "ledgers")
    return desk.run(LAST, cross_checked=True, **SHORT_OVERLAP)


def test_both_runs_are_green(first: Night, second: Night) -> None:
    assert first.outcome.success, first.outcome.failures
    assert second.outcome.success, second.outcome.failures


def test_a_dossier_finished_after_the_range_is_no_defect(desk: Desk, first: Night, second: Night) -> None:
    """The sources know more than the range: what happened after its last day does not lie in the future."""
    defects = {one.dossier_id for one in desk.province.expected_defects(LAST, FIRST, LAST)}
    for night in (first, second):
        rows = night.published.rows("quarantine")
        assert {row["row_key"] for row in rows if row["table_name"] == "one_stop__dossiers"} <= defects


def test_two_ranges_end_with_the_truth(desk: Desk, second: Night) -> None:
    periods = periods_of(FIRST, LAST, (FIRST, LAST))
    assert differences(second.published, desk.province, periods, {date(2026, 9, 8), LAST}) == []


#: What a machine, or a library that a plug-in imports, may have set: none of it is a setting of ours.
OTHER_MACHINE = {
    "PYARROW_IGNORE_TIMEZONE": "1",
    "TZ": "America/New_York",
    "PYTHONHASHSEED": "1",
    "LC_ALL": "tr_TR.UTF-8",
    "PANDAS_FUTURE_INFER_STRING": "0",
    "OMP_NUM_THREADS": "1",
}


def test_another_machine_publishes_the_same_bytes(desk: Desk, first: Night, tmp_path: Path) -> None:
    """Zone, locale, hash seed and threads of the process, and the switch by which Arrow drops zones, change nothing."""
    window, other, begun = first.window, Desk(tmp_path / "another-machine", desk.sandbox), datetime.now(UTC)
    process = other.start_run("--from", f"{window.first}", "--to", f"{window.last}", **SHORT_OVERLAP, **OTHER_MACHINE)
    said, _ = process.communicate(timeout=900)
    assert process.returncode == 0, said
    ours, theirs = first.published, other.current()
    assert theirs is not None
    # When a waiting record was seen is the time of the run that landed it.
    seen = ["first_seen_at", "last_seen_at"]
    held = theirs.table("quarantine")
    assert held.num_rows
    moments = [moment for name in seen for moment in held[name].to_pylist()]
    assert begun <= min(moments) <= max(moments) <= datetime.now(UTC)
    assert held.drop_columns(seen).equals(ours.table("quarantine").drop_columns(seen))
    assert {name for name, value in ours.hashes.items() if theirs.hashes.get(name) != value} <= {"quarantine"}
    assert any(moment is not None for moment in theirs.table("dossiers")["received_at"].to_pylist())


def test_judging_every_day_anew_changes_no_figure(second: Night, judged_anew: Night) -> None:
    assert judged_anew.outcome.success, judged_anew.outcome.failures
    before, after = second.published.hashes, judged_anew.published.hashes
    # Data quality counts what was pulled, and the last day was pulled again.
    assert {name for name in before if before[name] != after[name]} <= {"data_quality"}


def test_great_expectations_agrees_over_days_of_several_pulls(desk: Desk, judged_anew: Night) -> None:
    checks = desk.checks(judged_anew.outcome.run_id)
    apart = {table: checks[f"staged_{table}", "great_expectations"] for table in INBOUND}
    assert apart["one_stop__dossiers"].metadata["rules_run"].value == len(load_contract("one_stop__dossiers").rules)
    assert {table: check.metadata for table, check in apart.items() if not check.passed} == {}
