"""Package tabular."""
