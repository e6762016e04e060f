"""Measure how long the code location takes to load, and what it imports."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.measure import Line, Report, run

_LOAD = (
    "import sys, assets.definitions as location; "
    "location.defs().get_repository_def() if callable(location.defs) else location.defs.get_repository_def(); "
    "print(len(location.build_defs().resolve_asset_graph().get_all_asset_keys()), 'great_expectations' in sys.modules)"
)


def bench(report: Report, root: Path, starts: int) -> None:
    """Measure the best of `starts` fresh processes beside `import dagster`."""
    loads = [run([sys.executable, "-c", _LOAD], {}, root) for _ in range(starts)]
    bare = [run([sys.executable, "-c", "import dagster"], {}, root) for _ in range(starts)]
    assets, imported = loads[0].output.split()[-2:]
    best = min(load.seconds for load in loads)
    yardstick = min(one.seconds for one in bare)
    report.add(Line("the code location loads", best, yardstick, "import dagster", 3.0, is_absolute=True))
    report.add(
        Line("Great Expectations imported by it", float(imported == "True"), target=0.0, is_absolute=True, unit="times")
    )
    report.note(f"{assets} assets, {loads[0].peak_mib:,.0f} MiB")
