"""The command `cchc validate`: hold a file in hand against a contract."""

from __future__ import annotations

import csv
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from cchc_pipeline.cli import options
from cchc_pipeline.cli.printing import Column, console, print_json, step_progress, table
from cchc_pipeline.contracts.versions import named_contract
from cchc_pipeline.days import today
from cchc_pipeline.progress import silent
from cchc_pipeline.tabular.files import TableFileError
from cchc_pipeline.validation.check_file import FileReport, check_file, rejected_by_rule

_HEAD = ("row", "severity", "rule", "column", "câu", "sentence")
_RULE = ("rule_id", "severity", "column", "sentence_vi", "sentence_en")
_EXAMPLES = 8
_BAR_FROM_BYTES = 2_000_000


@click.command()
@click.argument("contract")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--as-of", type=options.DAY, help="Last day of the data; default today in Vietnam.")
@click.option("--report", type=click.Path(path_type=Path), help="Write every problem to this .csv or .xlsx file.")
@click.option("--sheet", help="Sheet of an Excel workbook; default the one that fits best.")
@options.choice(
    "--decimal", among=("auto", "comma", "point"),
    text="What stands before decimals in text; auto refuses 1.234, which can be two numbers.",
)  # fmt: skip
@options.form("text", "json")
def validate(
    contract: str, file: Path, as_of: date | None, report: Path | None, sheet: str | None, decimal: Any, form: str
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
    """
    if report is not None and report.suffix.lower() not in (".csv", ".xlsx"):
        raise click.UsageError("--report takes a file that ends in .csv or .xlsx.")
    found_contract = named_contract(contract)
    is_long = file.is_file() and file.stat().st_size >= _BAR_FROM_BYTES
    try:
        with step_progress(console(stderr=True)) if is_long else nullcontext(silent) as progress:
            found = check_file(file, found_contract, as_of or today(), decimal=decimal, sheet=sheet, progress=progress)
    except TableFileError as error:
        if form == "json":
            print_json({"file": file.name, "problem": error.problem, "fix": error.fix})
        else:
            click.echo(error, err=True)
        raise SystemExit(2) from error
    if report is not None:
        write_problems(found, report)
    if form == "json":
        print_json(as_document(found))
    else:
        _print(found)
        if report is not None:
            click.echo(f"{len(found.problems)} problems written to {report}")
    raise SystemExit(2 if found.shape else 1 if found.rejected else 0)


def as_document(found: FileReport) -> dict[str, Any]:
    """Return the report as plain values, with every row of every rule."""
    return {
        "file": found.file,
        "read_as": found.how,
        "contract": {"name": found.contract.name, "version": found.contract.version},
        **{name: getattr(found, name) for name in ("rows", "valid", "rejected", "shape", "notes")},
        "rules": [
            {**{name: getattr(first, name) for name in _RULE}, "count": len(rows), "rows": rows}
            for first, rows in rejected_by_rule(found)
        ],
    }


def write_problems(found: FileReport, path: Path) -> None:
    """Write every problem as a line of a .csv (UTF-8 with BOM, so that Excel reads it) or .xlsx file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines: list[tuple[Any, ...]] = [_HEAD]
    lines += [(None, "reject", "shape", None, text, text) for text in found.shape]
    lines += found.problems
    if path.suffix.lower() == ".csv":
        with path.open("w", encoding="utf-8-sig", newline="") as stream:
            csv.writer(stream).writerows(lines)
        return
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet(found.contract.name[:31])
    for line in lines:
        sheet.append(line)
    book.save(path)


def _print(found: FileReport) -> None:
    out = console()
    name = f"{found.contract.name} {found.contract.version}"
    out.print(f"[bold]{escape(found.file)}[/] ({escape(found.how)}) theo hợp đồng / against {name}")
    for note in found.notes:
        out.print(f"[yellow]note[/] {escape(note)}", soft_wrap=True, highlight=False)
    if found.shape:
        for text in found.shape:
            out.print(f"[red]shape[/] {escape(text)}", soft_wrap=True, highlight=False)
        out.print("[bold red]no row was judged[/]")
        return
    out.print(
        f"{found.rows:,} bản ghi / rows: [green]{found.valid:,} hợp lệ / valid[/], "
        f"{found.rejected:,} bị loại / rejected",
        highlight=False,
    )
    columns = {
        "rule": Column("rule", no_wrap=True), "severity": "severity", "rows": Column("rows", ","),
        "sentence": "câu / sentence", "in_row": "in row",
    }  # fmt: skip
    problems = [
        {
            "rule": first.rule_id.split(".", 1)[1],
            "severity": first.severity,
            "rows": len(rows),
            "sentence": f"{first.sentence_vi}\n{first.sentence_en}",
            "in_row": ", ".join(map(str, rows[:_EXAMPLES])) + (" …" if len(rows) > _EXAMPLES else ""),
        }
        for first, rows in rejected_by_rule(found)
    ]
    if problems:
        out.print(table(problems, columns))
