"""Pictures: small charts as PNG, for people who would rather look than read."""

from __future__ import annotations

import html
import io
from collections.abc import Mapping, Sequence
from datetime import date

EARLY, ON_TIME, LATE, NEUTRAL, WARN = "#2a9d8f", "#8ab17d", "#d1495b", "#577590", "#e9a23b"
#: cause of lateness -> label and colour
CAUSES = {
    "in_fact": ("Trễ hạn thực tế", LATE),
    "other_authority": ("Chờ cơ quan ngoài tỉnh", WARN),
    "software_only": ("Chỉ trên phần mềm", NEUTRAL),
    "unknown": ("Chưa rõ nguyên nhân", "#b8b8b8"),
}


def stacked_days(days: Sequence[date], series: Mapping[str, tuple[Sequence[float], str]], title: str) -> bytes:
    """Stacked bars by day; `series` maps a label to its values and colour."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 2.6), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    bottom = [0.0] * len(days)
    for label, (values, colour) in series.items():
        axes.bar(
            list(days),  # type: ignore[arg-type]
            list(values),
            bottom=bottom,
            label=label,
            color=colour,
            width=0.9,
        )
        bottom = [b + v for b, v in zip(bottom, values, strict=True)]
    axes.set_title(title, fontsize=10, loc="left")
    axes.legend(fontsize=8, frameon=False, ncols=len(series), loc="upper left", bbox_to_anchor=(0, -0.12))
    return _png(figure)


def stacked_bars(labels: Sequence[str], series: Mapping[str, tuple[Sequence[float], str]], title: str) -> bytes:
    """Stacked bars, one per label; `series` maps a name to its values and colour."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 2.6), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    positions, bottom = list(range(len(labels))), [0.0] * len(labels)
    for name, (values, colour) in series.items():
        axes.bar(positions, list(values), bottom=bottom, label=name, color=colour, width=0.8)
        bottom = [b + v for b, v in zip(bottom, values, strict=True)]
    step = max(1, len(labels) // 18)
    axes.set_xticks(positions[::step], list(labels)[::step], fontsize=7, rotation=45 if len(labels) > 9 else 0)
    axes.set_title(title, fontsize=10, loc="left")
    axes.legend(fontsize=8, frameon=False, ncols=len(series), loc="upper left", bbox_to_anchor=(0, -0.2))
    return _png(figure)


def calibration(points: Sequence[tuple[float, float, int]], title: str) -> bytes:
    """Predicted against observed share, both 0 to 1, with the diagonal; the area of a point follows its number."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.2, 3.8), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color="#b8b8b8", linewidth=1, linestyle="--")
    most = max((number for _, _, number in points), default=1)
    for predicted, observed, number in points:
        axes.scatter(predicted, observed, s=20 + 180 * number / most, color=NEUTRAL, alpha=0.8)
        axes.annotate(f"{number:,}", (predicted, observed), fontsize=6, xytext=(6, -8), textcoords="offset points")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_xlabel("Khả năng đã nói", fontsize=8)
    axes.set_ylabel("Tỷ lệ trễ hạn thực tế", fontsize=8)
    axes.set_title(title, fontsize=10, loc="left")
    return _png(figure)


def bars(labels: Sequence[str], values: Sequence[float], title: str, maximum: float, colour: str = NEUTRAL) -> bytes:
    """Horizontal bars with their values, the first on top."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 0.5 + 0.26 * max(len(labels), 1)), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    positions = range(len(labels))
    drawn = axes.barh(list(positions), list(values), color=colour, height=0.7)
    axes.bar_label(drawn, fmt="%.2f", fontsize=7, padding=2)
    axes.set_yticks(list(positions), list(labels), fontsize=7)
    axes.invert_yaxis()
    axes.set_xlim(0, maximum)
    axes.set_title(title, fontsize=10, loc="left")
    return _png(figure)


def nights_svg(days: Sequence[date], series: Mapping[str, tuple[Sequence[float | None], str]], title: str) -> str:
    """One panel of bars per series over the same nights, as an SVG element for a page.

    A night without a value has a grey mark instead of a bar. The same values give the same text.
    """
    import matplotlib as mpl
    from matplotlib.dates import DateFormatter, DayLocator
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    with mpl.rc_context({"svg.hashsalt": "cchc", "svg.fonttype": "none", "font.family": "sans-serif"}):
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
        stream = io.StringIO()
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None, "Title": title})
    svg = stream.getvalue()
    label = html.escape(title, quote=True)
    return svg[svg.index("<svg") :].replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)


def _png(figure: object) -> bytes:
    for axes in figure.axes:  # type: ignore[attr-defined]
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=7)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", metadata={"Software": None})  # type: ignore[attr-defined]
    return stream.getvalue()
