"""Three source systems of an invented province over HTTP, with known figures.

Belongs here: scenarios, the dossiers, letters and registers of a province, the servers that show them as of a
clock, injected faults, and the true indicators to compare with. Not here: anything that the pipeline itself
computes; the sandbox never imports `core`, `indicators` or `sources`, so that the comparison shares no code.
"""
