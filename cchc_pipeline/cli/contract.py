"""Commands `cchc contract …`: what was promised, what changed, and whether readers can live with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cchc_pipeline.contracts.compatibility import Comparison, compare
from cchc_pipeline.contracts.describe import contract_document
from cchc_pipeline.contracts.errors import ContractFileError
from cchc_pipeline.contracts.model import Contract
from cchc_pipeline.contracts.registry import (
    SUFFIX,
    contract_folder,
    folder_contract,
    folder_contracts,
    read_contract,
)
from cchc_pipeline.contracts.versions import (
    all_compatibility_errors,
    as_yaml,
    compatibility_errors,
    read_version,
    record_version,
    recorded_versions,
    self_contained,
)
from cchc_pipeline.days import today

FOLDER = click.option(
    "--folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of contracts; default those of the project.",
)


def named_contract(name: str, folder: Path | None = None) -> Contract:
    """The contract that a command line names: a file, a table, or TABLE@VERSION for a released one.

    Raises:
        ContractFileError: there is no such contract, or its file is wrong.
        VersionRefused: there is no such released version.
    """
    if name.endswith((".yaml", ".yml")):
        path = Path(name)
        if not path.is_file():
            raise ContractFileError(f"{name}: there is no such file; correct the path", file=name)
        return read_contract(path)
    table, _, version = name.partition("@")
    if version:
        return read_version(table, version, folder)
    return folder_contract(table, folder or contract_folder())


@click.group()
def contract() -> None:
    """Data contracts: list, show, compare, release, check.

    A contract is named by its table (`dossiers`), by table and released version (`dossiers@1.0.0`),
    or by a file (`work/dossiers.odcs.yaml`).
    """


@contract.command("list")
@FOLDER
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="For people or for programs.",
)
def list_(folder: Path | None, form: str) -> None:
    """Every contract: direction, version, what was released last, and whether it still holds."""
    rows = [_row(found, folder) for found in folder_contracts(folder or contract_folder())]
    if form == "json":
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    table = Table("table", "", "version", "state", "fresh", "kept", "until")
    for column in table.columns[:3]:
        column.no_wrap = True
    for row in rows:
        table.add_row(
            row["name"],
            row["direction"],
            row["version"],
            row["state"],
            f"{row['freshness_hours']} h",
            f"{row['retention_days']} d",
            row["end_of_support"] or "",
        )
    Console().print(table)


def _row(found: Contract, folder: Path | None) -> dict[str, Any]:
    own = [one for one in recorded_versions(found.family, folder) if int(one.split(".")[0]) == found.major]
    errors = compatibility_errors(found, folder) if found.is_published else []
    state = "" if not found.is_published else "; ".join(one.problem for one in errors) or "released"
    return {
        "name": found.name,
        "direction": "published" if found.is_published else "inbound",
        "version": found.version,
        "released": own[-1] if own else None,
        "state": state,
        "freshness_hours": found.freshness_hours,
        "retention_days": found.retention_days,
        "end_of_support": found.end_of_support.isoformat() if found.end_of_support else None,
    }


@contract.command()
@click.argument("name")
@FOLDER
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "odcs"]),
    default="text",
    show_default=True,
    help="odcs: the contract with its code lists inside, as other tools read it.",
)
def show(name: str, folder: Path | None, form: str) -> None:
    """One contract: promises, columns, rules, changelog.

    \b
    Examples:
      cchc contract show dossiers
      cchc contract show dossiers@1.0.0 --format json
    """  # noqa: D301 - the backspace is how click is told to keep lines
    found = named_contract(name, folder)
    if form == "odcs":
        click.echo(as_yaml(self_contained(found)), nl=False)
        return
    document = contract_document(found)
    if form == "json":
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
        return
    console = Console()
    console.print(f"[bold]{found.name}[/] {found.version}  {escape(found.title_vi)} / {escape(found.title_en)}")
    console.print(f"{escape(found.purpose_vi)}\n{escape(found.purpose)}")
    for label, value in document["promises"].items():
        if value is not None:
            console.print(f"  {label}: {escape(str(value))}", highlight=False)
    console.print(f"  grain: {escape(found.grain)}\n  key: {', '.join(found.key)}", highlight=False)
    columns = Table("column", "type", "unit", "required", "class", "values", "tiếng Việt", "English")
    for one in found.columns:
        values = one.code_list or ", ".join(map(str, one.valid_values or ()))
        columns.add_row(
            one.name,
            one.physical_type,
            one.unit or "",
            "yes" if one.required else "",
            one.classification,
            values,
            one.label_vi,
            one.label_en,
        )
    rules = Table("rule", "severity", "câu")
    for rule in found.rules:
        rules.add_row(rule.id.split(".", 1)[1], rule.severity, escape(rule.sentence_vi))
    console.print(columns)
    console.print(rules)
    for change in found.changelog:
        console.print(f"  {change.version}  {change.changed_on}  {escape(change.text_vi)} / {escape(change.text_en)}")


@contract.command()
@click.argument("old")
@click.argument("new")
@FOLDER
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people or for programs.",
)
def diff(old: str, new: str, folder: Path | None, form: str) -> None:
    """Compare two contracts: what changed, is it compatible or breaking, and why.

    A published table is judged from the side of its readers, an inbound one from the side of the
    system that delivers it.

    \b
    Examples:
      cchc contract diff dossiers@1.0.0 dossiers
      cchc contract diff old.odcs.yaml new.odcs.yaml --format json

    Exit status: 0 compatible, or breaking with a new major version; 1 breaking without one.
    """  # noqa: D301 - the backspace is how click is told to keep lines
    found = compare(named_contract(old, folder), named_contract(new, folder))
    if form == "json":
        click.echo(json.dumps(_document(found), ensure_ascii=False, indent=2))
    else:
        _print(found)
    if found.is_breaking and found.raised != "major":
        raise SystemExit(1)


def _document(found: Comparison) -> dict[str, Any]:
    return {
        "table": found.new.family,
        "old": found.old.version,
        "new": found.new.version,
        "verdict": _verdict(found),
        "needed": found.needed,
        "raised": found.raised,
        "next_version": found.next_version,
        "differences": [
            {
                "where": one.where,
                "what": one.what,
                "effect": one.effect,
                "verdict": "breaking" if one.is_breaking else "compatible",
                "why": one.why,
            }
            for one in found.differences
        ],
    }


def _verdict(found: Comparison) -> str:
    return "breaking" if found.is_breaking else "compatible" if found.differences else "same"


def _print(found: Comparison) -> None:
    console = Console()
    side = "readers" if found.new.is_published else "the system that delivers it"
    console.print(
        f"[bold]{found.new.family}[/] {found.old.version} → {found.new.version}, judged from the side of {side}"
    )
    if not found.differences:
        console.print("the same promise")
        return
    table = Table("", "where", "what", "why")
    for one in sorted(found.differences, key=lambda one: not one.is_breaking):
        mark = "[red]breaking[/]" if one.is_breaking else "[green]compatible[/]"
        table.add_row(mark, escape(one.where), escape(one.what), escape(one.why))
    console.print(table)
    colour = "red" if found.is_breaking else "green"
    console.print(f"[bold {colour}]{_verdict(found)}[/]: needs a new {found.needed} version, {found.next_version}")
    if not found.is_enough:
        console.print(f"[red]the version says {found.new.version}[/]; write {found.next_version} and a changelog entry")


@contract.command()
@click.argument("names", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every published contract that is not released yet.")
@FOLDER
def release(names: tuple[str, ...], every: bool, folder: Path | None) -> None:  # noqa: FBT001 - a flag of the command line
    """Keep the current version of published contracts among the released ones.

    Refused: a change without a new version, a breaking change without a new major version, a version
    without a changelog entry. The files lie in data_contracts/released and belong into the change.
    """
    if bool(names) == every:
        raise click.UsageError("Name contracts, or give --all.")
    if every:
        names = tuple(c.name for c in folder_contracts(folder or contract_folder()) if c.is_published)
    for name in names:
        found = named_contract(name, folder)
        path = record_version(found, folder)
        click.echo(f"{found.name} {found.version}  {path}")


@contract.command()
@click.option("--to", type=click.Path(path_type=Path), required=True, help="Folder for the contracts; made if absent.")
@click.option(
    "--published",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    required=True,
    help="Folder of a published version, as data/published/current.",
)
@FOLDER
def export(to: Path, published: Path, folder: Path | None) -> None:
    """Write the contracts of a published version for other ODCS tools.

    Each carries its code lists and names the Parquet file it is about, so that a public tool can
    test the file against it.
    """
    to.mkdir(parents=True, exist_ok=True)
    for found in folder_contracts(folder or contract_folder()):
        data = published.resolve() / f"{found.name}.parquet"
        if found.is_published and data.exists():
            path = to / f"{found.name}{SUFFIX}"
            path.write_text(as_yaml(self_contained(found, data)), encoding="utf-8")
            click.echo(str(path))


@contract.command()
@FOLDER
def check(folder: Path | None) -> None:
    """Whether every published table keeps what its released versions promise; exit status 1 if not."""
    found = all_compatibility_errors(folder, today())
    for one in found:
        click.echo(str(one), err=True)
    if found:
        raise SystemExit(1)
    published = sum(one.is_published for one in folder_contracts(folder or contract_folder()))
    click.echo(f"{published} published contracts keep to their released versions")
