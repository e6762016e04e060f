"""Measure rank intervals against a plain loop over draws and against COINr."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.measure import Line, Report, run, seconds
from cchc_pipeline.scorecards.robustness.draws import Picks, Plan, draw_scores, random_picks, rank, uncertainty
from cchc_pipeline.scorecards.robustness.steps import aggregate, normalise, weights

Array = npt.NDArray[np.float64]

UNITS, PARTS, AT_ONCE = 63, 8, 2_000
_COINR = Path(__file__).with_name("coinr.R")


def bench(report: Report, draws: int, coinr_draws: int) -> None:
    """Measure draws over all choices, then over those that COINr has as well."""
    values = np.random.default_rng(766).uniform(3, 8, (UNITS, PARTS))
    plan = Plan(
        normalisations=("none", "minmax", "zscore", "rank"),
        weightings=("equal", "pca", "correlation_balanced"),
        aggregations=("arithmetic", "geometric", "harmonic", "copeland"),
        weight_noise=0.25,
        standard_errors=np.full(values.shape, 0.2),
        bounds=np.array([[1.0] * PARTS, [10.0] * PARTS]),
    )
    generator = np.random.default_rng(1)
    parts = [min(AT_ONCE, draws - start) for start in range(0, draws, AT_ONCE)]
    picked = [random_picks(plan, values, part, generator) for part in parts]

    def ours() -> Array:
        return np.concatenate([rank(draw_scores(values, plan, picks)) for picks in picked])

    def plain() -> Array:
        return np.concatenate([_plain_loop(values, plan, picks) for picks in picked])

    _same(ours(), plain())
    report.note(f"ranks of {UNITS} provinces in {draws:,} draws are the same in both")
    report.add(
        Line(
            f"{draws:,} draws × {UNITS} provinces × {PARTS} dimensions",
            seconds(ours, 2),
            seconds(plain, 2),
            "plain NumPy loop over draws",
            target=1.0,
        )
    )
    _against_coinr(report, values, draws, coinr_draws)


def _plain_loop(values: Array, plan: Plan, picks: Picks) -> Array:
    """Return the ranks of all draws, computed one draw at a time."""
    vectors = {how: weights(values, how) for how in plan.weightings}
    draws = len(picks.methods)
    ranks = np.empty((draws, len(values)))
    for draw in range(draws):
        x = values + picks.errors[draw] * plan.standard_errors  # type: ignore[index]
        x = np.clip(x, plan.bounds[0], plan.bounds[1])  # type: ignore[index]
        normalisation, weighting, aggregation, _ = picks.methods[draw]
        how = plan.normalisations[normalisation]
        if how == "minmax":
            x = 1 + 99 * (x - x.min(axis=0)) / (x.max(axis=0) - x.min(axis=0))
        elif how == "zscore":
            x = np.maximum(50 + 10 * (x - x.mean(axis=0)) / x.std(axis=0, ddof=1), 1)
        elif how == "rank":
            x = ((x[:, None, :] > x[None, :, :]).sum(axis=1) + (x[:, None, :] >= x[None, :, :]).sum(axis=1) + 1) / 2
        w = vectors[plan.weightings[weighting]] * picks.weight_factors[draw]
        w = w / w.sum()
        how = plan.aggregations[aggregation]
        if how == "arithmetic":
            score = (x * w).sum(axis=1)
        elif how == "geometric":
            score = np.exp((np.log(x) * w).sum(axis=1))
        elif how == "harmonic":
            score = 1 / (w / x).sum(axis=1)
        else:
            ahead = (np.sign(x[:, None, :] - x[None, :, :]) * w).sum(axis=2)
            score = np.sign(np.where(np.abs(ahead) < 1e-12, 0, ahead)).sum(axis=1)
        ranks[draw] = 1 + (score[None, :] > score[:, None]).sum(axis=1)
    return ranks


def _same(ours: Array, theirs: Array) -> None:
    """Check that ranks are the same; the order of sums may break a tie of two units."""
    different = ours != theirs
    if different.mean() > 1e-5 or np.abs(ours - theirs).max() > 1:
        raise AssertionError(f"{different.sum()} of {different.size} ranks differ")


def _against_coinr(report: Report, values: Array, draws: int, coinr_draws: int) -> None:
    rscript = shutil.which("Rscript")
    if rscript is None:
        report.note("COINr: no Rscript here, not measured")
        return
    with TemporaryDirectory(prefix="bench-") as folder:
        table, answer = Path(folder, "table.csv"), Path(folder, "answer.json")
        with table.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([[f"D{i + 1}" for i in range(PARTS)], *values.tolist()])
        try:
            run([rscript, _COINR, table, answer, str(coinr_draws)], {})
        except RuntimeError as error:
            report.note(f"COINr: not measured, {str(error).splitlines()[-1]}")
            return
        found: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    equal = np.ones(PARTS)
    for normalisation, aggregation in (("minmax", "arithmetic"), ("minmax", "geometric"), ("zscore", "arithmetic")):
        mine = aggregate(normalise(values, normalisation), equal, aggregation)  # type: ignore[arg-type]
        np.testing.assert_allclose(mine, found["scores"][f"{normalisation}_{aggregation}"], rtol=1e-9)
    report.note(f"scores of COINr {found['version']} (min-max and z-score, arithmetic and geometric) are the same")
    plan = Plan(("minmax", "zscore"), ("equal",), ("arithmetic", "geometric"), weight_noise=0.25)
    taken = seconds(lambda: uncertainty(values, plan, draws))
    line = Line(
        f"one draw × {UNITS} provinces, choices that COINr has",
        1000 * taken / draws,
        1000 * found["seconds"] / coinr_draws,
        f"COINr {found['version']}, {coinr_draws} draws",
        target=1.0,
        unit="ms",
    )
    report.add(line)
    report.note(f"COINr takes {1 / (line.ratio or 1):,.0f} times as long per draw")
