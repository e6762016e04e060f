"""Save figures as PNG or SVG; equal figures give equal bytes."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec

from lxml import etree

if TYPE_CHECKING:
    from matplotlib.figure import Figure

P = ParamSpec("P")
OWN, OTHER, LINE, SOFT = "#0b5cad", "#b34a00", "#c3ccd5", "#5b6875"
_STYLE: Any = {"svg.hashsalt": "cchc", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 9.0}
_FONT = re.compile(r"font(-family)?: [^;]*'DejaVu Sans'[^;]*;?")
_SVG = "http://www.w3.org/2000/svg"
_HREF = "{http://www.w3.org/1999/xlink}href"


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Wrap a drawing function so that it runs with this package's style.

    matplotlib is imported on the first call, not before.
    """

    @wraps(draw)
    def drawn(*args: P.args, **more: P.kwargs) -> Figure:
        return _drawn(draw, *args, **more)

    return drawn


def _drawn(draw: Callable[P, Figure], *args: P.args, **more: P.kwargs) -> Figure:
    import matplotlib as mpl

    with mpl.rc_context(_STYLE):
        return draw(*args, **more)


def png(figure: Figure) -> bytes:
    """Return a figure as a PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure.set_dpi(110)
    return _printed(FigureCanvasAgg(figure).print_png, {"Software": None})


def svg(figure: Figure, title: str) -> str:
    """Return a figure as an SVG element, for a file or as the only one of a page."""
    text = _svg(figure, Title=title).decode()
    label = html.escape(title, quote=True)
    return text[text.index("<svg") :].replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)


def page_svg(figure: Figure, name: str, label: str) -> str:
    """Return a figure as an SVG element for a page of the site with several drawings.

    Fonts, style and metadata are left to the page; texts are marked with `data-t` for the script that translates them.

    Args:
        figure: what was drawn.
        name: prefix of ids, unique on the page.
        label: alternative text.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    root = etree.fromstring(_svg(figure), parser)
    for found in [*root.iter(f"{{{_SVG}}}metadata"), *root.iter(f"{{{_SVG}}}style")]:  # the page has its own style
        found.getparent().remove(found)
    used = {element.get(_HREF, "").removeprefix("#") for element in root.iter(etree.Element)}
    used |= {element.get("clip-path", "").removeprefix("url(#").removesuffix(")") for element in root.iter()}
    for element in root.iter(etree.Element):
        identifier = element.get("id")
        if identifier in used:
            element.set("id", f"{name}-{identifier}")
        elif identifier is not None:
            del element.attrib["id"]
        for key in (_HREF, "clip-path"):
            if element.get(key):
                element.set(key, element.get(key).replace("#", f"#{name}-"))
        if element.tag == f"{{{_SVG}}}text":
            element.set("data-t", "")
            element.set("style", _FONT.sub(_size, element.get("style", "")))
    root.set("role", "img")
    root.set("aria-label", label)
    root.set("data-label", "")
    for size in ("width", "height", "version"):
        root.attrib.pop(size, None)
    return etree.tostring(root, encoding="unicode")


def _size(found: re.Match[str]) -> str:
    """Return a font declaration reduced to its size."""
    size = re.search(r"[\d.]+px", found[0])
    return f"font-size: {size[0]};" if size else ""


def _svg(figure: Figure, **metadata: str) -> bytes:
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    return _printed(FigureCanvasSVG(figure).print_svg, {"Date": None, "Creator": None, **metadata})


def _printed(draw: Callable[..., None], metadata: dict[str, Any]) -> bytes:
    """Return what a canvas draws; `Figure.savefig` would draw everything twice, once to find the layout alone."""
    import matplotlib as mpl

    stream = io.BytesIO()
    with mpl.rc_context(_STYLE):
        draw(stream, metadata=metadata)
    return stream.getvalue()
