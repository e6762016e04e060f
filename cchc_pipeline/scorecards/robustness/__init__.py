"""Examine how sure a rank is: choices behind a composite index, their effects.

Belongs here: imputation, normalisation, weights, aggregation, rank statistics, uncertainty and sensitivity
of any composite index, as arrays in and arrays out. Not here: rubrics and points (`scorecards/`), files and the lake.

The steps are those of the OECD/JRC Handbook on Constructing Composite Indicators (2008). Added to them is the error of
the survey itself, which for PAPI is larger than all the choices together.
"""
