"""Draw the small charts of the Dagster UI and of the quality pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from cchc_pipeline.drawing.output import styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

EARLY, ON_TIME, LATE, NEUTRAL, WARN = "#2a9d8f", "#8ab17d", "#d1495b", "#577590", "#e9a23b"
#: cause of lateness (code list late_cause) -> colour
CAUSES = {"in_fact": LATE, "other_authority": WARN, "software_only": NEUTRAL, "unknown": "#b8b8b8"}


@styled
def stacked_bars(labels: Sequence[str], series: Mapping[str, tuple[Sequence[float], str]], title: str) -> Figure:
    """Draw stacked bars, one per label; `series`: name -> (values, colour)."""
    axes = _axes(8, 2.6)
    positions, bottom = list(range(len(labels))), [0.0] * len(labels)
    for name, (values, colour) in series.items():
        axes.bar(positions, list(values), bottom=bottom, label=name, color=colour, width=0.8)
        bottom = [b + v for b, v in zip(bottom, values, strict=True)]
    step = max(1, len(labels) // 18)
    axes.set_xticks(positions[::step], list(labels)[::step], rotation=45 if len(labels) > 9 else 0)
    axes.legend(fontsize=8, frameon=False, ncols=len(series), loc="upper left", bbox_to_anchor=(0, -0.2))
    return _finished(axes, title)


@styled
def calibration(points: Sequence[tuple[float, float, int]], title: str) -> Figure:
    """Draw predicted against observed shares.

    A point is predicted share, observed share (0 to 1) and number of dossiers, which sets its area.
    """
    axes = _axes(4.2, 3.8)
    axes.plot([0, 1], [0, 1], color="#b8b8b8", linewidth=1, linestyle="--")
    most = max((number for _, _, number in points), default=1)
    for predicted, observed, number in points:
        axes.scatter(predicted, observed, s=20 + 180 * number / most, color=NEUTRAL, alpha=0.8)
        axes.annotate(f"{number:,}", (predicted, observed), fontsize=6, xytext=(6, -8), textcoords="offset points")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_xlabel("Khả năng đã nói", fontsize=8)
    axes.set_ylabel("Tỷ lệ trễ hạn thực tế", fontsize=8)
    return _finished(axes, title)


@styled
def bars(labels: Sequence[str], values: Sequence[float], title: str, maximum: float) -> Figure:
    """Draw horizontal bars with their values, the first on top; axis up to `maximum`."""
    axes = _axes(8, 0.5 + 0.26 * max(len(labels), 1))
    positions = list(range(len(labels)))
    drawn = axes.barh(positions, list(values), color=NEUTRAL, height=0.7)
    axes.bar_label(drawn, fmt="%.2f", fontsize=7, padding=2)
    axes.set_yticks(positions, list(labels))
    axes.invert_yaxis()
    axes.set_xlim(0, maximum)
    return _finished(axes, title)


@styled
def nights(days: Sequence[date], series: Mapping[str, tuple[Sequence[float | None], str]]) -> Figure:
    """Draw one panel of bars per series over the same nights.

    Args:
        days: the nights.
        series: label -> (a value per night, colour); a night whose value is None gets a grey mark.
    """
    from matplotlib.dates import DateFormatter, DayLocator
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(6.4, 1.4 * len(series) + 0.3), layout="constrained")
    panels = figure.subplots(len(series), sharex=True, squeeze=False)[:, 0]
    for axes, (label, (values, colour)) in zip(panels, series.items(), strict=True):
        axes.bar(list(days), [value or 0 for value in values], color=colour, width=0.8)
        absent = [day for day, value in zip(days, values, strict=True) if value is None]
        if absent:
            axes.plot(absent, [0] * len(absent), "x", color="#999999", markersize=4, clip_on=False)
        axes.set_title(label, fontsize=11, loc="left")
        axes.set_ylim(0, max([value or 0 for value in values] + [1]) * 1.1)
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.xaxis.set_major_locator(DayLocator(interval=5))
        axes.xaxis.set_major_formatter(DateFormatter("%d/%m"))
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=10)
    return figure


def _axes(width: float, height: float) -> Axes:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=110, layout="constrained").add_subplot()


def _finished(axes: Axes, title: str) -> Figure:
    axes.set_title(title, fontsize=10, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=7)
    return axes.get_figure(root=True)  # type: ignore[return-value]
