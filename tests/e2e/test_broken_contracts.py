"""Rule failed, rule could not run, batch broken: three different things in real runs.

One desk, night after night: each night the landed rows are good, and only the contract or a landed file is spoiled.
That a day which was refused whole heals when it is pulled again is told in `test_bad_input`.
"""

from __future__ import annotations

from datetime import date

import dagster as dg
import pyarrow as pa
import pytest
from contract_overlay import spoiled
from desk import Desk, Night

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.lake import files

pytestmark = pytest.mark.e2e

FIRST, SECOND = date(2026, 9, 16), date(2026, 9, 17)
TABLE = "documents__documents"
SHORT_OVERLAP = {"CCHC_OVERLAP_DAYS": "2"}
STEP = f"staged_{TABLE}"


@pytest.fixture(scope="module")
def desk(two_ranges: Desk) -> Desk:
    return two_ranges


@pytest.fixture(scope="module")
def good(desk: Desk) -> Night:
    return desk.nights[-1]


@pytest.fixture(scope="module")
def unable(desk: Desk, good: Night, tmp_path_factory: pytest.TempPathFactory) -> Night:
    """A rule whose SQL fails on a value; for expectations see `tests/validation/test_rules_that_cannot_run`."""
    desk.set_clock_after(SECOND)
    folder, wrong = tmp_path_factory.mktemp("contracts"), "WHERE CAST(document_type AS DATE) > sent_on"
    with spoiled(folder, TABLE, "WHERE procedures_count < 0", wrong):
        return desk.run(SECOND, **SHORT_OVERLAP)


@pytest.fixture(scope="module")
def retyped(desk: Desk, unable: Night) -> Night:
    """The contract is mended; a day landed before is rewritten with dates as text."""
    path = desk.lake.store.path(f"landing/{TABLE}", FIRST)
    rows = files.read_parquet(path)
    place = rows.schema.get_field_index("sent_on")
    files.write_parquet(rows.set_column(place, "sent_on", rows["sent_on"].cast(pa.string())), path)
    return desk.run(SECOND, **SHORT_OVERLAP)


def test_a_rule_that_could_not_run_stops_the_table_and_is_named(desk: Desk, good: Night, unable: Night) -> None:
    rule = "procedures_count_negative"
    assert good.outcome.success, good.outcome.failures
    assert list(unable.outcome.failures) == [STEP]
    message = unable.outcome.failures[STEP]
    for part in (
        "a rule could not run (no row is to blame)",
        f"{TABLE}.{rule}:",
        "Fix: correct the rule in",
        "Run again",
    ):
        assert part in message
    assert "refused whole" not in message
    checks = desk.checks(unable.outcome.run_id)
    check = checks[STEP, "great_expectations"]
    assert not check.passed
    assert check.severity == dg.AssetCheckSeverity.ERROR
    assert list(check.metadata["could_not_run"].value) == [f"{TABLE}.{rule}"]
    assert (STEP, f"rule_{rule}") not in checks  # no verdict is claimed
    assert unable.published.folder == good.published.folder
    assert not desk.lake.store.has(f"staged/{TABLE}", SECOND)


def test_a_retyped_column_refuses_the_day_and_says_which_of_the_two_it_is(
    desk: Desk, good: Night, retyped: Night
) -> None:
    assert list(retyped.outcome.failures) == ["days_complete"]
    message = retyped.outcome.failures["days_complete"]
    for part in (f"Day {FIRST} was refused whole", "column sent_on", "came string", "expected date32", "Fix:"):
        assert part in message
    assert f"Run again: `cchc run --day {FIRST}`" in message
    assert "could not run" not in message
    checks = desk.checks(retyped.outcome.run_id)
    assert not checks[STEP, "shape"].passed
    assert checks[STEP, "great_expectations"].passed
    # the days that are good went on and are published, and what was staged of the refused day before stays
    assert retyped.published.as_of_on == SECOND
    assert retyped.published.problems() == []
    assert desk.lake.store.has(f"staged/{TABLE}", SECOND)
    staged = desk.lake.store.read(f"staged/{TABLE}", FIRST)
    assert staged.schema.equals(load_contract(TABLE).arrow_schema())


def test_a_row_rule_that_fails_never_stops_a_table(desk: Desk, good: Night) -> None:
    """The built-in province holds defective records on purpose."""
    failed = {
        name for (step, name), one in desk.checks(good.outcome.run_id).items() if not one.passed and "rule_" in name
    }
    assert good.outcome.success
    assert all("rule_" in name for name in failed)
