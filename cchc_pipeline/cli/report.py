"""Commands `cchc report`, `cchc versions` and `cchc docs`: reading what is published, and what it means."""

from __future__ import annotations

import csv
import io
import json
import sys
from datetime import date, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from cchc_pipeline.cli import options
from cchc_pipeline.cli.late_text import print_late
from cchc_pipeline.cli.report_docx import cchc_report
from cchc_pipeline.cli.report_reconciliation import reconciliation
from cchc_pipeline.core.late import late_schema
from cchc_pipeline.indicators.measure_units import unit_vi
from cchc_pipeline.lake.publish import current_version, read_manifest, roll_back, version_names
from cchc_pipeline.reference.unit_map import MapName
from cchc_pipeline.reports.docs.dictionary import check_pages, write_pages
from cchc_pipeline.reports.dossier_form import DossierForm, dossier_form
from cchc_pipeline.reports.indicator_series import _COLUMNS, _MAPS_VI, Series, indicator_series
from cchc_pipeline.reports.late_report import late_report


@click.group()
def report() -> None:
    """Reports from the published tables."""


@report.command()
@options.days("First day of the period (yyyy-mm-dd).", "Last day of the period.", required=True)
@options.unit
@options.form("table", "csv", "json", text="How the form is printed; JSON has every figure by its English name.")
@options.data_dir
def dossiers(first: datetime, last: datetime, unit: str | None, form: str, data_dir: Path | None) -> None:
    """Form II.06a: dossiers received, resolved and pending in any period.

    \b
    Example:
      cchc report dossiers --from 2019-11-16 --to 2020-11-08 --unit H16.19 --format json
    """  # noqa: D301 - the backspace is how click is told to keep lines
    found = dossier_form(options.lake_in(data_dir).published, first.date(), last.date(), unit)
    if form == "json":
        click.echo(json.dumps(found.as_dict(), ensure_ascii=False, indent=2))
    elif form == "csv":
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["code", "label_vi", "count", "pct"])
        writer.writerows(
            (code, label.strip(" -"), count, "" if pct is None else f"{pct:.2f}")
            for code, label, count, pct in found.rows()
        )
        click.echo(stream.getvalue(), nl=False)
    else:
        Console().print(_table(found))


def _table(found: DossierForm) -> Table:
    period = f"{found.period_start:%d/%m/%Y}–{found.period_end:%d/%m/%Y}"
    title = f"Tình hình giải quyết TTHC (Biểu II.06a) — {found.unit_name}, {period}"
    table = Table(title=title, title_justify="left")
    table.add_column("Chỉ tiêu")
    table.add_column("code", style="dim")
    table.add_column("Số hồ sơ", justify="right")
    table.add_column("Tỷ lệ", justify="right")
    for code, label, count, pct in found.rows():
        table.add_row(label, code, f"{count:,}", "" if pct is None else f"{pct:.2f} %")
    return table


@report.command()
@options.days("First day of the period, by day of resolution; default all data.", "Last day of the period.")
@options.unit
@options.form("text", "csv", "json", text="CSV has one line per dossier; JSON counts by cause and unit too.")
@click.option("--limit", type=click.IntRange(0), default=40, show_default=True, help="Dossiers listed as text.")
@options.data_dir
def late(
    first: datetime | None, last: datetime | None, unit: str | None, form: str, limit: int, data_dir: Path | None
) -> None:
    """Why dossiers were late: in fact, only in the software, or waiting for another authority.

    \b
    Example:
      cchc report late --from 2019-11-16 --to 2020-11-08 --unit H16.12
    """  # noqa: D301 - the backspace is how click is told to keep lines
    found = late_report(options.lake_in(data_dir).published, first and first.date(), last and last.date(), unit)
    if form == "json":
        click.echo(json.dumps(found.as_dict(), ensure_ascii=False, indent=2))
    elif form == "csv":
        stream = io.StringIO()
        writer = csv.DictWriter(stream, late_schema().names, lineterminator="\n")
        writer.writeheader()
        writer.writerows([*found.dossiers, *found.overdue])
        click.echo(stream.getvalue(), nl=False)
    else:
        print_late(found, limit)


@report.command()
@click.argument("indicator")
@click.option("--unit", help="Unit code; default the province.")
@click.option(
    "--map",
    "which",
    type=click.Choice(["as-was", "today"]),
    default="as-was",
    show_default=True,
    help="Units as they were in each period, or as they are today with the figures of their predecessors.",
)
@click.option(
    "--period",
    "kind",
    type=click.Choice(["day", "month", "quarter", "year", "custom"]),
    default="month",
    show_default=True,
    help="Kind of period.",
)
@options.days("Periods that end on this day or later.", "Periods that begin on this day or earlier.")
@options.form("table", "csv", "json", text="How the series is printed; CSV and JSON have ISO dates and every column.")
@options.data_dir
def indicators(
    indicator: str,
    unit: str | None,
    which: MapName,
    kind: str,
    first: datetime | None,
    last: datetime | None,
    form: str,
    data_dir: Path | None,
) -> None:
    """An INDICATOR by period: as it was, or on today's map of units.

    \b
    Example:
      cchc report indicators late_rate --unit H99.201 --map today --period quarter
    """  # noqa: D301 - the backspace is how click is told to keep lines
    begins, ends = (day.date() if day else None for day in (first, last))
    found = indicator_series(options.lake_in(data_dir).published, indicator, unit, which, kind, begins, ends)
    print_series(found, form)


@click.command()
@click.option("--use", help="Make this version the current one again.")
@options.data_dir
def versions(use: str | None, data_dir: Path | None) -> None:
    """List the published versions, or go back to one with --use."""
    published = options.lake_in(data_dir).published
    if use:
        click.echo(f"current is now {roll_back(published, use).name}")
        return
    current = current_version(published)
    table = Table("version", "created", "data until", "current")
    for name in version_names(published):
        manifest = read_manifest(published / "versions" / name)
        is_current = current is not None and current.name == name
        table.add_row(name, manifest["created"], manifest["data_until"], "●" if is_current else "")
    Console().print(table)


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("docs"),
    show_default=True,
    help="Folder of the pages.",
)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if the files there are not current.")
def docs(out: Path, *, check: bool) -> None:
    """Render the data dictionary and the list of indicators as Markdown."""
    if check:
        check_pages(out)
        click.echo(f"{out}: current")
        return
    for path in write_pages(out):
        click.echo(path)


report.add_command(reconciliation)
report.add_command(cchc_report)


def print_series(series: Series, form: str) -> None:
    """Print as table, csv or json; dates in ISO form in the last two."""
    if form == "json":
        plain = [{k: v.isoformat() if isinstance(v, date) else v for k, v in row.items()} for row in series.rows]
        head = {name: getattr(series, name) for name in ("indicator_id", "name_vi", "unit_of_measure", "unit_code")}
        click.echo(json.dumps({**head, "map": series.which, "rows": plain}, ensure_ascii=False, indent=2))
        return
    if form == "csv":
        writer = csv.DictWriter(sys.stdout, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(series.rows)
        return
    title = f"{series.name_vi} ({unit_vi(series.unit_of_measure)}) — {series.unit_name}, {_MAPS_VI[series.which]}"
    table = Table("Từ ngày", "Đến ngày", title=title, title_justify="left")
    for name in ("Tử số", "Mẫu số", "Giá trị"):
        table.add_column(name, justify="right")
    table.add_column("Ghi chú")
    for row in series.rows:
        days = (f"{row[name]:%d/%m/%Y}" for name in ("period_start", "period_end"))
        numbers = ("" if row[name] is None else f"{row[name]:,.10g}" for name in ("numerator", "denominator"))
        value = "" if row["value"] is None else f"{row['value']:,.2f}"
        table.add_row(*days, *numbers, value, row["note_vi"] or "")
    Console().print(table)
