"""Command `cchc validate`: a file in hand against a contract."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress as Bar
from rich.table import Table

from cchc_pipeline.cli.contract import named_contract
from cchc_pipeline.days import today
from cchc_pipeline.tabular.files import TableFileError
from cchc_pipeline.validation.check_file import FileReport, Progress, RowProblem, check_file, rejected_by_rule

_HEAD = ("row", "severity", "rule", "column", "câu", "sentence")
_EXAMPLES = 8
_BAR_FROM_BYTES = 2_000_000


@click.command()
@click.argument("contract")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Last day of the data; default today in Vietnam.")
@click.option("--report", type=click.Path(path_type=Path), help="Write every problem to this .csv or .xlsx file.")
@click.option("--sheet", help="Sheet of an Excel workbook; default the one that fits best.")
@click.option(
    "--decimal",
    type=click.Choice(["auto", "comma", "point"]),
    default="auto",
    show_default=True,
    help="What stands before decimals in text; auto refuses 1.234, which can be two numbers.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people or for programs.",
)
def validate(
    contract: str, file: Path, as_of: datetime | None, report: Path | None, sheet: str | None, decimal: Any, form: str
) -> None:
    """Hold a Parquet, CSV, Excel or HTML file against a contract, row by row.

    CONTRACT is a table (`one_stop__dossiers`), TABLE@VERSION, or a contract file. Columns may be
    called by name or by their Vietnamese or English label; days are dd/MM/yyyy or yyyy-MM-dd. No
    source system and no lake is needed, and nothing is kept.

    \b
    Examples:
      cchc validate one_stop__dossiers export.xls
      cchc validate papi__subdimensions papi.xlsx --report problems.xlsx

    Exit status: 0 every row is valid, 1 rows are rejected, 2 the file cannot be read or has no such shape.
    """  # noqa: D301 - the backspace is how click is told to keep lines
    if report is not None and report.suffix.lower() not in (".csv", ".xlsx"):
        raise click.UsageError("--report takes a file that ends in .csv or .xlsx.")
    found_contract = named_contract(contract)
    day = as_of.date() if as_of else today()
    try:
        with _progress(file) as progress:
            found = check_file(file, found_contract, day, decimal=decimal, sheet=sheet, progress=progress)
    except TableFileError as error:
        if form == "json":
            click.echo(json.dumps({"file": file.name, "problem": error.problem, "fix": error.fix}, ensure_ascii=False))
        else:
            click.echo(str(error), err=True)
        raise SystemExit(2) from error
    if report is not None:
        write_problems(found, report)
    if form == "json":
        click.echo(json.dumps(as_document(found), ensure_ascii=False, indent=2))
    else:
        _print(found)
        if report is not None:
            click.echo(f"{len(found.problems)} problems written to {report}")
    raise SystemExit(2 if found.shape else 1 if found.rejected else 0)


def as_document(found: FileReport) -> dict[str, Any]:
    """The report as plain values; every row of every rule."""
    return {
        "file": found.file,
        "read_as": found.how,
        "contract": {"name": found.contract.name, "version": found.contract.version},
        "rows": found.rows,
        "valid": found.valid,
        "rejected": found.rejected,
        "shape": list(found.shape),
        "notes": list(found.notes),
        "rules": [
            {
                "rule_id": first.rule_id,
                "severity": first.severity,
                "column": first.column,
                "sentence_vi": first.sentence_vi,
                "sentence_en": first.sentence_en,
                "count": len(rows),
                "rows": rows,
            }
            for first, rows in rejected_by_rule(found)
        ],
    }


def write_problems(found: FileReport, path: Path) -> None:
    """Every problem as a line of a .csv (UTF-8 with BOM, so that Excel reads it) or .xlsx file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = [(None, "reject", "shape", None, text, text) for text in found.shape]
    lines = [*shape, *(_line(problem) for problem in found.problems)]
    if path.suffix.lower() == ".csv":
        with path.open("w", encoding="utf-8-sig", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(_HEAD)
            writer.writerows(lines)
        return
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet(found.contract.name[:31])
    sheet.append(list(_HEAD))
    for line in lines:
        sheet.append(list(line))
    book.save(path)


def _line(problem: RowProblem) -> tuple[Any, ...]:
    return (
        problem.row,
        problem.severity,
        problem.rule_id,
        problem.column,
        problem.sentence_vi,
        problem.sentence_en,
    )


def _print(found: FileReport) -> None:
    console = Console()
    name = f"{found.contract.name} {found.contract.version}"
    console.print(f"[bold]{escape(found.file)}[/] ({escape(found.how)}) theo hợp đồng / against {name}")
    for note in found.notes:
        console.print(f"[yellow]note[/] {escape(note)}", soft_wrap=True, highlight=False)
    if found.shape:
        for text in found.shape:
            console.print(f"[red]shape[/] {escape(text)}", soft_wrap=True, highlight=False)
        console.print("[bold red]no row was judged[/]")
        return
    console.print(
        f"{found.rows:,} bản ghi / rows: [green]{found.valid:,} hợp lệ / valid[/], "
        f"{found.rejected:,} bị loại / rejected",
        highlight=False,
    )
    if not found.problems:
        return
    table = Table("rule", "severity", "rows", "câu / sentence", "in row")
    table.columns[0].no_wrap = True
    for first, rows in rejected_by_rule(found):
        shown = ", ".join(map(str, rows[:_EXAMPLES])) + (" …" if len(rows) > _EXAMPLES else "")
        table.add_row(
            first.rule_id.split(".", 1)[1],
            first.severity,
            f"{len(rows):,}",
            f"{escape(first.sentence_vi)}\n[dim]{escape(first.sentence_en)}[/]",
            shown,
        )
    console.print(table)


@contextmanager
def _progress(file: Path) -> Iterator[Progress]:
    """A bar on the error stream for files that take a while."""
    if not file.is_file() or file.stat().st_size < _BAR_FROM_BYTES:
        yield lambda *_: None
        return
    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading the file", total=None)

        def show(phase: str, done: int, whole: int) -> None:
            bar.update(task, description=phase, completed=done, total=whole)

        yield show
