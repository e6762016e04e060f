"""Canonical tables: current state by key, and the dated events that follow.

Belongs here: upserts by key and what follows from one record. Not here: figures by unit and period (indicators).
"""
