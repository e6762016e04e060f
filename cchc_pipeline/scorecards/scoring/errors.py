"""What can go wrong with rubrics, measures and index tables."""

from __future__ import annotations

from cchc_pipeline.errors import CchcError


class RubricError(CchcError):
    """A rubric file breaks the rules of its own format."""


class MeasureError(CchcError):
    """Measures cannot be scored: a missing column, unknown code or wrong number."""
