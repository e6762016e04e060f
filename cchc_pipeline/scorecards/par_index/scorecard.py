"""Score PAR INDEX with what people gave, every stage beside the figure taken.

An appraisal and a survey are taken before a figure of the pipeline, because they are what the authority decided; a
figure of the pipeline is taken before a score that only the unit itself gave. Appraisals are of a whole year and count
in the scorecard of the calendar year, in no other period.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd
import pyarrow as pa

from cchc_pipeline.arrow import table_from_frame
from cchc_pipeline.contracts.code_lists import load_code_list
from cchc_pipeline.lake.engine import run_file
from cchc_pipeline.scorecards.par_index.stage_sums import COLUMNS, PEOPLE
from cchc_pipeline.scorecards.scoring.engine import SCORECARD_SCHEMA, score
from cchc_pipeline.scorecards.scoring.measures import PERIOD, Table, as_frame, concat
from cchc_pipeline.scorecards.scoring.rubric import Rubric

STAGE_COLUMNS = tuple(COLUMNS[stage] for stage in PEOPLE)
APPRAISED_SCHEMA = pa.schema(
    [
        *SCORECARD_SCHEMA,
        ("counted_stage", pa.string()),
        *((name, pa.float64()) for name in ("computed_points", *STAGE_COLUMNS, "appraisal_difference")),
    ]
)
_STAGES = pa.schema(
    [
        ("unit_code", pa.string()),
        ("year", pa.int64()),
        *((name, pa.string()) for name in ("criterion_code", "stage")),
        ("points", pa.float64()),
    ]
)
_KEY = ["unit_code", *PERIOD]
_ALONE = "Chỉ có điểm tự chấm, chưa thẩm định: tạm tính"


def appraised_card(rubric: Rubric, measures: pd.DataFrame, appraisals: Table) -> pa.Table:
    """Score measures and what people gave.

    Args:
        rubric: the rubric of both.
        measures: figures of the pipeline, as for `engine.score`.
        appraisals: rows of `par_index_appraisals`; those of other rubrics and versions, and refused ones, are passed
            over.

    Returns:
        A table of APPRAISED_SCHEMA. `counted_stage` is the stage whose points were taken, or `computed`.
        `computed_points` is what the pipeline gives by itself, `appraisal_difference` what an appraisal that was taken
        gave more (+) or less (-) than the unit itself. A unit and year that was only appraised has a scorecard as well.
    """
    card = computed = score(rubric, measures)
    given = as_frame(appraisals)
    of_this = (given["rubric_id"] == rubric.id) & (given["rubric_version"] == rubric.version)
    given = given[of_this & ~given["is_refused"].astype(bool)].reset_index(drop=True)
    applied = _applied(given, computed.to_pandas(date_as_object=False))
    if len(applied):
        cell = [*_KEY, "metric_code"]
        replaced = pd.MultiIndex.from_frame(measures[cell]).isin(pd.MultiIndex.from_frame(applied[cell]))
        card = score(rubric, concat([measures[~replaced], applied.drop(columns=["stage", "year"])]))
    return run_file(
        "scorecards/par_index_stages",
        APPRAISED_SCHEMA,
        card=card,
        computed=computed,
        appraisals=table_from_frame(given[_STAGES.names], _STAGES),
        applied=table_from_frame(applied.rename(columns={"metric_code": "criterion_code"})[_STAGES.names], _STAGES),
    )


def _applied(given: pd.DataFrame, computed: pd.DataFrame) -> pd.DataFrame:
    """Return what people gave and is taken, as measures with stage and year."""
    counted = given[given["is_counted"].astype(bool)]
    years = counted["year"].astype(int).astype(str)
    days = {"period_start": pd.to_datetime(years + "-01-01"), "period_end": pd.to_datetime(years + "-12-31")}
    counted = counted.assign(period_type="year", **days)
    leaves = computed[(computed["criterion_level"] == "criterion") & (computed["status"] == "ok")]
    figures = leaves[[*_KEY, "criterion_code", "points", "numerator", "denominator"]]
    joined = counted.merge(
        figures.rename(columns={"points": "computed_points"}), on=[*_KEY, "criterion_code"], how="left"
    )
    joined = joined[(joined["stage"] != "self") | joined["computed_points"].isna()].reset_index(drop=True)
    rows = joined.to_dict("records")
    return joined[[*_KEY, "stage"]].assign(
        metric_code=joined["criterion_code"],
        numerator=float("nan"),
        denominator=float("nan"),
        points=joined["points"].astype("float64"),
        is_not_applicable=joined["is_not_applicable"].astype(bool),
        is_provisional=joined["stage"] == "self",
        evidence=pd.Series([_evidence(row) for row in rows], dtype=object),
        reason_vi=pd.Series([_reason(row) for row in rows], dtype=object),
        year=joined["year"].astype("int64"),
    )


def _evidence(row: Mapping[Hashable, Any]) -> str:
    stage = load_code_list("appraisal_stage").labels_vi[str(row["stage"])]
    cited = f": {row['evidence']}" if isinstance(row["evidence"], str) and row["evidence"] else ""
    return f"{stage}, {row['scored_by']}, {pd.Timestamp(str(row['scored_on'])):%d/%m/%Y}{cited}"


def _reason(row: Mapping[Hashable, Any]) -> str | None:
    note = row["note"] if isinstance(row["note"], str) and row["note"] else None
    computed = row["computed_points"]
    told = [_ALONE if row["stage"] == "self" else None, note]
    if isinstance(computed, float) and computed == computed and computed != row["points"]:
        figure = f" ({row['numerator']:g}/{row['denominator']:g})" if row["denominator"] == row["denominator"] else ""
        told.append(f"Số liệu hệ thống: {computed:g}".replace(".", ",") + f" điểm{figure}")
    return "; ".join(one for one in told if one) or None
