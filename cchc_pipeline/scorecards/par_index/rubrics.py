"""Name the rubrics of PAR INDEX."""

from __future__ import annotations

from cchc_pipeline.scorecards.scoring.rubric import Rubric
from cchc_pipeline.scorecards.scoring.shelf import Shelf, shipped

#: Rubric of the province, of departments, and of communes: provinces score their units in the same eight domains.
RUBRICS = ("par_index", "par_index_department", "par_index_commune")


def rubrics(shelf: Shelf | None = None) -> tuple[Rubric, ...]:
    """Return every version of the rubrics of all levels, the province's first."""
    return tuple(version for name in RUBRICS for version in (shelf or shipped()).versions(name))
