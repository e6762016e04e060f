"""Package servers."""
