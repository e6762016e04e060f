"""Package papi."""
