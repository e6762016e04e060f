"""Measure a night on a lake with a history, and on one with ten times as much."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq

from bench.history import fill_history
from bench.measure import Finished, Line, Report, command, number, run, seconds
from bench.site import Site, served, steps
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.lake.publish import current_version

UNTIL = date(2026, 8, 31)


def bench(report: Report, history: int, months: int, size: float, days_before: int) -> None:
    """Measure the same night on `history` dossiers held and on ten times as many."""
    year, month = divmod(12 * UNTIL.year + UNTIL.month - months, 12)
    since = date(year, month + 1, 1)
    before = UNTIL + timedelta(days=1), UNTIL + timedelta(days=days_before)
    night = before[1] + timedelta(days=1)
    nights: list[Finished] = []
    lakes: list[Lake] = []
    with TemporaryDirectory(prefix="bench-") as folder, served(size) as site:
        for count in (history, 10 * history):
            lake = Lake(Path(folder) / f"lake-{count}")
            filled = seconds(partial(fill_history, lake, count, since, UNTIL))
            environment = site.environment(lake.root, since)
            first = _run(site, environment, *before).seconds if days_before else 0
            done = _run(site, environment, night, night)
            nights.append(done)
            lakes.append(lake)
            changed = _changed(lake, night)
            report.note(
                f"history {count:,}: made in {filled:.0f} s, first run over {before[0]} … {before[1]} "
                f"{first:.0f} s, night {done.seconds:.1f} s with {changed:,} dossiers pulled, "
                f"peak {done.peak_mib:,.0f} MiB, lake {_size(lake.root):,.0f} MiB"
            )
            report.note("    " + ", ".join(f"{step} {number(taken, 's')}" for step, taken in steps(environment)[:9]))
            if count == history:
                report.add(Line(f"a night, whole command, {count:,} held", done.seconds, target=20.0, is_absolute=True))
        rows = _same_days(lakes, before[0])
        report.note(f"{rows:,} dossiers from {before[0]} on are published alike in both")
    small, large = nights
    report.add(
        Line(f"the same night with {10 * history:,} held", large.seconds, small.seconds, f"with {history:,} held", 1.3)
    )


def _run(site: Site, environment: dict[str, str], first: date, last: date) -> Finished:
    site.after(last)
    days = ["--day", str(first)] if first == last else ["--from", str(first), "--to", str(last)]
    return run([*command("cchc"), "run", *days], environment)


def _same_days(lakes: list[Lake], first: date) -> int:
    """Check that the lakes publish the same dossiers since `first`; count them."""
    found = []
    for lake in lakes:
        path = current_version(lake.published)
        if path is None:
            raise RuntimeError(f"the night on {lake.root.name} published nothing")
        found.append(pq.read_table(path / "dossiers.parquet", filters=[("received_on", ">=", first)]))
    if not found[0].num_rows or any(one != found[0] for one in found):
        raise RuntimeError(f"the same days were published otherwise, or not at all: {[one.num_rows for one in found]}")
    return int(found[0].num_rows)


def _changed(lake: Lake, day: date) -> int:
    table = "landing/one_stop__dossiers"
    return lake.store.rows(table, day) if lake.store.has(table, day) else 0


def _size(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*.parquet")) / 2**20
