"""Options that many commands share, and the lake that they lead to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.settings import load_settings

Command = TypeVar("Command", bound=Callable[..., Any])
#: A civil day as people type it.
DAY = click.DateTime(["%Y-%m-%d"])

data_dir = click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of the lake; default data.")
unit = click.option("--unit", help="Unit code, with everything below it; default the whole province.")


def days(first: str, last: str, *, required: bool = False) -> Callable[[Command], Command]:
    """The options --from and --to, handed over as `first` and `last`.

    Args:
        first: help of --from.
        last: help of --to.
        required: whether both have to be given.
    """

    def decorated(command: Command) -> Command:
        command = click.option("--to", "last", type=DAY, required=required, help=last)(command)
        return click.option("--from", "first", type=DAY, required=required, help=first)(command)

    return decorated


def form(*forms: str, text: str) -> Callable[[Command], Command]:
    """The option --format, handed over as `form`; the first form is the usual one.

    Args:
        forms: what may be chosen, such as table, csv and json.
        text: the help.
    """
    return click.option("--format", "form", type=click.Choice(forms), default=forms[0], show_default=True, help=text)


def lake_in(data_dir: Path | None) -> Lake:
    """Return the lake in a folder; None for the one of the settings.

    Raises:
        LakeError: a newer version of the program wrote the lake.
    """
    lake = Lake(load_settings(data_dir=data_dir).data_dir)
    lake.identity()  # refuses a format that this program does not know
    return lake
