"""The dot plot of ranks with their intervals, for pages, for the command line and for the Dagster UI."""

from __future__ import annotations

import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

OWN, OTHER, LINE = "#0b5cad", "#b34a00", "#c3ccd5"
#: Inches for the labels of the rows, whatever the width of the drawing; letters of a label that fit there.
_LABELS, _LETTERS = 1.93, 27
_WIDE = 7.5


@dataclass(frozen=True)
class Dot:
    """A row: a value with its interval and the middle of it, where there are any."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None
    median: float | None = None
    is_own: bool = False


def dots(rows: Sequence[Dot], unit: str, width: float, *, is_rank: bool = False) -> Figure:
    """One line per row, the first on top: the interval as a bar, its middle as a tick, the value as a dot.

    Args:
        rows: what is drawn.
        unit: what the values are.
        width: of the drawing, in inches.
        is_rank: whether values are whole numbers from 1 on.
    """
    from matplotlib.figure import Figure

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
        axes.plot(row.value, place, "D" if row.is_own else "o", color=colour, markersize=5)
    style_rows(axes, [row.label for row in rows], unit, is_rank=is_rank)
    return figure


def style_rows(axes: Axes, labels: Sequence[str], unit: str, *, is_rank: bool) -> None:
    """Labels of the rows, the first on top, and a quiet grid."""
    from matplotlib.ticker import MaxNLocator

    axes.set_yticks(range(len(labels)), [short(label) for label in labels], fontsize=8)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=is_rank))
    if is_rank:
        axes.set_xlim(left=0.5)
    axes.set_xlabel(unit, fontsize=8)
    axes.grid(color=LINE, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(length=0)


def short(label: str) -> str:
    """A label that fits beside a row."""
    label = label.removeprefix("UBND ")
    return label if len(label) <= _LETTERS else f"{label[: _LETTERS - 1].rstrip()}…"


def ranks_png(rows: Sequence[Dot], title: str) -> bytes:
    """Ranks as a picture for the Dagster UI."""
    figure = dots(rows, "thứ hạng", _WIDE, is_rank=True)
    figure.axes[0].set_title(title, fontsize=10, loc="left")
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=110, bbox_inches="tight", metadata={"Software": None})
    return stream.getvalue()


def ranks_svg(rows: Sequence[Dot], title: str) -> str:
    """Ranks as an SVG element for a page."""
    import matplotlib as mpl

    with mpl.rc_context({"svg.hashsalt": "cchc", "svg.fonttype": "none", "font.family": "sans-serif"}):
        stream = io.StringIO()
        figure = dots(rows, "thứ hạng", _WIDE, is_rank=True)
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None, "Title": title})
    svg = stream.getvalue()
    label = html.escape(title, quote=True)
    return svg[svg.index("<svg") :].replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
