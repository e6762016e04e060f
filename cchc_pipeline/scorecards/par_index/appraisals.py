"""Judge the appraisals of PAR INDEX, each stage kept apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.arrow import table_from_records, table_from_rows
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core import state
from cchc_pipeline.days import period_of, today
from cchc_pipeline.lake.engine import run_file
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.scorecards.built import keep
from cchc_pipeline.scorecards.index766.metrics_file import check_metrics, read_metrics
from cchc_pipeline.scorecards.par_index.scorecard import appraised_card
from cchc_pipeline.scorecards.scoring.measures import MeasureError
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


_PLACE = ("unit_code", "year", "criterion_code", "stage")


@dataclass(frozen=True)
class AppraisalsScored:
    """What a file of appraisals gives.

    Attributes:
        card: the scorecard of every unit, with the column year.
        year: the assessed year.
        other_rows: rows of other rubrics, which were passed over.
        problems: a sentence on each row that breaks a rule or contradicts the rubric and counts nowhere.
    """

    card: pd.DataFrame
    year: int
    other_rows: int
    problems: list[str]


def score_appraisals_file(path: Path, metrics: Path | None, rubric: Rubric, year: int | None) -> AppraisalsScored:
    """Score the appraisals of one rubric and year in a file.

    Args:
        path: the register of appraisals, CSV or xlsx.
        metrics: CSV of figures beside it: unit_code, metric_code (a criterion), numerator, denominator.
        rubric: the rubric.
        year: assessed year; None where the file holds only one.

    Raises:
        MeasureError: the file has no row of the rubric and year, or several years and none is chosen.
    """
    contract, as_of = load_contract(INBOUND), today()
    rows = table_from_records(read_register(path, "appraisals", as_of), contract.arrow_schema(relaxed=True))
    verdict = judge_rows(rows, contract, as_of)
    own = verdict.valid.filter(pc.equal(verdict.valid["rubric_id"], rubric.id))
    judged = judge(own, _units(own, rubric), load_contract("documents").arrow_schema().empty_table(), [rubric])
    problems = [f"{row['row_key']}: {row['reasons_vi']}" for row in verdict.quarantined.to_pylist()]
    problems += [
        f"{'|'.join(str(row[name]) for name in _PLACE)}: {row['reason_vi']}"
        for row in judged.to_pylist()
        if row["is_refused"]
    ]
    year = _year(judged, year)
    card = appraised_card(rubric, _figures(metrics, rubric, year), judged.filter(pc.equal(judged["year"], year)))
    return AppraisalsScored(card.to_pandas().assign(year=year), year, verdict.valid.num_rows - own.num_rows, problems)


def _units(rows: pa.Table, rubric: Rubric) -> pa.Table:
    """Return the units of the file, taken to be of a level that the rubric scores."""
    codes = sorted(set(rows["unit_code"].to_pylist()))
    level = rubric.unit_levels[0] if rubric.unit_levels else None
    columns = {"unit_code": codes, "unit_name": [None] * len(codes), "unit_level": [level] * len(codes)}
    return pa.table(columns, schema=pa.schema([(name, pa.string()) for name in columns]))


def _year(judged: pa.Table, asked: int | None) -> int:
    years = sorted(set(judged["year"].to_pylist()))
    if not years:
        raise MeasureError("The file has no row of this rubric that can be scored; choose another --rubric")
    if asked is None and len(years) > 1:
        raise MeasureError(f"The file holds the years {', '.join(map(str, years))}; choose one with --year")
    if asked is not None and asked not in years:
        raise MeasureError(f"The file has no row of {asked}; it has {', '.join(map(str, years))}")
    return int(asked or years[0])


def _figures(metrics: Path | None, rubric: Rubric, year: int) -> pd.DataFrame:
    columns = ["unit_code", "metric_code", "numerator", "denominator"]
    found = check_metrics(read_metrics(metrics), rubric) if metrics else pd.DataFrame(columns=columns)
    period = period_of("year", date(year, 1, 1))
    return found.assign(
        period_type="year", period_start=pd.Timestamp(period.first), period_end=pd.Timestamp(period.last)
    )
