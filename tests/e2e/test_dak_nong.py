"""Đắk Nông, 16/11/2019 to 08/11/2020: the figures its office published, through the real command and the whole way.

The window is that of the report, in one run; the province of the scenario goes on to the end of 2020.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

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
