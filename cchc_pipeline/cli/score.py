"""The commands `cchc score`: a file of figures in, a scorecard out, without any pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cchc_pipeline.cli import options
from cchc_pipeline.cli.printing import Column, Columns, console, table, write_csv, write_file
from cchc_pipeline.drawing.templating import environment
from cchc_pipeline.reference.index_codes import TOTAL_CODE
from cchc_pipeline.reference.papi_instrument import PapiTableError, instrument, province_names
from cchc_pipeline.scorecards.index766 import scorecard as index766
from cchc_pipeline.scorecards.index766.metrics_file import differences, read_metrics, score_metrics
from cchc_pipeline.scorecards.papi import scorecard as papi
from cchc_pipeline.scorecards.par_index.appraisals import STAGE_COLUMNS, score_appraisals_file
from cchc_pipeline.scorecards.robustness.choices import AGGREGATIONS, IMPUTATIONS, NORMALISATIONS, WEIGHTINGS
from cchc_pipeline.scorecards.scoring.rubric_set import office_rubrics
from cchc_pipeline.sources.papi.source import read_wide

if TYPE_CHECKING:  # scipy costs a second to load, and --help needs none of it
    import pandas as pd
    from rich.console import RenderableType

    from cchc_pipeline.scorecards.papi.robustness import Audit

_STATUS = {
    "ok": "đủ / complete", "partial": "một phần / partial", "missing": "thiếu / missing",
    "missing_at_source": "thiếu / missing", "incomplete": "thiếu / missing",
}  # fmt: skip

#: Columns of the scorecard of PAR INDEX that go into a file.
_PAR_INDEX = [
    *("unit_code", "year", "criterion_level", "criterion_code", "parent_code", "criterion_name_vi", "points"),
    *("max_points", "points_lost", "status", "counted_stage", "computed_points", *STAGE_COLUMNS),
    *("appraisal_difference", "is_provisional", "reason_vi", "evidence"),
]


@click.group()
def score() -> None:
    """Score a file of published figures (chấm điểm từ một tệp số liệu)."""


@score.command("index766")
@click.option("--metrics", required=True, type=options.FILE, help="CSV: unit_code,metric_code,numerator,denominator.")
@click.option("--out", type=options.FILE, help="Write every criterion, group and total to this CSV file.")
@options.choice(
    "--source", among=("portal", "local"),
    text="portal: a published group counts where its metrics are not all given. local: no published group counts.",
)  # fmt: skip
@click.option(
    "--rubric", "rubric_name", default=index766.RUBRIC,
    help="Version to score by: index766 (the newest), index766@2022.1 (until the end of 2025), or a file.",
)  # fmt: skip
def index766_command(metrics: Path, out: Path | None, source: str, rubric_name: str) -> None:
    """Score QĐ 766 metrics, one row per unit and metric.

    Metric codes are those of the National Public Service Portal, such as DOSSIER_ON_TIME (its totalOnTime over
    totalReceived); docs/scorecards.md lists those of the online and payment reports. Published points of a group are a
    row GROUP.CKMB, ONLINE, TTTT …, of the total a row TOTAL. Other columns are ignored. A metric that is not in the
    file is missing, never 0, and its group and the total are then partial. Exit 1 where what is computed differs from
    what was published.

    Chấm điểm Bộ chỉ số 766: mỗi dòng một đơn vị và một chỉ tiêu.
    """
    rubric = office_rubrics().find(rubric_name)
    given = read_metrics(metrics)
    scored = score_metrics(given, source=source, rubric=rubric)
    groups = scored[scored["level"] == "group"].drop_duplicates("metric_code").set_index("metric_code")["max_score"]
    rows = []
    for unit, lines in scored[scored["level"].isin(["group", "total"])].groupby("unit_code", sort=False):
        cells = lines.set_index("metric_code")
        status, points = str(cells["status"][TOTAL_CODE]), float(cells["score"][TOTAL_CODE])
        band = rubric.band(points, float(cells["max_score"][TOTAL_CODE])) if status == "ok" else None
        result = f"{band.name_vi} / {band.name_en}" if band else _STATUS[status]
        rows.append({"unit": unit, **cells["score"], "result": result})
    heads = {str(code): f"{code}\n/{most:g}" for code, most in groups.items()}
    screen = console()
    screen.print(table(rows, _columns(heads), f"QĐ 766, {rubric.id} {rubric.version}"))
    if kept := sorted(set(scored.loc[scored["level"] == "unscored", "metric_code"])):
        screen.print(f"Không chấm điểm, giữ nguyên / kept, not scored: {', '.join(kept)}")
    write_csv(scored, out)
    wrong = differences(scored, given, rubric, source).to_dict("records")
    for row in wrong:
        screen.print(
            f"{row['unit_code']} {row['metric_code']}: tính được / computed {row['score']:.2f}, Cổng công bố / "
            f"published {row['published']:.2f}"
        )
    if wrong:
        click.get_current_context().exit(1)


@score.command("papi")
@click.option(
    "--table", "path", required=True, type=options.FILE,
    help="CSV: Province (P01 to P63), SC11 to SC83; or .xlsx, also as published.",
)  # fmt: skip
@click.option("--year", required=True, type=int, help="Year of the survey; decides which sub-dimensions there are.")
@click.option("--out", type=options.FILE, help="Write sub-dimensions, dimensions and totals to this CSV file.")
def papi_command(path: Path, year: int, out: Path | None) -> None:
    """Compose PAPI dimensions and totals from a table of sub-dimensions.

    A blank or 0 is missing; a dimension or total that lacks a part is missing and says which. Of a workbook the sheets
    of --year are taken; one whose sheets repeat another year is refused.

    Tính điểm trục nội dung và tổng điểm PAPI từ bảng điểm trục con.
    """
    composed = papi.compose(read_wide(path, year), year)
    wanted = instrument(year)
    rows = [
        {"unit": province, **cells["score"], "result": _STATUS[str(cells["status"][TOTAL_CODE])]}
        for province, lines in composed[composed["level"] != "subdimension"].groupby("province", sort=False)
        for cells in [lines.set_index("code")]
    ]
    screen = console()
    screen.print(table(rows, _columns({code: code for code in wanted.dimensions}), f"PAPI {year}"))
    for item in wanted.breaks:
        screen.print(f"Đứt chuỗi {year - 1}/{year} ({', '.join(item.codes)}): {item.note_vi} / {item.note_en}")
    write_csv(composed, out)


@score.command("par-index")
@click.option(
    "--appraisals", required=True, type=options.FILE,
    help="The register of appraisals, CSV or xlsx; see cchc registers template.",
)  # fmt: skip
@click.option(
    "--metrics", type=options.FILE,
    help="CSV of figures: unit_code,metric_code,numerator,denominator (criterion codes).",
)  # fmt: skip
@click.option(
    "--rubric", "rubric_name", default="par_index",
    help="par_index, par_index_department, par_index_commune (the newest version), id@version, or a file.",
)  # fmt: skip
@click.option("--year", type=int, help="Assessed year; needed where the file holds several.")
@click.option(
    "--out", type=options.FILE, help="Write every criterion, group and total with all stages to this CSV file."
)
@click.pass_context
def par_index_command(
    ctx: click.Context, appraisals: Path, metrics: Path | None, rubric_name: str, year: int | None, out: Path | None
) -> None:
    """Score a register of appraisals, with figures beside it where they are given.

    Second before first before self-score; a figure stands before a score that only the unit itself gave. Rows that
    break a rule or contradict the rubric are listed with their reason and count nowhere; the exit status is then 1.

    Chấm PAR INDEX từ sổ chấm điểm: tự chấm, thẩm định lần 1, lần 2, điều tra xã hội học.
    """
    rubric = office_rubrics().find(rubric_name)
    card, scored, other_rows, problems = score_appraisals_file(appraisals, metrics, rubric, year)
    rows = []
    for unit, lines in card.groupby("unit_code", sort=True):
        cells = lines.set_index("criterion_code")
        share, status = 100 * cells["ratio"][TOTAL_CODE], str(cells["status"][TOTAL_CODE])
        rows.append({"unit": unit, **cells["points"], "share": share, "result": _STATUS.get(status, "-")})
    columns = {
        "unit": Column("Đơn vị\nUnit", no_wrap=True),
        **{group.code: Column(group.code, ".2f", "-", no_wrap=True) for group in rubric.groups},
        TOTAL_CODE: Column("Tổng", ".2f", "-", no_wrap=True),
        "share": Column("%", ".1f", "-", no_wrap=True),
        "result": "Kết quả\nResult",
    }
    marked = " (tạm tính / provisional)" if rubric.is_provisional else ""
    console().print(table(rows, columns, f"{rubric.id} {rubric.version}, {scored}{marked}"))
    if other_rows:
        other = "dòng của bộ tiêu chí khác không chấm ở đây / rows of other rubrics, not scored here"
        click.echo(f"{other_rows} {other}")
    write_csv(card[_PAR_INDEX], out)
    if problems:
        click.echo(f"{len(problems)} dòng không được tính / rows that do not count:", err=True)
        for one in problems:
            click.echo(f"  {one}", err=True)
        ctx.exit(1)


def _columns(parts: dict[str, str]) -> Columns:
    """Return columns of a scorecard that fit into 80 characters: the unit, its parts, the total and the result."""
    scores = {**parts, TOTAL_CODE: "Tổng\nTotal"}
    return {
        "unit": Column("Đơn vị\nUnit", no_wrap=True),
        **{code: Column(head, ".2f", "-", no_wrap=True) for code, head in scores.items()},
        "result": Column("Kết quả\nResult", no_wrap=True),
    }


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


@score.command("robustness")
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
    columns = {
        "rank": Column("Hạng\nRank", ".0f"), "unit": Column("Đơn vị\nUnit", no_wrap=True),
        "score": Column("Điểm\nScore", ".2f"), "interval": Column("Khoảng 95 %\nInterval", justify="right"),
        "first_quarter": Column("Nhóm đầu\nTop quarter", ".0%"),
    }  # fmt: skip
    ranked = [
        {**row, "unit": f"{row['province']} {row['name']}", "interval": f"{row['rank_low']:.0f}-{row['rank_high']:.0f}"}
        for row in _ranked(found).to_dict("records")
    ]
    out.print(table(ranked, columns, f"PAPI {found.year}"))
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
    shifts = {
        "name": "", "spearman": Column("Spearman", ".3f"), "mean_abs": Column("TB / mean", ".1f"),
        "largest": "Lớn nhất / max",
    }  # fmt: skip
    changed = "Thứ hạng đổi nếu … / Ranks under another method"
    moved = [{"name": name, **one} for name, one in found.shifts.items()]
    out.print(_correlations(found), table(moved, shifts, changed))
    if found.pairs_apart is not None:
        out.print(f"Cặp tỉnh khác nhau rõ (z > 1,96) / pairs of provinces that differ at 95 %: {found.pairs_apart:.0%}")
    if found.sensitivity is not None:
        shares, mean_shift = found.sensitivity
        factors = [
            {"name": _FACTORS[str(name)]}
            | {kind: f"{row[kind]:.2f} ±{row[f'{kind}_error']:.2f}" for kind in ("first", "total")}
            for name, row in shares.to_dict("index").items()
        ]
        first, total = Column("riêng / first", justify="right"), Column("tổng / total", justify="right")
        title = f"Đổi hạng trung bình / mean change of rank {mean_shift:.1f}; Sobol"
        out.print(table(factors, {"name": "", "first": first, "total": total}, title))
    if not has_errors:
        out.print(
            "Chưa tính sai số khảo sát: khoảng thứ hạng thực tế rộng hơn. / Survey error not given: real intervals "
            "are wider; give --standard-errors."
        )


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


def _draw(found: Audit, path: Path) -> None:
    """Write a dot plot of the ranks as .svg, or as a page .html with the figures in a table below it.

    Raises:
        CchcError: the file cannot be written.
    """
    from cchc_pipeline.drawing.output import svg
    from cchc_pipeline.drawing.plots import WIDE, Dot, dots

    figures = ["rank", "rank_low", "rank_high", "rank_median"]
    ranked = _ranked(found).astype(dict.fromkeys(figures, int))
    rows = list(ranked[["name", *figures]].itertuples(index=False, name=None))
    title = f"PAPI {found.year}: thứ hạng và khoảng 95 %"
    drawn = svg(dots([Dot(*row) for row in rows], WIDE), title)
    if path.suffix.lower() == ".html":
        page = environment("cchc_pipeline.drawing").get_template("rank_dots.html")
        drawn = page.render(title=title, picture=drawn, rows=[row[:4] for row in rows])
    write_file(path, lambda target: target.write_text(drawn, encoding="utf-8"), "--chart")
