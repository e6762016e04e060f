"""Build the published table `rank_intervals`: how sure every rank is.

A stratum is what is ranked together: one index, source, period and level of units. Its draws are seeded by its own
figures and rubric, so that these give the same intervals on every machine, in any order, and by whatever code.

PAPI: see `papi.robustness`. The counts of QĐ 766 are complete, nothing is sampled. But a month of eight dossiers says
less about an office than one of eight hundred: one clerk ill for two days, and the order of small communes is another.
So every dossier (and petition) is taken as one trial, and the numerator k of n is drawn again from a binomial
distribution. Its share is (k + 1/2) / (n + 1), the mean of the Beta distribution that Jeffreys' prior leads to: eight
of eight is no proof that nothing can fail. Ranks of offices by such draws: Goldstein and Spiegelhalter, League tables
and their limitations (1996). Lists that an office keeps (procedures, decisions) and points that somebody else published
are not drawn again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from cchc_pipeline.arrow import table_from_frame, table_from_rows
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.drawing.plots import Dot
from cchc_pipeline.lake.engine import run_file
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.reference.index_codes import TOTAL_CODE
from cchc_pipeline.scorecards.built import keep
from cchc_pipeline.scorecards.papi import robustness as papi_robustness
from cchc_pipeline.scorecards.robustness.draws import rank, spread, uncertainty
from cchc_pipeline.scorecards.scoring.rubric import Criterion, Rubric
from cchc_pipeline.scorecards.scoring.rubric_set import RubricSet, shipped
from cchc_pipeline.scorecards.scoring.rule import Arithmetic
from cchc_pipeline.scorecards.scoring.rules import score_criterion

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
TABLE = "rank_intervals"
#: Which content the held intervals were computed from, one row per stratum; beside the built table, not published.
INPUTS = "rank_intervals_inputs"
PAPI_DRAWS = 2_000
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
#: By how much the weights of the groups of QĐ 766 vary, up and down.
WEIGHT_NOISE = 0.25
INDEX766_DRAWS = 1_000
INDEX766_METHOD_VI = (
    "Mỗi lần mô phỏng rút lại ngẫu nhiên số hồ sơ, số phản ánh đạt yêu cầu của từng tiêu chí theo phân phối nhị thức "
    "(đơn vị ít hồ sơ thì khoảng rộng hơn) và cho trọng số từng nhóm tiêu chí tăng, giảm tới 25 %; không thay đổi: "
    "tiêu chí đếm thủ tục, quyết định và điểm do Cổng công bố. Ngoài mức độ hài lòng gắn với đúng hạn, các tiêu chí "
    "được coi là độc lập với nhau."
)
STRATUM = ("scorecard_id", "source", "period_type", "period_start", "unit_level")
#: Scorecards with intervals, and the level of the rows that their totals are made of.
PARTS = {"papi": "group", "index766": "criterion"}
_INPUTS = pa.schema([*((name, pa.string()) for name in STRATUM), ("sha256", pa.string())])
#: Part of every seed. Another value draws all intervals anew; this one keeps them as they were first published.
SEED = "2f6899a2b4120617297efeb8cb9ea37001c1767384ddc6a12a7d1675799f6e05"


@dataclass(frozen=True)
class Stratum:
    """Units that are ranked together.

    Attributes:
        key: values of STRATUM.
        totals: one row per unit.
        parts: what the totals are made of, one row per unit and criterion (QĐ 766) or dimension (PAPI).
        standard_errors: those of the totals by unit, in points, where the publisher gives them.
        rubric: the variant that scored the card; None for PAPI.
    """

    key: tuple[str, ...]
    totals: pd.DataFrame
    parts: pd.DataFrame
    standard_errors: pd.Series | None
    rubric: Rubric | None

    def sha256(self) -> str:
        """Return a hash of figures and rubric."""
        found = hashlib.sha256("|".join((SEED, *self.key, repr(self.rubric))).encode())
        for frame in (self.totals, self.parts):
            found.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
        if self.standard_errors is not None:
            found.update(pd.util.hash_pandas_object(self.standard_errors).to_numpy().tobytes())
        return found.hexdigest()

    def intervals(self) -> pd.DataFrame:
        """Compute the rows of the published table."""
        seed = int(self.sha256()[:15], 16)
        if self.rubric is not None:
            spread = draw_ranks(self.parts, self.rubric, seed=seed)
            draws, method = INDEX766_DRAWS, INDEX766_METHOD_VI
        else:
            values = self.parts.set_index(["unit_code", "criterion_code"])["points"].unstack()  # noqa: PD010
            values = values.loc[self.totals["unit_code"]]
            plan = papi_robustness.plan_for(values, standard_errors=self.standard_errors)
            spread = uncertainty(values.to_numpy(dtype=np.float64), plan, PAPI_DRAWS, seed=seed)
            draws, method = PAPI_DRAWS, papi_robustness.method_vi(plan)
        return self.totals.assign(
            scorecard_id=self.key[0],
            **{one: spread[one].astype(np.int32) for one in ("rank_low", "rank_high", "rank_median")},
            first_quarter_share=spread["first_quarter"],
            draws=draws,
            method_vi=method,
        )


@dataclass(frozen=True)
class Built:
    """The table, and how many of its strata were computed now and not before."""

    table: pa.Table
    strata: int
    computed: int


def build_rank_intervals(lake: Lake, rubrics: RubricSet | None = None) -> Built:
    """Compute rank intervals of PAPI and the newest periods of QĐ 766; keep them.

    Args:
        lake: the lake; both scorecards were built.
        rubrics: the rubrics that the cards were scored by; the shipped ones by default.
    """
    schema = load_contract(TABLE).arrow_schema()
    held = lake.store.read(f"built/{TABLE}", schema=schema).to_pandas(date_as_object=True)
    inputs = lake.store.read(f"built/{INPUTS}", schema=_INPUTS).to_pydict().values()
    known = {tuple(row[:-1]): row[-1] for row in zip(*inputs, strict=True)}
    groups = held.groupby(list(STRATUM), sort=False, dropna=False) if len(held) else ()
    rows_of = {tuple(map(str, key)): rows for key, rows in groups}
    code = _hash_of_code()
    kept, hashes, computed = [], {}, 0
    for stratum in _strata(lake, rubrics or shipped()):
        key = stratum.key
        hashes[key] = f"{stratum.sha256()}/{code}"
        if known.get(key) != hashes[key] or key not in rows_of:
            computed += 1
            rows_of[key] = stratum.intervals()
        kept.append(rows_of[key])
    found = table_from_frame(pd.concat(kept, ignore_index=True)[schema.names]) if kept else schema.empty_table()
    table = keep(lake, TABLE, found)
    rows = ((*key, value) for key, value in sorted(hashes.items()))
    lake.store.update(table_from_rows(rows, _INPUTS), f"built/{INPUTS}")
    return Built(table, len(hashes), computed)


def newest(table: pa.Table) -> tuple[list[Dot], str] | None:
    """Return dots and a title of the newest local year of QĐ 766, lowest level."""
    frame = table.to_pandas(date_as_object=True)
    own = frame[(frame["scorecard_id"] == "index766") & (frame["source"] == "local") & (frame["period_type"] == "year")]
    for level in ("commune", "department", "province"):
        rows = own[own["unit_level"] == level]
        if len(rows):
            rows = rows[rows["period_start"] == rows["period_start"].max()].sort_values(["rank", "unit_code"])
            names = rows["unit_name"].fillna(rows["unit_code"])
            columns = (rows[name].tolist() for name in ("rank", "rank_low", "rank_high", "rank_median"))
            found = [Dot(*row) for row in zip(names.tolist(), *columns, strict=True)]
            return found, f"Bộ chỉ số 766 năm {rows['period_start'].iloc[0].year}: khoảng thứ hạng"
    return None


def _strata(lake: Lake, rubrics: RubricSet) -> Iterator[Stratum]:
    """Yield everything that has an interval."""
    names = ["period_start", "unit_code", "standard_error"]
    errors = lake.store.read("built/scorecard_papi", columns=names).to_pandas(date_as_object=True).dropna()
    for scorecard, level in PARTS.items():
        given = {"part_level": level, "total": TOTAL_CODE, "every": scorecard == "papi"}
        card = run_file("scorecards/ranked_parts", params=given, card=lake.store.source(f"built/scorecard_{scorecard}"))
        frame = card.to_pandas(date_as_object=True)
        for values, rows in frame.groupby(list(STRATUM[1:]), sort=True, dropna=False):
            source, _, first_on, _ = values
            is_total = rows["criterion_code"] == TOTAL_CODE
            totals = rows[is_total].drop(columns=["numerator", "denominator", "points", "status", "criterion_code"])
            rubric, printed = None, errors[errors["period_start"] == first_on]
            if scorecard != "papi":
                rubric = rubrics.version(scorecard, totals["rubric_version"].iloc[0]).for_source(source)
            yield Stratum(
                tuple(map(str, (scorecard, *values))),
                totals.reset_index(drop=True),
                rows[~is_total].reset_index(drop=True),
                printed.set_index("unit_code")["standard_error"] if scorecard == "papi" and len(printed) else None,
                rubric,
            )


def _hash_of_code() -> str:
    """Hash the code of this room: where it changed, all is computed again."""
    found = hashlib.sha256()
    for path in sorted(path for path in Path(__file__).parent.rglob("*") if path.suffix in (".py", ".sql")):
        found.update(path.read_bytes())
    return found.hexdigest()


def draw_ranks(card: pd.DataFrame, rubric: Rubric, *, draws: int = INDEX766_DRAWS, seed: int = 1) -> pd.DataFrame:
    """Compute rank intervals of the units of one card of QĐ 766.

    Args:
        card: rows of the criteria of one source, period and level of units: unit_code, criterion_code, numerator,
            denominator, points, status. What does not apply to a unit, or to none of them, may be left out.
        rubric: the variant that the card was scored by (`Rubric.for_source`).
        draws: how many.
        seed: same card and seed, same result.

    Returns:
        What `spread` gives for ranks by achieved over reachable, units in order of their codes; NaN where a unit was
        scored in nothing.
    """
    codes = [leaf.code for leaf in rubric.criteria()]
    held = {
        name: card.pivot(index="unit_code", columns="criterion_code", values=name).reindex(columns=codes)  # noqa: PD010
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
            again = _points(leaf, count, drawn[leaf.code], rubric.arithmetic)
            own = np.where(is_event[leaf.code].to_numpy(), again, own)
        reached += factor * own
        if not leaf.rule.is_extra:
            reachable += factor * np.where(is_scored[leaf.code].to_numpy(), leaf.max_points, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.clip(reached / reachable, 0, 1)
    # equal points stay equal, in whatever order they were added up
    return spread(rank(np.round(ratio, 9)))


def _points(leaf: Criterion, trials: Counts, hits: Counts, arithmetic: Arithmetic) -> Array:
    """Score every draw; each numerator of a unit is scored once.

    That is all that it can have or, where these are more than the draws, those drawn.
    """
    start = np.concatenate([[0], np.cumsum(trials + 1)])
    places = start[:-1] + hits
    known, back = np.arange(start[-1]), places
    if len(known) > places.size:
        known, back = np.unique(places, return_inverse=True)
    unit = np.searchsorted(start, known, side="right") - 1
    numerator, denominator = (known - start[unit]).astype(np.float64), trials[unit].astype(np.float64)
    table = score_criterion(leaf, numerator, denominator, arithmetic).points_hundredths
    return np.asarray(table[back.reshape(places.shape)] / 100)
