"""The command `score robustness`: how sure the ranks of a year are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.console import Console

from cchc_pipeline.cli.files import FILE, say_where, write
from cchc_pipeline.reference.papi_instrument import PapiTableError
from cchc_pipeline.scorecards.papi import scorecard as papi
from cchc_pipeline.scorecards.robustness.choices import AGGREGATIONS, IMPUTATIONS, NORMALISATIONS, WEIGHTINGS

_CHARTS = (".svg", ".html")


def _open(name: str, options: tuple[str, ...], usual: tuple[str, ...], what: str) -> Any:
    return click.option(
        f"--{name}",
        f"{name}s",
        multiple=True,
        type=click.Choice(options),
        default=usual,
        show_default=True,
        help=f"{what}; may be repeated, the first is the nominal one.",
    )


@click.command("robustness")
@click.option(
    "--table", required=True, type=FILE, help="CSV (Province P01 to P63, SC11 to SC83) or the publisher's .xlsx."
)
@click.option("--year", required=True, type=int, help="Year of the survey.")
@click.option("--standard-errors", type=FILE, help="CSV: Province, SE (standard error of the total, in points).")
@click.option("--draws", default=10_000, show_default=True, type=click.IntRange(min=100), help="Random draws.")
@click.option("--seed", default=1, show_default=True, help="Same seed, same result.")
@_open("normalisation", NORMALISATIONS, ("none", "minmax", "zscore", "rank"), "Scale of the dimensions")
@_open("weighting", WEIGHTINGS, ("equal", "pca", "correlation_balanced"), "Weights of the dimensions")
@_open("aggregation", AGGREGATIONS, AGGREGATIONS, "How dimensions become one score")
@_open("imputation", IMPUTATIONS, ("none",), "What stands in for a dimension that is missing")
@click.option(
    "--weight-noise",
    default=0.25,
    show_default=True,
    type=click.FloatRange(0, 0.99),
    help="Weights vary by this share.",
)
@click.option("--weights", help="Weights for --weighting given: D1=0.5,D2=1.6 and so on.")
@click.option(
    "--least-available",
    type=click.FloatRange(0, 1),
    help="Share of the dimensions that a province must have to be ranked.  [default: 1; with --imputation 2/3]",
)
@click.option("--groups", type=FILE, help="CSV: Province, Group (a region); for --imputation group_mean.")
@click.option("--previous", type=FILE, help="Table of the year before; for --imputation previous.")
@click.option("--out", type=FILE, help="Write the rank intervals to this CSV file.")
@click.option("--chart", type=FILE, help="Draw the rank intervals into this file, .svg or .html.")
def robustness_command(
    table: Path,
    year: int,
    standard_errors: Path | None,
    draws: int,
    seed: int,
    out: Path | None,
    chart: Path | None,
    **given: Any,
) -> None:
    """Rank intervals of a PAPI year, and which choice of method moves the ranks.

    Every draw takes another normalisation, weights, aggregation, imputation (each of those that are open) and, with
    --standard-errors, another sample of respondents. The interval holds 95 % of the draws.

    Khoảng thứ hạng PAPI của một năm và lựa chọn phương pháp nào làm đổi thứ hạng.
    """
    from cchc_pipeline.cli import robustness_text as text
    from cchc_pipeline.scorecards.papi import robustness as examined  # scipy: only where it is used
    from cchc_pipeline.scorecards.papi.robustness_inputs import read_groups, read_standard_errors, read_weights
    from cchc_pipeline.scorecards.robustness.draws import Plan

    if chart is not None and chart.suffix.lower() not in _CHARTS:
        raise PapiTableError(f"{chart}: a chart is drawn as .svg or .html; choose such a name", file=str(chart))
    composed = papi.compose(papi.read_wide(table, year), year)
    errors = read_standard_errors(standard_errors) if standard_errors else None
    dimensions = list(examined.dimensions(composed, year).columns)
    weights, previous = given.pop("weights"), given.pop("previous")
    groups = given.pop("groups")
    if weights and "given" not in given["weightings"]:
        given["weightings"] = ("given", *given["weightings"])
    for option, choice, needs, is_there in (
        ("--weighting", "given", "--weights D1=0.5,D2=1.6 and so on", weights),
        ("--imputation", "group_mean", "--groups, a CSV file with the columns Province and Group", groups),
        ("--imputation", "previous", f"--previous, the table of {year - 1}", previous),
    ):
        if choice in given[f"{option[2:]}s"] and not is_there:
            raise PapiTableError(f"{option} {choice} needs {needs}; give it, or leave the choice out")
    least = given.pop("least_available")
    before = papi.compose(papi.read_wide(previous, year - 1), year - 1) if previous else None
    found = examined.audit(
        composed,
        year,
        Plan(**given, given=read_weights(weights, dimensions) if weights else None),
        standard_errors=errors,
        groups=read_groups(groups) if groups else None,
        previous=None if before is None else examined.dimensions(before, year - 1),
        least_available=least,
        draws=draws,
        seed=seed,
    )
    text.show(found, Console(), has_errors=errors is not None)
    write(found.intervals, out)
    say_where(found.intervals, out)
    if chart is not None:
        text.draw(found, chart)
        click.echo(f"Biểu đồ / chart: {chart}")
