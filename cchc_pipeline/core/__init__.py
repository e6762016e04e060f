"""The canonical tables: current state of dossiers, documents and procedures, and the dated events that follow.

Belongs here: upserts by key and what follows from one record. Not here: figures by unit and period (indicators).
"""
