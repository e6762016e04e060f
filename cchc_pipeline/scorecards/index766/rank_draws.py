"""Draw how sure a QĐ 766 rank is: chance in small counts, weights of groups.

The counts are complete, nothing is sampled. But a month of eight dossiers says less about an office than one of eight
hundred: one clerk ill for two days, and the order of small communes is another. So every dossier (and petition) is
taken as one trial, and the numerator k of n is drawn again from a binomial distribution. Its share is
(k + 1/2) / (n + 1), the mean of the Beta distribution that Jeffreys' prior leads to: eight of eight is no proof that
nothing can fail. Ranks of offices by such draws: Goldstein and Spiegelhalter, League tables and their limitations
(1996). Lists that an office keeps (procedures, decisions) and points that somebody else published are not drawn again.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from cchc_pipeline.scorecards.robustness.draws import spread
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


def draw_ranks(card: pd.DataFrame, rubric: Rubric, *, draws: int = DRAWS, seed: int = 1) -> pd.DataFrame:
    """Compute rank intervals of the units of one card.

    Args:
        card: rows of the criteria of one source, period and level of units: unit_code, criterion_code, numerator,
            denominator, points, status. Every unit has every criterion of the rubric.
        rubric: the variant that the card was scored by (`Rubric.for_source`).
        draws: how many.
        seed: same card and seed, same result.

    Returns:
        What `spread` gives for ranks by achieved over reachable, units in order of their codes; NaN where a unit was
        scored in nothing.
    """
    held = {
        name: card.pivot(index="unit_code", columns="criterion_code", values=name)  # noqa: PD010
        for name in ("numerator", "denominator", "points", "status")
    }
    met, of, points = (held[name].fillna(0).astype(np.float64) for name in ("numerator", "denominator", "points"))
    is_scored = held["status"] == "ok"
    points = points.where(is_scored, 0.0)
    # a share that somebody typed in without whole counts is no number of trials
    is_event = is_scored & (of > 0) & (of == np.floor(of)) & (met == np.floor(met))
    trials, hits = (counts.where(is_event, 0).astype(np.int64) for counts in (of, met))
    generator = np.random.default_rng(seed)
    drawn: dict[str, Counts] = {}
    reached, reachable = np.zeros((draws, len(points))), np.zeros((draws, len(points)))
    factors = generator.uniform(1 - WEIGHT_NOISE, 1 + WEIGHT_NOISE, size=(len(rubric.groups), draws, 1))
    leaves = [(leaf, factor) for group, factor in zip(rubric.groups, factors, strict=True) for leaf in group.leaves()]
    leaves.sort(key=lambda pair: pair[0].within is not None)  # what is counted within another: last
    for leaf, factor in leaves:
        own = points[leaf.code].to_numpy()
        if leaf.code in EVENTS:
            count, hit = trials[leaf.code].to_numpy(), hits[leaf.code].to_numpy()
            again, among = np.broadcast_to(count, (draws, len(count))), count
            if leaf.within in drawn:  # counted within the hits of another criterion, so drawn within them
                whole = hits[leaf.within].to_numpy()
                inside = is_event[leaf.within].to_numpy() & (trials[leaf.within].to_numpy() == count) & (whole >= hit)
                again, among = np.where(inside, drawn[leaf.within], again), np.where(inside, whole, count)
            drawn[leaf.code] = generator.binomial(again, (hit + 0.5) / (among + 1))
            own = np.where(is_event[leaf.code].to_numpy(), _points(leaf, count, drawn[leaf.code]), own)
        reached += factor * own
        if not leaf.rule.is_extra:
            reachable += factor * np.where(is_scored[leaf.code].to_numpy(), leaf.max_points, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.clip(reached / reachable, 0, 1)
    # equal points stay equal, in whatever order they were added up
    return spread(rank(np.round(ratio, 9)))


def _points(leaf: Criterion, trials: Counts, hits: Counts) -> Array:
    """Score every draw, by a table of all numerators that a unit can have."""
    start = np.concatenate([[0], np.cumsum(trials + 1)])
    numerator = (np.arange(start[-1]) - np.repeat(start[:-1], trials + 1)).astype(np.float64)
    denominator = np.repeat(trials, trials + 1).astype(np.float64)
    table = score_criterion(leaf, numerator, denominator).points_hundredths
    return np.asarray(table[start[:-1] + hits] / 100)
