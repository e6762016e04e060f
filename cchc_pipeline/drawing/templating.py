"""Build the Jinja environment of pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import jinja2


def environment(
    package: str, filters: Mapping[str, Callable[..., Any]] | None = None, names: Mapping[str, Any] | None = None,
    **options: Any,
) -> jinja2.Environment:  # fmt: skip
    """Return a Jinja environment over the folder `templates` of a package.

    HTML is escaped, and a template that uses an undefined name raises.

    Every template may use `names`; `options` of Jinja differ for pages that are no HTML.
    """
    import jinja2  # 0.05 s that only pages need

    usual: dict[str, Any] = {"autoescape": True, "trim_blocks": True, "lstrip_blocks": True}
    usual["undefined"] = jinja2.StrictUndefined
    loader = jinja2.PackageLoader(package, "templates")
    found = jinja2.Environment(loader=loader, **(usual | options))  # noqa: S701 - on but for pages that are no HTML
    found.filters.update(filters or {})
    found.globals.update(names or {})
    return found
