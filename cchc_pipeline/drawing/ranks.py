"""Draw ranks with their intervals as dots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cchc_pipeline.drawing.output import LINE, OTHER, OWN, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Widths of a drawing in inches: on a page that fits a phone; alone in a file or in the Dagster UI.
PHONE, WIDE = 4.6, 7.5
#: Inches for the labels of the rows at any width of the drawing, and the letters of a label that fit there.
_LABELS, _LETTERS = 1.93, 27
#: What the horizontal axis shows.
RANK = "thứ hạng"


@dataclass(frozen=True)
class Dot:
    """A row: a rank, and where known its interval (low, high) and median."""

    label: str
    rank: float
    low: float | None = None
    high: float | None = None
    median: float | None = None
    is_own: bool = False


@styled
def dots(rows: Sequence[Dot], width: float, title: str = "") -> Figure:
    """Draw one line per row, the first on top: interval, median (tick), rank (dot).

    Args:
        rows: what is drawn.
        width: width of the drawing in inches.
        title: title of a drawing that stands alone.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    height = 0.75 + 0.2 * len(rows)
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((_LABELS / width, 0.45 / height, 0.97 - _LABELS / width, 1 - 0.7 / height))
    for place, row in enumerate(rows):
        colour = OTHER if row.is_own else OWN
        if row.low is not None and row.high is not None:
            span = [row.low, row.high]
            axes.plot(span, [place, place], color=colour, alpha=0.35, linewidth=5, solid_capstyle="round")
        if row.median is not None:
            axes.plot(row.median, place, "|", color=colour, markersize=8)
        axes.plot(row.rank, place, "D" if row.is_own else "o", color=colour, markersize=5)
    style_rows(axes, [row.label for row in rows], RANK)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.set_xlim(left=0.5)
    axes.set_title(title, fontsize=10, loc="left")
    return figure


def style_rows(axes: Axes, labels: Sequence[str], unit: str) -> None:
    """Label the rows, the first on top, and draw a light grid behind them."""
    from matplotlib.ticker import MaxNLocator

    axes.set_yticks(range(len(labels)), [short(label) for label in labels], fontsize=8)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.set_xlabel(unit, fontsize=8)
    axes.grid(color=LINE, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(length=0)


def short(label: str) -> str:
    """Return a label shortened to the width beside a row, without “UBND ”."""
    label = label.removeprefix("UBND ")
    return label if len(label) <= _LETTERS else f"{label[: _LETTERS - 1].rstrip()}…"
