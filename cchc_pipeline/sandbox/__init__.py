"""Three source systems of an invented province over HTTP, with known figures.

Belongs here: scenarios, the dossiers, letters and registers of a province, the servers that show them as of a
clock, injected faults, and the true indicators to compare with. Not here: anything that the pipeline itself
computes; the sandbox shares only reference data (calendar, unit codes) and never imports `core`, `indicators` or
`sources`.
"""
