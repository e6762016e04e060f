"""The command `cchc`: one entry that loads its commands when they are used."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

import click

from cchc_pipeline.errors import CchcError

_OWN = {
    "sandbox": ("cchc_pipeline.cli.sandbox:sandbox", "Serve or describe the built-in province."),
    "explain": (
        "cchc_pipeline.cli.explain:explain_command",
        "What an indicator means, its value for a unit and window, and the dossiers behind it.",
    ),
    "report": ("cchc_pipeline.cli.report:report", "Reports from the published tables."),
    "score": ("cchc_pipeline.cli.score:score", "Score a table of metrics: QĐ 766, PAPI."),
    "points": ("cchc_pipeline.cli.points:points", "Where points are lost, and what to fix first."),
    "whatif": ("cchc_pipeline.cli.points:whatif_command", "Score and rank if figures were others."),
    "rubric": ("cchc_pipeline.cli.rubric:rubric", "Check, import and compare rubrics."),
    "registers": ("cchc_pipeline.cli.registers:registers", "Empty files for the registers that offices keep."),
    "quarantine": (
        "cchc_pipeline.cli.quarantine:quarantine",
        "Records that wait because they broke a rule: list, show, release.",
    ),
    "quality": ("cchc_pipeline.cli.quality:quality", "Quality pages, and Great Expectations' Data Docs."),
    "site": ("cchc_pipeline.cli.site:site", "Pages of scores for people: open them, or make them in a folder."),
    "versions": ("cchc_pipeline.cli.versions:versions", "List the published versions, or go back to one."),
    "contract": ("cchc_pipeline.cli.contract:contract", "Data contracts: list, show, compare, release, check."),
    "validate": ("cchc_pipeline.cli.validate:validate", "Hold a file against a contract, row by row."),
    "docs": ("cchc_pipeline.cli.docs:docs", "Render the data dictionary and the list of indicators."),
}
_REGISTERED = {
    "run": "Run the main job without a UI: pull, validate, compute, publish.",
    "ui": "Start the Dagster UI and daemon on this machine.",
}


_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 110, "show_default": True}


class LazyGroup(click.Group):
    """A group that imports a command when it is used, so that `--help` is quick, and prints our errors as messages."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's interface
        """Return the names in the order of a working day."""
        registered = {entry.name for entry in entry_points(group="cchc.commands")}
        return [*[name for name in _REGISTERED if name in registered], *_OWN, *sorted(registered - set(_REGISTERED))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's interface
        """Import a command and return it."""
        if cmd_name in _OWN:
            module, name = _OWN[cmd_name][0].split(":")
            return getattr(import_module(module), name)
        found = entry_points(group="cchc.commands", name=cmd_name)
        return next(iter(found)).load() if found else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one line per command, without importing any."""
        words = {name: text for name, (_, text) in _OWN.items()} | _REGISTERED
        with formatter.section("Commands"):
            formatter.write_dl([(name, words.get(name, "")) for name in self.list_commands(ctx)])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; turn one of our errors into its message and exit status 1."""
        try:
            return super().invoke(ctx)
        except CchcError as error:
            raise click.ClickException(str(error)) from error


@click.command(cls=LazyGroup, context_settings=_CONTEXT)
@click.version_option(package_name="cchc-pipeline")
def main() -> None:
    """cchc: how administrative reform (CCHC) of a province is going, night by night.

    Pulls the one-stop system, the document system and the national portal, validates every row
    against its contract, and publishes Parquet tables of indicators and scorecards.
    """
