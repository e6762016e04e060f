"""bench: what the pipeline costs, as ratios measured side by side in one run (`make bench`).

Belongs here: measurements. No test asserts a time; targets stand in `docs/` and beside each line.
"""
