"""The commands `score index766` and `score papi`: a file in, a scorecard out, without any pipeline."""

from __future__ import annotations

import math
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from cchc_pipeline.cli.files import FILE, say_where, write
from cchc_pipeline.cli.score_par_index import par_index_command
from cchc_pipeline.cli.score_robustness import robustness_command
from cchc_pipeline.errors import CchcError
from cchc_pipeline.reference.index_codes import TOTAL_CODE
from cchc_pipeline.reference.papi_instrument import instrument
from cchc_pipeline.scorecards.index766 import scorecard as index766
from cchc_pipeline.scorecards.index766.metrics_file import read_metrics
from cchc_pipeline.scorecards.papi import scorecard as papi
from cchc_pipeline.scorecards.scoring.shelf import office_shelf

_STATUS = {
    "ok": "đủ / complete",
    "partial": "một phần / partial",
    "missing": "thiếu / missing",
    "missing_at_source": "thiếu / missing",
    "incomplete": "thiếu / missing",
}


class _ScoreGroup(click.Group):
    """Turns the project's own errors into one line and exit code 1 where there is no root command to do it."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except CchcError as error:
            if ctx.parent is not None:
                raise
            raise click.ClickException(str(error)) from error


@click.group(cls=_ScoreGroup, context_settings={"help_option_names": ["-h", "--help"]})
def score() -> None:
    """Score a file of published figures (chấm điểm từ một tệp số liệu)."""


score.add_command(par_index_command)
score.add_command(robustness_command)


@score.command("index766")
@click.option("--metrics", required=True, type=FILE, help="CSV: unit_code,metric_code,numerator,denominator.")
@click.option("--out", type=FILE, help="Write every criterion, group and total to this CSV file.")
@click.option(
    "--source",
    type=click.Choice(["portal", "local"]),
    default="portal",
    show_default=True,
    help="portal: the online group is one row ONLINE, published points over 12. local: its three criteria.",
)
@click.option(
    "--rubric",
    "rubric_name",
    default=index766.RUBRIC,
    show_default=True,
    help="Version to score by: index766 (the newest), index766@2022.1 (until the end of 2025), or a file.",
)
def index766_command(metrics: Path, out: Path | None, source: str, rubric_name: str) -> None:
    """Score QĐ 766 metrics, one row per unit and metric.

    Metric codes are those of the National Public Service Portal, such as DOSSIER_ON_TIME (its totalOnTime over
    totalReceived), DOSSIER_ONLINE_PAYMENT or ONLINE (published points over 12). Other columns are ignored. A metric
    that is not in the file is missing, never 0, and its group and the total are then partial.

    Chấm điểm Bộ chỉ số 766: mỗi dòng một đơn vị và một chỉ tiêu.
    """
    rubric = office_shelf().find(rubric_name)
    scored = index766.score_metrics(read_metrics(metrics), source=source, rubric=rubric)
    write(scored, out)
    groups = scored[scored["level"] == "group"].drop_duplicates("metric_code").set_index("metric_code")["max_score"]
    table = _table(
        f"QĐ 766, {rubric.id} {rubric.version}",
        [*(f"{code}\n/{most:g}" for code, most in groups.items()), "Tổng\nTotal"],
    )
    for unit, rows in scored[scored["level"] != "criterion"].groupby("unit_code", sort=False):
        cells = rows.set_index("metric_code")
        points = [float(value) for value in cells.loc[[*groups.index, TOTAL_CODE], "score"]]
        status, most = str(cells["status"][TOTAL_CODE]), float(cells["max_score"][TOTAL_CODE])
        band = rubric.band(points[-1], most) if status == "ok" else None
        label = f"{band.name_vi} / {band.name_en}" if band else _STATUS[status]
        table.add_row(str(unit), *map(_score, points), label)
    Console().print(table)
    say_where(scored, out)


@score.command("papi")
@click.option(
    "--table",
    required=True,
    type=FILE,
    help="CSV: Province (P01 to P63), SC11 to SC83; or .xlsx, also as published.",
)
@click.option("--year", required=True, type=int, help="Year of the survey; decides which sub-dimensions there are.")
@click.option("--out", type=FILE, help="Write sub-dimensions, dimensions and totals to this CSV file.")
def papi_command(table: Path, year: int, out: Path | None) -> None:
    """Compose PAPI dimensions and totals from a table of sub-dimensions.

    A blank or 0 is missing; a dimension or total that lacks a part is missing and says which. Of a workbook the sheets
    of --year are taken; one whose sheets repeat another year is refused.

    Tính điểm trục nội dung và tổng điểm PAPI từ bảng điểm trục con.
    """
    composed = papi.compose(papi.read_wide(table, year), year)
    write(composed, out)
    wanted = instrument(year)
    codes = [*wanted.dimensions, TOTAL_CODE]
    shown = _table(f"PAPI {year}", [*wanted.dimensions, "Tổng\nTotal"])
    for province, rows in composed[composed["level"] != "subdimension"].groupby("province", sort=False):
        cells = rows.set_index("code")
        scores = [float(value) for value in cells.loc[codes, "score"]]
        shown.add_row(str(province), *map(_score, scores), _STATUS[str(cells["status"][TOTAL_CODE])])
    console = Console()
    console.print(shown)
    for item in wanted.breaks:
        console.print(f"Đứt chuỗi {year - 1}/{year} ({', '.join(item.codes)}): {item.note_vi} / {item.note_en}")
    say_where(composed, out)


def _table(title: str, headings: list[str]) -> Table:
    """A table that fits into 80 columns, because logs and mails have no more."""
    table = Table(title=title, box=None, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("Đơn vị\nUnit", no_wrap=True)
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("Kết quả\nResult", no_wrap=True)
    return table


def _score(score: float) -> str:
    return "-" if math.isnan(score) else f"{score:.2f}"
