"""Judge the appraisals of PAR INDEX, each stage kept apart, and score with them.

An appraisal and a survey are taken before a figure of the pipeline, because they are what the authority decided; a
figure of the pipeline is taken before a score that only the unit itself gave. Appraisals are of a whole year and count
in the scorecard of the calendar year, in no other period.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.arrow import table_from_frame, table_from_records, table_from_rows
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.contracts.code_lists import load_code_list
from cchc_pipeline.core import state
from cchc_pipeline.days import today
from cchc_pipeline.lake.engine import run_file
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.scorecards.built import keep
from cchc_pipeline.scorecards.index766.metrics_file import check_metrics, read_metrics
from cchc_pipeline.scorecards.par_index.stage_sums import COLUMNS, PEOPLE
from cchc_pipeline.scorecards.scoring.engine import SCORECARD_SCHEMA, score
from cchc_pipeline.scorecards.scoring.measures import PERIOD, REQUIRED, MeasureError, Table, as_frame, concat
from cchc_pipeline.scorecards.scoring.rubric import Rubric, SourceKind
from cchc_pipeline.scorecards.scoring.rubric_set import RubricSet, shipped
from cchc_pipeline.sources.registers.source import read_register
from cchc_pipeline.validation.verdict import judge as judge_rows

#: Rubric of the province, of departments, and of communes: provinces score their units in the same eight domains.
RUBRICS = ("par_index", "par_index_department", "par_index_commune")
NAME, INBOUND = "par_index_appraisals", "registers__appraisals"
_TEXT, _POINTS = pa.string(), pa.float64()
_VERSION = {"rubric_id": _TEXT, "rubric_version": _TEXT}
_RUBRICS = pa.schema(
    _VERSION | {"unit_levels": pa.list_(_TEXT)} | dict.fromkeys(("valid_from", "valid_to"), pa.date32())
)
_CRITERIA = pa.schema(
    _VERSION
    | dict.fromkeys(("criterion_code", "criterion_name_vi"), _TEXT)
    | dict.fromkeys(("least_points", "max_points"), _POINTS)
    | dict.fromkeys(("is_survey", "is_computed"), pa.bool_())
)
_STAGES = pa.schema(
    {"unit_code": _TEXT, "year": pa.int64(), "criterion_code": _TEXT, "stage": _TEXT, "points": _POINTS}
)
STAGE_COLUMNS = tuple(COLUMNS[stage] for stage in PEOPLE)
APPRAISED_SCHEMA = pa.schema(
    [*SCORECARD_SCHEMA, ("counted_stage", _TEXT)]
    + [(name, _POINTS) for name in ("computed_points", *STAGE_COLUMNS, "appraisal_difference")]
)
_KEY = ["unit_code", *PERIOD]


def par_index_rubrics(rubrics: RubricSet) -> tuple[Rubric, ...]:
    """Return every version of the rubrics of all levels, the province's first."""
    return tuple(version for name in RUBRICS for version in rubrics.versions(name))


def build_appraisals(lake: Lake, rubrics: RubricSet | None = None) -> pa.Table:
    """Build `par_index_appraisals` from the staged register; kept in `built`."""
    state.take_in(lake, INBOUND)
    held = lake.store.read(f"core/{INBOUND}", schema=load_contract(INBOUND).arrow_schema())
    units = lake.store.read("built/units", columns=["unit_code", "unit_name", "unit_level"])
    versions = par_index_rubrics(rubrics or shipped())
    return keep(lake, NAME, judge(held, units, lake.store.read("built/documents"), versions))


def judge(held: pa.Table, units: pa.Table, documents: pa.Table, rubrics: Iterable[Rubric]) -> pa.Table:
    """Return every stage of every criterion with what became of it.

    Args:
        held: rows with the columns of `registers__appraisals`; the key is unique.
        units: unit_code, unit_name, unit_level.
        documents: document_id, document_number, notation, promulgated_on, to look cited documents up in.
        rubrics: the rubrics there are, with all their versions; a year is scored by the version in force on its last
            day, or by the last that was in force in it.

    Returns:
        The table `par_index_appraisals`. Of a criterion's stages that were not refused one is counted: second before
        first before self. Rows are refused where rubric, unit or criterion are unknown, points lie outside of what the
        criterion can give, a survey is mixed with another stage, or a second appraisal has no first one before it.
    """
    given = list(rubrics)
    heads = ((one.id, one.version, one.unit_levels, one.valid_from, one.valid_to) for one in given)
    criteria = (
        (
            *(rubric.id, rubric.version, one.code, one.name_vi, *one.possible_points),
            one.source is SourceKind.SURVEY,
            not one.is_scored_by_people,
        )
        for rubric in given
        for one in rubric.criteria()
    )
    return run_file(
        f"scorecards/{NAME}",
        load_contract(NAME).arrow_schema(),
        held=held,
        units=units,
        documents=documents,
        rubrics=table_from_rows(heads, _RUBRICS),
        criteria=table_from_rows(criteria, _CRITERIA),
    )


def score_appraisals_file(
    path: Path, metrics: Path | None, rubric: Rubric, year: int | None
) -> tuple[pd.DataFrame, int, int, list[str]]:
    """Score the appraisals of one rubric and year in a file, without a lake.

    Args:
        path: the register of appraisals, CSV or xlsx.
        metrics: CSV of figures beside it: unit_code, metric_code (a criterion), numerator, denominator.
        rubric: the rubric.
        year: assessed year; None where the file holds only one.

    Returns:
        The scorecard of every unit with the column year; the assessed year; how many rows of other rubrics were passed
        over; a sentence on each row that breaks a rule or contradicts the rubric and counts nowhere.

    Raises:
        MeasureError: the file has no row of the rubric and year, or several years and none is chosen.
    """
    contract, as_of = load_contract(INBOUND), today()
    rows = table_from_records(read_register(path, "appraisals", as_of), contract.arrow_schema(relaxed=True))
    verdict = judge_rows(rows, contract, as_of)
    own = verdict.valid.filter(pc.equal(verdict.valid["rubric_id"], rubric.id))
    level = rubric.unit_levels[0] if rubric.unit_levels else None  # units of a file are of a level that is scored
    units = [{"unit_code": code, "unit_level": level} for code in sorted(set(own["unit_code"].to_pylist()))]
    known = table_from_records(units, pa.schema(dict.fromkeys(("unit_code", "unit_name", "unit_level"), pa.string())))
    judged = judge(own, known, load_contract("documents").arrow_schema().empty_table(), [rubric])
    problems = [f"{row['row_key']}: {row['reasons_vi']}" for row in verdict.quarantined.to_pylist()]
    problems += [
        f"{row['unit_code']}|{row['year']}|{row['criterion_code']}|{row['stage']}: {row['reason_vi']}"
        for row in judged.to_pylist()
        if row["is_refused"]
    ]
    years = sorted(set(judged["year"].to_pylist()))
    held = ", ".join(map(str, years))
    if not years:
        raise MeasureError("The file has no row of this rubric that can be scored; choose another --rubric")
    if year is None and len(years) > 1:
        raise MeasureError(f"The file holds the years {held}; choose one with --year")
    if year not in (None, *years):
        raise MeasureError(f"The file has no row of {year}; it has {held}")
    year = int(year or years[0])
    figures = pd.DataFrame(columns=list(REQUIRED))
    if metrics:
        figures, sums, unscored = check_metrics(read_metrics(metrics), rubric)
        if codes := sorted({code for _, code in sums} | set(unscored["metric_code"])):
            wrong = f"{metrics.name}: {rubric.id} has no criterion {', '.join(codes)}"
            raise MeasureError(f"{wrong}; correct the code or remove the row")
    days = {"period_start": pd.Timestamp(year, 1, 1), "period_end": pd.Timestamp(year, 12, 31)}
    of_year = judged.filter(pc.equal(judged["year"], year))
    card = appraised_card(rubric, figures.assign(period_type="year", **days), of_year)
    return card.to_pandas().assign(year=year), year, verdict.valid.num_rows - own.num_rows, problems


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
    told = ["Chỉ có điểm tự chấm, chưa thẩm định: tạm tính" if row["stage"] == "self" else None, note]
    if isinstance(computed, float) and computed == computed and computed != row["points"]:
        figure = f" ({row['numerator']:g}/{row['denominator']:g})" if row["denominator"] == row["denominator"] else ""
        told.append(f"Số liệu hệ thống: {computed:g}".replace(".", ",") + f" điểm{figure}")
    return "; ".join(one for one in told if one) or None
