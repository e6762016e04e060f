"""The domain of administrative-reform (CCHC) data as a plain Python library.

Belongs here: reading, validating, computing and publishing, a room per stage; the modules beside this file are the
ground that every room may import. Not here: the orchestrator (`assets`). Import-linter holds the order of the rooms.
"""
