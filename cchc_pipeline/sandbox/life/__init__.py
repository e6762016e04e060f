"""Package life."""
