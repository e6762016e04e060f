"""Jinja templates of the rendered pages of `docs/`. No code."""
