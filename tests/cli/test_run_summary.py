from __future__ import annotations

import io
import re

import pytest
from rich.console import Console
from small_lake import FIRST, INBOUND, LAST

from cchc_pipeline.cli import printing
from cchc_pipeline.cli.printing import step_progress
from cchc_pipeline.cli.run_summary import closing_table
from cchc_pipeline.days import Window
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.lake.publish import current_version, read_manifest, read_published

WINDOW = Window(FIRST, LAST)


def printed(lake, *, success=True, window=WINDOW) -> str:
    console = Console(file=io.StringIO(), width=200)
    console.print(closing_table(lake, window, 12.3, "run-1", success=success))
    return console.file.getvalue()


def line(text: str, label: str) -> list[str]:
    """Numbers in the line that begins with a label."""
    (found,) = [row for row in text.splitlines() if row.strip(" │┃").startswith(label)]
    return re.findall(r"\d[\d,]*", found.split(label, 1)[1])


def test_it_has_the_numbers_of_the_manifest(published_lake):
    text = printed(published_lake)
    manifest = read_manifest(current_version(published_lake.published))
    rows = {resource["name"]: f"{resource['rows']:,}" for resource in manifest["resources"]}
    assert line(text, "units") == [rows["units"]]
    assert line(text, "dossiers") == [rows["dossiers"]]
    assert line(text, "indicators × units × periods") == [rows["indicators"], rows["indicator_values"]]
    for name in ("index766", "par_index", "papi"):
        points = read_published(published_lake.published, f"scorecard_{name}")["points"]
        given = f"{len(points) - points.null_count:,}"
        assert line(text, f"scores {name}") == [given, rows[f"scorecard_{name}"]]
    for part in (
        manifest["version"],
        manifest["data_from"],
        manifest["data_until"],
        "published/current",
        "12 s",
        "run-1",
    ):
        assert part in text.replace("\n", "")


def test_it_has_the_rows_of_every_table_by_their_fate(published_lake):
    text = printed(published_lake)
    assert line(text, "one_stop__dossiers") == ["9", "8", "1"]
    assert all(table in text for table in INBOUND)


def test_it_counts_the_days_of_the_window_only(published_lake):
    assert line(printed(published_lake, window=Window(FIRST, FIRST)), "one_stop__dossiers") == ["0", "0", "0"]


def test_a_failed_run_says_that_the_last_version_stays(published_lake):
    text = printed(published_lake, success=False)
    assert "failed; the last published version stays" in text
    assert "units" not in text
    assert line(text, "one_stop__dossiers") == ["9", "8", "1"]


def test_a_lake_without_anything_can_be_told_of(tmp_path):
    text = printed(Lake(tmp_path), success=False)
    assert "failed; nothing is published yet" in text


@pytest.mark.parametrize("seconds, lines", [(0, 4), (3600, 1)])
def test_progress_without_a_terminal_is_a_line_now_and_then(monkeypatch, seconds, lines):
    monkeypatch.setattr(printing, "SECONDS_BETWEEN_LINES", seconds)
    monkeypatch.setattr(printing.time, "monotonic", lambda: 10_000.0)
    console = Console(file=io.StringIO(), force_terminal=False, width=100)
    with step_progress(console) as report:
        for number in range(3):
            report(number, 3000, f"one_stop: day {number}")
        report(1, None, "documents: letters")
    said = [line for line in console.file.getvalue().splitlines() if line.strip()]
    assert len(said) == lines
    assert said[0] == "· one_stop: day 0 (0 of 3,000)"


def test_progress_on_a_terminal_leaves_nothing_behind():
    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    with step_progress(console) as report:
        report(1, 3, "one_stop: day 1")
    assert console.file.getvalue().endswith("\x1b[2K")  # the bar is wiped
