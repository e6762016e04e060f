"""Benchmarks: costs as ratios measured side by side in one run (`make bench`).

Belongs here: measurements, with their targets (also in `docs/`), and the test that runs each at its smallest size; it
asserts no time. `python -m bench` needs `tests` on the path (`make bench` sets it).
"""
