"""Build failures for the UI: what broke, where, and what to run again."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import dagster as dg

from assets.partitions import window_of_run
from assets.resources import announce
from cchc_pipeline.days import Window
from cchc_pipeline.errors import CchcError
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.lake.publish import what_stays
from cchc_pipeline.settings import load_settings

#: Variable with the options of the command that started this process; child processes inherit it.
VARIABLE = "CCHC_RUN_OPTIONS"


def remember(options: Mapping[str, object]) -> None:
    """Keep the options of `cchc run` for running again; None and "" are left out."""
    words = [word for name, value in options.items() if value not in (None, "") for word in (name, str(value))]
    os.environ[VARIABLE] = shlex.join(words)


def run_command(window: Window) -> str:
    """Return the command that runs the days of a window again, to paste into a shell."""
    days = f"--day {window.first}" if window.first == window.last else f"--from {window.first} --to {window.last}"
    return f"cchc run {days} {os.environ.get(VARIABLE, '')}".rstrip()


def again(window: Window | None) -> str:
    """Return how to run the window again, as part of a sentence."""
    return "materialise the asset again" if window is None else f"`{run_command(window)}`"


def failure(context: dg.AssetExecutionContext, what: str, problem: str, kind: str, window: Window | None) -> dg.Failure:
    """Build a failure, not retried, that says what stays and what to run again."""
    context.log.error(problem)
    stays = what_stays(Lake(load_settings().data_dir).published)
    return dg.Failure(
        description=f"{what}: {problem}\nKept: what could be read; {stays}. Run again: {again(window)}",
        metadata={
            "error": kind,
            "message": dg.MetadataValue.md(problem),
            "run_again": dg.MetadataValue.md(again(window)),
        },
        allow_retries=False,
    )


@contextmanager
def as_failure(context: dg.AssetExecutionContext, what: str) -> Iterator[None]:
    """Announce a step, and raise a `CchcError` in it as a failure for people."""
    announce(what)
    try:
        yield
    except CchcError as error:
        raise failure(context, what, str(error), type(error).__name__, window_of_run(context)) from error
