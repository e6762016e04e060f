"""Draw how sure a QĐ 766 rank is: chance in small counts, weights of groups.

The counts are complete, nothing is sampled. But a month of eight dossiers says less about an office than one of eight
hundred: one clerk ill for two days, and the order of small communes is another. So every dossier (and petition) is
taken as one trial, and the numerator k of n is drawn again from a binomial distribution. Its share is
(k + 1/2) / (n + 1), the mean of the Beta distribution that Jeffreys' prior leads to: eight of eight is no proof that
nothing can fail. Ranks of offices by such draws: Goldstein and Spiegelhalter, League tables and their limitations
(1996). Lists that an office keeps (procedures, decisions) and points that somebody else published are not drawn again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from cchc_pipeline.scorecards.robustness.draws import Spread, spread
from cchc_pipeline.scorecards.robustness.statistics import rank
from cchc_pipeline.scorecards.scoring.rubric import Criterion, Rubric
from cchc_pipeline.scorecards.scoring.rules import score_criterion

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

#: Criteria whose denominator counts dossiers or petitions, each of which could have gone otherwise.
EVENTS = (
    "DOSSIER_SYNC",
    "DOSSIER_ON_TIME",
    "ONLINE_DOSSIERS",
    "DOSSIER_ONLINE_PAYMENT",
    "ORIGINAL_RESULT_AVAILABLE",
    "SO_HOA_GIAY_TO_GIAI_QUYET",
    "REUSED_DIGITIZED_DATA",
    "SYNCED_WITH_DVCQG_PERSONAL_STORAGE",
    "CITIZEN_DATA_CONNECTED_DOSSIER",
    "DOSSIER_RECEIVING_SATISFACTION",
    "PETITION_PROCESSING_ON_TIME",
    "PETITION_HANDLING_SATISFACTION",
)
WEIGHT_NOISE = 0.25
DRAWS = 1_000
METHOD_VI = (
    "Mỗi lần mô phỏng rút lại ngẫu nhiên số hồ sơ, số phản ánh đạt yêu cầu của từng tiêu chí theo phân phối nhị thức "
    "(đơn vị ít hồ sơ thì khoảng rộng hơn) và cho trọng số từng nhóm tiêu chí tăng, giảm tới 25 %; không thay đổi: "
    "tiêu chí đếm thủ tục, quyết định và điểm do Cổng công bố. Ngoài mức độ hài lòng gắn với đúng hạn, các tiêu chí "
    "được coi là độc lập với nhau."
)


def draw_ranks(card: pd.DataFrame, rubric: Rubric, *, draws: int = DRAWS, seed: int = 1) -> Spread:
    """Compute rank intervals of the units of one card.

    Args:
        card: rows of the criteria of one source, period and level of units: unit_code, criterion_code, numerator,
            denominator, points, status. Every unit has every criterion of the rubric.
        rubric: the variant that the card was scored by (`Rubric.for_source`).
        draws: how many.
        seed: same card and seed, same result.

    Returns:
        The spread of the ranks by achieved over reachable, units in order of their codes; NaN where a unit was scored
        in nothing.
    """
    units = np.sort(card["unit_code"].unique())
    by_criterion = {code: rows.set_index("unit_code").reindex(units) for code, rows in card.groupby("criterion_code")}
    generator = np.random.default_rng(seed)
    drawn: dict[str, tuple[_Figures, Counts]] = {}
    reached, reachable = np.zeros((draws, len(units))), np.zeros((draws, len(units)))
    factors = generator.uniform(1 - WEIGHT_NOISE, 1 + WEIGHT_NOISE, size=(len(rubric.groups), draws, 1))
    leaves = [(leaf, factor) for group, factor in zip(rubric.groups, factors, strict=True) for leaf in group.leaves()]
    leaves.sort(key=lambda pair: pair[0].within is not None)  # what is counted within another: last
    for leaf, factor in leaves:
        figures = _Figures.of(by_criterion[leaf.code])
        points: Array = figures.points
        if leaf.code in EVENTS:
            outer = drawn.get(leaf.within or "")
            drawn[leaf.code] = figures, _draw_again(figures, outer, draws, generator)
            points = np.where(figures.is_event, _points(leaf, figures.trials, drawn[leaf.code][1]), points)
        reached += factor * points
        if not leaf.rule.is_extra:
            reachable += factor * np.where(figures.scored, leaf.max_points, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.clip(reached / reachable, 0, 1)
    # equal points stay equal, in whatever order they were added up
    return spread(rank(np.round(ratio, 9)))


@dataclass(frozen=True)
class _Figures:
    """One criterion of all units: what was scored, out of how many trials, with how many hits."""

    scored: npt.NDArray[np.bool_]
    points: Array
    is_event: npt.NDArray[np.bool_]
    trials: Counts
    hits: Counts

    @classmethod
    def of(cls, rows: pd.DataFrame) -> _Figures:
        scored = (rows["status"] == "ok").to_numpy()
        of, met = (rows[name].fillna(0).to_numpy(dtype=np.float64) for name in ("denominator", "numerator"))
        points = np.where(scored, rows["points"].fillna(0).to_numpy(dtype=np.float64), 0.0)
        # a share that somebody typed in without whole counts is no number of trials
        is_event = scored & (of > 0) & (of == np.floor(of)) & (met == np.floor(met))
        trials = np.where(is_event, of, 0).astype(np.int64)
        return cls(scored, points, is_event, trials, np.where(is_event, met, 0).astype(np.int64))


def _draw_again(
    figures: _Figures, outer: tuple[_Figures, Counts] | None, draws: int, generator: np.random.Generator
) -> Counts:
    """Draw numerators, (draws, units).

    `outer` is the criterion within whose hits these were counted.
    """
    trials: Counts = np.broadcast_to(figures.trials, (draws, len(figures.trials)))
    of = figures.trials
    if outer is not None:
        whole, hits = outer
        inside = whole.is_event & (whole.trials == figures.trials) & (whole.hits >= figures.hits)
        trials, of = np.where(inside, hits, trials), np.where(inside, whole.hits, of)
    return generator.binomial(trials, (figures.hits + 0.5) / (of + 1))


def _points(leaf: Criterion, trials: Counts, hits: Counts) -> Array:
    """Score every draw, by a table of all numerators that a unit can have."""
    start = np.concatenate([[0], np.cumsum(trials + 1)])
    numerator = (np.arange(start[-1]) - np.repeat(start[:-1], trials + 1)).astype(np.float64)
    denominator = np.repeat(trials, trials + 1).astype(np.float64)
    table = score_criterion(leaf, numerator, denominator).points_hundredths
    return np.asarray(table[start[:-1] + hits] / 100)
