"""Options that many commands share, and the lake that they lead to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import reduce
from pathlib import Path
from typing import Any, TypeVar

import click

from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.settings import load_settings

Command = TypeVar("Command", bound=Callable[..., Any])
DEFAULT_SIZE, DEFAULT_SEED = 1.0, 766
FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)


class Day(click.DateTime):
    """A civil day, typed as yyyy-mm-dd and handed over as a date."""

    def __init__(self) -> None:
        super().__init__(["%Y-%m-%d"])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the day that was typed."""
        return value if type(value) is date else super().convert(value, param, ctx).date()

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:  # noqa: ARG002 - click's interface
        """Return the form of a day for the help."""
        return "YYYY-MM-DD"


DAY = Day()
_DATA_DIR: Any = {"type": click.Path(path_type=Path), "help": "Folder of the lake; default data."}
data_dir = click.option("--data-dir", **_DATA_DIR)
#: The same, handed over as the lake in that folder.
lake = click.option("--data-dir", "lake", callback=lambda _, __, folder: lake_in(folder), **_DATA_DIR)
#: The same, of a lake that something was pulled into.
filled_lake = click.option("--data-dir", "lake", callback=lambda *given: lake_in(given[2], filled=True), **_DATA_DIR)
unit = click.option("--unit", help="Unit code, with everything below it; default the whole province.")


def together(*given: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Return several options as one, in the order of the help."""
    return lambda command: reduce(lambda made, option: option(made), reversed(given), command)


def days(first: str, last: str, *, required: bool = False) -> Callable[[Command], Command]:
    """Return the options --from and --to, handed over as `first` and `last`.

    `first` and `last` are their helps; `required`: whether both have to be given.
    """
    return together(
        click.option("--from", "first", type=DAY, required=required, help=first),
        click.option("--to", "last", type=DAY, required=required, help=last),
    )


def choice(*names: str, among: Sequence[str], text: str, default: str | None = None) -> Callable[[Command], Command]:
    """Return an option that takes one of a few values, by default the first; `names` as click takes them."""
    return click.option(*names, type=click.Choice(among), default=default or among[0], help=text)


def form(*forms: str, text: str = "For people or for programs.") -> Callable[[Command], Command]:
    """Return the option --format, handed over as `form`; the first of `forms` is the default."""
    return choice("--format", "form", among=forms, text=text)


def province(scenario: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Return the options of a built-in province: the option `scenario`, --seed and --size."""
    size = "Volume of the built-in province; 1 is about 240 dossiers per working day of two-level-2026."
    seed = "Seed of the built-in province; another number gives another province."
    return together(
        scenario,
        click.option("--seed", default=DEFAULT_SEED, help=seed),
        click.option("--size", default=DEFAULT_SIZE, type=click.FloatRange(min=0.001), help=size),
    )


def lake_in(folder: Path | None, *, filled: bool = False) -> Lake:
    """Return the lake in a folder; None for the one of the settings.

    Raises:
        LakeError: a newer version of the program wrote the lake, or it has to be `filled` and no day was pulled.
    """
    found = Lake(load_settings(data_dir=folder).data_dir)
    found.identity()  # refuses a format that this program does not know
    if filled:
        found.span()  # says which command fills it
    return found
