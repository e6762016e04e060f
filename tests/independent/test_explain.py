"""`cchc explain`: the published figures, any window, and items that add up to what they stand behind."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from command_line import output
from independent_month import Month
from recomputation import Month as Counted
from recomputation import same, value_of

from cchc_pipeline.reports.explain import explain, find_indicator
from cchc_pipeline.reports.scope import ReportError

pytestmark = pytest.mark.acceptance

SEPTEMBER = date(2026, 9, 1), date(2026, 9, 30)
FREE = date(2026, 9, 10), date(2026, 10, 4)
#: one of every way in which a term is counted: events, stocks, openings, the catalogue, medians, distinct procedures,
#: documents
NAMES = (
    *("received_online", "late_rate", "apology_rate", "idx766_satisfied", "documents_signed_rate", "suspended_count"),
    *("pending_overdue", "carried_over", "handling_time_median_days", "idx766_payment_procedures"),
    *("idx766_online_procedures_used", "procedures_full_count", "published_procedures_count"),
    *("late_in_fact_count", "full_online_rate", "procedures_count"),
)


@pytest.mark.parametrize("name", NAMES)
def test_published_figures_and_what_adds_up_to_them(name: str, month: Month) -> None:
    found = explain(month.lake, name, *SEPTEMBER, "H99", limit=100_000)
    if found.published is not None:
        for side in ("numerator", "denominator", "value"):
            assert same(getattr(found, side), found.published[side]), side
    for behind in found.behind:
        assert behind.count == len(behind.rows)
        assert all(row["item"] in ("dossiers", "documents", "procedures") for row in behind.rows)
        if behind.value is None:
            continue
        if "DISTINCT" in behind.term.sql:
            assert len({row["procedure_code"] for row in behind.rows}) == behind.value
        elif behind.term.adds_up:
            assert same(sum(row["contributes"] for row in behind.rows), behind.value)
        else:
            assert same(pd.Series([row["contributes"] for row in behind.rows]).median(), behind.value)


@pytest.mark.parametrize("unit", ["H99", "H99.201"])
def test_any_window_is_what_an_auditor_counts(unit: str, month: Month, current: Path) -> None:
    units = pd.read_parquet(current / "units.parquet")
    parents = {
        row.unit_code: row.parent_code if isinstance(row.parent_code, str) else None for row in units.itertuples()
    }
    counted = Counted(month.lake.root / "landing", *FREE, month.until).figures(parents)
    for name in ("late_rate", "pending_overdue", "apology_rate", "documents_sent_count", "idx766_satisfied"):
        found = explain(month.lake, name, *FREE, unit)
        figure = counted[name, unit]
        assert same(found.numerator, figure[0]), name
        assert same(found.denominator, figure[1]), name
        assert same(found.value, value_of(figure, found.indicator.unit, found.indicator.kind)), name
        assert found.published is None


#: rates of the scorecards whose two sides count dossiers, documents or procedures, in each way in which they do
SCORED = (
    *("timely_rate", "idx766_satisfied", "idx766_publish_on_time", "idx766_payment_procedures"),
    *("idx766_online_procedures_used", "idx766_content_full", "documents_signed_rate"),
)


@pytest.mark.parametrize("name", SCORED)
def test_what_costs_the_points_is_what_the_denominator_has_and_the_numerator_lacks(name: str, month: Month) -> None:
    found = explain(month.lake, name, *SEPTEMBER, "H99", limit=2)
    if not found.denominator:
        return
    lacking = {behind.side: behind for behind in found.behind}["lacking"]
    assert same(lacking.value, found.denominator - (found.numerator or 0))
    assert len(lacking.rows) == min(lacking.count, 2)
    assert all(row["contributes"] > 0 for row in lacking.rows)


def test_late_dossiers_are_what_the_rate_of_timely_ones_lacks(month: Month) -> None:
    timely = explain(month.lake, "timely_rate", *SEPTEMBER, "H99", limit=100_000)
    late = explain(month.lake, "late_rate", *SEPTEMBER, "H99", limit=100_000)
    assert [behind.side for behind in late.behind] == ["numerator", "denominator"], "fewer is better"
    met, counted, lacking = ({row["dossier_id"] for row in behind.rows} for behind in timely.behind)
    assert lacking == {row["dossier_id"] for row in late.behind[0].rows} == counted - met
    assert lacking
    assert {row["outcome"] for row in timely.behind[2].rows} == {"late"}


def test_a_criterion_is_explained_by_its_indicator() -> None:
    assert find_indicator("DOSSIER_ON_TIME").id == find_indicator("dossier_on_time").id == "idx766_on_time"
    with pytest.raises(ReportError, match="no indicator ELECTRONIC_CERTIFIED_COPY"):
        find_indicator("ELECTRONIC_CERTIFIED_COPY")


def cchc(month: Month, *words: str, code: int = 0) -> str:
    return output("explain", *words, "--data-dir", month.lake.root, code=code)


DAYS = ("--from", "2026-09-01", "--to", "2026-09-30")


def test_it_prints_definition_value_and_dossiers(month: Month) -> None:
    said = cchc(month, "late_rate", "--unit", "H99", *DAYS, "--limit", "3")
    held = json.loads(cchc(month, "late_rate", "--unit", "H99", *DAYS, "--limit", "3", "--format", "json"))
    numerator, denominator = held["behind"]
    assert len(numerator["items"]) == min(3, numerator["count"])
    for part in (
        *("Tỷ lệ giải quyết quá hạn", "Share resolved late", "Biểu II.06a/VPCP/KSTT", "families/core.yaml"),
        *("measure = 'resolved_late'", "month: khớp", f"3 / {numerator['count']:,}", f"3 / {denominator['count']:,}"),
        *(row["dossier_code"] for row in numerator["items"]),
    ):
        assert part in said
    assert {row["outcome"] for row in numerator["items"]} == {"late"}
    rows = cchc(month, "late_rate", *DAYS, "--limit", "3", "--format", "csv").splitlines()
    assert [row.split(",")[0] for row in rows] == ["side", *["numerator"] * 3, "side", *["denominator"] * 3]


def test_one_side_is_printed_alone(month: Month) -> None:
    said = cchc(month, "DOSSIERS_TIMELY", *DAYS, "--side", "lacking", "--limit", "2")
    assert "Trong mẫu số, không trong tử số" in said
    assert "Tử số / numerator" not in said
    rows = cchc(month, "DOSSIERS_TIMELY", *DAYS, "--side", "lacking", "--limit", "2", "--format", "csv").splitlines()
    assert [row.split(",")[0] for row in rows] == ["side", "lacking", "lacking"]
    assert "--side numerator" in cchc(month, "late_rate", *DAYS, "--side", "lacking")


@pytest.mark.parametrize(
    "words, said",
    [
        (["late_rat", *DAYS], "Did you mean late_rate"),
        (["Tỷ lệ giải quyết quá hạn", *DAYS], "Did you mean late_rate"),
        (["late_rate", *DAYS, "--unit", "H99.2O1"], "Units in units.parquet: H99 "),
        (["late_rate", "--from", "2025-01-01", "--to", "2025-01-31"], "which go from 2026-09-01 to 2026-10-08"),
        (["late_rate", "--from", "2026-09-30", "--to", "2026-09-01"], "Exchange --from and --to"),
    ],
)
def test_what_cannot_be_explained_says_what_can(month: Month, words: list[str], said: str) -> None:
    assert said in cchc(month, *words, code=1)


def test_a_window_that_runs_on_is_counted_to_date(month: Month) -> None:
    said = cchc(month, "received_total", "--from", "2026-10-01", "--to", "2026-10-31")
    assert "month: khớp" in said
    assert "Dữ liệu có từ 2026-09-01 đến 2026-10-08" in said


@pytest.mark.parametrize(
    "name", ["plan_fields_count", "petitions_received_count", "procedures_integrated_to_date_count"]
)
def test_figures_of_other_relations_come_with_the_rows_they_are_counted_from(name: str, month: Month) -> None:
    found = explain(month.lake, name, *SEPTEMBER, "H99", limit=5)
    if found.published is not None:
        assert same(found.value, found.published["value"])
    assert all(behind.sql.startswith("SELECT") for behind in found.behind)
