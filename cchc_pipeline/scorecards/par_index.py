"""PAR INDEX: measures for its rubrics, from our own indicators and from evidence.

Belongs here: what is peculiar to this index about where its measures come from. Not here: its criteria
(`rubrics/par_index*.yaml`), looking evidence up (`evidence.py`), what people scored (`appraised_card.py`). The official
points are not public: every row is provisional, and says so.
"""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from cchc_pipeline.scorecards.engine import score
from cchc_pipeline.scorecards.errors import MeasureError
from cchc_pipeline.scorecards.measures import PERIOD, Table, as_frame, concat, from_indicators
from cchc_pipeline.scorecards.rubric import Rubric
from cchc_pipeline.scorecards.rubric_file import load_rubric

RUBRIC = "par_index"
#: Rubric of the province, of departments, and of communes: provinces score their units in the same eight domains.
RUBRICS = (RUBRIC, "par_index_department", "par_index_commune")
_EVIDENCE_COLUMNS = ("unit_code", "metric_code", "evidence")


def rubric() -> Rubric:
    """The shipped provisional rubric."""
    return load_rubric(RUBRIC)


def rubrics() -> tuple[Rubric, ...]:
    """The rubrics of all levels, the province's first."""
    return tuple(load_rubric(name) for name in RUBRICS)


def measures(indicator_values: Table, evidence: Table | None = None, *, rubric: Rubric | None = None) -> pd.DataFrame:
    """Measures for the engine.

    Args:
        indicator_values: the table of that name.
        evidence: what cannot be computed, such as an issued reform plan: columns unit_code, metric_code (a criterion
            that is not computed from an indicator) and evidence (document numbers or a link; required, because nothing
            is scored without evidence); optionally numerator and denominator (default 1 of 1: it is there), reason_vi,
            and period_type, period_start, period_end. Without period columns the evidence counts in every period that
            the indicators of its unit have.
        rubric: another rubric of the same kind, for example one imported from an office's table.

    Raises:
        MeasureError: a column is missing, a criterion is computed or unknown, or a row has no evidence.
    """
    by = rubric or load_rubric(RUBRIC)
    computed = from_indicators(by, indicator_values)
    if evidence is None:
        return computed
    return concat([computed, _from_evidence(by, as_frame(evidence), as_frame(indicator_values))])


def score_local(indicator_values: Table, evidence: Table | None = None, *, rubric: Rubric | None = None) -> pa.Table:
    """Scorecards in the engine's columns, without what people scored; every row of a shipped rubric is provisional."""
    by = rubric or load_rubric(RUBRIC)
    return score(by, measures(indicator_values, evidence, rubric=by), source="local")


def _from_evidence(rubric: Rubric, evidence: pd.DataFrame, values: pd.DataFrame) -> pd.DataFrame:
    if absent := [name for name in _EVIDENCE_COLUMNS if name not in evidence.columns]:
        raise MeasureError(
            f"The evidence for {rubric.id} lacks the column {', '.join(absent)}; "
            f"it needs {', '.join(_EVIDENCE_COLUMNS)}"
        )
    open_to_evidence = [criterion.code for criterion in rubric.criteria() if not criterion.indicator]
    wrong = evidence.loc[~evidence["metric_code"].isin(open_to_evidence), "metric_code"]
    if len(wrong):
        raise MeasureError(
            f"The evidence for {rubric.id} names {wrong.iloc[0]!r}, which is computed or unknown; "
            f"use one of: {', '.join(open_to_evidence)}"
        )
    bare = evidence["evidence"].isna() | evidence["evidence"].astype(str).str.strip().eq("")
    if bare.any():
        row = evidence.loc[bare].iloc[0]
        raise MeasureError(
            f"{row['metric_code']} of unit {row['unit_code']} has no evidence; name the document or leave the row out"
        )
    given = evidence.copy()
    if not {"numerator", "denominator"} & set(given.columns):
        given["numerator"], given["denominator"] = 1.0, 1.0
    for name in ("numerator", "denominator"):
        given[name] = pd.to_numeric(given[name]).astype("float64") if name in given else float("nan")
    if not set(PERIOD) <= set(given.columns):
        periods = values.loc[values["period_type"] != "day", ["unit_code", *PERIOD]].drop_duplicates()
        given = given.drop(columns=[name for name in PERIOD if name in given]).merge(
            periods, on="unit_code", how="inner"
        )
    kept = [*_EVIDENCE_COLUMNS, *PERIOD, "numerator", "denominator", *(["reason_vi"] if "reason_vi" in given else [])]
    return given[kept]
