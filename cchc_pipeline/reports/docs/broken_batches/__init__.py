"""Batches, files and replies that are broken as a whole, with what becomes of them. No code."""
