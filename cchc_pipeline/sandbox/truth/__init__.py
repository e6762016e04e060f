"""True indicators, counted from the dossiers, letters and registers of a province.

Belongs here: the oracle that tests and `cchc sandbox` compare with; it counts without the pipeline. Not here:
what a source system shows (`servers`), how the pipeline counts (`cchc_pipeline.indicators`).
"""
