"""Look up evidence: documents, inspections, indices that others publish."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.arrow import table_from_rows
from cchc_pipeline.lake.engine import run_file
from cchc_pipeline.scorecards.scoring.evidence_rules import DocumentRule, ExternalIndex, Inspections
from cchc_pipeline.scorecards.scoring.measures import PERIOD, concat
from cchc_pipeline.scorecards.scoring.rubric import Rubric

_COLUMNS = ("unit_code", *PERIOD, "metric_code", "numerator", "denominator", "evidence", "reason_vi")
_CODE, _TEXTS = ("criterion_code", pa.string()), pa.list_(pa.string())
_DAYS = [(name, pa.date32()) for name in ("opens_on", "due_on", "closes_on")]
_WINDOWS = pa.schema([_CODE, ("year", pa.int32()), ("label_vi", pa.string()), *_DAYS])
_MARKS = [("subject_kinds", _TEXTS), ("document_types", _TEXTS), ("notation", pa.string())]
#: Kind of rule, the query that looks its evidence up, what the query needs of a rule, and as which columns.
_LOOKUPS = (
    (DocumentRule, "evidence_documents", ("subject_kinds", "document_types", "notation"), pa.schema([_CODE, *_MARKS])),
    (Inspections, "evidence_inspections", ("needs_document",), pa.schema([_CODE, ("needs_document", pa.bool_())])),
    (ExternalIndex, "evidence_indices", ("index",), pa.schema([_CODE, ("index_code", pa.string())])),
)


def find_evidence(rubric: Rubric, asked: pa.Table, archive: Mapping[str, pa.Table]) -> pd.DataFrame:
    """Return what the evidence rules of a rubric find, as measures.

    Args:
        rubric: whose criteria have rules.
        asked: unit_code, period_type, period_start, period_end; each once. The assessed year is that of period_end.
        archive: documents, inspections, external_indices, units, and run (as_of_on, the last civil day of data;
            first_on and documents_until, the first and the last day that the document system was read for).

    Returns:
        unit_code, metric_code, period columns (together the key), numerator, denominator, evidence and reason_vi (what
        came late or is not there). No row where nothing was found.
    """
    rules = [(one.code, one.evidence) for one in rubric.criteria() if one.evidence is not None]
    year = pc.cast(pc.year(asked["period_end"]), pa.int32())
    windows = [
        (code, assessed, *window)
        for code, rule in rules
        if isinstance(rule, DocumentRule)
        for assessed in year.unique().to_pylist()
        for window in rule.windows(assessed)
    ]
    cutoff_on = pc.min_element_wise(asked["period_end"], archive["run"]["as_of_on"][0])
    tables = {
        "asked": asked.append_column("year", year).append_column("cutoff_on", cutoff_on),
        "windows": table_from_rows(windows, _WINDOWS),
        **archive,
    }
    parts = []
    for kind, query, names, schema in _LOOKUPS:
        if rows := [(code, *(getattr(rule, name) for name in names)) for code, rule in rules if isinstance(rule, kind)]:
            found = run_file(f"scorecards/{query}", rules=table_from_rows(rows, schema), **tables)
            parts.append(found.to_pandas(date_as_object=False))
    return concat(parts)[list(_COLUMNS)] if parts else pd.DataFrame(columns=list(_COLUMNS))
