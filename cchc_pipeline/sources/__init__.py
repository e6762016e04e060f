"""Read the source systems: one adapter per kind of system, behind one protocol.

Belongs here: asking a source what changed and turning its replies into flat records. Not here:
judging the records (`validation`), keeping them (`lake`), counting them (`indicators`).
"""
