"""Looking up the evidence that the rules of a rubric ask for: documents, inspections, indices that others publish."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
import pyarrow as pa

from cchc_pipeline.arrow import table_from_records
from cchc_pipeline.lake.engine import run_file, run_sql
from cchc_pipeline.scorecards.scoring.evidence_rules import EvidenceKind
from cchc_pipeline.scorecards.scoring.measures import concat
from cchc_pipeline.scorecards.scoring.rubric import Rubric

_ASKED = ("unit_code", "period_type", "period_start", "period_end")
_TEXTS = pa.list_(pa.string())
_WINDOWS = pa.schema(
    [
        ("criterion_code", pa.string()),
        ("year", pa.int32()),
        ("label_vi", pa.string()),
        *((name, pa.date32()) for name in ("opens_on", "due_on", "closes_on")),
    ]
)
_DOCUMENT_RULES = pa.schema(
    [("criterion_code", pa.string()), ("subject_kinds", _TEXTS), ("document_types", _TEXTS), ("notation", pa.string())]
)
_INSPECTION_RULES = pa.schema([("criterion_code", pa.string()), ("needs_document", pa.bool_())])
_INDEX_RULES = pa.schema([("criterion_code", pa.string()), ("index_code", pa.string())])


@dataclass(frozen=True)
class Archive:
    """Where evidence is looked up.

    Attributes:
        documents, inspections, external_indices, units: the tables of these names.
        as_of_on: last civil day of data.
        documents_from: first day that the document system was read for; None where it never was.
    """

    documents: pa.Table
    inspections: pa.Table
    external_indices: pa.Table
    units: pa.Table
    as_of_on: date
    documents_from: date | None


def find_evidence(rubric: Rubric, asked: pa.Table, archive: Archive) -> pd.DataFrame:
    """What the evidence rules of a rubric find.

    Args:
        rubric: whose criteria have rules.
        asked: unit_code, period_type, period_start, period_end; each once. The assessed year is that of period_end.
        archive: the tables.

    Returns:
        Measures: unit_code, metric_code, period columns, numerator, denominator, evidence and reason_vi (what came late
        or is not there). No row where nothing was found.
    """
    rules = [(one.code, one.evidence) for one in rubric.criteria() if one.evidence is not None]
    years = sorted({day.year for day in asked["period_end"].to_pylist()})
    about_documents = [(code, rule) for code, rule in rules if rule.is_about_documents]
    windows = [
        {
            "criterion_code": code,
            "year": year,
            "label_vi": window.label_vi,
            "opens_on": window.opens_on,
            "due_on": window.due_on,
            "closes_on": window.closes_on,
        }
        for code, rule in about_documents
        for year in years
        for window in rule.windows(year)
    ]
    marks = [
        {
            "criterion_code": code,
            "subject_kinds": list(rule.subject_kinds),
            "document_types": list(rule.document_types),
            "notation": rule.notation,
        }
        for code, rule in about_documents
    ]
    inspected = [
        {"criterion_code": code, "needs_document": rule.needs_document}
        for code, rule in rules
        if rule.kind is EvidenceKind.INSPECTIONS
    ]
    published = [
        {"criterion_code": code, "index_code": rule.index}
        for code, rule in rules
        if rule.kind is EvidenceKind.EXTERNAL_INDEX
    ]
    first = pa.array([archive.documents_from or date.max], pa.date32())
    run = pa.table({"as_of_on": pa.array([archive.as_of_on], pa.date32()), "first_on": first})
    common = {"asked": _with_cutoff(asked, archive.as_of_on), "documents": archive.documents, "run": run}
    parts = []
    if marks:
        tables = {"windows": _table(windows, _WINDOWS), "rules": _table(marks, _DOCUMENT_RULES)}
        parts.append(_look("evidence_documents", **common, **tables))
    if inspected:
        tables = {"inspections": archive.inspections, "units": archive.units}
        parts.append(_look("evidence_inspections", **common, **tables, rules=_table(inspected, _INSPECTION_RULES)))
    if published:
        tables = {"external_indices": archive.external_indices, "rules": _table(published, _INDEX_RULES)}
        parts.append(_look("evidence_indices", **common, **tables))
    columns = [*_ASKED, "metric_code", "numerator", "denominator", "evidence", "reason_vi"]
    return concat(parts)[columns] if parts else pd.DataFrame(columns=columns)


def _with_cutoff(asked: pa.Table, as_of_on: date) -> pa.Table:
    return run_sql(
        "SELECT *, YEAR(period_end)::INTEGER AS year, LEAST(period_end, ?::DATE) AS cutoff_on FROM asked",
        params=[as_of_on],
        asked=asked.select(list(_ASKED)),
    )


def _table(rows: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    return table_from_records(rows, schema=schema)


def _look(name: str, **tables: pa.Table) -> pd.DataFrame:
    found: pd.DataFrame = run_file(f"scorecards/{name}", **tables).to_pandas(date_as_object=False)
    return found
