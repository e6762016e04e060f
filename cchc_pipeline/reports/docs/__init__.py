"""Pages of `docs/` that are rendered: data dictionary, indicators, broken records.

Belongs here: rendering, and the broken cases that the tests run. Not here: pages that are written by hand (`docs/`).
"""
