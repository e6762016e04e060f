"""Package drop."""
