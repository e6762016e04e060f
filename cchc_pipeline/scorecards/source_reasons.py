"""Say of criteria without figures that their source was not read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pyarrow as pa

from cchc_pipeline.indicators.catalogue import catalogue
from cchc_pipeline.scorecards.scoring.evidence_rules import DocumentRule, Inspections
from cchc_pipeline.scorecards.scoring.rubric import Rubric

_WHOLE = ("read", "saved")


def note_sources(card: pa.Table, rubric: Rubric, states: pa.Table) -> pa.Table:
    """Replace the reason of criteria that are missing because a source of theirs was not read for the period.

    Args:
        card: rows of one source of figures, scored by `rubric`, in the columns of a scorecard.
        rubric: one version.
        states: the table `source_states`.

    Returns:
        The card with other `reason_vi`.
    """
    told = {row["source"]: row for row in states.to_pylist()}
    needs = _needs(rubric)
    names = ["source", "status", "criterion_level", "criterion_code", "period_start", "period_end", "reason_vi"]
    reasons = []
    for row in card.select(names).to_pylist():
        reason = row["reason_vi"]
        if row["status"] == "missing" and row["criterion_level"] == "criterion":
            sources = ("national_portal",) if row["source"] == "portal" else needs.get(row["criterion_code"], ())
            days = row["period_start"], row["period_end"]
            unread = [told[one]["sentence_vi"] for one in sources if one in told and not is_known(told[one], *days)]
            reason = "; ".join(sentence.rstrip(".") for sentence in unread) or reason
        reasons.append(reason)
    return card.set_column(card.column_names.index("reason_vi"), "reason_vi", pa.array(reasons, pa.string()))


def is_known(state: Mapping[str, object], first: date, last: date) -> bool:
    """Return whether a source was read for the days `first` to `last`; `state` is its row of `source_states`."""
    read_from, read_on = state["first_on"], state["read_on"]
    if not isinstance(read_from, date) or not isinstance(read_on, date):
        return False
    return read_on >= first and read_from <= last and (read_on >= last or state["state"] in _WHOLE)


def _needs(rubric: Rubric) -> dict[str, Sequence[str]]:
    """Return criterion code -> the sources that its figures or its evidence come from."""
    sources = {indicator.id: indicator.sources for indicator in catalogue()}
    found: dict[str, Sequence[str]] = {
        code: sources.get(indicator, ()) for indicator, codes in rubric.indicators().items() for code in codes
    }
    for criterion in rubric.criteria():
        if criterion.evidence is not None:
            needs_document = isinstance(rule := criterion.evidence, Inspections) and rule.needs_document
            of_documents = ("registers", "documents") if needs_document else ("registers",)
            found[criterion.code] = ("documents",) if isinstance(rule, DocumentRule) else of_documents
    return found
