"""The commands `cchc report`: forms and lists from the published tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import click

from cchc_pipeline.cli import options
from cchc_pipeline.cli.printing import Column, console, csv_text, print_json, print_rows, table
from cchc_pipeline.cli.report_docx import cchc_report
from cchc_pipeline.cli.report_reconciliation import reconciliation
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.days import PUBLISHED_KINDS
from cchc_pipeline.indicators.catalogue import unit_vi
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.reference.unit_map import MapName
from cchc_pipeline.reports.dossier_form import dossier_form
from cchc_pipeline.reports.indicator_series import MAPS_VI, indicator_series
from cchc_pipeline.reports.late_report import CAUSES, LateReport, late_report
from cchc_pipeline.reports.scope import scope
from cchc_pipeline.vietnamese import day, days


@click.group()
def report() -> None:
    """Reports from the published tables."""


report.add_command(reconciliation)
report.add_command(cchc_report)


@report.command()
@options.days("First day of the period.", "Last day of the period.", required=True)
@options.unit
@options.form("table", "csv", "json", text="How the form is printed; JSON has every figure by its English name.")
@options.lake
def dossiers(first: date, last: date, unit: str | None, form: str, lake: Lake) -> None:
    """Form II.06a: dossiers received, resolved and pending in any period.

    \b
    Example:
      cchc report dossiers --from 2019-11-16 --to 2020-11-08 --unit H16.19 --format json
    """
    found = dossier_form(scope(lake.published, first, last, unit))
    rows = [
        {"code": code, "label_vi": label, "count": count, "pct": None if pct is None else f"{pct:.2f}"}
        for code, label, count, pct in found.rows()
    ]
    if form == "csv":
        rows = [{**row, "label_vi": str(row["label_vi"]).strip(" -")} for row in rows]
    columns = {
        "label_vi": "Chỉ tiêu", "code": Column("code", style="dim"), "count": Column("Số hồ sơ", ","),
        "pct": Column("Tỷ lệ", "{} %".format, justify="right"),
    }  # fmt: skip
    about = found.scope
    title = f"Tình hình giải quyết TTHC (Biểu II.06a) — {about.unit_name}, {days(about.first, about.last)}"
    print_rows(rows, columns, form, title, found.as_dict())


@report.command()
@options.days("First day of the period, by day of resolution; default all data.", "Last day of the period.")
@options.unit
@options.form("text", "csv", "json", text="CSV has one line per dossier; JSON counts by cause and unit too.")
@click.option("--limit", type=click.IntRange(0), default=40, help="Dossiers listed as text.")
@options.lake
def late(first: date | None, last: date | None, unit: str | None, form: str, limit: int, lake: Lake) -> None:
    """Why dossiers were late: in fact, only in the software, or waiting for another authority.

    \b
    Example:
      cchc report late --from 2019-11-16 --to 2020-11-08 --unit H16.12
    """
    found = late_report(scope(lake.published, first, last, unit))
    if form == "json":
        print_json(found.as_dict())
    elif form == "csv":
        click.echo(csv_text([*found.dossiers, *found.overdue], load_contract("late_dossiers").column_names), nl=False)
    else:
        _print_late(found, limit)


def _print_late(found: LateReport, limit: int) -> None:
    """Print counts by cause, counts by unit, and the first `limit` dossiers with their evidence."""
    out, about = console(), found.scope
    by_cause = [
        {"cause": CAUSES[cause], "code": cause, "dossiers": count, "letters": letters}
        for cause, (count, letters) in found.by_cause().items()
    ]
    columns = {
        "cause": "Nguyên nhân", "code": Column("code", style="dim"), "dossiers": Column("Số hồ sơ", ","),
        "letters": Column("Có thư xin lỗi", ","),
    }  # fmt: skip
    title = f"Hồ sơ giải quyết quá hạn — {about.unit_name}, {days(about.first, about.last)}"
    letters = sum(letters for _, letters in found.by_cause().values())
    total = {"cause": "Cộng", "code": "resolved_late", "dossiers": len(found.dossiers), "letters": letters}
    out.print(table([*by_cause, total], columns, title))
    if found.dossiers:
        by_unit = [{"unit": f"{name} ({code})", **causes} for code, name, causes in found.by_unit()]
        cell = Column("", lambda pair: f"{pair[0]} ({pair[1]})" if pair[0] else "", justify="right")
        heads = {"unit": Column("Đơn vị"), **{cause: replace(cell, head=cause) for cause in CAUSES}}
        out.print(table(by_unit, heads, "Theo đơn vị: số hồ sơ (có thư xin lỗi)"))
    for number, row in enumerate(found.dossiers[:limit], 1):
        letter = f"Thư xin lỗi {row['apology_code']}, {row['apology_on']:%d/%m/%Y}." if row["apology_on"] else ""
        unit = about.names.get(row["unit_code"], row["unit_code"])
        out.print(
            f"{number}. {row['dossier_code']} ({unit}). {CAUSES[row['cause']]}. {row['evidence_vi']} "
            f"{letter or 'Không có thư xin lỗi.'}",
            highlight=False, markup=False, soft_wrap=True,
        )  # fmt: skip
    if len(found.dossiers) > limit:
        out.print(f"… và {len(found.dossiers) - limit:,} hồ sơ khác / more: --limit, --format csv")
    if found.overdue:
        out.print(f"Ngoài ra {len(found.overdue):,} hồ sơ đang giải quyết đã quá hạn / open and overdue.")


@report.command()
@click.argument("indicator")
@click.option("--unit", help="Unit code; default the province.")
@options.choice(
    "--map", "which", among=("as-was", "today"),
    text="Units as they were in each period, or as they are today with the figures of their predecessors.",
)  # fmt: skip
@options.choice("--period", "kind", among=("day", *PUBLISHED_KINDS, "custom"), default="month", text="Kind of period.")
@options.days("Periods that end on this day or later.", "Periods that begin on this day or earlier.")
@options.form("table", "csv", "json", text="How the series is printed; CSV and JSON have ISO dates and every column.")
@options.lake
def indicators(
    indicator: str, unit: str | None, which: MapName, kind: str, first: date | None, last: date | None, form: str,
    lake: Lake,
) -> None:  # fmt: skip
    """An INDICATOR by period: as it was, or on today's map of units.

    \b
    Example:
      cchc report indicators late_rate --unit H99.201 --map today --period quarter
    """
    about = scope(lake.published, None, None, unit)
    found = indicator_series(about, indicator, which, kind, first, last)
    head = {name: found.indicator[name] for name in ("indicator_id", "name_vi", "unit_of_measure")}
    document = {**head, "unit_code": found.scope.unit_code, "map": found.which, "rows": found.rows}
    columns = {
        "period_start": Column("Từ ngày", day), "period_end": Column("Đến ngày", day), "numerator": "Tử số",
        "denominator": "Mẫu số", "value": Column("Giá trị", ",.2f"), "note_vi": "Ghi chú",
    }  # fmt: skip
    name = f"{found.indicator['name_vi']} ({unit_vi(found.indicator['unit_of_measure'])})"
    print_rows(found.rows, columns, form, f"{name} — {found.scope.unit_name}, {MAPS_VI[found.which]}", document)
