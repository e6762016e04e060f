"""Rubrics as data, and the engine that turns measures into points by them."""
