"""The command `cchc report cchc`: the periodic report as a Word document."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from cchc_pipeline.cli import options
from cchc_pipeline.cli.printing import console, write_file
from cchc_pipeline.days import Period, parse_period
from cchc_pipeline.lake import files
from cchc_pipeline.reports.scope import ReportError


@click.command("cchc")
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
