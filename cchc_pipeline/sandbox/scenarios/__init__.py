"""Package scenarios."""
