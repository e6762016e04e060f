"""Package lgsp."""
