"""Run the measurements and print them as one table: `python -m bench`."""

from __future__ import annotations

import importlib
import sys
import time
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console

from bench.measure import Report
from bench.sizes import FULL, TINY, USUAL, Sizes

NAMES = ("contracts", "indicators", "night", "first-load", "code-location", "scoring", "monte-carlo")


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("--only", "chosen", multiple=True, type=click.Choice(NAMES), help="Only this one; may be repeated.")
@click.option(
    "--size", type=int, help=f"Dossiers behind the events of `indicators`.  [default: {USUAL.events:,}]", metavar="N"
)
@click.option(
    "--history",
    type=int,
    help=f"Dossiers held in `night`; then ten times as many.  [default: {USUAL.held:,}]",
    metavar="N",
)
@click.option("--load", type=int, help=f"Dossiers of `first-load`, about.  [default: {USUAL.load:,}]", metavar="N")
@click.option(
    "--full", is_flag=True, help="The sizes of the targets: 20 million dossiers of events, 1 and 10 million held."
)
@click.option(
    "--tiny",
    is_flag=True,
    help="As little as there can be: shows that the benches run and agree, and measures nothing.",
)
def main(
    chosen: tuple[str, ...], size: int | None, history: int | None, load: int | None, *, full: bool, tiny: bool
) -> None:
    """Measure what the pipeline costs, each time beside a yardstick in the same run.

    Figures are only comparable within one run: machines differ, and so does what else they do.
    """
    if full and tiny:
        raise click.UsageError("--full and --tiny exclude each other")
    sizes = FULL if full else TINY if tiny else USUAL
    sizes = replace(
        sizes,
        events=sizes.events if size is None else size,
        held=sizes.held if history is None else history,
        load=sizes.load if load is None else load,
    )
    console = Console(width=None if sys.stdout.isatty() else 150)
    report = Report(console)
    console.print(f"python -m bench: {', '.join(chosen or NAMES)}", highlight=False)
    for name, given in _benches(sizes).items():
        if not chosen or name in chosen:
            console.print(f"[bold]{name}[/]")
            started = time.monotonic()
            importlib.import_module(f"bench.{name.replace('-', '_')}").bench(report, *given)
            console.print(f"  [dim]{time.monotonic() - started:.0f} s[/]")
    console.print(report.table())


def _benches(sizes: Sizes) -> dict[str, tuple[object, ...]]:
    """Return name -> what its `bench` is given after the report; the module is imported when it runs."""
    return {
        "contracts": (sizes.batches, sizes.weighed),
        "indicators": (sizes.events,),
        "night": (sizes.held, sizes.held_months, sizes.province, sizes.days_before),
        "first-load": (sizes.load, sizes.load_days),
        "code-location": (Path(__file__).parents[2], sizes.starts),
        "scoring": (sizes.scored_units,),
        "monte-carlo": (sizes.draws, sizes.coinr_draws),
    }


if __name__ == "__main__":
    main()
