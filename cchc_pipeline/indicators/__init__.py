"""The indicator catalogue and the SQL that computes it for every unit and period.

Belongs here: definitions, values and their public edition. Not here: points and ranks (scorecards).
"""
