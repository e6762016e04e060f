"""Đắk Nông, 16/11/2019 to 08/11/2020: every stated figure, and what the figures alone do not show.

Form II.06a, the report of late dossiers and the periodic report through their commands: the identities of the form, the
units at whose steps dossiers were late, the same counts from events and months, and every figure that the office
printed in the report as a document.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow.parquet as pq
import pytest
from docx_text import Read, number, read
from figure_checks import FIGURES, MARKS, assert_comes_out, cases, figures_of
from published_figures import FILE, SCENARIOS, Figure
from published_files import needs
from scenario_runs import RunOf, ScenarioRun

pytestmark = MARKS

WINDOW = ("--from", "2019-11-16", "--to", "2020-11-08")
#: Báo cáo kết quả của Trung tâm Hành chính công tỉnh Đắk Nông
PUBLISHED = {
    "received": 28_044,
    "received_online": 13_253,
    "received_online_pct": 47.26,
    "resolved": 27_010,
    "resolved_early": 5_072,
    "resolved_early_pct": 18.78,
    "resolved_on_time": 21_836,
    "resolved_on_time_pct": 80.84,
    "resolved_late": 102,
    "resolved_late_pct": 0.38,
}


@pytest.mark.parametrize("figure", figures_of("dn20"))
def test_the_figure_comes_out(figure: Figure, run_of: RunOf) -> None:
    assert_comes_out(figure, run_of)


@pytest.fixture(scope="module")
def run(run_of: RunOf) -> ScenarioRun:
    return run_of(SCENARIOS["dn20"])


@pytest.fixture(scope="module")
def report(run: ScenarioRun) -> dict[str, Any]:
    """What the report command prints after the run."""
    return run.json("report", "dossiers", *WINDOW, "--format", "json")


def test_the_form_prints_what_the_office_published(report: dict[str, Any]) -> None:
    assert {name: report[name] for name in PUBLISHED} == PUBLISHED


def test_the_identities_of_the_form_hold(report: dict[str, int]) -> None:
    assert report["resolved"] == report["resolved_early"] + report["resolved_on_time"] + report["resolved_late"]
    assert report["received"] == report["received_online"] + report["received_direct"] + report["received_postal"]
    assert report["received"] + report["carried_over"] == report["resolved"] + report["pending"] == report["total"]
    assert report["pending"] == report["pending_in_time"] + report["pending_overdue"]


@pytest.fixture(scope="module")
def late(run: ScenarioRun) -> dict[str, Any]:
    """What the report of late dossiers prints."""
    return run.json("report", "late", *WINDOW, "--format", "json")


def test_the_102_come_apart(late: dict[str, Any]) -> None:
    counts = {cause: found["count"] for cause, found in late["causes"].items()}
    assert counts == {"in_fact": 13, "other_authority": 64, "software_only": 25, "unknown": 0}
    assert late["resolved_late"] == len(late["dossiers"]) == 102
    assert late["causes"]["in_fact"]["with_apology"] == 6
    assert late["causes"]["other_authority"]["with_apology"] == 0  # the report says so


def test_the_units_at_whose_steps_they_were_late(late: dict[str, Any]) -> None:
    """As the report names them: Sở KH&ĐT with Sở TN&MT, the province with Sở TN&MT, the province alone, …"""

    def holders(unit: str, cause: str) -> dict[tuple[str, bool], int]:
        rows = [r for r in late["dossiers"] if (r["unit_code"], r["cause"]) == (unit, cause)]
        return Counter((r["late_unit_codes"], r["apology_code"] is not None) for r in rows)

    assert holders("H16.05", "in_fact") == {("H16.05; H16.12", True): 1, ("H16.05", False): 2}
    assert holders("H16.12", "in_fact") == {("H16.12", True): 2, ("H16.12; H16", False): 2}
    assert holders("H16.10", "in_fact") == {("H16.10; H16", True): 1}
    assert holders("H16.05", "software_only") == {("H16", False): 4}
    assert holders("H16.14", "other_authority") == {("G01", False): 64}


def test_indicators_say_the_same_for_any_period(run: ScenarioRun, late: dict[str, Any]) -> None:
    """Months added up, and the days of the report's period, from the published events."""
    events = pq.read_table(run.published / "dossier_events.parquet").to_pylist()
    first, last = date(2019, 11, 16), date(2020, 11, 8)
    counted = Counter()
    for e in events:
        if e["measure"].startswith("late_") and first <= e["event_on"] <= last:
            counted[e["measure"]] += round(e["quantity"])
    values = pq.read_table(run.published / "indicator_values.parquet").to_pylist()
    for cause, found in late["causes"].items():
        assert (counted[f"late_{cause}"], counted[f"late_{cause}_apology"]) == (found["count"], found["with_apology"])
        for indicator, expected in ((f"late_{cause}_count", "count"), (f"late_{cause}_apology_count", "with_apology")):
            months = [
                v["numerator"]
                for v in values
                if (v["indicator_id"], v["unit_code"], v["period_type"]) == (indicator, "H16", "month")
            ]
            assert sum(months) == found[expected]  # nothing was late outside of the period


#: The report closes dossiers on days of its own and counts the rest by the year, as the office did.
PERIOD = ("--year", "2020", "--from", "2019-11-16", "--to", "2020-11-08")
STATED = [figure for figure in FIGURES if figure.id.startswith("dn20.")]
#: Printed for the Văn phòng UBND tỉnh alone, whose plan it is; the report of the province has that of the province.
OTHER_UNITS = {"dn20.par_plan_done"}


@pytest.fixture(scope="module")
def periodic(run: ScenarioRun) -> Read:
    """The periodic report, made by the real command."""
    done = run.cchc("report", "cchc", *PERIOD, "--out", "bao-cao.docx")
    assert done.returncode == 0, done.stdout + done.stderr
    return read((run.folder / "bao-cao.docx").read_bytes())


def by_indicator(periodic: Read) -> dict[str, str]:
    """The values in the table of sources."""
    found = {}
    for name, _, _, _, value in periodic.sources().values():
        if indicator := re.search(r"\(([a-z0-9_]+)\)$", name):
            found[indicator[1]] = value
    return found


PROVINCE = [f for f in STATED if "unit" not in f.source and "query" not in f.source and f.id not in OTHER_UNITS]


@pytest.mark.parametrize("figure", cases(PROVINCE))
def test_what_the_office_printed_for_the_province(periodic: Read, figure: Figure) -> None:
    values = by_indicator(periodic)
    indicator = figure.source["indicator"]
    assert indicator in values, f"{indicator} is not in the report"
    decimals = len(figure.value.partition(".")[2])
    shown = Decimal(str(number(values[indicator])))
    assert round(shown, decimals) == Decimal(figure.value)


CAUSES = {
    "late_real": "Trễ thực tế",
    "late_judicial_record": "Chờ cơ quan ngoài tỉnh",
    "late_software_only": "Chỉ trễ trên phần mềm",
}


@needs(FILE)
def test_the_late_dossiers_by_department(periodic: Read, run: ScenarioRun) -> None:
    heads = ("TT", "Đơn vị", *CAUSES.values(), "Chưa rõ", "Cộng", "Có thư xin lỗi")
    rows = {row[1]: dict(zip(heads, row, strict=True)) for row in periodic.table(*heads)}
    names = dict(run.rows("SELECT unit_code, unit_name FROM units"))
    checked = 0
    for figure in STATED:
        kind = figure.id.split(".")[1]
        if kind in CAUSES and "unit" in figure.source:
            (row,) = [row for name, row in rows.items() if names[figure.source["unit"]].startswith(name)]
            assert row[CAUSES[kind]] == figure.value, figure.id
            checked += 1
    assert checked == 18
    assert [rows["Cộng"][head] for head in (*CAUSES.values(), "Chưa rõ", "Cộng", "Có thư xin lỗi")] == [
        "13", "64", "25", "–", "102", "6",
    ]  # fmt: skip


def test_the_paragraph_on_late_dossiers_tells_steps_and_letters(periodic: Read) -> None:
    text = periodic.text
    for part in (
        "13 hồ sơ trễ hạn thực tế, 64 hồ sơ chờ cơ quan ngoài tỉnh, 25 hồ sơ chỉ trễ trên phần mềm",
        "03 hồ sơ của Sở Kế hoạch và Đầu tư (trong đó: 02 hồ sơ trễ bước Sở Kế hoạch và Đầu tư, không có thư xin lỗi; "
        "01 hồ sơ trễ bước Sở Kế hoạch và Đầu tư và Sở Tài nguyên và Môi trường, có thư xin lỗi)",
        "01 hồ sơ của Sở Nông nghiệp và Phát triển nông thôn (trễ bước Sở Nông nghiệp và Phát triển nông thôn và UBND",
        "64 hồ sơ của Sở Tư pháp",
        "chờ Bộ Công an",
        "04 hồ sơ của Sở Kế hoạch và Đầu tư (trễ bước UBND tỉnh",
    ):
        assert part in text, part
