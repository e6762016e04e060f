"""The command `cchc report reconciliation`: our figures against the national portal's."""

from __future__ import annotations

import click

from cchc_pipeline import vietnamese
from cchc_pipeline.cli import options
from cchc_pipeline.cli.printing import Column, Columns, Rows, print_json, print_rows
from cchc_pipeline.days import parse_period
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.reports.reconciliation import dossiers_of, reconciliation_of
from cchc_pipeline.scorecards.reconciliation.causes import causes

_LOST = Column("Điểm mất", ",.2f")
#: part -> title and columns of its table
_SHOWN: dict[str, tuple[str, Columns]] = {
    "figures": ("Đối chiếu với Cổng DVCQG", {
        "figure_name_vi": "Số liệu", "local_value": "Tỉnh", "expected_value": "Cổng phải có", "portal_value": "Cổng",
        "unexplained": "Chưa rõ",
    }),
    "causes": ("Nguyên nhân chênh lệch", {
        "cause": "cause", "cause_name_vi": "Nguyên nhân", "dossiers": "Hồ sơ", "received": "Tiếp nhận",
        "not_late": "Không quá hạn", "points_lost": _LOST,
    }),
    "effects": ("Ảnh hưởng của nguyên nhân", {
        "figure_name_vi": "Số liệu", "effect": "Thay đổi", "dossiers": "Hồ sơ", "points_lost": _LOST,
    }),
    "dossiers": ("Hồ sơ chênh lệch", {
        "dossier_code": "Mã hồ sơ", "unit_code": "Cơ quan", "received_on": "Tiếp nhận", "cause": "cause",
        "cause_name_vi": "Nguyên nhân", "changes": "Thay đổi",
    }),
}  # fmt: skip


@click.command()
@click.option("--period", help="Month (2026-09), quarter (2026-Q3) or year (2026); default the newest month.")
@options.unit
@click.option("--cause", help="Only this cause, figure by figure; see the column `cause`.")
@click.option("--dossiers", "wants_dossiers", is_flag=True, help="List the dossiers behind the difference.")
@click.option("--limit", default=50, type=click.IntRange(1), help="How many dossiers are listed.")
@options.form("table", "csv", "json", text="How it is printed.")
@options.lake
def reconciliation(
    period: str | None, unit: str | None, cause: str | None, limit: int, form: str, lake: Lake, *,
    wants_dossiers: bool,
) -> None:  # fmt: skip
    """Our figures against the national portal's, each difference with its cause and its points.

    \b
    Examples:
      cchc report reconciliation
      cchc report reconciliation --period 2026-09 --unit H99.02
      cchc report reconciliation --cause NOT_SYNCED --dossiers --format csv
    """
    cause = cause and causes().cause(cause.upper()).id
    found = reconciliation_of(lake.published, parse_period(period) if period else None, unit)
    parts: dict[str, Rows] = {"figures": found.figures, "causes": found.causes}
    if wants_dossiers:
        parts = {"dossiers": dossiers_of(lake.published, found, cause, limit)}
    elif cause is not None:
        parts = {"effects": found.effects.get(cause, [])}
    days = vietnamese.days(found.period.first, found.period.last)
    if form == "json":
        head = {"unit_code": found.unit_code, "unit_name": found.unit_name, "period": days}
        print_json({**head, **parts})
        return
    for name, rows in parts.items():
        title, columns = _SHOWN[name]
        about = f"{title} — {found.unit_name}, {days}" + (f", {cause}" if cause else "")
        print_rows(rows, columns, form, about)
