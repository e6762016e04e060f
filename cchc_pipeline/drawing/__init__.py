"""Package drawing."""
