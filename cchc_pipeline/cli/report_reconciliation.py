"""report_reconciliation."""

from __future__ import annotations

import json
from pathlib import Path

import click

from cchc_pipeline import vietnamese
from cchc_pipeline.cli import options
from cchc_pipeline.cli.printing import as_csv, as_table, console
from cchc_pipeline.days import parse_period
from cchc_pipeline.reports.reconciliation import dossiers_of, effects_of, reconciliation_of
from cchc_pipeline.reports.scope import Rows
from cchc_pipeline.scorecards.reconciliation.causes import causes


@click.command()
@click.option(
    "--period", "period_text", help="Month (2026-09), quarter (2026-Q3) or year (2026); default the newest month."
)
@options.unit
@click.option("--cause", help="Only this cause, figure by figure; see the column `cause`.")
@click.option("--dossiers", "wants_dossiers", is_flag=True, help="List the dossiers behind the difference.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1), help="How many dossiers are listed.")
@options.form("table", "csv", "json", text="How it is printed.")
@options.data_dir
def reconciliation(
    period_text: str | None,
    unit: str | None,
    cause: str | None,
    wants_dossiers: bool,  # noqa: FBT001 - click hands options over by name
    limit: int,
    form: str,
    data_dir: Path | None,
) -> None:
    """Our figures against the national portal's, each difference with its cause and its points.

    \b
    Examples:
      cchc report reconciliation
      cchc report reconciliation --period 2026-09 --unit H99.02
      cchc report reconciliation --cause NOT_SYNCED --dossiers --format csv
    """  # noqa: D301 - the backspace is how click is told to keep lines
    published = options.lake_in(data_dir).published
    if cause is not None:
        cause = causes().cause(cause.upper()).id
    found = reconciliation_of(published, parse_period(period_text) if period_text else None, unit)
    parts: dict[str, Rows] = {}
    if wants_dossiers:
        parts["dossiers"] = dossiers_of(published, found, cause, limit)
    elif cause is not None:
        parts["effects"] = effects_of(published, found, cause)
    else:
        parts |= {"figures": found.figures, "causes": found.causes}
    days = vietnamese.days(found.period.first, found.period.last)
    if form == "json":
        head = {"unit_code": found.unit_code, "unit_name": found.unit_name, "period": days}
        click.echo(json.dumps({**head, **parts}, ensure_ascii=False, indent=2, default=str))
    elif form == "csv":
        for rows in parts.values():
            click.echo(as_csv(rows), nl=False)
    else:
        for name, rows in parts.items():
            title, heads = _SHOWN[name]
            told = f"{title} — {found.unit_name}, {days}" + (f", {cause}" if cause else "")
            console().print(as_table(rows, heads, told))


_FIGURES = {
    "figure_name_vi": "Số liệu",
    "local_value": "Tỉnh",
    "expected_value": "Cổng phải có",
    "portal_value": "Cổng",
    "unexplained": "Chưa rõ",
}

_CAUSES = {
    "cause": "cause",
    "cause_name_vi": "Nguyên nhân",
    "dossiers": "Hồ sơ",
    "received": "Tiếp nhận",
    "not_late": "Không quá hạn",
    "points_lost": "Điểm mất",
}

_EFFECTS = {"figure_name_vi": "Số liệu", "effect": "Thay đổi", "dossiers": "Hồ sơ", "points_lost": "Điểm mất"}

_DOSSIERS = {
    "dossier_code": "Mã hồ sơ",
    "unit_code": "Cơ quan",
    "received_on": "Tiếp nhận",
    "cause": "cause",
    "cause_name_vi": "Nguyên nhân",
    "changes": "Thay đổi",
}

#: part -> title and heads of its table
_SHOWN = {
    "figures": ("Đối chiếu với Cổng DVCQG", _FIGURES),
    "causes": ("Nguyên nhân chênh lệch", _CAUSES),
    "effects": ("Ảnh hưởng của nguyên nhân", _EFFECTS),
    "dossiers": ("Hồ sơ chênh lệch", _DOSSIERS),
}
