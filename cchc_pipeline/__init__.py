"""cchc_pipeline: the domain of administrative-reform (CCHC) data as a plain Python library.

Rooms, in the order in which data flows: `sources`, `contracts`, `lake`, `reference`, `core`,
`indicators`, `scorecards`, `reports`, and `sandbox`, a province in a box. Nothing here imports the
orchestrator; `assets` does.
"""
