"""The command `score par-index`: a file of appraisals in, a scorecard out, without any pipeline."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click
import pandas as pd
import pyarrow as pa
from rich.console import Console
from rich.table import Table

from cchc_pipeline.arrow import table_from_records
from cchc_pipeline.cli.files import FILE, say_where, write
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.days import today
from cchc_pipeline.reference.index_codes import TOTAL_CODE
from cchc_pipeline.scorecards.index766.metrics_file import check_metrics, read_metrics
from cchc_pipeline.scorecards.par_index.appraisals import INBOUND, judge
from cchc_pipeline.scorecards.par_index.scorecard import STAGE_COLUMNS, appraised_card
from cchc_pipeline.scorecards.scoring.errors import MeasureError
from cchc_pipeline.scorecards.scoring.rubric import Rubric
from cchc_pipeline.scorecards.scoring.shelf import office_shelf
from cchc_pipeline.sources.registers.source import read_register
from cchc_pipeline.validation.verdict import judge as judge_rows

_OUT = [
    *("unit_code", "year", "criterion_level", "criterion_code", "parent_code", "criterion_name_vi", "points"),
    *("max_points", "points_lost", "status", "counted_stage", "computed_points", *STAGE_COLUMNS),
    *("appraisal_difference", "is_provisional", "reason_vi", "evidence"),
]


@click.command("par-index")
@click.option(
    "--appraisals",
    required=True,
    type=FILE,
    help="The register of appraisals, CSV or xlsx; see cchc registers template.",
)
@click.option(
    "--metrics", type=FILE, help="CSV of figures: unit_code,metric_code,numerator,denominator (criterion codes)."
)
@click.option(
    "--rubric",
    "rubric_name",
    default="par_index",
    show_default=True,
    help="par_index, par_index_department, par_index_commune (the newest version), id@version, or a file.",
)
@click.option("--year", type=int, help="Assessed year; needed where the file holds several.")
@click.option("--out", type=FILE, help="Write every criterion, group and total with all stages to this CSV file.")
@click.pass_context
def par_index_command(
    ctx: click.Context, appraisals: Path, metrics: Path | None, rubric_name: str, year: int | None, out: Path | None
) -> None:
    """Score a register of appraisals, with figures beside it where they are given.

    Second before first before self-score; a figure stands before a score that only the unit itself gave. Rows that
    break a rule or contradict the rubric are listed with their reason and count nowhere; the exit status is then 1.

    Chấm PAR INDEX từ sổ chấm điểm: tự chấm, thẩm định lần 1, lần 2, điều tra xã hội học.
    """
    rubric = office_shelf().find(rubric_name)
    as_of = today()
    contract = load_contract(INBOUND)
    rows = table_from_records(read_register(appraisals, "appraisals", as_of), contract.arrow_schema(relaxed=True))
    verdict = judge_rows(rows, contract, as_of)
    wrong = [f"{row['row_key']}: {row['reasons_vi']}" for row in verdict.quarantined.to_pylist()]
    own = verdict.valid.filter(
        pa.array([one == rubric.id for one in verdict.valid["rubric_id"].to_pylist()], pa.bool_())
    )
    others = verdict.valid.num_rows - own.num_rows
    judged = judge(own, _units(own, rubric), _no_documents(), [rubric])
    places = ("unit_code", "year", "criterion_code", "stage")
    wrong += [
        f"{'|'.join(str(row[name]) for name in places)}: {row['reason_vi']}"
        for row in judged.to_pylist()
        if row["is_refused"]
    ]
    of_year = _year(judged, year)
    judged = judged.filter(pa.array([one == of_year for one in judged["year"].to_pylist()], pa.bool_()))
    card = appraised_card(rubric, _figures(metrics, rubric, of_year), judged).to_pandas().assign(year=of_year)
    write(card[_OUT], out)
    console = Console()
    console.print(_table(card, rubric, of_year))
    if others:
        console.print(f"{others} dòng của bộ tiêu chí khác không chấm ở đây / rows of other rubrics, not scored here")
    say_where(card, out)
    if wrong:
        errors = Console(stderr=True, soft_wrap=True)
        errors.print(f"{len(wrong)} dòng không được tính / rows that do not count:")
        for one in wrong:
            errors.print(f"  {one}", markup=False)
        ctx.exit(1)


def _units(rows: pa.Table, rubric: Rubric) -> pa.Table:
    """The units of the file; without a list of units they are taken to be of a level that the rubric scores."""
    codes = sorted(set(rows["unit_code"].to_pylist()))
    level = rubric.unit_levels[0] if rubric.unit_levels else None
    columns = {"unit_code": codes, "unit_name": [None] * len(codes), "unit_level": [level] * len(codes)}
    return pa.table(columns, schema=pa.schema([(name, pa.string()) for name in columns]))


def _no_documents() -> pa.Table:
    schema: pa.Schema = load_contract("documents").arrow_schema()
    return schema.empty_table()


def _year(judged: pa.Table, asked: int | None) -> int:
    years = sorted(set(judged["year"].to_pylist()))
    if not years:
        raise MeasureError("The file has no row of this rubric that can be scored; choose another --rubric")
    if asked is None and len(years) > 1:
        raise MeasureError(f"The file holds the years {', '.join(map(str, years))}; choose one with --year")
    if asked is not None and asked not in years:
        raise MeasureError(f"The file has no row of {asked}; it has {', '.join(map(str, years))}")
    return int(asked or years[0])


def _figures(metrics: Path | None, rubric: Rubric, year: int) -> pd.DataFrame:
    columns = ["unit_code", "metric_code", "numerator", "denominator"]
    found = check_metrics(read_metrics(metrics), rubric) if metrics else pd.DataFrame(columns=columns)
    return found.assign(
        period_type="year",
        period_start=pd.Timestamp(date(year, 1, 1)),
        period_end=pd.Timestamp(date(year, 12, 31)),
    )


def _table(card: pd.DataFrame, rubric: Rubric, year: int) -> Table:
    """Points of every domain and the total, one row per unit."""
    marked = " (tạm tính / provisional)" if rubric.is_provisional else ""
    shown = Table(title=f"{rubric.id} {rubric.version}, {year}{marked}", box=None, padding=(0, 1, 0, 0), pad_edge=False)
    shown.add_column("Đơn vị\nUnit", no_wrap=True)
    codes = [group.code for group in rubric.groups]
    for code in (*codes, "Tổng"):
        shown.add_column(code, justify="right", no_wrap=True)
    shown.add_column("%", justify="right", no_wrap=True)
    shown.add_column("Kết quả\nResult")
    status = {"ok": "đủ / complete", "partial": "một phần / partial", "missing": "thiếu / missing"}
    for unit, rows in card.groupby("unit_code", sort=True):
        cells = rows.set_index("criterion_code")
        points = [cells["points"][code] for code in (*codes, TOTAL_CODE)]
        ratio = cells["ratio"][TOTAL_CODE]
        told = status.get(str(cells["status"][TOTAL_CODE]), "-")
        shown.add_row(
            str(unit),
            *("-" if pd.isna(one) else f"{one:.2f}" for one in points),
            "-" if pd.isna(ratio) else f"{100 * ratio:.1f}",
            told,
        )
    return shown
