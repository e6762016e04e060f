"""PAPI, the survey of citizens: composed, put on the map of today, and examined."""
