"""Build failures for the UI: what broke, where, and what to run again."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date

import dagster as dg

from assets.resources import announce
from cchc_pipeline.days import Window
from cchc_pipeline.errors import CchcError
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.lake.publish import what_stays
from cchc_pipeline.settings import load_settings

#: Variable with the options of the command that started this process; child processes inherit it.
VARIABLE = "CCHC_RUN_OPTIONS"
#: How Dagster marks a run over a range of partitions: its first and its last.
RANGE_TAGS = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")


def remember(options: Mapping[str, object]) -> None:
    """Keep the options of `cchc run` for running again; None and "" are left out."""
    words = [word for name, value in options.items() if value not in (None, "") for word in (name, str(value))]
    os.environ[VARIABLE] = shlex.join(words)


def run_command(window: Window) -> str:
    """Return the command that runs the days of a window again, to paste into a shell."""
    days = f"--day {window.first}" if window.first == window.last else f"--from {window.first} --to {window.last}"
    return f"cchc run {days} {os.environ.get(VARIABLE, '')}".rstrip()


def window_of(context: dg.AssetExecutionContext) -> Window | None:
    """Return the days that a run was asked for; None where it was started without."""
    tags = context.run.tags
    first, last = (tags.get("dagster/partition") or tags.get(tag) for tag in RANGE_TAGS)
    return Window(date.fromisoformat(first), date.fromisoformat(last)) if first and last else None


def failure(context: dg.AssetExecutionContext, what: str, problem: str, kind: str, window: Window | None) -> dg.Failure:
    """Build a failure, not retried, that says what stays and what to run again."""
    context.log.error(problem)
    stays = what_stays(Lake(load_settings().data_dir).published)
    again = "materialise the asset again" if window is None else f"`{run_command(window)}`"
    return dg.Failure(
        description=f"{what}: {problem}\nKept: what could be read; {stays}. Run again: {again}",
        metadata={
            "error": kind,
            "message": dg.MetadataValue.md(problem),
            "run_again": dg.MetadataValue.md(again),
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
        raise failure(context, what, str(error), type(error).__name__, window_of(context)) from error
