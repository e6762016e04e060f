"""Package one_stop."""
