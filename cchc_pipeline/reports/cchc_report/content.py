"""Define the content of a report apart from any file format."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Run:
    """A piece of text.

    Attributes:
        text: the text.
        is_gap: whether the writer has to replace it.
        note: number of its source in the table of sources.
    """

    text: str
    is_gap: bool = False
    note: int | None = None


Runs = tuple[Run, ...]


@dataclass(frozen=True)
class Paragraph:
    """A paragraph.

    `style` is body, section, heading2, heading3, caption, small, closing, appendix or appendix_title.
    """

    runs: Runs
    style: str = "body"

    @property
    def text(self) -> str:
        """Return its text without marks."""
        return "".join(run.text for run in self.runs)


@dataclass(frozen=True)
class Grid:
    """A table.

    Attributes:
        heads: one text per column.
        rows: cells; None merges the cell with the one above.
        widths: relative width of each column; the sum is scaled to the width of the text.
        numeric: columns that are aligned right.
        strong: rows in bold: totals and groups.
        small: whether it has the font size of appendices.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[Runs | None, ...], ...]
    widths: tuple[float, ...]
    numeric: frozenset[int] = frozenset()
    strong: frozenset[int] = frozenset()
    small: bool = False


Piece = Paragraph | Grid


def plain(text: str) -> Runs:
    """Return a text as one run without marks; an empty text as no run."""
    return (Run(text),) if text else ()


def gap(what: str, why: str = "", where: str = "") -> Run:
    """Return a mark for the writer: what is missing, why, and where to get it."""
    reason = f" – {why}" if why else ""
    origin = f"; nguồn: {where}" if where else ""
    return Run(f"[{what}: cần bổ sung{reason}{origin}]", is_gap=True)


#: A gap where the column says what is missing.
NOTHING = Run("[cần bổ sung]", is_gap=True)


def gaps(pieces: Iterable[Piece]) -> list[str]:
    """Return the texts of all gaps, in order."""
    found = []
    for piece in pieces:
        cells = [piece.runs] if isinstance(piece, Paragraph) else [cell for row in piece.rows for cell in row if cell]
        found += [run.text for runs in cells for run in runs if run.is_gap]
    return found
