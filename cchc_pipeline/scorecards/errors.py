"""What can go wrong with rubrics, measures and index tables.

Belongs here: the error classes of this room. Every message names the file or row, the culprit and the fix.
"""

from __future__ import annotations

from cchc_pipeline.errors import CchcError


class RubricError(CchcError):
    """A rubric file breaks the rules of its own format."""


class MeasureError(CchcError):
    """Measures cannot be scored as given: a missing column, an unknown code, a wrong number."""


class PapiTableError(CchcError):
    """A PAPI table is not what its year's instrument says it should be."""
