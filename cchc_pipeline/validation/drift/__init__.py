"""Package drift."""
