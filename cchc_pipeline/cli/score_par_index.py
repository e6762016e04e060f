"""The command `cchc score par-index`: a register of appraisals in, a scorecard out."""

from __future__ import annotations

from pathlib import Path

import click

from cchc_pipeline.cli import options
from cchc_pipeline.cli.printing import Column, console, table, write_csv
from cchc_pipeline.reference.index_codes import TOTAL_CODE
from cchc_pipeline.scorecards.par_index.appraisals_file import score_appraisals_file
from cchc_pipeline.scorecards.par_index.scorecard import STAGE_COLUMNS
from cchc_pipeline.scorecards.scoring.rubric_set import office_rubrics

_OUT = [
    *("unit_code", "year", "criterion_level", "criterion_code", "parent_code", "criterion_name_vi", "points"),
    *("max_points", "points_lost", "status", "counted_stage", "computed_points", *STAGE_COLUMNS),
    *("appraisal_difference", "is_provisional", "reason_vi", "evidence"),
]
_STATUS = {"ok": "đủ / complete", "partial": "một phần / partial", "missing": "thiếu / missing"}


@click.command("par-index")
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
    found = score_appraisals_file(appraisals, metrics, rubric, year)
    rows = []
    for unit, lines in found.card.groupby("unit_code", sort=True):
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
    console().print(table(rows, columns, f"{rubric.id} {rubric.version}, {found.year}{marked}"))
    if found.other_rows:
        other = "dòng của bộ tiêu chí khác không chấm ở đây / rows of other rubrics, not scored here"
        click.echo(f"{found.other_rows} {other}")
    write_csv(found.card[_OUT], out)
    if found.problems:
        click.echo(f"{len(found.problems)} dòng không được tính / rows that do not count:", err=True)
        for one in found.problems:
            click.echo(f"  {one}", err=True)
        ctx.exit(1)
