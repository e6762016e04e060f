"""Build the published table `rank_intervals`: how sure every rank is.

A stratum is what is ranked together: one index, source, period and level of units. Its draws are seeded by its own
figures and rubric, so that these give the same intervals on every machine, in any order, and by whatever code.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.arrow import table_from_frame, table_from_rows
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.drawing.plots import Dot
from cchc_pipeline.lake.engine import run_file
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.reference.index_codes import TOTAL_CODE
from cchc_pipeline.scorecards.built import keep
from cchc_pipeline.scorecards.index766 import rank_draws
from cchc_pipeline.scorecards.papi import robustness as papi_robustness
from cchc_pipeline.scorecards.robustness.draws import Spread, uncertainty
from cchc_pipeline.scorecards.scoring.rubric import Rubric
from cchc_pipeline.scorecards.scoring.rubric_set import RubricSet, shipped

TABLE = "rank_intervals"
#: Which content the held intervals were computed from, one row per stratum; beside the built table, not published.
INPUTS = "rank_intervals_inputs"
PAPI_DRAWS = 2_000
STRATUM = ("scorecard_id", "source", "period_type", "period_start", "unit_level")
#: Scorecards with intervals, and the level of the rows that their totals are made of.
PARTS = {"papi": "group", "index766": "criterion"}
_INPUTS = pa.schema([*((name, pa.string()) for name in STRATUM), ("sha256", pa.string())])
#: Part of every seed. Another value draws all intervals anew; this one keeps them as they were first published.
SEED = "2f6899a2b4120617297efeb8cb9ea37001c1767384ddc6a12a7d1675799f6e05"

Key = tuple[str, ...]


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

    key: Key
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
        spread: Spread
        if self.rubric is not None:
            spread = rank_draws.draw_ranks(self.parts, self.rubric, seed=seed)
            draws, method = rank_draws.DRAWS, rank_draws.METHOD_VI
        else:
            values = self.parts.set_index(["unit_code", "criterion_code"])["points"].unstack()  # noqa: PD010
            values = values.loc[self.totals["unit_code"]]
            plan = papi_robustness.plan_for(values, standard_errors=self.standard_errors)
            spread = uncertainty(values.to_numpy(dtype=np.float64), plan, PAPI_DRAWS, seed=seed)
            draws, method = PAPI_DRAWS, papi_robustness.method_vi(plan)
        return self.totals.assign(
            scorecard_id=self.key[0],
            **{one: getattr(spread, one).astype(np.int32) for one in ("rank_low", "rank_high", "rank_median")},
            first_quarter_share=spread.share_first_quarter,
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
    rows_of = {_key(*key): rows for key, rows in groups}
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
    errors = _standard_errors(lake)
    for scorecard, level in PARTS.items():
        given = {"part_level": level, "total": TOTAL_CODE, "every": scorecard == "papi"}
        card = run_file("scorecards/ranked_parts", params=given, card=lake.store.source(f"built/scorecard_{scorecard}"))
        frame = card.to_pandas(date_as_object=True)
        for values, rows in frame.groupby(list(STRATUM[1:]), sort=True, dropna=False):
            key = _key(scorecard, *values)
            of = dict(zip(STRATUM, key, strict=True))
            is_total = rows["criterion_code"] == TOTAL_CODE
            totals = rows[is_total].drop(columns=["numerator", "denominator", "points", "status", "criterion_code"])
            rubric = None
            if scorecard != "papi":
                version = str(totals["rubric_version"].iloc[0])
                rubric = rubrics.version(scorecard, version).for_source(of["source"])
            yield Stratum(
                key,
                totals.reset_index(drop=True),
                rows[~is_total].reset_index(drop=True),
                errors.get(of["period_start"]) if scorecard == "papi" else None,
                rubric,
            )


def _standard_errors(lake: Lake) -> dict[str, pd.Series]:
    """Return standard errors of PAPI totals by unit, by first day of the year."""
    card = lake.store.read("built/scorecard_papi")
    card = card.filter(pc.is_valid(card["standard_error"])).select(["period_start", "unit_code", "standard_error"])
    frame = card.to_pandas(date_as_object=True)
    return {
        day.isoformat(): rows.set_index("unit_code")["standard_error"]
        for day, rows in frame.groupby("period_start", sort=True)
    }


def _key(*values: object) -> Key:
    return tuple(str(value) for value in values)


def _hash_of_code() -> str:
    """Hash the code of this room: where it changed, all is computed again."""
    found = hashlib.sha256()
    for path in sorted(path for path in Path(__file__).parent.rglob("*") if path.suffix in (".py", ".sql")):
        found.update(path.read_bytes())
    return found.hexdigest()
