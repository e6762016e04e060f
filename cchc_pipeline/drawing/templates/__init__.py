"""Package templates."""
