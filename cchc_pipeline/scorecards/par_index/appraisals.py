"""Judge the appraisals of PAR INDEX, each stage kept apart."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.arrow import table_from_records, table_from_rows
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core import state
from cchc_pipeline.days import today
from cchc_pipeline.lake.engine import run_file
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.scorecards.built import keep
from cchc_pipeline.scorecards.index766.metrics_file import check_metrics, read_metrics
from cchc_pipeline.scorecards.par_index.scorecard import appraised_card
from cchc_pipeline.scorecards.scoring.measures import REQUIRED, MeasureError
from cchc_pipeline.scorecards.scoring.rubric import Rubric, SourceKind
from cchc_pipeline.scorecards.scoring.rubric_set import RubricSet, shipped
from cchc_pipeline.sources.registers.source import read_register
from cchc_pipeline.validation.verdict import judge as judge_rows

#: Rubric of the province, of departments, and of communes: provinces score their units in the same eight domains.
RUBRICS = ("par_index", "par_index_department", "par_index_commune")
NAME, INBOUND = "par_index_appraisals", "registers__appraisals"
_VERSION = [("rubric_id", pa.string()), ("rubric_version", pa.string())]
_DAYS = [("valid_from", pa.date32()), ("valid_to", pa.date32())]
_RUBRICS = pa.schema([*_VERSION, ("unit_levels", pa.list_(pa.string())), *_DAYS])
_CRITERIA = pa.schema(
    [
        *_VERSION,
        *((name, pa.string()) for name in ("criterion_code", "criterion_name_vi")),
        *((name, pa.float64()) for name in ("least_points", "max_points")),
        *((name, pa.bool_()) for name in ("is_survey", "is_computed")),
    ]
)


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
    figures = check_metrics(read_metrics(metrics), rubric) if metrics else pd.DataFrame(columns=list(REQUIRED))
    days = {"period_start": pd.Timestamp(year, 1, 1), "period_end": pd.Timestamp(year, 12, 31)}
    of_year = judged.filter(pc.equal(judged["year"], year))
    card = appraised_card(rubric, figures.assign(period_type="year", **days), of_year)
    return card.to_pandas().assign(year=year), year, verdict.valid.num_rows - own.num_rows, problems
