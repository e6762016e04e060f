"""A night: the whole command for one day, on a lake with a history and on one with ten times as much.

Belongs here: preparing the two lakes, running the night, and saying which steps took the time.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq

from bench.history import fill_history
from bench.measure import Finished, Line, Report, command, number, run, seconds
from bench.site import Site, served, steps
from cchc_pipeline.lake.layout import Lake

HISTORY = date(2023, 9, 1), date(2026, 8, 31)
BEFORE = date(2026, 9, 1), date(2026, 9, 7)
NIGHT = date(2026, 9, 8)
SIZE = 4.0  # about 950 dossiers received and 3,000 changed on a working day


def bench(report: Report, history: int) -> None:
    """The same night on a history of `history` dossiers and of ten times as many."""
    nights: list[Finished] = []
    with TemporaryDirectory(prefix="bench-") as folder, served(SIZE) as site:
        for count in (history, 10 * history):
            lake = Lake(Path(folder) / f"lake-{count}")
            filled = seconds(lambda held=lake, rows=count: fill_history(held, rows, *HISTORY))
            environment = site.environment(lake.root, HISTORY[0])
            first = _run(site, environment, *BEFORE)
            done = _run(site, environment, NIGHT, NIGHT)
            nights.append(done)
            changed = _changed(lake, NIGHT)
            report.note(
                f"history {count:,}: made in {filled:.0f} s, first run over {BEFORE[0]} … {BEFORE[1]} "
                f"{first.seconds:.0f} s, night {done.seconds:.1f} s with {changed:,} dossiers pulled, "
                f"peak {done.peak_mib:,.0f} MiB, lake {_size(lake.root):,.0f} MiB"
            )
            report.note("    " + ", ".join(f"{step} {number(taken, 's')}" for step, taken in steps(environment)[:9]))
            if count == history:
                report.add(Line(f"a night, whole command, {count:,} held", done.seconds, target=20.0, is_absolute=True))
    small, large = nights
    report.add(
        Line(
            f"the same night with {10 * history:,} held",
            large.seconds,
            small.seconds,
            f"with {history:,} held",
            1.3,
        )
    )


def _run(site: Site, environment: dict[str, str], first: date, last: date) -> Finished:
    site.after(last)
    days = ["--day", str(first)] if first == last else ["--from", str(first), "--to", str(last)]
    return run([*command("cchc"), "run", *days], environment)


def _changed(lake: Lake, day: date) -> int:
    path = lake.day_file("landing", "one_stop__dossiers", day)
    return int(pq.read_metadata(path).num_rows) if path.exists() else 0


def _size(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*.parquet")) / 2**20
