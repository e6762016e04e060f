"""PAR INDEX: which rubrics it has.

Belongs here: what is peculiar to this index. Not here: its criteria (`rubrics/par_index*.yaml`), looking evidence up
(`evidence.py`), what people scored (`appraised_card.py`). The official points are not public: every row of a shipped
rubric is provisional, and says so.
"""

from __future__ import annotations

from cchc_pipeline.scorecards.rubric import Rubric
from cchc_pipeline.scorecards.rubric_shelf import Shelf, shipped

#: Rubric of the province, of departments, and of communes: provinces score their units in the same eight domains.
RUBRICS = ("par_index", "par_index_department", "par_index_commune")


def rubrics(shelf: Shelf | None = None) -> tuple[Rubric, ...]:
    """Every version of the rubrics of all levels, the province's first; the shipped ones where no shelf is given."""
    return tuple(version for name in RUBRICS for version in (shelf or shipped()).versions(name))
