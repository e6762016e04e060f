"""Đắk Nông, 16/11/2019 to 08/11/2020: the figures its office published, through the real command and the whole way.

The 102 late dossiers come apart into 13 late in fact, 64 judicial records and 25 late only in the software, by
department and with their letters of apology.

The window is that of the report, in one run; the province of the scenario goes on to the end of 2020.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from e2e_desk import CCHC

pytestmark = [pytest.mark.e2e, pytest.mark.acceptance]

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
#: department -> late in fact, of these with a letter, late only in the software
LATE = {
    "H16.03": (1, 0, 1), "H16.05": (3, 1, 4), "H16.07": (1, 0, 1), "H16.09": (1, 1, 0), "H16.10": (1, 1, 5),
    "H16.11": (0, 0, 3), "H16.12": (4, 2, 4), "H16.14": (0, 0, 0), "H16.15": (0, 0, 1), "H16.16": (1, 0, 5),
    "H16.17": (1, 1, 1),
}  # fmt: skip
JUDICIAL_RECORDS = {"H16.14": 64}
PATIENCE_S = 900


@pytest.fixture(scope="module")
def environment(folders: Path) -> dict[str, str]:
    folder = folders / "dak-nong"
    folder.mkdir()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CCHC_")}
    return {
        **inherited,
        "CCHC_DATA_DIR": str(folder / "lake"),
        "DAGSTER_HOME": str(folder / "dagster"),
        "GX_ANALYTICS_ENABLED": "false",
    }


def cchc(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    folder = Path(environment["DAGSTER_HOME"]).parent
    return subprocess.run(
        [str(CCHC), *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False,
        timeout=PATIENCE_S,
    )  # fmt: skip


@pytest.fixture(scope="module")
def report(environment: dict[str, str]) -> dict[str, object]:
    """What the report command prints after the run."""
    run = cchc(environment, "run", "--sandbox", "dak-nong-2020", *WINDOW)
    assert run.returncode == 0, run.stdout + run.stderr
    done = cchc(environment, "report", "dossiers", *WINDOW, "--format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("figure", PUBLISHED)
def test_the_published_figure_comes_out(report: dict[str, object], figure: str) -> None:
    assert report[figure] == PUBLISHED[figure]


def test_the_identities_of_the_form_hold(report: dict[str, int]) -> None:
    assert report["resolved"] == report["resolved_early"] + report["resolved_on_time"] + report["resolved_late"]
    assert report["received"] == report["received_online"] + report["received_direct"] + report["received_postal"]
    assert report["received"] + report["carried_over"] == report["resolved"] + report["pending"] == report["total"]
    assert report["pending"] == report["pending_in_time"] + report["pending_overdue"]


@pytest.fixture(scope="module")
def late(environment: dict[str, str], report: dict[str, object]) -> dict[str, Any]:
    """What the report of late dossiers prints."""
    done = cchc(environment, "report", "late", *WINDOW, "--format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_102_come_apart(late: dict[str, Any]) -> None:
    counts = {cause: found["count"] for cause, found in late["causes"].items()}
    assert counts == {"in_fact": 13, "other_authority": 64, "software_only": 25, "unknown": 0}
    assert late["resolved_late"] == len(late["dossiers"]) == 102
    assert late["causes"]["in_fact"]["with_apology"] == 6
    assert late["causes"]["other_authority"]["with_apology"] == 0  # the report says so


def test_the_102_by_department(late: dict[str, Any]) -> None:
    found = {
        u["unit_code"]: (u["in_fact"]["count"], u["in_fact"]["with_apology"], u["software_only"]["count"])
        for u in late["units"]
    }
    assert found == LATE
    assert {
        u["unit_code"]: u["other_authority"]["count"] for u in late["units"] if u["other_authority"]["count"]
    } == JUDICIAL_RECORDS


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


def test_indicators_say_the_same_for_any_period(environment: dict[str, str], late: dict[str, Any]) -> None:
    """Months added up, and the days of the report's period, from the published events."""
    published = Path(environment["CCHC_DATA_DIR"]) / "published" / "current"
    events = pq.read_table(published / "dossier_events.parquet").to_pylist()
    first, last = date(2019, 11, 16), date(2020, 11, 8)
    counted = Counter()
    for e in events:
        if e["measure"].startswith("late_") and first <= e["event_on"] <= last:
            counted[e["measure"]] += round(e["quantity"])
    values = pq.read_table(published / "indicator_values.parquet").to_pylist()
    for cause, found in late["causes"].items():
        assert (counted[f"late_{cause}"], counted[f"late_{cause}_apology"]) == (found["count"], found["with_apology"])
        for indicator, expected in ((f"late_{cause}_count", "count"), (f"late_{cause}_apology_count", "with_apology")):
            months = [
                v["numerator"]
                for v in values
                if (v["indicator_id"], v["unit_code"], v["period_type"]) == (indicator, "H16", "month")
            ]
            assert sum(months) == found[expected]  # nothing was late outside of the period
