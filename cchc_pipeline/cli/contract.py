"""The commands `cchc contract`: what was promised, what changed, and whether readers can live with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.text import Text

from cchc_pipeline.cli import options
from cchc_pipeline.cli.printing import Column, console, print_json, print_rows, table
from cchc_pipeline.contracts.compatibility import Comparison, compare
from cchc_pipeline.contracts.describe import contract_document
from cchc_pipeline.contracts.model import SUFFIX, Contract, contract_folder, folder_contracts
from cchc_pipeline.contracts.versions import (
    all_compatibility_errors,
    as_yaml,
    compatibility_errors,
    named_contract,
    record_version,
    recorded_versions,
    self_contained,
)
from cchc_pipeline.days import today

_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)
folder_option = click.option("--folder", type=_FOLDER, help="Folder of contracts; default those of the project.")
_STYLES = {"breaking": "red", "compatible": "green", "same": "green"}


@click.group()
def contract() -> None:
    """Data contracts: list, show, compare, release, check.

    A contract is named by its table (`dossiers`), by table and released version (`dossiers@1.0.0`),
    or by a file (`work/dossiers.odcs.yaml`).
    """


@contract.command("list")
@folder_option
@options.form("table", "csv", "json")
def list_(folder: Path | None, form: str) -> None:
    """Every contract: direction, version, what was released last, and whether it still holds."""
    columns = {
        "name": Column("table", no_wrap=True), "direction": Column("", no_wrap=True),
        "version": Column("version", no_wrap=True), "state": "state",
        "freshness_hours": Column("fresh", "{} h".format), "retention_days": Column("kept", "{} d".format),
        "end_of_support": "until",
    }  # fmt: skip
    print_rows([_row(found, folder) for found in _contracts(folder)], columns, form)


def _contracts(folder: Path | None, *, published: bool = False) -> list[Contract]:
    found = folder_contracts(folder or contract_folder())
    return [one for one in found if one.is_published or not published]


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
        "end_of_support": found.end_of_support,
    }


@contract.command()
@click.argument("name")
@folder_option
@options.form("text", "json", "odcs", text="odcs: the contract with its code lists inside, as other tools read it.")
def show(name: str, folder: Path | None, form: str) -> None:
    """One contract: promises, columns, rules, changelog.

    \b
    Examples:
      cchc contract show dossiers
      cchc contract show dossiers@1.0.0 --format json
    """
    found = named_contract(name, folder)
    if form == "odcs":
        click.echo(as_yaml(self_contained(found)), nl=False)
        return
    document = contract_document(found)
    if form == "json":
        print_json(document)
        return
    out = console()
    out.print(f"[bold]{found.name}[/] {found.version}  {escape(found.title_vi)} / {escape(found.title_en)}")
    out.print(f"{escape(found.purpose_vi)}\n{escape(found.purpose)}")
    for label, value in document["promises"].items():
        if value is not None:
            out.print(f"  {label}: {escape(str(value))}", highlight=False)
    out.print(f"  grain: {escape(found.grain)}\n  key: {', '.join(found.key)}", highlight=False)
    rows = [
        {**vars(one), "values": one.code_list or ", ".join(map(str, one.valid_values or ()))} for one in found.columns
    ]
    columns = {
        "name": "column", "physical_type": "type", "unit": "unit",
        "required": Column("required", lambda required: "yes" if required else "", justify="left"),
        "classification": "class", "values": "values", "label_vi": "tiếng Việt", "label_en": "English",
    }  # fmt: skip
    out.print(table(rows, columns))
    rules = [{"rule": one.id.split(".", 1)[1], "severity": one.severity, "câu": one.sentence_vi} for one in found.rules]
    out.print(table(rules, {"rule": "rule", "severity": "severity", "câu": "câu"}))
    for change in found.changelog:
        out.print(f"  {change.version}  {change.changed_on}  {escape(change.text_vi)} / {escape(change.text_en)}")


@contract.command()
@click.argument("old")
@click.argument("new")
@folder_option
@options.form("text", "json")
def diff(old: str, new: str, folder: Path | None, form: str) -> None:
    """Compare two contracts: what changed, is it compatible or breaking, and why.

    A published table is judged from the side of its readers, an inbound one from the side of the
    system that delivers it.

    \b
    Examples:
      cchc contract diff dossiers@1.0.0 dossiers
      cchc contract diff old.odcs.yaml new.odcs.yaml --format json

    Exit status: 0 compatible, or breaking with a new major version; 1 breaking without one.
    """
    found = compare(named_contract(old, folder), named_contract(new, folder))
    verdict = "breaking" if found.is_breaking else "compatible" if found.differences else "same"
    differences = [
        {
            **{name: getattr(one, name) for name in ("where", "what", "effect")},
            "verdict": "breaking" if one.is_breaking else "compatible",
            "why": one.why,
        }
        for one in found.differences
    ]
    if form == "text":
        _print(found, verdict, differences)
    else:
        about = {"table": found.new.family, "old": found.old.version, "new": found.new.version, "verdict": verdict}
        version = {"needed": found.needed, "raised": found.raised, "next_version": found.next_version}
        print_json({**about, **version, "differences": differences})
    if found.is_breaking and found.raised != "major":
        raise SystemExit(1)


def _print(found: Comparison, verdict: str, differences: list[dict[str, str]]) -> None:
    out = console()
    side = "readers" if found.new.is_published else "the system that delivers it"
    out.print(f"[bold]{found.new.family}[/] {found.old.version} → {found.new.version}, judged from the side of {side}")
    if not differences:
        out.print("the same promise")
        return
    columns = {
        "verdict": Column("", lambda text: Text(text, style=_STYLES[text])), "where": "where", "what": "what",
        "why": "why",
    }  # fmt: skip
    out.print(table(sorted(differences, key=lambda one: one["verdict"]), columns))
    out.print(f"[bold {_STYLES[verdict]}]{verdict}[/]: needs a new {found.needed} version, {found.next_version}")
    if not found.is_enough:
        out.print(f"[red]the version says {found.new.version}[/]; write {found.next_version} and a changelog entry")


@contract.command()
@click.argument("names", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every published contract that is not released yet.")
@folder_option
def release(names: tuple[str, ...], folder: Path | None, *, every: bool) -> None:
    """Keep the current version of published contracts among the released ones.

    Refused: a change without a new version, a breaking change without a new major version, a version
    without a changelog entry. The files lie in data_contracts/released and belong into the change.
    """
    if bool(names) == every:
        raise click.UsageError("Name contracts, or give --all.")
    for name in names or [one.name for one in _contracts(folder, published=True)]:
        found = named_contract(name, folder)
        click.echo(f"{found.name} {found.version}  {record_version(found, folder)}")


@contract.command()
@click.option("--to", type=click.Path(path_type=Path), required=True, help="Folder for the contracts; made if absent.")
@click.option(
    "--published", type=_FOLDER, required=True, help="Folder of a published version, as data/published/current."
)
@folder_option
def export(to: Path, published: Path, folder: Path | None) -> None:
    """Write the contracts of a published version for other ODCS tools.

    Each carries its code lists and names the Parquet file it is about, so that a public tool can
    test the file against it.
    """
    to.mkdir(parents=True, exist_ok=True)
    for found in _contracts(folder, published=True):
        data = published.resolve() / f"{found.name}.parquet"
        if data.exists():
            path = to / f"{found.name}{SUFFIX}"
            path.write_text(as_yaml(self_contained(found, data)), encoding="utf-8")
            click.echo(path)


@contract.command()
@folder_option
def check(folder: Path | None) -> None:
    """Whether every published table keeps what its released versions promise; exit status 1 if not."""
    found = all_compatibility_errors(folder, today())
    for one in found:
        click.echo(one, err=True)
    if found:
        raise SystemExit(1)
    click.echo(f"{len(_contracts(folder, published=True))} published contracts keep to their released versions")
