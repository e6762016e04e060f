"""assets: the Dagster code location. One module per Dagster concept or stage of the data flow; thin.

What an asset does is a function of `cchc_pipeline`; here it only gets its window, its metadata and
its checks. Nothing is read or computed at import.
"""

import warnings

import dagster as dg

# Single-run backfills are marked beta in Dagster 1.13; the version is pinned and a test runs one.
warnings.filterwarnings("ignore", category=dg.BetaWarning)
