"""Compose PAPI, the survey of citizens, put it on the map of today, examine ranks.

Source: the annual PAPI reports (CECODES, RTA, UNDP), which print points by sub-dimension and no ranks.
"""
