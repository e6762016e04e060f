"""The scenarios, one module each: an invented province or published figures.

Belongs here: figures, names and dates of a province. Not here: how plans meet figures (`exact`), how dossiers are
drawn (`life`). A new scenario is listed in `sandbox.catalogue`.
"""
