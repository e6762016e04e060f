"""Draw the charts of the site: radar, trend, ranges of values, ranks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import nan, pi
from typing import TYPE_CHECKING

from cchc_pipeline.drawing.output import LINE, OTHER, OWN, SOFT, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = (OWN, OTHER, "#1f7a4d", "#7a3fa0")
MARKERS = ("o", "s", "^", "D")


@dataclass(frozen=True)
class Spot:
    """A point of a trend; a line joins neighbours of the same `stretch` only.

    Attributes:
        at: label of the period on the axis.
        value: None leaves a gap.
        stretch: what the value was measured by; values of different stretches are not comparable.
        is_open: whether the period is not over; such a point is drawn hollow.
    """

    at: str
    value: float | None
    stretch: str = ""
    is_open: bool = False


@dataclass(frozen=True)
class Span:
    """A row of related values, such as those of the former provinces of one of today.

    Attributes:
        label: stands beside the row.
        values: None leaves a mark out.
        is_own: whether the row is drawn in the colour of the own province.
        is_joined: whether a thin line joins the lowest and the highest; it is no interval of uncertainty.
    """

    label: str
    values: tuple[float | None, ...]
    is_own: bool = False
    is_joined: bool = True


def _figure(height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(PHONE, height))


@styled
def radar(axes_labels: Sequence[str], series: Mapping[str, Sequence[float | None]]) -> Figure:
    """Draw shares of the maximum (0 to 1) by group, one polygon per series.

    A group whose share is None leaves a gap.
    """
    height = 3.7 + 0.2 * -(-len(series) // 2)  # the legend has two entries in a line
    figure = _figure(height)
    axes = figure.add_axes((0.14, 1 - 3.31 / height, 0.72, 2.89 / height), projection="polar")
    axes.set_theta_offset(pi / 2)  # type: ignore[attr-defined]
    axes.set_theta_direction(-1)  # type: ignore[attr-defined]
    angles = [2 * pi * place / len(axes_labels) for place in range(len(axes_labels))]
    for (name, values), colour, marker in zip(series.items(), COLOURS, MARKERS, strict=False):
        shown = [nan if value is None else 100 * value for value in values]
        axes.plot([*angles, angles[0]], [*shown, shown[0]], color=colour, marker=marker, markersize=5, label=name)
        if None not in values:
            axes.fill(angles, shown, color=colour, alpha=0.08)
    axes.set_xticks(angles, list(axes_labels))
    axes.set_ylim(0, 100)
    axes.set_yticks([25, 50, 75, 100], ["25", "50", "75", "100 %"], fontsize=7, color=SOFT)
    axes.grid(color=LINE, linewidth=0.7)
    axes.spines["polar"].set_color(LINE)
    figure.legend(loc="lower center", ncols=2, frameon=False)
    return figure


@styled
def trend(series: Mapping[str, Sequence[Spot]], low: float = 0, high: float = 100) -> Figure:
    """Draw values by period, with hollow marks for periods that are not over.

    No line crosses a gap or joins two stretches. `low` and `high` limit the value axis.
    """
    figure = _figure(3.0)
    axes = figure.add_axes((0.1, 0.24, 0.86, 0.7))
    labels = list(dict.fromkeys(spot.at for spots in series.values() for spot in spots))
    for (name, spots), colour, marker in zip(series.items(), COLOURS, MARKERS, strict=False):
        for piece in pieces(spots):
            places = [labels.index(spot.at) for spot in piece]
            axes.plot(places, [nan if spot.value is None else spot.value for spot in piece], color=colour)
        for spot in spots:
            if spot.value is not None:
                face = "white" if spot.is_open else colour
                axes.plot(labels.index(spot.at), spot.value, marker, color=colour, markerfacecolor=face, markersize=6)
        axes.plot([], [], color=colour, marker=marker, label=name)
    step = max(1, -(-len(labels) // 8))
    axes.set_xticks(range(0, len(labels), step), labels[::step])
    axes.set_xlim(-0.4, max(len(labels) - 0.6, 0.6))
    axes.set_ylim(low, high)
    axes.grid(axis="y", color=LINE, linewidth=0.7)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(length=0)
    figure.legend(loc="lower center", ncols=2, frameon=False)
    return figure


def pieces(spots: Sequence[Spot]) -> list[list[Spot]]:
    """Return the runs of two or more neighbours that a line may join, in order."""
    found: list[list[Spot]] = []
    for spot in spots:
        if spot.value is None:
            found.append([])
        elif found and found[-1] and found[-1][-1].stretch == spot.stretch:
            found[-1].append(spot)
        else:
            found.append([spot])
    return [piece for piece in found if len(piece) > 1]


@styled
def spans(rows: Sequence[Span], unit: str, names: Sequence[str] = ()) -> Figure:
    """Draw one line per row, the first on top, with a mark for every value.

    A mark is filled where it is the only value of its row. With `names`, the marks of each place have their own colour,
    form and entry in the legend, and are hollow, so that two of equal value stay visible.
    """
    below = 0.25 * len(names)
    height = 0.75 + below + (0.3 if names else 0.2) * len(rows)
    figure = _figure(height)
    axes = figure.add_axes((0.42, (0.45 + below) / height, 0.55, 1 - (0.7 + below) / height))
    marks: dict[tuple[str, str, str], list[tuple[float, int]]] = {}
    for place, row in enumerate(rows):
        colour = OTHER if row.is_own else OWN
        known = [value for value in row.values if value is not None]
        if row.is_joined and len(known) > 1:
            axes.plot([min(known), max(known)], [place, place], color=SOFT if names else colour, linewidth=1)
        for number, value in enumerate(row.values):
            look = (COLOURS[number], "none") if names else (colour, colour if len(row.values) == 1 else "white")
            if value is not None:
                marks.setdefault((MARKERS[number] if names else "o", *look), []).append((value, place))
    for (marker, colour, face), found in marks.items():  # one call draws all marks of one look
        size = {"markersize": 7, "markeredgewidth": 1.6} if names else {"markersize": 5}
        axes.plot(*zip(*found, strict=True), marker, color=colour, markerfacecolor=face, **size)
    for name, colour, marker in zip(names, COLOURS, MARKERS, strict=False):
        axes.plot([], [], marker, color=colour, markerfacecolor="none", markeredgewidth=1.6, label=name)
    if names:
        figure.legend(loc="lower left", ncols=1, frameon=False, bbox_to_anchor=(0.4, 0))
    style_rows(axes, [row.label for row in rows], unit)
    return figure


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

    The width is in inches; only a drawing that stands alone has a title.
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
