"""What a report says, apart from any file format: paragraphs and tables of marked pieces of text."""

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
        bold, italic: how it stands out.
    """

    text: str
    is_gap: bool = False
    note: int | None = None
    bold: bool = False
    italic: bool = False


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
        """Its text without the marks."""
        return "".join(run.text for run in self.runs)


@dataclass(frozen=True)
class Grid:
    """A table.

    Attributes:
        heads: one text per column.
        rows: cells; None joins the cell above.
        widths: share of the page's width per column; they add up to anything.
        numeric: columns whose cells stand to the right.
        strong: rows in bold: totals and groups.
        small: whether it is set in the size of appendices.
    """

    heads: tuple[str, ...]
    rows: tuple[tuple[Runs | None, ...], ...]
    widths: tuple[float, ...]
    numeric: frozenset[int] = frozenset()
    strong: frozenset[int] = frozenset()
    small: bool = False


Piece = Paragraph | Grid


def plain(text: str) -> Runs:
    """A text without marks."""
    return (Run(text),) if text else ()


def gap(what: str, why: str = "", where: str = "") -> Run:
    """A mark for the writer: what is missing, why, and where it would come from."""
    reason = f" – {why}" if why else ""
    origin = f"; nguồn: {where}" if where else ""
    return Run(f"[{what}: cần bổ sung{reason}{origin}]", is_gap=True)


def gaps(pieces: Iterable[Piece]) -> list[str]:
    """The texts of all gaps, in order."""
    found = []
    for piece in pieces:
        cells = [piece.runs] if isinstance(piece, Paragraph) else [cell for row in piece.rows for cell in row if cell]
        found += [run.text for runs in cells for run in runs if run.is_gap]
    return found
