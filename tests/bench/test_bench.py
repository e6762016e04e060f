"""Every bench runs, and holds its figures against a yardstick that would notice: no time is asserted.

A bench runs in a process of its own: what it imports (pandera) changes the settings of the process.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from bench import contracts, indicators, monte_carlo, scoring
from bench.__main__ import NAMES
from bench.measure import Report
from bench.sizes import TINY

pytestmark = pytest.mark.bench

#: What a bench says once ours and the yardstick were found to be the same.
AGREED = {
    "contracts": r"all of hand, verdict, suite, pandera find the same [1-9]\d* breaks",
    "indicators": r"[1-9][\d,]* values of \d+ indicators are the same in both",
    "night": r"[1-9][\d,]* dossiers from 2026-09-01 on are published alike in both",
    "first-load": r"[1-9][\d,]* dossiers arrived, every one that was downloaded",
    "scoring": r"of [1-9][\d,]* criteria, groups and totals are the same in both",
    "monte-carlo": r"ranks of 63 provinces in 100 draws are the same in both",
    "code-location": r"[1-9]\d* assets",
}


def run(*words: str) -> tuple[int, str]:
    """Exit status and all output of `python -m bench --tiny`."""
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--tiny", *words],
        cwd=Path(__file__).parents[1],
        env={**os.environ, "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_a_bench_runs_and_what_it_compares_is_the_same(name: str) -> None:
    code, output = run("--only", name)
    assert code == 0, output
    said = re.sub(r"\s+", " ", output)
    assert re.search(AGREED[name], said), said
    assert said.count("Ratios measured side by side in this run") == 1


def test_the_sizes_of_the_targets_and_the_smallest_exclude_each_other() -> None:
    code, output = run("--full")
    assert (code, "exclude each other" in output) == (2, True)


@pytest.fixture
def report() -> Report:
    return Report(Console(quiet=True))


def altered(path: Path, folder: Path, was: str, now: str) -> Path:
    text = path.read_text(encoding="utf-8")
    assert was in text
    (folder / path.name).write_text(text.replace(was, now, 1), encoding="utf-8")
    return folder / path.name


def test_other_rules_by_hand_are_noticed(report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hand = altered(contracts._HAND, tmp_path, "due_on < received_on", "due_on < received_on - 9")
    monkeypatch.setattr(contracts, "_HAND", hand)
    batch = contracts.batch_of(TINY.batches[0])
    some = {name: once for name, once in contracts.engines(batch).items() if name in ("hand", "verdict")}
    with pytest.raises(RuntimeError, match="verdict and the hand-written rules of one_stop__dossiers disagree"):
        contracts._agree({name: dict(once()) for name, once in some.items()})


def test_other_indicators_by_hand_are_noticed(report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indicators, "_HAND", altered(indicators._HAND, tmp_path, "'received'", "'paid_online'"))
    with pytest.raises(RuntimeError, match=r"disagree in \d+ values"):
        indicators.bench(report, TINY.events)


def test_other_points_by_hand_are_noticed(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    right = scoring._card
    monkeypatch.setattr(scoring, "_card", lambda *given: right(*given) + 1)
    with pytest.raises(AssertionError, match="Not equal"):
        scoring.bench(report, TINY.scored_units)


def test_other_ranks_by_hand_are_noticed(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    right = monte_carlo._plain_loop
    monkeypatch.setattr(monte_carlo, "_plain_loop", lambda *given: np.flip(right(*given), axis=1))
    with pytest.raises(AssertionError, match="ranks differ"):
        monte_carlo.bench(report, TINY.draws, TINY.coinr_draws)


def test_no_bench_leaves_its_settings_in_this_process() -> None:
    assert "pandera" not in sys.modules
    assert "PYARROW_IGNORE_TIMEZONE" not in os.environ
