"""The commands `cchc report`: forms and lists from the published tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import click

from cchc_pipeline.cli import options
from cchc_pipeline.cli.printing import (
    Column,
    Columns,
    Rows,
    console,
    csv_text,
    print_json,
    print_rows,
    table,
    write_file,
)
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.days import PUBLISHED_KINDS, Period, parse_period
from cchc_pipeline.indicators.catalogue import unit_vi
from cchc_pipeline.lake import files
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.reference.unit_map import MapName
from cchc_pipeline.reports.forms import (
    CAUSES,
    MAPS_VI,
    ROWS,
    LateReport,
    dossier_form,
    indicator_series,
    late_report,
    shares,
)
from cchc_pipeline.reports.reconciliation import dossiers_of, reconciliation_of
from cchc_pipeline.reports.scope import ReportError, scope
from cchc_pipeline.scorecards.reconciliation.causes import causes
from cchc_pipeline.vietnamese import day, days


@click.group()
def report() -> None:
    """Reports from the published tables."""


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
    about = scope(lake.published, first, last, unit)
    counts = dossier_form(about)
    pct = shares(counts)
    rows = [
        {
            "code": code,
            "label_vi": label.strip(" -") if form == "csv" else label,
            "count": counts[code],
            "pct": f"{pct[code]:.2f}" if code in pct else None,
        }
        for code, (label, _) in ROWS.items()
    ]
    columns = {
        "label_vi": "Chỉ tiêu", "code": Column("code", style="dim"), "count": Column("Số hồ sơ", ","),
        "pct": Column("Tỷ lệ", "{} %".format, justify="right"),
    }  # fmt: skip
    title = f"Tình hình giải quyết TTHC (Biểu II.06a) — {about.unit_name}, {days(about.first, about.last)}"
    document = {**about.as_dict(), **counts, **{f"{code}_pct": round(share, 2) for code, share in pct.items()}}
    print_rows(rows, columns, form, title, document)


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
        "letters": Column("Có thư xin lỗi", ",", missing="thiếu"),
    }  # fmt: skip
    title = f"Hồ sơ giải quyết quá hạn — {about.unit_name}, {days(about.first, about.last)}"
    known = [letters for _, letters in found.by_cause().values() if letters is not None]
    letters = sum(known) if known else None
    total = {"cause": "Cộng", "code": "resolved_late", "dossiers": len(found.dossiers), "letters": letters}
    out.print(table([*by_cause, total], columns, title))
    if found.letters_missing_vi:
        out.print(f"Thư xin lỗi: thiếu số liệu. {found.letters_missing_vi}.", markup=False, soft_wrap=True)
    if found.dossiers:
        by_unit = [{"unit": f"{name} ({code})", **causes} for code, name, causes in found.by_unit()]
        cell = Column(
            "",
            lambda pair: f"{pair[0]} ({'thiếu' if pair[1] is None else pair[1]})" if pair[0] else "",
            justify="right",
        )
        heads = {"unit": Column("Đơn vị"), **{cause: replace(cell, head=cause) for cause in CAUSES}}
        out.print(table(by_unit, heads, "Theo đơn vị: số hồ sơ (có thư xin lỗi)"))
    none = "Thư xin lỗi: thiếu số liệu." if found.letters_missing_vi else "Không có thư xin lỗi."
    for number, row in enumerate(found.dossiers[:limit], 1):
        letter = f"Thư xin lỗi {row['apology_code']}, {row['apology_on']:%d/%m/%Y}." if row["apology_on"] else ""
        unit = about.names.get(row["unit_code"], row["unit_code"])
        out.print(
            f"{number}. {row['dossier_code']} ({unit}). {CAUSES[row['cause']]}. {row['evidence_vi']} "
            f"{letter or none}",
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
    found, rows = indicator_series(about, indicator, which, kind, first, last)
    head = {name: found[name] for name in ("indicator_id", "name_vi", "unit_of_measure")}
    document = {**head, "unit_code": about.unit_code, "map": which, "rows": rows}
    columns = {
        "period_start": Column("Từ ngày", day), "period_end": Column("Đến ngày", day), "numerator": "Tử số",
        "denominator": "Mẫu số", "value": Column("Giá trị", ",.2f"), "note_vi": "Ghi chú",
    }  # fmt: skip
    name = f"{found['name_vi']} ({unit_vi(found['unit_of_measure'])})"
    print_rows(rows, columns, form, f"{name} — {about.unit_name}, {MAPS_VI[which]}", document)


@report.command("cchc")
@click.option("--month", help="A month, like 2026-09.")
@click.option("--quarter", help="A quarter, like 2026-Q3.")
@click.option("--half", help="A half-year, like 2026-H1.")
@click.option("--nine-months", help="January to September of a year, like 2026.")
@click.option("--year", help="A year, like 2026.")
@options.days("First day, with --to: free days, or those a named period was closed on.", "Last day, with --from.")
@options.unit
@click.option("--out", type=options.FILE, help="File to write; default bao-cao-cchc-UNIT-PERIOD.docx.")
@click.option(
    "--template", "template_path", type=options.FILE, help="Your own wording; begin with what --show-template prints."
)
@click.option("--show-template", is_flag=True, help="Print the wording that comes with the program, and end.")
@click.option("--force", is_flag=True, help="Replace the file if it is there, with whatever was written into it.")
@options.data_dir
def cchc_report(
    first: date | None, last: date | None, unit: str | None, out: Path | None, template_path: Path | None,
    data_dir: Path | None, *, show_template: bool, force: bool, **named: str | None,
) -> None:  # fmt: skip
    """The periodic report on administrative reform, as a Word document to finish by hand.

    Every figure comes from the published tables and names its source in an appendix; what the tables do not hold is
    highlighted for the writer, with the reason and where it would come from.

    \b
    Example:
      cchc report cchc --quarter 2026-Q3 --out bao-cao.docx
      cchc report cchc --year 2020 --from 2019-11-16 --to 2020-11-08 --unit H16.12
    """
    # python-docx costs as long to import as the rest of the command line.
    from cchc_pipeline.reports.cchc_report.report import make_report
    from cchc_pipeline.reports.cchc_report.template import load_template, shipped_text

    if show_template:
        click.echo(shipped_text(), nl=False)
        return
    period = _period(first, last, {kind: text for kind, text in named.items() if text is not None})
    template = load_template(template_path)
    lake = options.lake_in(data_dir)
    with console(stderr=True).status(f"{period.name_vi} …"):
        made = make_report(lake, template, period, unit)
    path = out or Path(f"bao-cao-cchc-{made.unit_code}-{period}.docx")
    if path.exists() and not force:
        raise ReportError(
            f"report: {path} is there already, perhaps with what a writer added. Choose another file with --out, or "
            "replace it with --force."
        )
    write_file(path, lambda target: files.replace_file(target, made.docx))
    click.echo(f"{path}: báo cáo {period.name_vi}, {made.unit_name}")
    click.echo(f"{made.filled} số liệu từ {made.sources} nguồn; {len(made.gaps)} chỗ cần bổ sung (đánh dấu vàng):")
    for text in made.gaps:
        click.echo(f"  {text}")


def _period(first: date | None, last: date | None, named: dict[str, str]) -> Period:
    """Return the one period that the options name, closed on free days where they are given too."""
    if bool(first) != bool(last):
        raise ReportError("report: --from and --to belong together. Give both days.")
    if len(named) > 1 or not (named or first):
        found = " and ".join(f"--{kind.replace('_', '-')}" for kind in named) or "none"
        raise ReportError(
            f"report: one period is needed, and {found} was given. Choose one of --month 2026-09, --quarter 2026-Q3, "
            "--half 2026-H1, --nine-months 2026, --year 2026, or --from and --to."
        )
    calendar = next((parse_period(text, [kind]) for kind, text in named.items()), None)
    if first and last:
        return Period("custom", first, last, calendar)
    assert calendar is not None  # noqa: S101 - one of both was given
    return calendar


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


@report.command()
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
        of_cause = (dict(row) for row in found.effects)
        parts = {"effects": [row for row in of_cause if row.pop("cause") == cause]}
    when = days(found.period.first, found.period.last)
    if form == "json":
        head = {"unit_code": found.unit_code, "unit_name": found.unit_name, "period": when}
        print_json({**head, **parts})
        return
    for name, rows in parts.items():
        title, columns = _SHOWN[name]
        about = f"{title} — {found.unit_name}, {when}" + (f", {cause}" if cause else "")
        print_rows(rows, columns, form, about)
