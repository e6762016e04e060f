"""Jinja templates, style and script of the site. No code."""
