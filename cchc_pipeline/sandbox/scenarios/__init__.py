"""The scenarios: an invented province each, or published figures.

Belongs here: figures, names and dates of a province; published figures as one YAML file each
(`exact.scenario.ExactFigures`). Not here: how plans meet figures (`exact`), how dossiers are drawn (`life`). A new
scenario is listed in `sandbox.province`.
"""
