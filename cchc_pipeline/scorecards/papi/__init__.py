"""PAPI, the survey of citizens: composed from sub-dimensions, put on the map of today, and examined."""
