"""Judge the appraisals of PAR INDEX, each stage kept apart."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from cchc_pipeline.arrow import table_from_rows
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core import state
from cchc_pipeline.lake.engine import run_file
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.scorecards.built import keep
from cchc_pipeline.scorecards.scoring.rubric import Rubric, SourceKind
from cchc_pipeline.scorecards.scoring.rubric_set import RubricSet, shipped

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
