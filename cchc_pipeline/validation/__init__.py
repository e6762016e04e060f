"""Validation: what becomes of a batch of landed rows.

Belongs here: admission, verdicts per row and their cross-check, quarantine and acceptances, retention, a file in hand.
Not here: what a contract says (`contracts/`), how rows are pulled (`sources/`).
"""
