"""Appraisals of PAR INDEX: what the unit, two appraisals and the survey gave, each stage kept apart."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from cchc_pipeline.arrow import table_from_records
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core import state
from cchc_pipeline.lake.engine import run_file
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.scorecards.scoring.rubric import Criterion, Rubric, RuleKind, SourceKind

NAME, INBOUND = "par_index_appraisals", "registers__appraisals"

#: Stages in the order in which they stand, a survey apart.
STAGES = ("second", "first", "self", "survey")

_RUBRICS = pa.schema(
    [
        ("rubric_id", pa.string()),
        ("rubric_version", pa.string()),
        ("unit_levels", pa.list_(pa.string())),
        ("valid_from", pa.date32()),
        ("valid_to", pa.date32()),
    ]
)
_CRITERIA = pa.schema(
    [
        ("rubric_id", pa.string()),
        ("rubric_version", pa.string()),
        ("criterion_code", pa.string()),
        ("criterion_name_vi", pa.string()),
        ("max_points", pa.float64()),
        ("least_points", pa.float64()),
        ("is_survey", pa.bool_()),
        ("is_computed", pa.bool_()),
    ]
)


def build_appraisals(lake: Lake, rubrics: Iterable[Rubric]) -> pa.Table:
    """Take in what was staged of the register and build `par_index_appraisals`; kept in `built`."""
    state.take_in(lake, INBOUND)
    held = lake.store.read(f"core/{INBOUND}", schema=load_contract(INBOUND).arrow_schema())
    units = lake.store.read("built/units").select(["unit_code", "unit_name", "unit_level"])
    documents = lake.store.read("built/documents")
    table = judge(held, units, documents, rubrics)
    lake.store.update(table, f"built/{NAME}")
    return table


def judge(held: pa.Table, units: pa.Table, documents: pa.Table, rubrics: Iterable[Rubric]) -> pa.Table:
    """Every stage of every criterion with what became of it.

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
    heads = [
        {
            "rubric_id": one.id,
            "rubric_version": one.version,
            "unit_levels": list(one.unit_levels),
            "valid_from": one.valid_from,
            "valid_to": one.valid_to,
        }
        for one in given
    ]
    rows = [
        {"rubric_id": one.id, "rubric_version": one.version, **_about(criterion)}
        for one in given
        for criterion in one.criteria()
    ]
    schema = load_contract(NAME).arrow_schema()
    return run_file(
        f"scorecards/{NAME}",
        schema,
        held=held,
        units=units,
        documents=documents,
        rubrics=table_from_records(heads, schema=_RUBRICS),
        criteria=table_from_records(rows, schema=_CRITERIA),
    )


def _about(criterion: Criterion) -> dict[str, object]:
    kind, most = criterion.rule.kind, criterion.max_hundredths / 100
    return {
        "criterion_code": criterion.code,
        "criterion_name_vi": criterion.name_vi,
        "max_points": 0.0 if kind is RuleKind.PENALTY else most,
        "least_points": -most if kind is RuleKind.PENALTY else 0.0,
        "is_survey": criterion.source is SourceKind.SURVEY,
        "is_computed": not criterion.is_scored_by_people,
    }
