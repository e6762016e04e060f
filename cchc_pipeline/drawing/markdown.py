"""Build the Jinja environment of Markdown pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import jinja2


def markdown_environment(package: str) -> jinja2.Environment:
    """Return a Jinja environment over the folder `templates` of a package.

    Every value is printed so that it may stand in a cell: `|` and `<` are escaped, line breaks become spaces.
    """
    import jinja2  # 0.05 s that only pages need

    return jinja2.Environment(  # noqa: S701 - Markdown is no HTML; `finalize` escapes
        loader=jinja2.PackageLoader(package, "templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_cell,
    )


def _cell(value: Any) -> str:
    return re.sub(r"\s+", " ", str(value).replace("|", "\\|").replace("<", "&lt;"))
