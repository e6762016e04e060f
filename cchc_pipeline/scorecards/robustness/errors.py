"""What can go wrong when an index is examined: data or choices that cannot be used."""

from cchc_pipeline.errors import CchcError


class RobustnessError(CchcError):
    """The table or the choice cannot be used; the message names the culprit and the fix."""
