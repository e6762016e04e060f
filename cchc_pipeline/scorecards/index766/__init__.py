"""Package index766."""
