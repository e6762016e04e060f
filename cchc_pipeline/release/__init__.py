"""Package release."""
