"""Options that commands share: the same words and the same meaning in every one of them."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner
from command_line import output

from cchc_pipeline.cli import options

WITH_DATA_DIR = (
    ("report", "dossiers"), ("report", "late"), ("report", "indicators"), ("report", "reconciliation"),
    ("report", "cchc"), ("explain",), ("versions",), ("quality", "pages"), ("quality", "data-docs"),
    ("site", "build"), ("site", "open"),
)  # fmt: skip


@click.command()
@options.unit
@options.days("First.", "Last.", required=True)
@options.form("table", "csv", text="How.")
@options.data_dir
def shown(**given):
    for name in sorted(given):
        click.echo(f"{name}={given[name]}")


def test_options_are_handed_over_by_name():
    found = CliRunner().invoke(shown, ["--from", "2026-09-01", "--to", "2026-09-30", "--unit", "H99"])
    assert found.output.splitlines() == [
        "data_dir=None", "first=2026-09-01", "form=table", "last=2026-09-30", "unit=H99",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "given, said",
    [
        (["--from", "2026-09-01"], "Missing option '--to'"),
        (["--from", "1/9/2026", "--to", "2026-09-30"], "does not match the format '%Y-%m-%d'"),
        (["--from", "2026-09-01", "--to", "2026-09-30", "--format", "xml"], "'table', 'csv'"),
    ],
)
def test_what_cannot_be_read_is_refused(given, said):
    found = CliRunner().invoke(shown, given)
    assert found.exit_code == 2 and said in found.output


@pytest.mark.parametrize("command", WITH_DATA_DIR, ids=" ".join)
def test_every_command_says_the_same_of_the_folder_of_the_lake(command):
    said = output(*command, "--help")
    assert "--data-dir PATH" in said and "Folder of the lake; default data." in said


def test_the_lake_is_that_of_the_folder(tmp_path):
    assert options.lake_in(tmp_path).root == tmp_path
