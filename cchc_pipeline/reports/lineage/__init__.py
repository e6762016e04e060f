"""Trace a column of a table to the source fields that its values are computed from.

Belongs here: which relation each SQL text reads under which name, and following columns through these texts. Not here:
running them. A value's columns are followed, not the conditions that choose its rows; what Python computes is named and
not guessed.
"""
