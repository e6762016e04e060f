"""Package par_index."""
