"""Units and their codes, the working calendar and hours, and the PAPI instrument.

Belongs here: facts that no source system delivers. Not here: what a province's own data say.
"""
