"""Make the Jinja environment of pages: strict, escaping, without stray lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import jinja2


def environment(
    package: str, filters: Mapping[str, Callable[..., Any]] | None = None, names: Mapping[str, Any] | None = None
) -> jinja2.Environment:
    """Return an environment over the folder `templates` of a package; a name that a template does not get is an error.

    Args:
        package: package that has the folder.
        filters: name -> filter.
        names: what every template may use.
    """
    import jinja2  # a twentieth of a second that only a page needs

    found = jinja2.Environment(
        loader=jinja2.PackageLoader(package, "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters.update(filters or {})
    found.globals.update(names or {})
    return found
