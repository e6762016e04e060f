"""Scorecards with what people scored: which figure is taken, and every stage beside it.

An appraisal and a survey are taken before a figure of the pipeline, because they are what the authority decided; a
figure of the pipeline is taken before a score that only the unit itself gave. Appraisals are of a whole year and count
in the scorecard of the calendar year, in no other period.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from datetime import date
from typing import Any

import pandas as pd
import pyarrow as pa

from cchc_pipeline.arrow import table_from_frame
from cchc_pipeline.contracts.code_lists import load_code_list
from cchc_pipeline.lake.engine import run_sql, sql_file
from cchc_pipeline.scorecards.scoring.engine import score
from cchc_pipeline.scorecards.scoring.measures import PERIOD, Table, as_frame, concat
from cchc_pipeline.scorecards.scoring.rubric import Rubric
from cchc_pipeline.scorecards.scoring.table import SCORECARD_SCHEMA

STAGE_COLUMNS = ("self_points", "first_points", "second_points", "survey_points")
APPRAISED_SCHEMA = pa.schema(
    [
        *SCORECARD_SCHEMA,
        ("counted_stage", pa.string()),
        ("computed_points", pa.float64()),
        *((name, pa.float64()) for name in STAGE_COLUMNS),
        ("appraisal_difference", pa.float64()),
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

    Raises:
        MeasureError: see `measures.normalise`.
    """
    computed = score(rubric, measures, source="local")
    given = as_frame(appraisals)
    of_this = (given["rubric_id"] == rubric.id) & (given["rubric_version"] == rubric.version)
    given = given[of_this & ~given["is_refused"].astype(bool)].reset_index(drop=True)
    applied = _applied(given, computed.to_pandas(date_as_object=False))
    card = computed
    if len(applied):
        years = applied[_KEY].drop_duplicates()
        old = as_frame(measures)
        of_years = old.merge(years, on=_KEY, how="inner") if len(old) else old
        replaced = pd.MultiIndex.from_frame(applied[[*_KEY, "metric_code"]])
        kept = (
            of_years[~pd.MultiIndex.from_frame(of_years[[*_KEY, "metric_code"]]).isin(replaced)]
            if len(of_years)
            else of_years
        )
        again = score(rubric, concat([kept, applied.drop(columns=["stage", "year"])]), source="local")
        rest = run_sql(
            "SELECT card.* FROM card ANTI JOIN years ON years.unit_code = card.unit_code "
            "AND years.period_type = card.period_type AND years.period_start::DATE = card.period_start "
            "AND years.period_end::DATE = card.period_end",
            card=computed,
            years=table_from_frame(years),
        )
        card = pa.concat_tables([rest.cast(SCORECARD_SCHEMA), again])
    return _with_stages(card, computed, given, applied)


def _applied(given: pd.DataFrame, computed: pd.DataFrame) -> pd.DataFrame:
    """What people gave and is taken, as measures with stage and year."""
    counted = given[given["is_counted"].astype(bool)].copy()
    counted["period_type"] = "year"
    counted["period_start"] = pd.to_datetime([date(int(year), 1, 1) for year in counted["year"]])
    counted["period_end"] = pd.to_datetime([date(int(year), 12, 31) for year in counted["year"]])
    leaves = computed[(computed["criterion_level"] == "criterion") & (computed["status"] == "ok")]
    figures = leaves[[*_KEY, "criterion_code", "points", "numerator", "denominator"]].rename(
        columns={"points": "computed_points"}
    )
    for name in ("period_start", "period_end"):
        figures[name] = pd.to_datetime(figures[name])
    joined = counted.merge(figures, on=[*_KEY, "criterion_code"], how="left")
    joined = joined[(joined["stage"] != "self") | joined["computed_points"].isna()]
    return pd.DataFrame(
        {
            **{name: joined[name] for name in _KEY},
            "metric_code": joined["criterion_code"],
            "numerator": float("nan"),
            "denominator": float("nan"),
            "points": joined["points"].astype("float64"),
            "is_not_applicable": joined["is_not_applicable"].astype(bool),
            "is_provisional": joined["stage"] == "self",
            "evidence": [_evidence(row) for row in joined.to_dict("records")],
            "reason_vi": [_reason(row) for row in joined.to_dict("records")],
            "stage": joined["stage"],
            "year": joined["year"].astype("int64"),
        }
    ).reset_index(drop=True)


def _label(stage: str) -> str:
    return next(code.label_vi for code in load_code_list("appraisal_stage").codes if code.code == stage)


def _evidence(row: Mapping[Hashable, Any]) -> str:
    on = pd.Timestamp(str(row["scored_on"]))
    cited = f": {row['evidence']}" if isinstance(row["evidence"], str) and row["evidence"] else ""
    return f"{_label(str(row['stage']))}, {row['scored_by']}, {on:%d/%m/%Y}{cited}"


def _reason(row: Mapping[Hashable, Any]) -> str | None:
    note = row["note"] if isinstance(row["note"], str) and row["note"] else None
    computed = row["computed_points"]
    told = [_ALONE if row["stage"] == "self" else None, note]
    if isinstance(computed, float) and computed == computed and computed != row["points"]:
        figure = f" ({row['numerator']:g}/{row['denominator']:g})" if row["denominator"] == row["denominator"] else ""
        told.append(f"Số liệu hệ thống: {_comma(computed)} điểm{figure}")
    return "; ".join(one for one in told if one) or None


def _comma(points: float) -> str:
    return f"{points:g}".replace(".", ",")


def _with_stages(card: pa.Table, computed: pa.Table, given: pd.DataFrame, applied: pd.DataFrame) -> pa.Table:
    stages = pa.table(
        {
            "unit_code": pa.array(given["unit_code"], pa.string()),
            "year": pa.array(given["year"].astype("int64"), pa.int64()),
            "criterion_code": pa.array(given["criterion_code"], pa.string()),
            "stage": pa.array(given["stage"], pa.string()),
            "points": pa.array(given["points"].astype("float64"), pa.float64(), from_pandas=True),
        }
    )
    taken = pa.table(
        {
            "unit_code": pa.array(applied["unit_code"], pa.string()),
            "year": pa.array(applied["year"].astype("int64"), pa.int64()),
            "criterion_code": pa.array(applied["metric_code"], pa.string()),
            "stage": pa.array(applied["stage"], pa.string()),
        }
    )
    query = sql_file("scorecards/par_index_stages")
    return run_sql(query, APPRAISED_SCHEMA, card=card, computed=computed, appraisals=stages, applied=taken)
