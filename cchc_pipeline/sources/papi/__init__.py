"""Read PAPI tables from the drop folder."""
