"""The published table `rank_intervals`: every rank with the ranks that it could as well have been.

A stratum is what is ranked together: one index, source, period and level of units. Its draws are seeded by its own
figures and rubric, so that these give the same intervals on every machine, in any order, and by whatever code.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.arrow import table_from_frame, table_from_records
from cchc_pipeline.contracts import enforce, load_contract
from cchc_pipeline.drawing.ranks import Dot
from cchc_pipeline.lake.engine import run_file
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.reference.index_codes import TOTAL_CODE
from cchc_pipeline.scorecards import robustness as rb
from cchc_pipeline.scorecards.index766 import rank_draws as index766_robustness
from cchc_pipeline.scorecards.papi import robustness as papi_robustness
from cchc_pipeline.scorecards.scoring.rubric import Rubric
from cchc_pipeline.scorecards.scoring.shelf import Shelf, shipped

TABLE = "rank_intervals"
#: Which content the held intervals were computed from, one row per stratum; beside the built table, not published.
INPUTS = "rank_intervals_inputs"
#: How many of the newest periods of QĐ 766 get intervals; of PAPI every year does.
NEWEST = {"month": 6, "quarter": 4, "year": 3}
PAPI_DRAWS = 2_000
STRATUM = ("scorecard_id", "source", "period_type", "period_start", "unit_level")
_INPUTS = pa.schema([*((name, pa.string()) for name in STRATUM), ("sha256", pa.string())])
#: Part of every seed. Another value draws all intervals anew; this one keeps them as they were first published.
SEED = "2f6899a2b4120617297efeb8cb9ea37001c1767384ddc6a12a7d1675799f6e05"

Key = tuple[str, ...]


@dataclass(frozen=True)
class Stratum:
    """Units that are ranked together: `totals` one row per unit, `parts` what their totals are made of.

    `standard_errors` are those of the totals by unit, where the publisher gives them; `rubric` is the variant that
    scored the card, where an index has rubrics.
    """

    key: Key
    totals: pd.DataFrame
    parts: pd.DataFrame
    standard_errors: pd.Series | None = None
    rubric: Rubric | None = None

    def sha256(self) -> str:
        """Hash of figures and rubric."""
        found = hashlib.sha256("|".join((SEED, *self.key, repr(self.rubric))).encode())
        for frame in (self.totals, self.parts):
            found.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
        if self.standard_errors is not None:
            found.update(pd.util.hash_pandas_object(self.standard_errors).to_numpy().tobytes())
        return found.hexdigest()


@dataclass(frozen=True)
class Built:
    """The table, and how many of its strata were computed now; the others had not changed."""

    table: pa.Table
    strata: int
    computed: int


def build_rank_intervals(lake: Lake, shelf: Shelf | None = None) -> Built:
    """Intervals of all ranks of PAPI and of the newest periods of QĐ 766, kept in `built`.

    Args:
        lake: the lake; both scorecards were built.
        shelf: the rubrics that the cards were scored by; the shipped ones by default.
    """
    contract = load_contract(TABLE)
    held = lake.read_state("built", TABLE, contract.arrow_schema()).to_pandas(date_as_object=True)
    inputs = lake.read_state("built", INPUTS, _INPUTS).to_pylist()
    known = {tuple(row[name] for name in STRATUM): row["sha256"] for row in inputs}
    rows_of = (
        {_key(*key): rows for key, rows in held.groupby(list(STRATUM), sort=False, dropna=False)} if len(held) else {}
    )
    code = _code()
    kept: list[pd.DataFrame] = []
    hashes: dict[Key, str] = {}
    computed = 0
    for stratum, work in _strata(lake, shelf or shipped()):
        content = stratum.sha256()
        hashes[stratum.key] = f"{content}/{code}"
        if known.get(stratum.key) == hashes[stratum.key] and stratum.key in rows_of:
            kept.append(rows_of[stratum.key])
            continue
        computed += 1
        kept.append(work(stratum, int(content[:15], 16)))
    table = _table(kept)
    lake.write_state(table, "built", TABLE)
    rows = [dict(zip(_INPUTS.names, (*key, value), strict=True)) for key, value in sorted(hashes.items())]
    lake.write_state(table_from_records(rows, schema=_INPUTS), "built", INPUTS)
    return Built(table, len(hashes), computed)


def papi_intervals(stratum: Stratum, seed: int) -> pd.DataFrame:
    """Rows of one PAPI year; its parts are dimensions."""
    values = stratum.parts.set_index(["unit_code", "criterion_code"])["points"].unstack()  # noqa: PD010
    values = values.loc[stratum.totals["unit_code"]]
    plan = papi_robustness.plan_of(values, stratum.standard_errors)
    found = rb.uncertainty(values.to_numpy(dtype=np.float64), plan, PAPI_DRAWS, seed=seed)
    spread = rb.Spread(found.rank_low, found.rank_median, found.rank_high, found.share_first_quarter)
    return _rows(stratum, spread, PAPI_DRAWS, papi_robustness.method_vi(plan))


def index766_intervals(stratum: Stratum, seed: int) -> pd.DataFrame:
    """Rows of one QĐ 766 card of one level of units; its parts are criteria."""
    assert stratum.rubric is not None  # noqa: S101 - `_strata` gives every card of an index of ours its rubric
    spread = index766_robustness.draw_ranks(stratum.parts, stratum.rubric, seed=seed)
    return _rows(stratum, spread, index766_robustness.DRAWS, index766_robustness.METHOD_VI)


Work = Callable[[Stratum, int], pd.DataFrame]


def _strata(lake: Lake, shelf: Shelf) -> Iterator[tuple[Stratum, Work]]:
    """Everything that has an interval, with the function that computes it."""
    jobs: tuple[tuple[str, str, Work], ...] = (
        ("papi", "group", papi_intervals),
        ("index766", "criterion", index766_intervals),
    )
    known_errors = _standard_errors(lake)
    for scorecard, level, work in jobs:
        given = {"part_level": level, "total": TOTAL_CODE}
        held = lake.store.source(f"built/scorecard_{scorecard}")
        card = run_file("scorecards/ranked_parts", params=given, card=held)
        frame = card.to_pandas(date_as_object=True)
        for key, rows in frame.groupby(list(STRATUM[1:]), sort=True, dropna=False):
            named = _key(scorecard, *key)
            if scorecard != "papi" and not _is_recent(frame, named):
                continue
            is_total = rows["criterion_code"] == TOTAL_CODE
            totals = rows[is_total].drop(columns=["numerator", "denominator", "points", "status", "criterion_code"])
            errors = None
            if scorecard == "papi":
                errors = known_errors.get(named[STRATUM.index("period_start")])
            parts, rubric = rows[~is_total].reset_index(drop=True), None
            if scorecard != "papi":
                version = shelf.version(scorecard, str(totals["rubric_version"].iloc[0]))
                rubric = version.for_source(named[STRATUM.index("source")])
            yield Stratum(named, totals.reset_index(drop=True), parts, errors, rubric), work


def _standard_errors(lake: Lake) -> dict[str, pd.Series]:
    """Standard errors of totals, by first day of the year; by unit. They came in with `papi__totals`."""
    card = lake.store.read("built/scorecard_papi")
    card = card.filter(pc.is_valid(card["standard_error"])).select(["period_start", "unit_code", "standard_error"])
    frame = card.to_pandas(date_as_object=True)
    return {
        day.isoformat(): rows.set_index("unit_code")["standard_error"]
        for day, rows in frame.groupby("period_start", sort=True)
    }


def _is_recent(frame: pd.DataFrame, key: Key) -> bool:
    """Whether the period is one of the newest of its kind and source."""
    of = dict(zip(STRATUM, key, strict=True))
    alike = frame[(frame["source"] == of["source"]) & (frame["period_type"] == of["period_type"])]
    newest = sorted(alike["period_start"].unique(), reverse=True)[: NEWEST.get(of["period_type"], 0)]
    return date.fromisoformat(of["period_start"]) in newest


def _rows(stratum: Stratum, spread: rb.Spread, draws: int, method_vi: str) -> pd.DataFrame:
    return stratum.totals.assign(
        scorecard_id=stratum.key[0],
        rank_low=spread.low.astype(np.int32),
        rank_high=spread.high.astype(np.int32),
        rank_median=spread.median.astype(np.int32),
        first_quarter_share=spread.share_first_quarter,
        draws=draws,
        method_vi=method_vi,
    )


def newest(table: pa.Table) -> tuple[list[Dot], str] | None:
    """What to draw, and its title: the newest year of QĐ 766 from our own dossiers, units of the lowest level."""
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


def _table(kept: list[pd.DataFrame]) -> pa.Table:
    contract = load_contract(TABLE)
    schema = contract.arrow_schema()
    if not kept:
        return enforce(schema.empty_table(), contract)
    frame = pd.concat(kept, ignore_index=True)[schema.names]
    table = enforce(table_from_frame(frame), contract)
    return table.sort_by([(name, "ascending") for name in contract.key]).combine_chunks()


def _key(*values: object) -> Key:
    return tuple(str(value) for value in values)


def _code() -> str:
    """Hash of the code of this room: where it changed, everything is computed again."""
    found = hashlib.sha256()
    for path in sorted(path for path in Path(__file__).parent.rglob("*") if path.suffix in (".py", ".sql")):
        found.update(path.read_bytes())
    return found.hexdigest()
