"""The command `cchc`: one entry that loads its commands when they are used."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

import click

from cchc_pipeline.errors import CchcError

#: Command -> its line in `cchc --help`, in the order of a working day; it stands in the module of its name.
_OWN = {
    "sandbox": "Serve or describe the built-in province.",
    "explain": "What an indicator means, its value for a unit and window, and the dossiers behind it.",
    "report": "Reports from the published tables.",
    "score": "Score a table of metrics: QĐ 766, PAPI.",
    "points": "Where points are lost, and what to fix first.",
    "whatif": "Score and rank if figures were others.",
    "rubric": "Check, import and compare rubrics.",
    "portal": "What to save by hand where the national portal refuses us; single procedures.",
    "registers": "Empty files for the registers that offices keep.",
    "quarantine": "Records that wait because they broke a rule: list, show, release.",
    "quality": "Quality pages, and Great Expectations' Data Docs.",
    "site": "Pages of scores for people: open them, or make them in a folder.",
    "versions": "List the published versions, or go back to one.",
    "contract": "Data contracts: list, show, compare, release, check.",
    "validate": "Hold a file against a contract, row by row.",
    "docs": "Render the data dictionary and the list of indicators.",
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
            module = import_module(f"cchc_pipeline.cli.{'points' if cmd_name == 'whatif' else cmd_name}")
            return next(one for one in vars(module).values() if isinstance(one, click.Command) and one.name == cmd_name)
        found = entry_points(group="cchc.commands", name=cmd_name)
        return next(iter(found)).load() if found else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one line per command, without importing any."""
        words = _OWN | _REGISTERED
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
