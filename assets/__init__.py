"""The Dagster code location: assets, checks, jobs and resources, wiring only.

Belongs here: the windows, metadata, checks and failures of steps, one module per Dagster concept or layer of the graph.
Not here: what a step does (`cchc_pipeline`). No data are read or computed at import, only contracts and code.
"""

import warnings

import dagster as dg

# Single-run backfills are marked beta in Dagster 1.13; the version is pinned and a test runs one.
warnings.filterwarnings("ignore", category=dg.BetaWarning)
