"""Find the version of a rubric that scores a period.

An office puts its own rubrics into the folder `rubrics` of the drop folder. One of them stands before every shipped
version of the same rubric for as long as it is in force, and replaces a shipped one of the same version.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.scorecards.scoring.rubric import Rubric, RubricError, read_rubric
from cchc_pipeline.settings import load_settings

#: Folder of an office's own rubrics within the drop folder.
FOLDER = "rubrics"
SHIPPED_FOLDER = Path(__file__).parent / "rubrics"


@dataclass(frozen=True)
class RubricSet:
    """Rubrics by id and version.

    Attributes:
        shipped: the versions that come with the project.
        own: the versions of an office, which stand before them.
    """

    shipped: tuple[Rubric, ...]
    own: tuple[Rubric, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """Return the ids of all rubrics, in order."""
        return tuple(sorted({one.id for one in (*self.shipped, *self.own)}))

    def versions(self, rubric_id: str) -> tuple[Rubric, ...]:
        """Return the versions of a rubric, the oldest first.

        Raises:
            RubricError: there is no such rubric.
        """
        own = {one.version: one for one in self.own if one.id == rubric_id}
        found = {one.version: one for one in self.shipped if one.id == rubric_id} | own
        if not found:
            raise RubricError(f"No rubric is called {rubric_id!r}; choose one of: {', '.join(self.ids)}")
        return tuple(sorted(found.values(), key=lambda one: (one.valid_from, one.version)))

    def newest(self, rubric_id: str) -> Rubric:
        """Return the version that began last, an office's before a shipped one."""
        scoring = [one for one in self.versions(rubric_id) if one.replaced_by is None]
        return self.scoring(rubric_id, (scoring or self.versions(rubric_id))[-1].valid_from)

    def version(self, rubric_id: str, version: str) -> Rubric:
        """Return the version that a scorecard names.

        Raises:
            RubricError: it is not there (any more).
        """
        versions = {one.version: one for one in self.versions(rubric_id)}
        if version in versions:
            return versions[version]
        raise RubricError(
            f"The rubric {rubric_id} has no version {version!r}; it has {', '.join(versions)}. "
            f"Put the file of that version back into the folder {FOLDER} of the drop folder, or score again with "
            "`cchc run`."
        )

    def scoring(self, rubric_id: str, day: date) -> Rubric:
        """Return the version that scores a period that ends on this day.

        The one in force on the day, an office's own before a shipped one; where none is, the one that began last before
        it, and before the first of all the first. A version that was replaced scores nothing.
        """
        versions = self.versions(rubric_id)
        versions = tuple(one for one in versions if one.replaced_by is None) or versions
        in_force = tuple(one for one in versions if one.is_valid_on(day))
        begun = tuple(one for one in versions if one.valid_from <= day)
        own = tuple(one for one in in_force if one in self.own)
        return (own or in_force or begun or versions[:1])[-1]

    def scored_by(self, rubric: Rubric, table: pa.Table) -> pa.Table:
        """Return rows of a table whose `period_end` this version scores."""
        ends = table["period_end"].unique().to_pylist()
        days = [day for day in ends if self.scoring(rubric.id, day) == rubric]
        return table.filter(pc.is_in(table["period_end"], pa.array(days, pa.date32())))

    def by_version(self, rubric_id: str, table: pa.Table) -> Iterator[tuple[Rubric, pa.Table]]:
        """Yield every version that scores rows of a table by `period_end`, and its rows."""
        for version in self.versions(rubric_id):
            if (rows := self.scored_by(version, table)).num_rows:
                yield version, rows

    def find(self, name: str) -> Rubric:
        """Return a rubric as users name it: a file, an id (newest), or `id@version`.

        Raises:
            RubricError: there is none, or the file breaks the format.
        """
        if re.search(r"\.ya?ml$", name) or "/" in name or Path(name).is_file():
            return read_rubric(Path(name))
        rubric_id, _, version = name.partition("@")
        return self.version(rubric_id, version) if version else self.newest(rubric_id)


@cache
def shipped() -> RubricSet:
    """Return the rubrics that come with the project."""
    return RubricSet(_read(SHIPPED_FOLDER))


def load_rubrics(folder: Path) -> RubricSet:
    """Read the shipped rubrics and those of an office.

    Args:
        folder: the office's `*.yaml`; it need not exist.

    Raises:
        RubricError: a file breaks the format, is of a rubric that nothing scores by, or two files of one rubric are in
            force on the same day.
    """
    own = _read(folder)
    if unknown := [one for one in own if one.id not in shipped().ids]:
        raise RubricError(
            f"{unknown[0].origin}: nothing is scored by a rubric called {unknown[0].id!r}; its id must be one of: "
            f"{', '.join(shipped().ids)}"
        )
    return RubricSet(shipped().shipped, own)


def office_rubrics(data_dir: Path | None = None) -> RubricSet:
    """Read the rubrics of the office whose settings are in force.

    Raises:
        RubricError: see `load_rubrics`.
        SettingsError: the settings cannot be read.
    """
    return load_rubrics(load_settings(data_dir=data_dir).drop_folder / FOLDER)


def _read(folder: Path) -> tuple[Rubric, ...]:
    found = [read_rubric(path) for path in sorted(folder.glob("*.y*ml"))]
    found.sort(key=lambda one: (one.id, one.replaced_by is not None, one.valid_from))
    for old, new in pairwise(found):
        if (
            old.id == new.id
            and not (old.replaced_by or new.replaced_by)
            and (old.valid_to is None or old.valid_to >= new.valid_from)
        ):
            raise RubricError(
                f"{old.origin} and {new.origin} are both in force on {new.valid_from} for {old.id}; end the older one "
                f"with valid_to: {new.valid_from - timedelta(days=1)}"
            )
    return tuple(found)
