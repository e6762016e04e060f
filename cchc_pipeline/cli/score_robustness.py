"""The command `cchc score robustness`: how sure the ranks of a PAPI year are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cchc_pipeline.cli import options
from cchc_pipeline.cli.printing import Column, console, table, write_csv, write_file
from cchc_pipeline.drawing.templating import environment
from cchc_pipeline.reference.papi_instrument import PapiTableError, province_names
from cchc_pipeline.scorecards.papi import scorecard as papi
from cchc_pipeline.scorecards.robustness.choices import AGGREGATIONS, IMPUTATIONS, NORMALISATIONS, WEIGHTINGS
from cchc_pipeline.sources.papi.source import read_wide

if TYPE_CHECKING:  # scipy costs a second to load, and --help needs none of it
    import pandas as pd
    from rich.console import RenderableType

    from cchc_pipeline.scorecards.papi.robustness import Audit

_CHARTS = (".svg", ".html")
_FACTORS = {
    "normalisation": "Chuẩn hóa / normalisation", "weighting": "Trọng số / weights",
    "aggregation": "Cách tổng hợp / aggregation", "imputation": "Bù số thiếu / imputation",
    "weight_noise": "Trọng số ±25 % / weights ±25 %", "sampling_error": "Sai số khảo sát / survey error",
}  # fmt: skip


def _method(name: str, values: tuple[str, ...], usual: tuple[str, ...], what: str) -> Any:
    """Return the option of a choice of method that may be open."""
    text = f"{what}; may be repeated, the first is the nominal one."
    return click.option(f"--{name}", f"{name}s", multiple=True, type=click.Choice(values), default=usual, help=text)


@click.command("robustness")
@click.option(
    "--table", "path", required=True, type=options.FILE,
    help="CSV (Province P01 to P63, SC11 to SC83) or the publisher's .xlsx.",
)  # fmt: skip
@click.option("--year", required=True, type=int, help="Year of the survey.")
@click.option("--standard-errors", type=options.FILE, help="CSV: Province, SE (standard error of the total in points).")
@click.option("--draws", default=10_000, type=click.IntRange(min=100), help="Random draws.")
@click.option("--seed", default=1, help="Same seed, same result.")
@_method("normalisation", NORMALISATIONS, ("none", "minmax", "zscore", "rank"), "Scale of the dimensions")
@_method("weighting", WEIGHTINGS, ("equal", "pca", "correlation_balanced"), "Weights of the dimensions")
@_method("aggregation", AGGREGATIONS, AGGREGATIONS, "How dimensions become one score")
@_method("imputation", IMPUTATIONS, ("none",), "What stands in for a dimension that is missing")
@click.option("--weight-noise", default=0.25, type=click.FloatRange(0, 0.99), help="Weights vary by this share.")
@click.option("--weights", help="Weights for --weighting given: D1=0.5,D2=1.6 and so on.")
@click.option(
    "--least-available", type=click.FloatRange(0, 1),
    help="Share of the dimensions that a province must have to be ranked.  [default: 1; with --imputation 2/3]",
)  # fmt: skip
@click.option("--groups", type=options.FILE, help="CSV: Province, Group (a region); for --imputation group_mean.")
@click.option("--previous", type=options.FILE, help="Table of the year before; for --imputation previous.")
@click.option("--out", type=options.FILE, help="Write the rank intervals to this CSV file.")
@click.option("--chart", type=options.FILE, help="Draw the rank intervals into this file, .svg or .html.")
def robustness_command(
    path: Path, year: int, standard_errors: Path | None, draws: int, seed: int, weights: str | None,
    groups: Path | None, previous: Path | None, least_available: float | None, out: Path | None, chart: Path | None,
    **methods: Any,
) -> None:  # fmt: skip
    """Rank intervals of a PAPI year, and which choice of method moves the ranks.

    Every draw takes another normalisation, weights, aggregation, imputation (each of those that are open) and, with
    --standard-errors, another sample of respondents. The interval holds 95 % of the draws.

    Khoảng thứ hạng PAPI của một năm và lựa chọn phương pháp nào làm đổi thứ hạng.
    """
    from cchc_pipeline.scorecards.papi.robustness import (
        audit,
        dimensions,
        read_groups,
        read_standard_errors,
        read_weights,
    )
    from cchc_pipeline.scorecards.robustness.draws import Plan

    if chart is not None and chart.suffix.lower() not in _CHARTS:
        raise PapiTableError(f"{chart}: a chart is drawn as .svg or .html; choose such a name", file=str(chart))
    composed = papi.compose(read_wide(path, year), year)
    if weights and "given" not in methods["weightings"]:
        methods["weightings"] = ("given", *methods["weightings"])
    for option, value, needs, is_there in (
        ("weighting", "given", "--weights D1=0.5,D2=1.6 and so on", weights),
        ("imputation", "group_mean", "--groups, a CSV file with the columns Province and Group", groups),
        ("imputation", "previous", f"--previous, the table of {year - 1}", previous),
    ):
        if value in methods[f"{option}s"] and not is_there:
            raise PapiTableError(f"--{option} {value} needs {needs}; give it, or leave the choice out")
    errors = read_standard_errors(standard_errors) if standard_errors else None
    before = papi.compose(read_wide(previous, year - 1), year - 1) if previous else None
    given = read_weights(weights, list(dimensions(composed, year).columns)) if weights else None
    found = audit(
        composed, year, Plan(**methods, given=given), standard_errors=errors,
        groups=read_groups(groups) if groups else None,
        previous=None if before is None else dimensions(before, year - 1), least_available=least_available,
        draws=draws, seed=seed,
    )  # fmt: skip
    _print(found, has_errors=errors is not None)
    write_csv(found.intervals, out)
    if chart is not None:
        _draw(found, chart)
        click.echo(f"Biểu đồ / chart: {chart}")


def _ranked(found: Audit) -> pd.DataFrame:
    """Return the provinces that have a rank, with their names, the first rank first."""
    rows = found.intervals[found.intervals["rank"].notna()].sort_values(["rank", "province"])
    return rows.assign(name=rows["province"].map(province_names()))


def _print(found: Audit, *, has_errors: bool) -> None:
    """Print everything that is known about the ranking of a year."""
    out, held, rows = console(), found.structure, found.intervals
    out.print(_intervals(found))
    for row in rows[rows["reason"].notna()].to_dict("records"):
        out.print(f"{row['province']} không xếp hạng / not ranked: {row['reason']}")
    for row in rows[rows["imputed"].notna()].to_dict("records"):
        out.print(f"{row['province']} bù số thiếu / filled in: {row['imputed']}")
    out.print(
        f"Cronbach α {held.alpha:.2f}; thành phần chính thứ nhất / first component {held.first_share:.0%}; "
        f"eigenvalues > 1: {int((held.eigenvalues > 1).sum())}; {held.units} tỉnh / provinces"
    )
    for one, other, correlation in held.flagged:
        out.print(f"{one} và / and {other}: tương quan / correlation {correlation:.2f}")
    out.print(_correlations(found), _shifts(found))
    if found.pairs_apart is not None:
        out.print(f"Cặp tỉnh khác nhau rõ (z > 1,96) / pairs of provinces that differ at 95 %: {found.pairs_apart:.0%}")
    if found.sensitivity is not None:
        out.print(_factors(*found.sensitivity))
    if not has_errors:
        out.print(
            "Chưa tính sai số khảo sát: khoảng thứ hạng thực tế rộng hơn. / Survey error not given: real intervals "
            "are wider; give --standard-errors."
        )


def _intervals(found: Audit) -> RenderableType:
    columns = {
        "rank": Column("Hạng\nRank", ".0f"), "unit": Column("Đơn vị\nUnit", no_wrap=True),
        "score": Column("Điểm\nScore", ".2f"), "interval": Column("Khoảng 95 %\nInterval", justify="right"),
        "first_quarter": Column("Nhóm đầu\nTop quarter", ".0%"),
    }  # fmt: skip
    rows = [
        {**row, "unit": f"{row['province']} {row['name']}", "interval": f"{row['rank_low']:.0f}-{row['rank_high']:.0f}"}
        for row in _ranked(found).to_dict("records")
    ]
    return table(rows, columns, f"PAPI {found.year}")


def _correlations(found: Audit) -> RenderableType:
    """Return the correlations of the dimensions, and what each of them really weighs."""
    held = found.structure
    rows = [
        {
            "name": name,
            **{other: held.correlations[i][j] if j < i else None for j, other in enumerate(held.names)},
            "total": held.with_total[i],
            "share": held.variance_share[i],
        }
        for i, name in enumerate(held.names)
    ]
    columns = {
        "name": "", **{name: Column(name, ".2f") for name in held.names}, "total": Column("Tổng\nTotal", ".2f"),
        "share": Column(f"Phần biến thiên\nShare ({1 / len(held.names):.3f})", ".3f"),
    }  # fmt: skip
    return table(rows, columns, "Cấu trúc tương quan / correlations")


def _shifts(found: Audit) -> RenderableType:
    columns = {
        "name": "", "spearman": Column("Spearman", ".3f"), "mean_abs": Column("TB / mean", ".1f"),
        "largest": "Lớn nhất / max",
    }  # fmt: skip
    rows = [{"name": name, **moved} for name, moved in found.shifts.items()]
    return table(rows, columns, "Thứ hạng đổi nếu … / Ranks under another method")


def _factors(shares: pd.DataFrame, mean_shift: float) -> RenderableType:
    rows = [
        {"name": _FACTORS[str(name)]}
        | {kind: f"{row[kind]:.2f} ±{row[f'{kind}_error']:.2f}" for kind in ("first", "total")}
        for name, row in shares.to_dict("index").items()
    ]
    first, total = Column("riêng / first", justify="right"), Column("tổng / total", justify="right")
    columns = {"name": "", "first": first, "total": total}
    return table(rows, columns, f"Đổi hạng trung bình / mean change of rank {mean_shift:.1f}; Sobol")


def _draw(found: Audit, path: Path) -> None:
    """Write a dot plot of the ranks as .svg, or as a page .html with the figures in a table below it.

    Raises:
        CchcError: the file cannot be written.
    """
    from cchc_pipeline.drawing.output import svg
    from cchc_pipeline.drawing.ranks import WIDE, Dot, dots

    figures = ["rank", "rank_low", "rank_high", "rank_median"]
    ranked = _ranked(found).astype(dict.fromkeys(figures, int))
    rows = list(ranked[["name", *figures]].itertuples(index=False, name=None))
    title = f"PAPI {found.year}: thứ hạng và khoảng 95 %"
    drawn = svg(dots([Dot(*row) for row in rows], WIDE), title)
    if path.suffix.lower() == ".html":
        page = environment("cchc_pipeline.drawing").get_template("rank_dots.html")
        drawn = page.render(title=title, picture=drawn, rows=[row[:4] for row in rows])
    write_file(path, lambda target: target.write_text(drawn, encoding="utf-8"), "--chart")
