"""Jinja templates of drawings. No code."""
