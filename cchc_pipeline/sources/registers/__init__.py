"""Package registers."""
