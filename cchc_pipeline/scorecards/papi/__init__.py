"""Compose PAPI, the survey of citizens, put it on the map of today, examine ranks."""
