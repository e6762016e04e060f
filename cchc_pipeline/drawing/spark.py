"""Draw a line of one unit, night by night, as a picture of the height of a text line."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

WIDTH, HEIGHT, MARGIN = 120, 28, 3


class Night(NamedTuple):
    """A point of the line: its value, None where there is none; nights of another `stretch` are not joined to it.

    `is_old`: the figure is one of an earlier night.
    """

    value: float | None
    stretch: str
    is_old: bool = False


def spark(nights: Sequence[Night], label: str) -> str | None:
    """Return the line as an SVG element, oldest night first; None without any value.

    The scale is the line's own: its lowest value at the bottom. Colours are those of the page's style.

    Args:
        nights: one per night, at equal distances.
        label: what a screen reader says; it has to be escaped already.
    """
    known = [night.value for night in nights if night.value is not None]
    if not known:
        return None
    low, span = min(known), max(known) - min(known)
    step = (WIDTH - 2 * MARGIN) / max(1, len(nights) - 1)

    def place(number: int, value: float) -> str:
        up = (value - low) / span if span else 0.5
        return f"{MARGIN + number * step:.1f},{HEIGHT - MARGIN - up * (HEIGHT - 2 * MARGIN):.1f}"

    drawn, last = [], ""
    for (_, has_value), some in groupby(enumerate(nights), lambda one: (one[1].stretch, one[1].value is not None)):
        stretch = list(some)
        if not has_value:
            continue
        places = [place(number, night.value or 0.0) for number, night in stretch]
        drawn.append(f'<polyline points="{" ".join(places)}"/>')
        old = [at for at, (_, night) in zip(places, stretch, strict=True) if night.is_old]
        drawn += [_dot(at, 1.5, "old") for at in old]
        last = places[-1]
    drawn.append(_dot(last, 2.5, "last"))
    body = "".join(drawn)
    return f'<svg class="spark" role="img" aria-label="{label}" viewBox="0 0 {WIDTH} {HEIGHT}">{body}</svg>'


def _dot(place: str, radius: float, kind: str) -> str:
    x, y = place.split(",")
    return f'<circle class="{kind}" cx="{x}" cy="{y}" r="{radius}"/>'
