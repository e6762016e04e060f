"""A province in a box: the three source systems of an invented province, served over real HTTP with known truth.

Belongs here: what a province is, the lives of its dossiers, its letters, the servers that render them as of
a clock, injected faults, and the truth to compare with. Not here: anything that the pipeline itself computes;
the sandbox never imports `core`, `indicators` or `sources`.
"""
