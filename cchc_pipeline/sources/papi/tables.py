"""Join PAPI tables of several files by year, and refuse years that are copies.

Published workbooks carry sheets of earlier years along, and a re-published one held the year 2019 under the names of
2020 and 2021 too. Scores have so many digits that two surveys never agree in one whole sub-dimension by chance.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from cchc_pipeline.tabular.files import TableFileError

#: Fewest different scores of a sub-dimension, and the equal share of them, that prove a copy.
FEWEST_DIFFERENT, SAME_SHARE = 10, 0.9
#: Largest difference between two files' scores of one year; beyond it they contradict each other.
SAME_SCORE = 1e-6
#: Largest difference of a copy rounded to three decimals; different years differ by a hundred times that.
ROUNDED_SCORE = 0.00051


@dataclass(frozen=True)
class Figure:
    """Score as published (None for a blank), and the cell or line that it stands in."""

    value: float | None
    where: str


@dataclass
class PapiTable:
    """PAPI figures of one year.

    Attributes:
        year: year of the survey.
        file: name of the file, or of the files that it was joined from.
        is_main: whether the file is about this year, or only carries it along.
        figures: by province (P01 to P63) and code (SC11 to SC83, D1 to D8, totals).
    """

    year: int
    file: str
    is_main: bool = True
    figures: dict[tuple[str, str], Figure] = field(default_factory=dict)

    def enter(self, province: str, code: str, figure: Figure) -> None:
        """Add a figure; one that is there already must be the same, or blank.

        Raises:
            TableFileError: another figure stands for the same province and code.
        """
        held = self.figures.get((province, code))
        if held is not None and held.value and figure.value and abs(held.value - figure.value) > SAME_SCORE:
            raise TableFileError(
                file=self.file,
                problem=f"{province} has two scores of {code} in {self.year}: {held.value:g} ({held.where}) and "
                f"{figure.value:g} ({figure.where})",
                fix="find out which the publisher holds to, and remove the other",
            )
        if held is None or not held.value:
            self.figures[province, code] = figure

    def codes(self) -> set[str]:
        """Return the codes that the table has a place for."""
        return {code for _, code in self.figures}

    def provinces(self) -> list[str]:
        """Return the provinces that the table has a place for, in order."""
        return sorted({province for province, _ in self.figures})

    def sheets(self) -> list[str]:
        """Return the sheets that the figures stand in; none for a CSV."""
        places = dict.fromkeys(figure.where.rpartition(", ")[0] for figure in self.figures.values())
        return [place for place in places if place]

    def scores(self, slot: str) -> dict[str, float]:
        """Return the scores of a sub-dimension by province, without blanks and zeros."""
        return {
            province: figure.value for (province, code), figure in self.figures.items() if code == slot and figure.value
        }


def join_years(tables: Iterable[PapiTable]) -> list[PapiTable]:
    """Join all tables read into one table per year.

    The file that is about a year comes first; one that carries it along fills its gaps.

    Raises:
        TableFileError: two files contradict each other, or a year repeats another one.
    """
    ordered = sorted(tables, key=lambda one: (one.year, not one.is_main, one.file))
    refuse_copies(ordered)
    joined: dict[int, PapiTable] = {}
    for table in ordered:
        target = joined.setdefault(table.year, PapiTable(table.year, table.file, table.is_main))
        if target.file != table.file:
            target.file = f"{target.file} and {table.file}"
        for (province, code), figure in table.figures.items():
            target.enter(province, code, Figure(figure.value, f"{table.file}, {figure.where}"))
    return list(joined.values())


def refuse_copies(tables: Sequence[PapiTable]) -> None:
    """Refuse tables of two years that hold the same scores.

    Raises:
        TableFileError: names the later year, the one that it repeats, and the scores that prove it.
    """
    for one, other in combinations(sorted(tables, key=lambda table: table.year), 2):
        if one.year == other.year:
            continue
        if proof := _repeated(one, other):
            slot, same, of = proof[0]
            province, score = next(iter(one.scores(slot).items()))
            exact = all(other.scores(slot).get(name, value) == value for name, value in one.scores(slot).items())
            raise TableFileError(
                file=other.file,
                problem=f"{', '.join([*other.sheets(), f'the year {other.year}'])} repeats the year {one.year} "
                f"({', '.join([one.file, *one.sheets()])}): "
                f"{len(proof)} sub-dimensions are the same, {', '.join(item[0] for item in proof[:5])}"
                f"{' …' if len(proof) > 5 else ''}; in {slot} {same} of {of} provinces have the same score "
                f"{'to the last digit' if exact else 'but for rounding'}, {province} {score:.10g}",
                fix="remove the copied sheet or file and put the publisher's own table of that year there",
            )


def _repeated(one: PapiTable, other: PapiTable) -> list[tuple[str, int, int]]:
    """Find repeated sub-dimensions: code, provinces with equal scores, of all."""
    found = []
    for slot in sorted(code for code in one.codes() & other.codes() if code.startswith("SC")):
        first, second = one.scores(slot), other.scores(slot)
        both = first.keys() & second.keys()
        same = [province for province in both if abs(first[province] - second[province]) <= ROUNDED_SCORE]
        if len({first[province] for province in same}) >= FEWEST_DIFFERENT and len(same) >= SAME_SHARE * len(both):
            found.append((slot, len(same), len(both)))
    return found
