"""Judge batches of landed rows by their contracts.

Belongs here: admission, verdicts per row and their cross-check, quarantine, acceptances, retention, drift, files
in hand. Not here: what a contract says (`contracts/`), how rows are pulled (`sources/`).
"""
