"""Package truth."""
