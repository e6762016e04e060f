"""Benchmarks: costs as ratios measured side by side in one run (`make bench`).

Belongs here: measurements, with their targets (also in `docs/`). Not here: tests; no test asserts a time.
"""
