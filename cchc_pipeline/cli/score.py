"""The commands `cchc score`: a file of figures in, a scorecard out, without any pipeline."""

from __future__ import annotations

from pathlib import Path

import click

from cchc_pipeline.cli import options
from cchc_pipeline.cli.printing import Column, Columns, console, table, write_csv
from cchc_pipeline.cli.score_robustness import robustness_command
from cchc_pipeline.reference.index_codes import TOTAL_CODE
from cchc_pipeline.reference.papi_instrument import instrument
from cchc_pipeline.scorecards.index766 import scorecard as index766
from cchc_pipeline.scorecards.index766.scorecard import read_metrics
from cchc_pipeline.scorecards.papi import scorecard as papi
from cchc_pipeline.scorecards.par_index.appraisals import STAGE_COLUMNS, score_appraisals_file
from cchc_pipeline.scorecards.scoring.rubric_set import office_rubrics
from cchc_pipeline.sources.papi.source import read_wide

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


score.add_command(robustness_command)


@score.command("index766")
@click.option("--metrics", required=True, type=options.FILE, help="CSV: unit_code,metric_code,numerator,denominator.")
@click.option("--out", type=options.FILE, help="Write every criterion, group and total to this CSV file.")
@options.choice(
    "--source", among=("portal", "local"),
    text="portal: the online group is one row ONLINE, published points over 12. local: its three criteria.",
)  # fmt: skip
@click.option(
    "--rubric", "rubric_name", default=index766.RUBRIC,
    help="Version to score by: index766 (the newest), index766@2022.1 (until the end of 2025), or a file.",
)  # fmt: skip
def index766_command(metrics: Path, out: Path | None, source: str, rubric_name: str) -> None:
    """Score QĐ 766 metrics, one row per unit and metric.

    Metric codes are those of the National Public Service Portal, such as DOSSIER_ON_TIME (its totalOnTime over
    totalReceived), DOSSIER_ONLINE_PAYMENT or ONLINE (published points over 12). Other columns are ignored. A metric
    that is not in the file is missing, never 0, and its group and the total are then partial.

    Chấm điểm Bộ chỉ số 766: mỗi dòng một đơn vị và một chỉ tiêu.
    """
    rubric = office_rubrics().find(rubric_name)
    scored = index766.score_metrics(read_metrics(metrics), source=source, rubric=rubric)
    groups = scored[scored["level"] == "group"].drop_duplicates("metric_code").set_index("metric_code")["max_score"]
    rows = []
    for unit, lines in scored[scored["level"] != "criterion"].groupby("unit_code", sort=False):
        cells = lines.set_index("metric_code")
        status, points = str(cells["status"][TOTAL_CODE]), float(cells["score"][TOTAL_CODE])
        band = rubric.band(points, float(cells["max_score"][TOTAL_CODE])) if status == "ok" else None
        result = f"{band.name_vi} / {band.name_en}" if band else _STATUS[status]
        rows.append({"unit": unit, **cells["score"], "result": result})
    heads = {str(code): f"{code}\n/{most:g}" for code, most in groups.items()}
    console().print(table(rows, _columns(heads), f"QĐ 766, {rubric.id} {rubric.version}"))
    write_csv(scored, out)


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
