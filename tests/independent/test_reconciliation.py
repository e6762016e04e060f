"""The reconciliation of real runs finds the distortions that the sandbox's push made, all of them and no others."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from command_line import output
from independent_month import Month

from cchc_pipeline.lake import files
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.sandbox.life import workdays
from cchc_pipeline.sandbox.servers.portal_counts import Portal
from cchc_pipeline.sandbox.servers.push import push, withheld
from cchc_pipeline.scorecards.index766.metrics_file import score_metrics
from cchc_pipeline.scorecards.reconciliation.build import build_reconciliation
from cchc_pipeline.scorecards.reconciliation.causes import UNEXPLAINED, causes

pytestmark = pytest.mark.acceptance

SEPTEMBER = date(2026, 9, 1)
PROVINCE = "H99"


@pytest.fixture(scope="module")
def table(current: Path) -> pd.DataFrame:
    return pd.read_parquet(current / "reconciliation.parquet")


@pytest.fixture(scope="module")
def listed(current: Path) -> pd.DataFrame:
    return pd.read_parquet(current / "reconciliation_dossiers.parquet")


def injected(month: Month) -> dict[str, set[str]]:
    """Cause -> ids of the dossiers of September and October that the sandbox's push treated so."""
    clock = workdays.end_of(month.until)
    found: defaultdict[str, set[str]] = defaultdict(set)
    for life in month.province.lives_between(SEPTEMBER, month.until):
        seen = life.seen(clock)
        if seen is None or seen.received_at is None:
            continue
        why, sent = withheld(life, seen), push(life, seen, month.until)
        if sent is not None:
            for mark in sent.marks:
                found[mark].add(life.dossier_id)
            if life.defect is not None:
                found["EXCLUDED"].add(life.dossier_id)
        elif life.defect is None and why in ("D05", "not_synced"):
            is_recent = life.day > month.until - timedelta(days=causes().trailing_days)
            found["D05" if why == "D05" else "D12" if is_recent else "NOT_SYNCED"].add(life.dossier_id)
    return found


def test_the_causes_found_are_those_injected_dossier_by_dossier(month: Month, listed: pd.DataFrame) -> None:
    truth = injected(month)
    found = {cause: set(rows.dossier_id) for cause, rows in listed.groupby("cause")}
    assert set(truth) == {"D01", "D02", "D03", "D04", "D05", "D06", "D07", "D12", "NOT_SYNCED", "EXCLUDED"}
    for cause, dossiers in truth.items():
        assert found.get(cause, set()) == dossiers, cause
    assert set(found) == set(truth)


def test_nothing_is_unexplained(table: pd.DataFrame) -> None:
    rest = table[(table.cause == UNEXPLAINED) & (table.effect != 0)]
    assert rest[["unit_code", "period_type", "period_start", "figure", "effect"]].to_dict("records") == []
    assert set(table.period_type) == {"month", "quarter", "year"}
    assert len(set(table.unit_code)) > 5


def test_the_causes_lead_from_our_figure_to_the_portals(table: pd.DataFrame) -> None:
    whole = table.groupby(["unit_code", "period_type", "period_start", "figure"])
    for key, rows in whole:
        first = rows.iloc[0]
        portal = 0.0 if pd.isna(first.portal_value) else first.portal_value
        assert first.local_value + rows.effect.sum() == portal, key
        assert (rows.cause == UNEXPLAINED).sum() == 1, key
        known = rows[rows.cause != UNEXPLAINED].effect.sum()
        assert first.local_value + known == first.expected_value, key


def test_our_side_is_what_the_indicators_say(table: pd.DataFrame, current: Path) -> None:
    values = pd.read_parquet(current / "indicator_values.parquet")
    held = {
        (row.indicator_id, row.unit_code, row.period_type, row.period_start): (row.numerator, row.denominator)
        for row in values.itertuples()
    }
    figures = causes().figures
    for row in table.drop_duplicates(["unit_code", "period_type", "period_start", "figure"]).itertuples():
        figure = figures[row.figure]
        both = held[figure.indicator, row.unit_code, row.period_type, row.period_start]
        assert row.local_value == both[figure.side == "denominator"], row


def test_the_portals_side_is_what_the_portal_counts(month: Month, table: pd.DataFrame) -> None:
    counts = Portal(month.province).counts(workdays.end_of(month.until), SEPTEMBER, date(2026, 10, 31))
    quarter = table[(table.period_type == "month") & (table.unit_code == PROVINCE)]
    portal = quarter.drop_duplicates(["period_start", "figure"]).groupby("figure").portal_value.sum()
    assert portal["received"] == counts[PROVINCE]["received"]
    assert portal["not_late"] == counts[PROVINCE]["on_time"]


def test_points_are_those_of_the_scoring_engine(month: Month, table: pd.DataFrame) -> None:
    """Taken by hand: the portal's electronic results of September without those that were sent in their place."""
    own = table[
        (table.unit_code == PROVINCE) & (table.period_type == "month") & (table.period_start == SEPTEMBER)
    ].set_index(["figure", "cause"])
    row = own.loc["result_electronic", "D06"]
    received = own.loc["received", UNEXPLAINED].portal_value
    metrics = pd.DataFrame(
        {
            "unit_code": ["with", "without"],
            "metric_code": ["ORIGINAL_RESULT_AVAILABLE"] * 2,
            "numerator": [row.portal_value, row.portal_value - row.effect],
            "denominator": [received] * 2,
        }
    )
    scored = score_metrics(metrics).set_index(["unit_code", "metric_code"]).score
    points = {unit: scored[unit, "ORIGINAL_RESULT_AVAILABLE"] for unit in ("with", "without")}
    assert row.points_lost == pytest.approx(points["without"] - points["with"])
    assert row.points_lost < 0  # the distortion gives points
    assert own.xs("D01", level="cause").points_lost.sum() > 0  # a paused dossier that looks late costs some


def changed_lake(month: Month, folder: Path, change: Any) -> Lake:
    """A copy of the lake in which the portal shows other figures."""
    lake = Lake(folder / "lake")
    for layer in ("built", "core", "pulls", "staged"):
        shutil.copytree(month.lake.root / layer, lake.root / layer)
    path = lake.store.path("core/national_portal__metrics")
    held = files.read_parquet(path)
    frame = held.to_pandas()
    change(frame)
    files.write_parquet(pa.Table.from_pandas(frame, schema=held.schema, preserve_index=False), path)
    return lake


def test_a_difference_that_nobody_knows_comes_out_as_unexplained(
    month: Month, table: pd.DataFrame, tmp_path: Path
) -> None:
    def add(frame: pd.DataFrame) -> None:
        own = (frame.unit_code == PROVINCE) & (frame.period_start == SEPTEMBER) & (frame.period_type == "month")
        frame.loc[own & (frame.metric_code == "DOSSIER_ON_TIME"), ["numerator", "denominator"]] += [-40, 7]

    done = build_reconciliation(changed_lake(month, tmp_path, add), SEPTEMBER)
    after = done.table.to_pandas()
    rest = after[(after.cause == UNEXPLAINED) & (after.effect != 0)].set_index("figure")
    assert rest.effect.to_dict() == {"not_late": -40, "received": 7}
    assert set(rest.unit_code) == {PROVINCE}
    assert rest.points_lost["not_late"] > 0
    left, share = done.unexplained(PROVINCE)
    assert {row["figure"] for row in left} == {"not_late", "received"}
    assert share > 0.005
    known = ["unit_code", "period_type", "period_start", "figure", "cause", "effect"]
    without = [frame[(frame.cause != UNEXPLAINED) & (frame.effect != 0)][known] for frame in (table, after)]
    assert without[0].reset_index(drop=True).equals(without[1].reset_index(drop=True))


def test_a_portal_that_was_read_earlier_is_a_cause_of_its_own(month: Month, tmp_path: Path) -> None:
    """As if the last pull of the portal had been that of the first load: what came after it is told apart."""
    lake = changed_lake(month, tmp_path, lambda frame: None)
    staged = sorted((lake.root / "staged" / "national_portal__metrics").glob("*.parquet"))
    assert [path.stem for path in staged] == ["2026-10-06", "2026-10-08"]
    staged[-1].unlink()
    clock = workdays.end_of(date(2026, 10, 6))
    counts = Portal(month.province).counts(clock, date(2026, 10, 1), date(2026, 10, 31))[PROVINCE]
    path = lake.store.path("core/national_portal__metrics")
    held = files.read_parquet(path)
    frame = held.to_pandas()
    own = (frame.unit_code == PROVINCE) & (frame.period_start == date(2026, 10, 1)) & (frame.period_type == "month")
    frame.loc[own & (frame.metric_code == "DOSSIER_ON_TIME"), ["numerator", "denominator"]] = [
        counts["on_time"],
        counts["received"],
    ]
    files.write_parquet(pa.Table.from_pandas(frame, schema=held.schema, preserve_index=False), path)
    done = build_reconciliation(lake, SEPTEMBER).table.to_pandas()
    own = (done.unit_code == PROVINCE) & (done.period_start == date(2026, 10, 1)) & (done.period_type == "month")
    october = done[own]
    later = october[october.cause == "CAPTURED_EARLIER"].set_index("figure")
    assert later.effect["received"] < 0
    rest = october[october.cause == UNEXPLAINED].set_index("figure").effect
    # What has no date, such as the day of the push, can stay unexplained for the dossiers of the last days.
    assert abs(rest["received"]) <= abs(later.effect["received"])


def test_the_check_passes_and_says_the_share(month: Month) -> None:
    from cchc_pipeline.scorecards.reconciliation.build import Reconciled

    lake = month.lake
    done = Reconciled(lake.store.read("built/reconciliation"), lake.store.read("built/reconciliation_dossiers"))
    from assets.scorecards import explained

    result = explained(done, PROVINCE)
    assert result.passed
    assert result.metadata["unexplained_share"].value == 0.0
    assert [row["cause"] for row in done.by_cause(PROVINCE)][-1] == UNEXPLAINED


# -- the report ----------------------------------------------------------------------------------------------------


def cchc(month: Month, *words: str, code: int = 0) -> str:
    return output("report", "reconciliation", *words, "--data-dir", month.lake.root, code=code)


def test_the_report_shows_figures_causes_and_dossiers(month: Month, table: pd.DataFrame, listed: pd.DataFrame) -> None:
    whole = json.loads(cchc(month, "--period", "2026-09", "--format", "json"))
    figures = {row["figure"]: row for row in whole["figures"]}
    own = table[(table.unit_code == PROVINCE) & (table.period_type == "month") & (table.period_start == SEPTEMBER)]
    held = own.drop_duplicates("figure").set_index("figure")
    assert {name: row["portal_value"] for name, row in figures.items()} == held.portal_value.to_dict()
    assert [row["cause"] for row in whole["causes"]][-1] == UNEXPLAINED
    rows = cchc(month, "--period", "2026-09", "--cause", "d05", "--dossiers", "--format", "csv").splitlines()
    converted = listed[(listed.cause == "D05") & (listed.month_start == SEPTEMBER)]
    assert len(rows) == len(converted) + 1
    assert all(code in "\n".join(rows) for code in converted.dossier_code)
    assert "Không đồng bộ được" in cchc(month, "--period", "2026")
    assert json.loads(cchc(month, "--format", "json"))["period"] == "01/10/2026–31/10/2026"  # the newest month


@pytest.mark.parametrize(
    "words, said",
    [
        (["--unit", "H99.2O1"], "Did you mean H99.2"),
        (["--period", "2026-13"], "is no period"),
        (["--period", "2025-01"], "It was read for: month 2026-09"),
        (["--cause", "D99"], "Causes are CAPTURED_EARLIER, D05"),
    ],
)
def test_what_cannot_be_reported_says_what_can(month: Month, words: list[str], said: str) -> None:
    assert said in cchc(month, *words, code=1)


def test_periods_that_our_data_do_not_cover_are_not_compared(month: Month, tmp_path: Path) -> None:
    """Where there is an older history that was never pulled, only periods that begin with our data or later."""
    lake = changed_lake(month, tmp_path, lambda frame: None)
    done = build_reconciliation(lake, date(2025, 7, 1)).table
    assert set(zip(done["period_type"].to_pylist(), done["period_start"].to_pylist(), strict=True)) == {
        ("month", SEPTEMBER),
        ("month", date(2026, 10, 1)),
        ("quarter", date(2026, 10, 1)),
    }
