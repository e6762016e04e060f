"""`python -m bench`: run the measurements and print them as one table.

Belongs here: options. What is measured stands in the other modules.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import click
from rich.console import Console

from bench.measure import Report

NAMES = ("contracts", "indicators", "night", "first-load", "code-location", "scoring", "monte-carlo")


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("--only", "chosen", multiple=True, type=click.Choice(NAMES), help="Only this one; may be repeated.")
@click.option("--size", default=2_000_000, show_default=True, help="Dossiers behind the events of `indicators`.")
@click.option("--history", default=100_000, show_default=True, help="Dossiers held in `night`; then ten times as many.")
@click.option("--load", default=20_000, show_default=True, help="Dossiers of `first-load`, about.")
@click.option(
    "--full", is_flag=True, help="The sizes of the targets: 20 million dossiers of events, 1 and 10 million held."
)
def main(chosen: tuple[str, ...], size: int, history: int, load: int, *, full: bool) -> None:
    """Measure what the pipeline costs, each time beside a yardstick in the same run.

    Figures are only comparable within one run: machines differ, and so does what else they do.
    """
    if full:
        size, history = 20_000_000, 1_000_000
    root = Path(__file__).parents[1]
    console = Console(width=None if sys.stdout.isatty() else 150)
    report = Report(console)
    console.print(f"python -m bench: {', '.join(chosen or NAMES)}", highlight=False)
    for name, bench in _benches(report, root, size, history, load).items():
        if not chosen or name in chosen:
            console.print(f"[bold]{name}[/]")
            started = time.monotonic()
            bench()
            console.print(f"  [dim]{time.monotonic() - started:.0f} s[/]")
    console.print(report.table())


def _benches(report: Report, root: Path, size: int, history: int, load: int) -> dict[str, Callable[[], None]]:
    """Imported when they run: each bench loads only what it measures."""

    def contracts() -> None:
        from bench.contracts import bench

        bench(report)

    def indicators() -> None:
        from bench.indicators import bench

        bench(report, size)

    def night() -> None:
        from bench.night import bench

        bench(report, history)

    def first_load() -> None:
        from bench.first_load import bench

        bench(report, load)

    def code_location() -> None:
        from bench.code_location import bench

        bench(report, root)

    def scoring() -> None:
        from bench.scoring import bench

        bench(report)

    def monte_carlo() -> None:
        from bench.monte_carlo import bench

        bench(report)

    return dict(
        zip(NAMES, (contracts, indicators, night, first_load, code_location, scoring, monte_carlo), strict=True)
    )


if __name__ == "__main__":
    main()
